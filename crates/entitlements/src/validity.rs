//! Instants of the directory: from text to Unix seconds, and back for explanations.
//!
//! A bare date means the whole day in Europe/Paris, including the days when the clock changes. The rules of that zone
//! come with the program, never from the machine, so that the same sources give the same bytes everywhere.

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Span, Timestamp};

/// Turns the directory's dates into instants.
#[derive(Debug, Clone)]
pub(crate) struct Calendar {
    paris: TimeZone,
}

impl Calendar {
    /// Loads the zone. `None` only if the bundled database lacks it, which a test rules out.
    pub(crate) fn new() -> Option<Self> {
        let paris = TimeZoneDatabase::bundled().get("Europe/Paris").ok()?;
        Some(Self { paris })
    }

    /// First second at which something valid `from` this date or instant holds.
    pub(crate) fn from(&self, text: &str) -> Option<i64> {
        match bare_date(text) {
            Some(date) => self.start_of(date),
            None => instant(text),
        }
    }

    /// First second at which something valid `until` this date or instant no longer holds.
    pub(crate) fn until(&self, text: &str) -> Option<i64> {
        match bare_date(text) {
            Some(date) => self.start_of(date.tomorrow().ok()?),
            None => instant(text),
        }
    }

    /// First second after the school year that begins in `year`: it ends with the 15th of August of the next.
    pub(crate) fn end_of_school_year(&self, year: i16) -> Option<i64> {
        self.start_of(Date::new(year.checked_add(1)?, 8, 16).ok()?)
    }

    /// The year in which the school year of an instant begins. The 16th of August is the first day of a school year.
    pub(crate) fn school_year_of(&self, at: i64) -> Option<i16> {
        let date = Timestamp::from_second(at).ok()?;
        let date = date.to_zoned(self.paris.clone()).date();
        let begins = Date::new(date.year(), 8, 16).ok()?;
        Some(date.year() - i16::from(date < begins))
    }

    /// The same day and time of day in Paris, whole years later; the 28th for a 29th of February that is not there.
    pub(crate) fn years_after(&self, at: i64, years: i16) -> Option<i64> {
        let at = Timestamp::from_second(at).ok()?;
        let later = at
            .to_zoned(self.paris.clone())
            .checked_add(Span::new().try_years(years).ok()?);
        Some(later.ok()?.timestamp().as_second())
    }

    fn start_of(&self, date: Date) -> Option<i64> {
        let day = date.to_zoned(self.paris.clone()).ok()?;
        // Not midnight plus an offset: the zone says when its day begins.
        Some(day.start_of_day().ok()?.timestamp().as_second())
    }

    /// The instant in Paris time for a person to read, `2026-09-01 00:00:00 +02:00`.
    pub(crate) fn show(&self, at: i64) -> String {
        match Timestamp::from_second(at) {
            Ok(at) => at
                .to_zoned(self.paris.clone())
                .strftime("%Y-%m-%d %H:%M:%S %:z")
                .to_string(),
            Err(_) => format!("{at} s"),
        }
    }
}

/// Exactly `YYYY-MM-DD`.
fn bare_date(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    let shape = bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if shape { text.parse().ok() } else { None }
}

/// Exactly a date, `T`, a time and an offset; fractions of a second are cut.
fn instant(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let plain = bytes
        .iter()
        .all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b':' | b'.' | b'T' | b'Z'));
    if !plain || bytes.get(10) != Some(&b'T') || bare_date(&text[..10]).is_none() {
        return None;
    }
    let at: Timestamp = text.parse().ok()?;
    Some(at.as_second())
}

#[cfg(test)]
mod tests {
    use super::Calendar;

    #[test]
    fn a_bare_date_is_the_whole_day_in_paris() {
        let calendar = Calendar::new().unwrap();
        // `date -u -d '2026-09-01 00:00 +0200' +%s` and so on.
        assert_eq!(calendar.from("2026-09-01"), Some(1_788_213_600));
        assert_eq!(calendar.until("2026-09-01"), Some(1_788_300_000));
        assert_eq!(calendar.from("2026-01-15"), Some(1_768_431_600));
    }

    #[test]
    fn days_on_which_the_clock_changes_are_whole() {
        let calendar = Calendar::new().unwrap();
        let length = |day| calendar.until(day).unwrap() - calendar.from(day).unwrap();
        assert_eq!(length("2026-03-28"), 24 * 3600);
        assert_eq!(length("2026-03-29"), 23 * 3600);
        assert_eq!(length("2026-10-25"), 25 * 3600);
    }

    #[test]
    fn an_instant_is_that_instant() {
        let calendar = Calendar::new().unwrap();
        for text in [
            "2020-08-05T14:05:47.000+02:00",
            "2020-08-05T12:05:47Z",
            "2020-08-05T14:05:47.999+02:00",
        ] {
            assert_eq!(calendar.from(text), Some(1_596_629_147), "{text}");
            assert_eq!(calendar.until(text), Some(1_596_629_147), "{text}");
        }
    }

    #[test]
    fn school_years_turn_on_the_16th_of_august() {
        let calendar = Calendar::new().unwrap();
        // `date -u -d '2024-08-16 00:00 +0200' +%s`
        assert_eq!(calendar.end_of_school_year(2023), Some(1_723_759_200));
        assert_eq!(
            calendar.end_of_school_year(2023),
            calendar.until("2024-08-15")
        );
        assert_eq!(calendar.end_of_school_year(i16::MAX), None);
        assert_eq!(calendar.school_year_of(1_723_759_199), Some(2023));
        assert_eq!(calendar.school_year_of(1_723_759_200), Some(2024));
        assert_eq!(calendar.school_year_of(i64::MAX), None);
    }

    #[test]
    fn years_later_is_the_same_time_of_day_in_paris() {
        let calendar = Calendar::new().unwrap();
        let later = |text| calendar.years_after(calendar.from(text).unwrap(), 10);
        assert_eq!(later("2026-01-15"), calendar.from("2036-01-15"));
        assert_eq!(later("2026-07-15"), calendar.from("2036-07-15"));
        assert_eq!(later("2024-02-29"), calendar.from("2034-02-28"));
        assert_eq!(calendar.years_after(i64::MAX, 10), None);
    }

    #[test]
    fn anything_else_is_refused() {
        let calendar = Calendar::new().unwrap();
        for text in [
            "",
            "2026",
            "2026-02-30",
            "2026-9-1",
            "20260901",
            "2026-09-01 08:00:00Z",
            "2026-09-01T08:00:00",
            "2026-09-01T08:00:00+02:00[Europe/Paris]",
            "2026-09-01T25:00:00Z",
            "+002026-09-01",
            "2023-2024",
            "éééééTéé",
        ] {
            assert_eq!(calendar.from(text), None, "{text}");
            assert_eq!(calendar.until(text), None, "{text}");
        }
    }

    #[test]
    fn shown_in_paris_time() {
        let calendar = Calendar::new().unwrap();
        assert_eq!(calendar.show(1_788_213_600), "2026-09-01 00:00:00 +02:00");
        assert_eq!(calendar.show(i64::MAX), "9223372036854775807 s");
    }
}
