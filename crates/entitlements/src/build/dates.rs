//! Instants in cells, and the columns `from` and `until`.

use super::Work;
use super::report::{BuildError, Fault, Reason};
use super::source::Row;
use crate::format::period::words;
use crate::rules::Period;
use crate::validity::Calendar;

/// A beginning and an end, each where one is given.
pub(crate) type Dates = (Option<i64>, Option<i64>);

/// Octets allowed in an instant.
const MAX_INSTANT: usize = 64;

/// Reads a cell as the beginning or as the end of something; `None` when it is empty.
pub(crate) fn instant<const N: usize>(
    row: &Row<'_, N>,
    column: usize,
    calendar: &Calendar,
    read: fn(&Calendar, &str) -> Option<i64>,
) -> Result<Option<i64>, Fault> {
    let text = row.text(column, MAX_INSTANT)?;
    if text.is_empty() {
        return Ok(None);
    }
    let at = read(calendar, &text);
    at.map(Some)
        .ok_or_else(|| row.fault(column, Reason::NotAnInstant))
}

/// Reads a beginning and an end, each of which may be empty. The end comes after the beginning.
pub(crate) fn period<const N: usize>(
    row: &Row<'_, N>,
    [begins, ends]: [usize; 2],
    calendar: &Calendar,
) -> Result<Dates, Fault> {
    let from = instant(row, begins, calendar, Calendar::from)?;
    let until = instant(row, ends, calendar, Calendar::until)?;
    if let (Some(from), Some(until)) = (from, until)
        && from >= until
    {
        return Err(row.fault(ends, Reason::EmptyPeriod));
    }
    Ok((from, until))
}

/// The list of a validity; none when it is open at both ends.
pub(crate) fn validity_list(work: &mut Work<'_>, (from, until): Dates) -> Result<u32, BuildError> {
    if (from, until) == (None, None) {
        return Ok(0);
    }
    let Period { from, until } = Period::between(from, until);
    work.lists.intern(&words((from, until)))
}

/// What the dates of tables are read with.
pub(crate) fn calendar() -> Result<Calendar, BuildError> {
    Calendar::new().ok_or(BuildError::NoTimeZone)
}
