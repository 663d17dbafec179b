//! What each resource may be given, always or for a time.

use super::Work;
use super::dates::{calendar, period};
use super::report::{BuildError, Reason};
use super::source::{Table, optional, required};
use crate::format::MAX_PERIODS;
use crate::format::period::words;
use crate::rules::Period;
use crate::{Attribute, AttributeSet};

pub(crate) const RELEASE: Table<4> = Table {
    file: "release.tsv",
    columns: [
        required("resource"),
        required("attribute"),
        optional("from"),
        optional("until"),
    ],
};

/// The release policy of a resource.
#[derive(Default, Clone)]
pub(crate) struct Policy {
    pub(crate) always: AttributeSet,
    /// Attributes that are not given always, and when they are.
    dated: Vec<(Attribute, Period)>,
}

impl Policy {
    /// The list of what is given for a time.
    pub(crate) fn dated_list(&self, work: &mut Work<'_>) -> Result<u32, BuildError> {
        let mut list = Vec::with_capacity(self.dated.len() * 5);
        for (attribute, period) in &self.dated {
            list.push(*attribute as u32);
            list.extend(words((period.from, period.until)));
        }
        work.lists.intern(&list)
    }
}

/// Reads the policies of the resources, of which there are so many: each at its resource's number.
pub(crate) fn policies(work: &mut Work<'_>, resources: usize) -> Result<Vec<Policy>, BuildError> {
    let calendar = calendar()?;
    let mut policies = vec![Policy::default(); resources];
    work.read(&RELEASE, |row, work| {
        let number = work.resource(row, 0)?;
        let attribute = row.word(1, Attribute::parse)?;
        let dates = period(row, [2, 3], &calendar)?;
        let period = Period::between(dates.0, dates.1);
        let policy = &mut policies[number as usize];
        let earlier = policy.dated.iter().filter(|(of, _)| *of == attribute);
        // Times that meet say the same thing twice: the first line stands.
        if policy.always.contains(attribute) || earlier.clone().any(|(_, p)| p.meets(period)) {
            return Err(row.fault(1, Reason::Duplicate).into());
        }
        if earlier.count() == MAX_PERIODS {
            return Err(row.fault(2, Reason::TooMany { max: MAX_PERIODS }).into());
        }
        if dates == (None, None) {
            policy.always = policy.always.with(attribute);
        } else {
            policy.dated.push((attribute, period));
        }
        Ok(())
    })?;
    for policy in &mut policies {
        let key = |(attribute, period): &(Attribute, Period)| (*attribute, period.from);
        policy.dated.sort_unstable_by_key(key);
    }
    Ok(policies)
}
