//! Instants as SAML writes them: `xs:dateTime` in UTC, milliseconds inside.
//!
//! Nothing here reads a clock: "now" is always an argument. Parsing is strict (L7): a value without a time
//! zone, with an offset, a leap second, hour 24, a five-digit year or anything around it is refused,
//! because two readers that repair such a value differently also disagree about when it expires. UTC is
//! `Z`; `+00:00`, which some portals write for it, means nothing else and is read, too.

use std::fmt;
use std::time::Duration;

const DAY_MS: i64 = 86_400_000;
/// `0001-01-01T00:00:00Z` and `9999-12-31T23:59:59.999Z`, the span that four digits can write.
const MIN_MS: i64 = -62_135_596_800_000;
const MAX_MS: i64 = 253_402_300_799_999;
/// More digits than this after the point are no timestamp but a payload.
const MAX_FRACTION_DIGITS: usize = 18;

/// An instant: milliseconds since 1970-01-01T00:00:00Z, always within the years 0001 to 9999.
///
/// `Display` writes whole seconds (`2026-11-23T14:00:00Z`), rounded down: an expiry we write is never
/// later, an issue instant never in the future.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Time(i64);

/// The text is not an `xs:dateTime` in UTC as Core 1.3.3 demands it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not an xs:dateTime in UTC (YYYY-MM-DDThh:mm:ss[.fff]Z)")]
pub struct NotATime;

impl Time {
    /// From milliseconds since the epoch; values outside the years 0001–9999 become the nearest bound.
    pub const fn from_unix_millis(millis: i64) -> Self {
        if millis < MIN_MS {
            Self(MIN_MS)
        } else if millis > MAX_MS {
            Self(MAX_MS)
        } else {
            Self(millis)
        }
    }

    /// From seconds since the epoch, bounded as [`Self::from_unix_millis`].
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self::from_unix_millis(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn unix_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The instant `duration` later, at most the end of year 9999.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self::from_unix_millis(self.0.saturating_add(millis(duration)))
    }

    /// The instant `duration` earlier, at least the start of year 1.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self::from_unix_millis(self.0.saturating_sub(millis(duration)))
    }

    /// How much later this instant is than `earlier`; zero when it is not later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Seconds from `other` to this instant, negative when this one is earlier.
    pub fn seconds_after(self, other: Self) -> i64 {
        self.0.saturating_sub(other.0) / 1000
    }

    /// Reads `YYYY-MM-DDThh:mm:ss[.f…]Z`. Digits after the third of a fraction are cut off.
    ///
    /// # Errors
    /// [`NotATime`] for every other text, and for dates that do not exist.
    pub fn parse(text: &str) -> Result<Self, NotATime> {
        let bytes = text.as_bytes();
        let (head, tail) = bytes.split_at_checked(19).ok_or(NotATime)?;
        let millis = fraction(tail)?;
        for (position, separator) in [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')] {
            if head[position] != separator {
                return Err(NotATime);
            }
        }
        let year = number(&head[0..4])?;
        let month = number(&head[5..7])?;
        let day = number(&head[8..10])?;
        let hour = number(&head[11..13])?;
        let minute = number(&head[14..16])?;
        let second = number(&head[17..19])?;
        let exists = year >= 1
            && (1..=12).contains(&month)
            && day >= 1
            && day <= days_in_month(year, month)
            && hour <= 23
            && minute <= 59
            && second <= 59;
        if !exists {
            return Err(NotATime);
        }
        let days = days_from_civil(year, month, day);
        Ok(Self(
            days * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000 + millis,
        ))
    }

    /// Writes the instant as `Display` does, without a formatter: the canonical writers use it.
    pub fn write(self, out: &mut Vec<u8>) {
        let days = self.0.div_euclid(DAY_MS);
        let seconds = self.0.rem_euclid(DAY_MS) / 1000;
        let (year, month, day) = civil_from_days(days);
        digits(out, year, 4);
        out.push(b'-');
        digits(out, month, 2);
        out.push(b'-');
        digits(out, day, 2);
        out.push(b'T');
        digits(out, seconds / 3600, 2);
        out.push(b':');
        digits(out, seconds / 60 % 60, 2);
        out.push(b':');
        digits(out, seconds % 60, 2);
        out.push(b'Z');
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(20);
        self.write(&mut text);
        f.write_str(&String::from_utf8_lossy(&text))
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// `Z` (or `+00:00`), or `.` digits before it; the milliseconds that the fraction means.
fn fraction(tail: &[u8]) -> Result<i64, NotATime> {
    let rest = tail
        .strip_suffix(b"Z")
        .or_else(|| tail.strip_suffix(b"+00:00"))
        .ok_or(NotATime)?;
    let Some((point, digits)) = rest.split_first() else {
        return Ok(0);
    };
    if *point != b'.' || digits.is_empty() || digits.len() > MAX_FRACTION_DIGITS {
        return Err(NotATime);
    }
    number(digits)?;
    let scale = [100, 10, 1];
    Ok(digits
        .iter()
        .zip(scale)
        .map(|(digit, unit)| i64::from(digit - b'0') * unit)
        .sum())
}

/// The value of ASCII digits only; at most eighteen, so that it fits.
fn number(text: &[u8]) -> Result<i64, NotATime> {
    let mut value = 0_i64;
    for byte in text {
        if !byte.is_ascii_digit() {
            return Err(NotATime);
        }
        value = value * 10 + i64::from(byte - b'0');
    }
    Ok(value)
}

fn digits(out: &mut Vec<u8>, value: i64, width: u32) {
    for power in (0..width).rev() {
        let digit = value / 10_i64.pow(power) % 10;
        out.push(b'0' + u8::try_from(digit).unwrap_or(0));
    }
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a proleptic Gregorian date (Hinnant's algorithm: years begin in March).
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_civil`].
const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_instants() {
        assert_eq!(Time::parse("1970-01-01T00:00:00Z"), Ok(Time(0)));
        assert_eq!(
            Time::parse("2026-11-23T14:00:00Z"),
            Ok(Time(1_795_442_400_000))
        );
        assert_eq!(
            Time::parse("2000-02-29T23:59:59.9999Z"),
            Ok(Time(951_868_799_999))
        );
        assert_eq!(Time::parse("1969-12-31T23:59:59.5Z"), Ok(Time(-500)));
        assert_eq!(Time::parse("1970-01-01T00:00:01.5+00:00"), Ok(Time(1500)));
        assert_eq!(Time(1_795_442_400_999).to_string(), "2026-11-23T14:00:00Z");
        assert_eq!(Time(-500).to_string(), "1969-12-31T23:59:59Z");
        assert_eq!(Time(MIN_MS).to_string(), "0001-01-01T00:00:00Z");
        assert_eq!(Time(MAX_MS).to_string(), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "Z",
            "2026-05-04",
            "2026-05-04T10:05:30",
            "2026-05-04T10:05:30+02:00",
            "2026-05-04T10:05:30-00:00",
            "2026-05-04T10:05:30+00:00Z",
            "2026-05-04T10:05:30Z+00:00",
            "2026-05-04T10:05:30+0000",
            "2026-05-04T10:05:30.Z",
            "2026-05-04T10:05:30Zfoo",
            " 2026-05-04T10:05:30Z",
            "2026-05-04T10:05:30Z ",
            "2026-05-04t10:05:30z",
            "2026-02-30T10:05:30Z",
            "2026-02-29T10:05:30Z",
            "1900-02-29T10:05:30Z",
            "2026-13-01T10:05:30Z",
            "2026-00-01T10:05:30Z",
            "2026-01-00T10:05:30Z",
            "2026-05-04T25:00:00Z",
            "2026-05-04T24:00:00Z",
            "2026-05-04T10:60:00Z",
            "2026-12-31T23:59:60Z",
            "99999-05-04T10:05:30Z",
            "0000-05-04T10:05:30Z",
            "-026-05-04T10:05:30Z",
            "1777888000",
            "٢٠٢٦-05-04T10:05:30Z",
            "2026-05-04T10:05:30.0000000000000000000Z",
        ] {
            assert_eq!(Time::parse(text), Err(NotATime), "{text:?}");
        }
    }

    #[test]
    fn arithmetic_stays_in_bounds() {
        assert_eq!(Time(MAX_MS).plus(Duration::MAX), Time(MAX_MS));
        assert_eq!(Time(0).minus(Duration::MAX), Time(MIN_MS));
        assert_eq!(Time::from_unix_seconds(i64::MAX), Time(MAX_MS));
        assert_eq!(Time(5000).since(Time(2000)), Duration::from_secs(3));
        assert_eq!(Time(2000).since(Time(5000)), Duration::ZERO);
        assert_eq!(Time(2000).seconds_after(Time(5000)), -3);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(seconds in MIN_MS / 1000..=MAX_MS / 1000) {
            let time = Time::from_unix_seconds(seconds);
            prop_assert_eq!(Time::parse(&time.to_string()), Ok(time));
        }

        #[test]
        fn fractions_read_as_written(seconds in 0..4_102_444_800_i64, millis in 0..1000_i64) {
            let whole = Time::from_unix_seconds(seconds).to_string();
            let text = format!("{}.{millis:03}Z", whole.trim_end_matches('Z'));
            prop_assert_eq!(Time::parse(&text), Ok(Time(seconds * 1000 + millis)));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = Time::parse(&text);
        }

        #[test]
        fn one_changed_character_never_means_the_same_instant(
            seconds in 0..4_102_444_800_i64, position in 0..20_usize, other in any::<char>()
        ) {
            let text = Time::from_unix_seconds(seconds).to_string();
            let mut characters: Vec<char> = text.chars().collect();
            prop_assume!(characters[position] != other);
            characters[position] = other;
            let changed: String = characters.into_iter().collect();
            prop_assert_ne!(Time::parse(&changed), Ok(Time::from_unix_seconds(seconds)));
        }
    }
}
