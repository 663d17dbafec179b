//! The fold: one entry after the other, by name, onto the effects that stand so far.
//!
//! What the snapshot does not know is told and has no effect; the next entry is applied all the same.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::change::{Assignment, Change, Entry, SubscriptionPut, Target};
use super::effects::{Changed, Effects, Extra, Licences, Put};
use super::unknown::What;
use crate::format::fact::{Fact, FactKind};
use crate::format::fingerprint::Domain;
use crate::format::records::{self, CODE_KINDS, GROUP_KINDS};
use crate::format::{Corrupt, MAX_OFFERS, Section};
use crate::rules::{Period, Terms};
use crate::snapshot::terms;
use crate::{Attribute, Resource, Snapshot};

/// The snapshot, and what of it is only found by reading a table.
struct Names<'s> {
    snapshot: &'s Snapshot,
    /// Codes by kind and text; read when the first is asked for.
    codes: Option<FxHashMap<(u32, &'s str), u32>>,
}

/// What a name comes to: a number, or what is not known.
type Found<T> = Result<T, What>;

impl From<Corrupt> for What {
    fn from(_: Corrupt) -> Self {
        Self::Damage
    }
}

impl Effects {
    /// Applies entries, which are in the order of the log and after all that were applied before.
    pub(super) fn apply(&mut self, snapshot: &Snapshot, entries: &[Arc<Entry>]) {
        let mut names = Names {
            snapshot,
            codes: None,
        };
        let taken = snapshot.overlay_sequence();
        for entry in entries {
            if entry.sequence > taken || entry.change.is_standing() {
                self.one(&mut names, entry.sequence, &entry.change);
            }
        }
    }

    fn one(&mut self, names: &mut Names<'_>, sequence: u64, change: &Change) {
        match change {
            Change::SubscriptionPut(put) => self.put(names, sequence, put),
            Change::SubscriptionEnded {
                subscription,
                until,
            } => self.end(names, sequence, subscription, *until),
            Change::AssignmentPut(put) => {
                let period = Period::between(put.from, put.until);
                self.give(names, sequence, &put.assignment, Some(period));
            }
            Change::AssignmentEnded(assignment) => self.give(names, sequence, assignment, None),
            Change::PersonRevoked { ent, person } => {
                if let Some(key) = self.person(names, sequence, ent, person) {
                    self.revoked.insert(key, sequence);
                }
            }
            Change::PersonRestored { ent, person } => {
                if let Some(key) = self.person(names, sequence, ent, person) {
                    self.revoked.remove(&key);
                }
            }
            Change::PublisherSuspended { publisher } => {
                if let Some(number) = self.known(sequence, names.publisher(publisher), publisher) {
                    self.publishers.insert(number, sequence);
                }
            }
            Change::PublisherResumed { publisher } => {
                if let Some(number) = self.known(sequence, names.publisher(publisher), publisher) {
                    self.publishers.remove(&number);
                }
            }
            Change::ResourceSuspended { resource } => {
                if let Some(number) = self.known(sequence, names.resource(resource), resource) {
                    self.resources.insert(number, sequence);
                }
            }
            Change::ResourceResumed { resource } => {
                if let Some(number) = self.known(sequence, names.resource(resource), resource) {
                    self.resources.remove(&number);
                }
            }
        }
    }

    /// What was found, or nothing, told.
    fn known<T>(&mut self, sequence: u64, found: Found<T>, name: &str) -> Option<T> {
        found
            .map_err(|what| self.unknown.tell(sequence, what, name))
            .ok()
    }

    /// The fingerprint of a person; also of one whom the snapshot does not have.
    fn person(
        &mut self,
        names: &Names<'_>,
        sequence: u64,
        ent: &str,
        person: &str,
    ) -> Option<u128> {
        let code = self.known(sequence, names.ent(ent), ent)?;
        let key = names
            .snapshot
            .body
            .fingerprint(Domain::Person, code, person);
        let _ = self.known(sequence, names.person(key), "");
        Some(key)
    }

    fn put(&mut self, names: &Names<'_>, sequence: u64, put: &SubscriptionPut) {
        let place = self.position(names, &put.subscription);
        let Some(position) = self.known(sequence, place, "") else {
            return;
        };
        self.withdraw(position);
        let resource = self.known(sequence, names.resource(&put.resource), &put.resource);
        let mut schools: Vec<u32> = Vec::with_capacity(put.schools.len());
        for uai in &put.schools {
            schools.extend(self.known(sequence, names.school(uai), uai));
        }
        schools.sort_unstable();
        schools.dedup();
        let changed = &mut self.subscriptions[position as usize];
        self.unknown.known(&put.subscription, changed.waiting);
        changed.waiting = 0;
        changed.sequence = sequence;
        changed.terms = Some(Terms {
            from: put.from,
            until: put.until,
            publics: put.publics.iter().copied().collect(),
            kind: put.kind,
        });
        let body = changed.body;
        // Without a resource it is offered nowhere, and what stood before it is gone.
        let resources = match resource.map(|resource| names.opened(resource)) {
            Some(opened) => self.known(sequence, opened, "").unwrap_or_default(),
            None => Vec::new(),
        };
        for establishment in &schools {
            let licences = match body {
                Some(number) => names.licences(number, *establishment),
                None => Ok(Licences::default()),
            };
            let Some(licences) = self.known(sequence, licences, "") else {
                continue;
            };
            for resource in &resources {
                let offers = self.extra.entry((*establishment, *resource)).or_default();
                if offers.len() < MAX_OFFERS {
                    offers.push(Extra {
                        position,
                        body: licences,
                    });
                } else {
                    self.unknown
                        .tell(sequence, What::TooMany, &put.subscription);
                }
            }
        }
        self.subscriptions[position as usize].put = Some(Put {
            resources: resources.into(),
            schools: schools.into(),
        });
    }

    /// Takes a subscription out of the schools where an earlier entry put it.
    fn withdraw(&mut self, position: u32) {
        let Some(Put { resources, schools }) = self.subscriptions[position as usize].put.take()
        else {
            return;
        };
        for establishment in schools.iter() {
            for resource in resources.iter() {
                let place = (*establishment, *resource);
                if let Some(offers) = self.extra.get_mut(&place) {
                    offers.retain(|offer| offer.position != position);
                    if offers.is_empty() {
                        self.extra.remove(&place);
                    }
                }
            }
        }
    }

    fn end(&mut self, names: &Names<'_>, sequence: u64, subscription: &str, until: i64) {
        let known = self.existing(names, subscription);
        let Some(position) = self.known(sequence, known, subscription) else {
            return;
        };
        let changed = &mut self.subscriptions[position as usize];
        if let Some(terms) = &mut changed.terms {
            terms.until = terms.until.min(until);
            // One that is ended before it begins never holds.
            terms.from = terms.from.min(terms.until);
            changed.sequence = sequence;
        }
    }

    fn give(
        &mut self,
        names: &mut Names<'_>,
        sequence: u64,
        what: &Assignment,
        period: Option<Period>,
    ) {
        let place = self.position(names, &what.subscription);
        let Some(position) = self.known(sequence, place, "") else {
            return;
        };
        let school = self.known(sequence, names.school(&what.school), &what.school);
        let changed = &mut self.subscriptions[position as usize];
        if changed.terms.is_none() {
            changed.waiting += 1;
            self.unknown
                .tell(sequence, What::Subscription, &what.subscription);
        }
        let Some(establishment) = school else {
            return;
        };
        let name = match &what.target {
            Target::Person { .. } => "",
            Target::Profile { profile } => profile.as_str(),
            Target::Division { code }
            | Target::Group { code }
            | Target::Level { code }
            | Target::Subject { code } => code,
        };
        if let Some(fact) = self.known(sequence, names.fact(establishment, &what.target), name) {
            self.given
                .entry((position, establishment))
                .or_default()
                .set(fact, period);
        }
    }

    /// The position of a subscription that is known, with what it says.
    fn existing(&mut self, names: &Names<'_>, id: &str) -> Found<u32> {
        match self.by_id.get(id) {
            Some(position) if self.subscriptions[*position as usize].terms.is_some() => {
                Ok(*position)
            }
            Some(_) => Err(What::Subscription),
            None if names.subscription(id)?.is_some() => self.position(names, id),
            None => Err(What::Subscription),
        }
    }

    /// The position of a subscription, which it gets now if it has none.
    fn position(&mut self, names: &Names<'_>, id: &str) -> Found<u32> {
        if let Some(position) = self.by_id.get(id) {
            return Ok(*position);
        }
        let position = u32::try_from(self.subscriptions.len()).map_err(|_| What::TooMany)?;
        let body = names.subscription(id)?;
        let terms = match body {
            Some(number) => Some(names.terms(number)?),
            None => None,
        };
        let id: Arc<str> = id.into();
        self.subscriptions.push(Changed {
            id: Arc::clone(&id),
            sequence: 0,
            terms,
            put: None,
            body,
            waiting: 0,
        });
        self.by_id.insert(id, position);
        if let Some(number) = body {
            self.of_body.insert(number, position);
        }
        Ok(position)
    }
}

impl<'s> Names<'s> {
    /// The code of the project that speaks for another's people.
    fn ent(&self, code: &str) -> Found<&'s str> {
        let ent = self.snapshot.ent(code).ok_or(What::Ent)?;
        Ok(ent.current().code())
    }

    fn person(&self, fingerprint: u128) -> Found<u32> {
        let known = self.snapshot.body.people().find(fingerprint)?;
        Ok(known.ok_or(What::Person)?.person)
    }

    fn school(&self, uai: &str) -> Found<u32> {
        let school = self.snapshot.establishment(uai).ok_or(What::School)?;
        Ok(school.number)
    }

    fn publisher(&self, id: &str) -> Found<u32> {
        let publisher = self.snapshot.publisher(id).ok_or(What::Publisher)?;
        Ok(publisher.number)
    }

    fn resource(&self, id: &str) -> Found<u32> {
        let resource = self.snapshot.find_resource(id)?.ok_or(What::Resource)?;
        Ok(resource.number)
    }

    /// What a subscription to a resource opens: the resource, and the others of its family where it is a mother that
    /// opens them.
    fn opened(&self, number: u32) -> Found<Vec<u32>> {
        let resource = Resource::new(self.snapshot, number)?;
        let family = resource.family_number();
        if !resource.is_mother() || !resource.opens_family() || family.is_none() {
            return Ok(vec![number]);
        }
        let members = resource.publisher().resources();
        Ok(members
            .filter(|member| member.family_number() == family)
            .map(|member| member.number)
            .collect())
    }

    /// Subscriptions are in the order of their ids.
    fn subscription(&self, id: &str) -> Found<Option<u32>> {
        let body = &self.snapshot.body;
        let text = |number| {
            let record: records::Subscription = body.record(number)?;
            body.text(record.id_text)
        };
        search(body.count(Section::Subscriptions), |number| {
            Ok(text(number)?.cmp(id))
        })
        .map_err(What::from)
    }

    fn terms(&self, subscription: u32) -> Found<Terms> {
        let body = &self.snapshot.body;
        let record: records::Subscription = body.record(subscription)?;
        Ok(terms(&body.record(record.terms)?))
    }

    /// The licences that the body knows for one of its subscriptions in a school.
    fn licences(&self, subscription: u32, establishment: u32) -> Found<Licences> {
        let body = &self.snapshot.body;
        let wanted: records::Subscription = body.record(subscription)?;
        let school: records::Establishment = body.record(establishment)?;
        let offers = body.records::<records::Offer>(school.first_offer, school.offers)?;
        let wanted = (wanted.resource, subscription);
        let at =
            offers.partition_point::<records::Offer>(|o| (o.resource, o.subscription) < wanted);
        let offer = offers
            .get::<records::Offer>(at)
            .filter(|offer| offer.subscription == subscription);
        Ok(offer.map_or_else(Licences::default, |offer| Licences {
            targets_list: offer.targets_list,
            dated_list: offer.dated_list,
        }))
    }

    fn fact(&mut self, establishment: u32, target: &Target) -> Found<Fact> {
        let (kind, number) = match target {
            Target::Person { ent, person } => {
                let code = self.ent(ent)?;
                let body = &self.snapshot.body;
                let key = body.fingerprint(Domain::Person, code, person);
                (FactKind::Person, self.person(key)?)
            }
            Target::Division { code } => (
                FactKind::Group,
                self.group(establishment, Attribute::Div, code)?,
            ),
            Target::Group { code } => (
                FactKind::Group,
                self.group(establishment, Attribute::Gro, code)?,
            ),
            Target::Level { code } => (FactKind::Code, self.code(Attribute::PMs4, code)?),
            Target::Subject { code } => (FactKind::Code, self.code(Attribute::PMat, code)?),
            Target::Profile { profile } => (FactKind::Profile, *profile as u32),
        };
        Fact::new(kind, number).ok_or(What::Damage)
    }

    /// Groups are in the order of school, kind, code.
    fn group(&self, establishment: u32, released: Attribute, code: &str) -> Found<u32> {
        let body = &self.snapshot.body;
        let kind = kind_of(&GROUP_KINDS, released)?;
        let found = search(body.count(Section::Groups), |number| {
            let group: records::Group = body.record(number)?;
            Ok((group.establishment, group.kind)
                .cmp(&(establishment, kind))
                .then(body.text(group.code_text)?.cmp(code)))
        });
        found?.ok_or(What::Group)
    }

    fn code(&mut self, released: Attribute, code: &str) -> Found<u32> {
        let body = &self.snapshot.body;
        let kind = kind_of(&CODE_KINDS, released)?;
        let codes = match &mut self.codes {
            Some(codes) => codes,
            none => {
                let mut codes = FxHashMap::default();
                for number in 0..body.count(Section::Codes) {
                    let code: records::Code = body.record(number)?;
                    codes.insert((code.kind, body.text(code.code_text)?), number);
                }
                none.insert(codes)
            }
        };
        codes.get(&(kind, code)).copied().ok_or(What::Code)
    }
}

fn kind_of(kinds: &[Attribute], released: Attribute) -> Found<u32> {
    kinds
        .iter()
        .position(|kind| *kind == released)
        .and_then(|kind| u32::try_from(kind).ok())
        .ok_or(What::Damage)
}

/// Binary search over the numbers of a table.
fn search(
    count: u32,
    compare: impl Fn(u32) -> Result<std::cmp::Ordering, Corrupt>,
) -> Result<Option<u32>, Corrupt> {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        match compare(middle)? {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Equal => return Ok(Some(middle)),
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    Ok(None)
}
