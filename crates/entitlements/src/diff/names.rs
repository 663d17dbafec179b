//! One numbering of the schools and resources of both bodies, so that rights of one can be compared with the other's.

use rustc_hash::FxHashMap;

use super::DiffError;
use crate::format::Section;
use crate::format::records;
use crate::{Snapshot, View};

/// Names with common numbers: a UAI, an ARK; and what people call them.
#[derive(Default)]
pub(super) struct Names<'s> {
    pub(super) schools: Numbered<'s>,
    pub(super) resources: Numbered<'s>,
}

/// Names in the order of their common numbers.
#[derive(Default)]
pub(super) struct Numbered<'s> {
    numbers: FxHashMap<&'s str, u32>,
    names: Vec<(&'s str, &'s str)>,
}

impl<'s> Numbered<'s> {
    fn number(&mut self, id: &'s str, name: &'s str) -> u32 {
        let next = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        *self.numbers.entry(id).or_insert_with(|| {
            self.names.push((id, name));
            next
        })
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// Id and name; empty for a number that was never given.
    pub(super) fn get(&self, number: u32) -> (&'s str, &'s str) {
        self.names.get(number as usize).copied().unwrap_or_default()
    }
}

impl<'s> Names<'s> {
    /// The common number of each school of a body, in the order of its own numbers.
    pub(super) fn schools_of(&mut self, snapshot: &'s Snapshot) -> Result<Vec<u32>, DiffError> {
        let body = &snapshot.body;
        (0..body.count(Section::Establishments))
            .map(|number| {
                let school: records::Establishment = body.record(number)?;
                let (id, name) = (body.text(school.uai_text)?, body.text(school.name_text)?);
                Ok(self.schools.number(id, name))
            })
            .collect()
    }

    /// The common number of each resource of a body that may be used at all at an instant; `None` for the others.
    pub(super) fn resources_of(
        &mut self,
        view: View<'s>,
        at: i64,
    ) -> Result<Vec<Option<u32>>, DiffError> {
        let body = &view.snapshot.body;
        (0..body.count(Section::Resources))
            .map(|number| {
                let resource = view.snapshot.resource_at(number)?;
                let common = self.resources.number(resource.id(), resource.name());
                Ok(view.open(resource, at).is_ok().then_some(common))
            })
            .collect()
    }
}
