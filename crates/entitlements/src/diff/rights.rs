//! What a person may use in each of their schools, worked out once for all who are alike.

use rustc_hash::{FxHashMap, FxHashSet};

use super::names::Names;
use super::{DiffError, Sets};
use crate::format::body::Affiliations;
use crate::format::fact::{Fact, FactKind, Pairs};
use crate::format::records::{self, Affiliation, Known, Offer};
use crate::format::{Corrupt, Section};
use crate::snapshot::Subject;
use crate::{ProfileSet, View};

/// A school and the resources that somebody may use there, ascending.
type Set = (u32, Box<[u32]>);

/// Sets of resources in a school, by common numbers, each kept once for both bodies: equal rights have equal numbers.
#[derive(Default)]
pub(super) struct Rights {
    sets: Vec<Set>,
    numbers: FxHashMap<Set, u32>,
}

impl Rights {
    fn number(&mut self, school: u32, resources: Box<[u32]>) -> u32 {
        let next = u32::try_from(self.sets.len()).unwrap_or(u32::MAX);
        let key = (school, resources);
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        self.sets.push(key.clone());
        self.numbers.insert(key, next);
        next
    }

    /// School and resource of each right, ascending.
    pub(super) fn pairs(&self, sets: &Sets) -> Vec<(u32, u32)> {
        let mut pairs: Vec<_> = sets
            .iter()
            .filter_map(|set| self.sets.get(*set as usize))
            .flat_map(|(school, resources)| resources.iter().map(|one| (*school, *one)))
            .collect();
        pairs.sort_unstable();
        pairs
    }
}

/// One of the two bodies with the changes since.
pub(super) struct Side<'s> {
    view: View<'s>,
    at: i64,
    /// Common numbers, by the body's own.
    schools: Vec<u32>,
    resources: Vec<Option<u32>>,
    /// Whom a licence names.
    named: FxHashSet<u32>,
    /// Resources that changes put into a school.
    extra: FxHashMap<u32, Vec<u32>>,
    /// Sets by school, profiles and facts of those whom no licence names; `None` where nothing may be used.
    known: FxHashMap<(u32, u32, u32), Option<u32>>,
}

impl<'s> Side<'s> {
    pub(super) fn new(view: View<'s>, at: i64, names: &mut Names<'s>) -> Result<Self, DiffError> {
        let mut extra: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for (school, resource) in view.overlay.effects.extras() {
            extra.entry(school).or_default().push(resource);
        }
        Ok(Self {
            schools: names.schools_of(view.snapshot)?,
            resources: names.resources_of(view, at)?,
            named: named(view)?,
            view,
            at,
            extra,
            known: FxHashMap::default(),
        })
    }

    /// The rights of the person at a place of the index, added to `sets`; answers their profiles everywhere.
    pub(super) fn of(
        &mut self,
        place: u32,
        rights: &mut Rights,
        sets: &mut Sets,
    ) -> Result<ProfileSet, DiffError> {
        let known = self.view.snapshot.body.people().at(place)?;
        let affiliations = self.view.snapshot.body.affiliations(&known)?;
        let is_named = self.named.contains(&known.person);
        let mut profiles = ProfileSet::EMPTY;
        for (position, affiliation) in affiliations.iter().enumerate() {
            profiles = profiles.union(crate::snapshot::profiles(&affiliation)?);
            let alike = (
                affiliation.establishment,
                affiliation.profiles,
                affiliation.facts_list,
            );
            let set = match self.known.get(&alike) {
                Some(set) if !is_named => *set,
                _ => {
                    let set = self.work_out(known, affiliations, position, &affiliation)?;
                    let set = set.map(|(school, set)| rights.number(school, set));
                    if !is_named {
                        self.known.insert(alike, set);
                    }
                    set
                }
            };
            sets.extend(set);
        }
        sets.sort_unstable();
        Ok(profiles)
    }

    fn work_out(
        &self,
        known: Known,
        affiliations: Affiliations<'s>,
        position: usize,
        affiliation: &Affiliation,
    ) -> Result<Option<Set>, Corrupt> {
        let snapshot = self.view.snapshot;
        let number = affiliation.establishment;
        let school: records::Establishment = snapshot.body.record(number)?;
        let offers = snapshot
            .body
            .records::<Offer>(school.first_offer, school.offers)?;
        let extra = self.extra.get(&number).map_or(&[][..], Vec::as_slice);
        let mut offered: Vec<u32> = offers
            .iter::<Offer>()
            .map(|offer| offer.resource)
            .chain(extra.iter().copied())
            .collect();
        offered.sort_unstable();
        offered.dedup();
        let mut may_use = Vec::new();
        for resource in offered {
            let Some(common) = self.resources.get(resource as usize).copied().flatten() else {
                continue;
            };
            let resource = snapshot.resource_at(resource)?;
            let subject = Subject::in_school(self.view, resource, known, affiliations, position)?;
            let mut yes = false;
            subject.each_offer(self.at, |judged| yes |= judged.verdict.is_ok())?;
            if yes {
                may_use.push(common);
            }
        }
        if may_use.is_empty() {
            return Ok(None);
        }
        may_use.sort_unstable();
        let school = self.schools.get(number as usize).copied().ok_or(Corrupt)?;
        Ok(Some((school, may_use.into())))
    }
}

/// Everybody whom a licence names: in the offers of the body, or in the changes since.
fn named(view: View<'_>) -> Result<FxHashSet<u32>, DiffError> {
    let body = &view.snapshot.body;
    let mut named = FxHashSet::default();
    let mut note = |fact: Fact| -> Result<(), Corrupt> {
        if let (FactKind::Person, number) = fact.split()? {
            named.insert(number);
        }
        Ok(())
    };
    let mut last = (u32::MAX, u32::MAX);
    for number in 0..body.count(Section::Offers) {
        let offer: Offer = body.record(number)?;
        // Equal lists are kept once, and neighbours often share theirs.
        if (offer.targets_list, offer.dated_list) == last {
            continue;
        }
        last = (offer.targets_list, offer.dated_list);
        for fact in body.list(offer.targets_list)?.iter() {
            note(Fact(fact))?;
        }
        for (fact, _) in Pairs::of(body.list(offer.dated_list)?)?.iter() {
            note(fact)?;
        }
    }
    for fact in view.overlay.effects.given_facts() {
        note(fact)?;
    }
    Ok(named)
}
