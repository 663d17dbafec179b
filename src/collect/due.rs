//! What time brings: deliveries that do not come (F9), records that stay set aside (A5).

use octroi_directory::Degree;

use super::alarm::Code;
use super::batch::Batch;
use super::desk::{Desk, DeskError};
use super::schedule::Schedule;
use crate::config::paris;

impl Desk<'_> {
    /// Raises what has become due. Each due moment is told once.
    ///
    /// # Errors
    /// [`DeskError`]
    pub fn look_at_the_clock(&mut self, batch: &mut Batch) -> Result<(), DeskError> {
        for degree in self.portal.flows.clone() {
            self.overdue(batch, degree)?;
            self.aged(batch, degree)?;
        }
        Ok(())
    }

    fn overdue(&mut self, batch: &mut Batch, degree: Degree) -> Result<(), DeskError> {
        let state = self.state(degree)?;
        let (Some(opened), newest) = (state.opened, state.newest()) else {
            return Ok(());
        };
        let schedule = Schedule::new(self.portal, &self.office.settings.periods);
        let now = paris(self.office.clock.now());
        let Some(due) = schedule.overdue(&now, &paris(opened), newest) else {
            return Ok(());
        };
        let about = due.to_string();
        if self.state(degree)?.is_alarmed(Code::Overdue, &about) {
            return Ok(());
        }
        let last = newest.map_or_else(|| "never".to_owned(), |last| last.to_string());
        let text = format!(
            "the delivery due on {} has not come; the last is of {last}",
            about.replace('T', " at ")
        );
        batch.warning(&text);
        self.alarm_once(degree, Code::Overdue, &about, text)
    }

    fn aged(&mut self, batch: &mut Batch, degree: Degree) -> Result<(), DeskError> {
        let state = self.state(degree)?;
        let (Some(since), Some(current)) = (state.set_aside_since, state.current()) else {
            return Ok(());
        };
        let age = self.office.clock.now().since(since);
        if age < self.office.settings.set_aside_age {
            return Ok(());
        }
        let (about, days) = (since.to_string(), age.as_secs() / 86_400);
        let aside = current
            .tally
            .as_ref()
            .map_or(0, super::ledger::Tally::set_aside_total);
        if self.state(degree)?.is_alarmed(Code::SetAsideAge, &about) {
            return Ok(());
        }
        let text = format!("records have been set aside for {days} day(s), {aside} now");
        batch.warning(&text);
        self.alarm_once(degree, Code::SetAsideAge, &about, text)
    }
}
