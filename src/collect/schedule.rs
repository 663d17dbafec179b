//! When deliveries are due, and which are missing (F2, F9).
//!
//! A delivery belongs to a due moment by the date in its name: to the first that is not before it. So a delivery that
//! was made at 23:00 answers for the next morning, and one that lay in a queue for a day answers for its own day.
//! All is reckoned in wall-clock time of Europe/Paris, as names are.

use jiff::civil::{Date, DateTime};
use jiff::{Span, Zoned};
use octroi_directory::Stamp;

use crate::config::{CollectPeriod, CollectPortal};

/// How far back a gap is told in single moments.
const FARTHEST: i32 = 400;

/// When one portal's deliveries are due.
#[derive(Clone, Copy, Debug)]
pub struct Schedule<'s> {
    portal: &'s CollectPortal,
    periods: &'s [CollectPeriod],
}

impl<'s> Schedule<'s> {
    /// The schedule of a portal under the calendar.
    #[must_use]
    pub fn new(portal: &'s CollectPortal, periods: &'s [CollectPeriod]) -> Self {
        Self { portal, periods }
    }

    fn is_due_on(&self, day: Date) -> bool {
        let expected = period_of(self.periods, day).is_none_or(|period| period.deliveries);
        expected && self.portal.days.contains(&day.weekday())
    }

    /// The due moments after `from`, up to and with `to`; from a year back at most.
    fn dues(&self, from: DateTime, to: DateTime) -> Vec<DateTime> {
        let mut day = from.date().max(shift(to.date(), -FARTHEST));
        let mut dues = Vec::new();
        while day <= to.date() {
            let due = day.to_datetime(self.portal.by);
            if self.is_due_on(day) && due > from && due <= to {
                dues.push(due);
            }
            match day.tomorrow() {
                Ok(next) => day = next,
                Err(_) => break,
            }
        }
        dues
    }

    /// The last due moment that has passed without a delivery, when there is one.
    ///
    /// `since` is when the flow began to be watched, `newest` the date of the newest delivery that came whole.
    #[must_use]
    pub fn overdue(&self, now: &Zoned, since: &Zoned, newest: Option<Stamp>) -> Option<DateTime> {
        let now = now.datetime();
        let due = *self.dues(since.datetime(), now).last()?;
        let window = shift(due.date(), -FARTHEST).to_datetime(self.portal.by);
        let before = self
            .dues(window, due)
            .iter()
            .rev()
            .nth(1)
            .copied()
            .unwrap_or(window);
        let answered = newest.and_then(civil).is_some_and(|newest| newest > before);
        (!answered).then_some(due)
    }

    /// The due moments that nobody answered between two deliveries that follow each other.
    #[must_use]
    pub fn missed(&self, last: Stamp, this: Stamp) -> Vec<DateTime> {
        let (Some(last), Some(this)) = (civil(last), civil(this)) else {
            return Vec::new();
        };
        // The first due moment after the last delivery is that delivery's own; the last before this one is missed too.
        let dues = self.dues(last, this);
        dues.into_iter().filter(|due| *due < this).skip(1).collect()
    }
}

/// The period that a day lies in: the first of the list.
#[must_use]
pub fn period_of(periods: &[CollectPeriod], day: Date) -> Option<&CollectPeriod> {
    periods
        .iter()
        .find(|period| (period.from..=period.to).contains(&day))
}

fn shift(day: Date, days: i32) -> Date {
    day.saturating_add(Span::new().days(days))
}

fn civil(stamp: Stamp) -> Option<DateTime> {
    let number = stamp.number();
    let part = |divisor: u64, modulus: u64| i8::try_from(number / divisor % modulus).ok();
    let year = i16::try_from(number / 10_000_000_000).ok()?;
    DateTime::new(
        year,
        part(100_000_000, 100)?,
        part(1_000_000, 100)?,
        part(10_000, 100)?,
        part(100, 100)?,
        part(1, 100)?,
        0,
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::CollectSettings;
    use std::path::Path;

    fn settings(portal: &str) -> CollectSettings {
        let text = format!(
            "[collect]\ndirectory=\"d\"\nstate=\"s\"\nvault=\"v\"\nvault_key=\"k\"\naudit=\"a\"\n\
             [[collect.portal]]\nent=\"B0\"\ndrop_boxes=[\"x\"]\n{portal}\n\
             [[collect.period]]\nname=\"Noël\"\nfrom=\"2026-12-20\"\nto=\"2027-01-03\"\ndeliveries=false\n"
        );
        let (settings, _, problems) = CollectSettings::read(Path::new("c.toml"), &text);
        assert!(problems.is_empty(), "{problems}");
        settings
    }

    fn at(text: &str) -> Zoned {
        format!("{text}[Europe/Paris]").parse().unwrap()
    }

    fn overdue(portal: &str, now: &str, newest: Option<&str>) -> Option<String> {
        let settings = settings(portal);
        let schedule = Schedule::new(&settings.portals[0], &settings.periods);
        let newest = newest.map(|stamp| stamp.parse().unwrap());
        schedule
            .overdue(&at(now), &at("2026-11-01T12:00"), newest)
            .map(|due| due.to_string())
    }

    #[test]
    fn a_night_without_a_delivery_is_told_from_its_moment_on() {
        let last = Some("20261126_020000");
        assert_eq!(overdue("", "2026-11-27T05:59", last), None);
        assert_eq!(
            overdue("", "2026-11-27T06:00", last).unwrap(),
            "2026-11-27T06:00:00"
        );
        assert_eq!(
            overdue("", "2026-11-27T06:00", Some("20261127_020000")),
            None
        );
        // Made the evening before.
        assert_eq!(
            overdue("", "2026-11-27T06:00", Some("20261126_230000")),
            None
        );
        // Never anything.
        assert!(overdue("", "2026-11-27T06:00", None).is_some());
    }

    #[test]
    fn days_and_periods_without_deliveries_are_quiet() {
        let weekdays = "days=[\"mon\",\"tue\",\"wed\",\"thu\",\"fri\"]\nby=\"07:30\"";
        let friday = Some("20261127_020000");
        assert_eq!(overdue(weekdays, "2026-11-29T20:00", friday), None);
        assert_eq!(overdue(weekdays, "2026-11-30T07:29", friday), None);
        assert!(overdue(weekdays, "2026-11-30T07:30", friday).is_some());
        assert_eq!(
            overdue("", "2027-01-03T20:00", Some("20261219_020000")),
            None
        );
        assert!(overdue("", "2027-01-04T06:00", Some("20261219_020000")).is_some());
    }

    #[test]
    fn before_the_flow_was_watched_nothing_was_due() {
        assert_eq!(overdue("", "2026-11-02T05:00", None), None);
        assert!(overdue("", "2026-11-02T06:00", None).is_some());
    }

    #[test]
    fn missed_nights_between_two_deliveries_are_named() {
        let settings = settings("");
        let schedule = Schedule::new(&settings.portals[0], &settings.periods);
        let missed = |last: &str, this: &str| {
            schedule
                .missed(last.parse().unwrap(), this.parse().unwrap())
                .iter()
                .map(|due| due.date().to_string())
                .collect::<Vec<_>>()
        };
        assert!(missed("20261126_020000", "20261127_020000").is_empty());
        assert!(missed("20261126_230000", "20261128_010000").is_empty());
        assert_eq!(missed("20261125_020000", "20261127_020000"), ["2026-11-26"]);
        assert_eq!(
            missed("20261124_020000", "20261127_020000"),
            ["2026-11-25", "2026-11-26"]
        );
        assert!(missed("20261219_020000", "20270104_020000").is_empty());
    }
}
