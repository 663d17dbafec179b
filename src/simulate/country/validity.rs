//! From when to when something holds: resources, publishers, attributes of a release policy, assignments.
//!
//! Days in Europe/Paris, both included, as tables write bare dates.

use jiff::ToSpan;
use jiff::civil::Date;

use super::prng::Draw;

/// A first and a last day, each where there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Validity {
    /// First day.
    pub from: Option<Date>,
    /// Last day, included.
    pub until: Option<Date>,
}

impl Validity {
    /// Whether it has not begun on this day.
    #[must_use]
    pub fn is_to_come(self, day: Date) -> bool {
        self.from.is_some_and(|from| day < from)
    }

    /// Whether it is over on this day.
    #[must_use]
    pub fn is_over(self, day: Date) -> bool {
        self.until.is_some_and(|until| day > until)
    }

    /// Whether this day is in it.
    #[must_use]
    pub fn holds(self, day: Date) -> bool {
        !self.is_to_come(day) && !self.is_over(day)
    }

    /// Whether it has a day in common with a time that has both ends.
    #[must_use]
    pub fn meets(self, from: Date, until: Date) -> bool {
        let last = self.until.map_or(until, |own| own.min(until));
        self.from.map_or(from, |own| own.max(from)) <= last
    }

    /// As cells of `from` and `until`.
    pub(super) fn cells(self) -> [String; 2] {
        [self.from, self.until].map(cell)
    }

    /// Nine in ten hold on the day, most of them without a date; the others are over or to come, some by one day.
    pub(super) fn draw(draw: &mut Draw, day: Date) -> Self {
        let (from, until) = match draw.weighted(&[780, 120, 25, 25, 10, 10, 15, 10, 5]) {
            0 => (None, None),
            1 => (Some(-700), Some(500)),
            2 => (None, Some(300)),
            3 => (Some(-300), None),
            4 => (None, Some(0)),
            5 => (Some(0), None),
            6 => (None, Some(-1)),
            7 => (Some(1), Some(400)),
            _ => (Some(-900), Some(-120)),
        };
        Self {
            from: from.map(|days| days_from(day, days)),
            until: until.map(|days| days_from(day, days)),
        }
    }
}

/// The day so many days after another; days before are negative.
pub(super) fn days_from(day: Date, days: i64) -> Date {
    day.saturating_add(days.days())
}

/// A date where there is one.
pub(super) fn cell(date: Option<Date>) -> String {
    date.map_or_else(String::new, |date| date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn both_days_are_included_and_an_open_end_never_comes() {
        let day = date(2026, 11, 27);
        let validity = |from, until| Validity { from, until };
        for (from, until, on) in [
            (None, None, true),
            (Some(0), Some(0), true),
            (Some(1), None, false),
            (None, Some(-1), false),
            (Some(-5), Some(-1), false),
        ] {
            let at = |days: Option<i64>| days.map(|days| days_from(day, days));
            let validity = validity(at(from), at(until));
            assert_eq!(validity.holds(day), on, "{validity:?}");
            let (first, last) = (days_from(day, -1), days_from(day, 1));
            assert!(validity.meets(first, last));
        }
        let later = validity(Some(days_from(day, 2)), None);
        assert!(!later.meets(day, days_from(day, 1)));
        assert!(!validity(None, Some(days_from(day, -1))).meets(day, day));
    }
}
