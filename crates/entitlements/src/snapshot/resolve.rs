//! The question: may this person use this resource, through which of their schools, until when?
//!
//! Look-up and explanation walk the same path, [`Subject::each_offer`], and leave the judgement to [`crate::rules`].
//! Nothing is allocated for a person with up to four entitling subscriptions, and the work is bounded by the
//! person's schools and facts, never by the size of the directory.

use smallvec::SmallVec;

use super::views::terms;
use super::{Ent, Grant, Resource, Snapshot};
use crate::format::body::Affiliations;
use crate::format::fact::{Pairs, Words};
use crate::format::fingerprint::Domain;
use crate::format::records::{self, Affiliation, Offer};
use crate::format::{Corrupt, MAX_FACTS, MAX_OFFERS, MAX_PERIODS, MAX_PERSON, Section};
use crate::rules::{self, Terms};
use crate::{Denied, ProfileSet, Query};

/// Who asks for what: found, and not yet judged.
pub(crate) struct Subject<'s> {
    pub(crate) snapshot: &'s Snapshot,
    /// The project that speaks for the person now.
    pub(crate) ent: Ent<'s>,
    pub(crate) resource: Resource<'s>,
    pub(crate) person: u32,
    pub(crate) record: records::Person,
    pub(crate) affiliations: Affiliations<'s>,
    /// The one affiliation that counts, when a school was asked for.
    chosen: Option<usize>,
}

/// One subscription in one school of the subject, judged.
pub(crate) struct Judged {
    /// Position among the person's affiliations.
    pub(crate) position: usize,
    pub(crate) subscription: u32,
    pub(crate) terms: Terms,
    /// A yes says until when: the first second without the right.
    pub(crate) verdict: Result<i64, Denied>,
}

impl Snapshot {
    /// May this person use this resource, through which of their schools, until when?
    ///
    /// Checked in this order: ENT project, resource, its publisher's and its own switch, person, school asked for,
    /// then each subscription of the person's schools to the resource. Of several failing subscriptions the one
    /// that came closest to a yes is reported. Costs well under a microsecond and depends on nothing but the query.
    ///
    /// # Errors
    /// [`Denied`] with the rule that said no.
    pub fn resolve<'s>(&'s self, query: &Query<'s>) -> Result<Grant<'s>, Denied> {
        let subject = self.subject(query)?;
        let mut entitling = 0_u64;
        let mut until = i64::MIN;
        let mut subscriptions: SmallVec<[u32; 4]> = SmallVec::new();
        let mut no = Denied::NoSubscription;
        subject.each_offer(query.at, |judged| match judged.verdict {
            Ok(ends) => {
                entitling |= 1 << judged.position;
                until = until.max(ends);
                if !subscriptions.contains(&judged.subscription) {
                    subscriptions.push(judged.subscription);
                }
            }
            Err(denied) => no = rules::closer(no, denied),
        })?;
        // Damage anywhere on the way outweighs a yes elsewhere.
        if entitling == 0 || no == Denied::SnapshotCorrupt {
            return Err(no);
        }
        Ok(Grant {
            snapshot: self,
            person_id: query.person,
            ent: subject.ent,
            resource: subject.resource,
            record: subject.record,
            affiliations: subject.affiliations,
            entitling,
            subscriptions,
            until,
        })
    }

    /// Finds who asks for what.
    pub(crate) fn subject<'s>(&'s self, query: &Query<'_>) -> Result<Subject<'s>, Denied> {
        let ent = self.find_ent(query.ent)?.ok_or(Denied::UnknownEnt)?;
        let resource = self
            .find_resource(query.resource)?
            .ok_or(Denied::UnknownResource)?;
        if resource.publisher().disabled() {
            return Err(Denied::PublisherDisabled);
        }
        if resource.disabled() {
            return Err(Denied::ResourceDisabled);
        }
        let person = self
            .find_person(ent.code(), query.person)?
            .ok_or(Denied::UnknownPerson)?;
        let record: records::Person = self.body.record(person)?;
        let affiliations = self.body.affiliations(&record)?;
        if affiliations.is_empty() {
            return Err(Denied::NoSchool);
        }
        let mut subject = Subject {
            snapshot: self,
            ent,
            resource,
            person,
            record,
            affiliations,
            chosen: None,
        };
        if let Some(school) = query.school {
            let chosen = rules::chosen_school(school, subject.schools());
            subject.chosen = Some(chosen.ok_or(Denied::NotInThatSchool)?);
        }
        Ok(subject)
    }

    /// The project that speaks now for the people of the one with this code.
    fn find_ent(&self, code: &str) -> Result<Option<Ent<'_>>, Corrupt> {
        let Some(number) = self.body.find(Section::EntIndex, Domain::Ent, "", code)? else {
            return Ok(None);
        };
        let ent = Ent::new(self, number)?;
        Ok((ent.code() == code).then(|| ent.current()))
    }

    fn find_person(&self, ent: &str, person: &str) -> Result<Option<u32>, Corrupt> {
        if person.is_empty() || person.len() > MAX_PERSON {
            return Ok(None);
        }
        self.body
            .find(Section::PersonIndex, Domain::Person, ent, person)
    }
}

impl<'s> Subject<'s> {
    /// Identifiers of all the person's schools; an unreadable one is empty and matches nothing.
    pub(crate) fn schools(&self) -> impl Iterator<Item = &'s str> + use<'s> {
        let body = &self.snapshot.body;
        self.affiliations.iter().map(|affiliation| {
            body.record::<records::Establishment>(affiliation.establishment)
                .and_then(|school| body.text(school.uai_text))
                .unwrap_or_default()
        })
    }

    /// Judges every subscription to the resource in every school that counts.
    pub(crate) fn each_offer(&self, at: i64, mut visit: impl FnMut(Judged)) -> Result<(), Corrupt> {
        let affiliations = self.affiliations.iter().enumerate();
        for (position, affiliation) in affiliations {
            if self.chosen.is_some_and(|chosen| chosen != position) {
                continue;
            }
            for offer in self.offers(affiliation.establishment)? {
                let terms = terms(&self.snapshot.body.record(offer.terms)?);
                let profiles = profiles(&affiliation)?;
                let verdict = rules::judge(&terms, profiles, at, || {
                    Ok(self.assigned(&affiliation, profiles, &offer, &terms, at)?)
                });
                visit(Judged {
                    position,
                    subscription: offer.subscription,
                    terms,
                    verdict,
                });
            }
        }
        Ok(())
    }

    /// What a school offers of the resource: a run in its offers, which are in the order of resources.
    #[inline]
    fn offers(&self, establishment: u32) -> Result<impl Iterator<Item = Offer> + use<'s>, Corrupt> {
        let body = &self.snapshot.body;
        let school: records::Establishment = body.record(establishment)?;
        let offers = body.records::<Offer>(school.first_offer, school.offers)?;
        let resource = self.resource.number;
        let first = offers.partition_point::<Offer>(|offer| offer.resource < resource);
        let is_of_resource = move |at: &usize| {
            offers
                .get::<Offer>(*at)
                .is_some_and(|offer| offer.resource == resource)
        };
        let run = (first..)
            .take_while(is_of_resource)
            .take(MAX_OFFERS + 1)
            .count();
        if run > MAX_OFFERS {
            return Err(Corrupt);
        }
        Ok((first..first + run).filter_map(move |at| offers.get(at)))
    }

    /// Until when a licence of an offer is assigned to this person in its school; `None` when it is not at this
    /// instant.
    fn assigned(
        &self,
        affiliation: &Affiliation,
        profiles: ProfileSet,
        offer: &Offer,
        subscription: &Terms,
        at: i64,
    ) -> Result<Option<i64>, Corrupt> {
        let body = &self.snapshot.body;
        let targets = body.list(offer.targets_list)?;
        let dated = Pairs::of(body.list(offer.dated_list)?)?;
        let facts = facts(self.snapshot, affiliation)?;
        let mut until = None;
        for fact in rules::reached_by(self.person, profiles, facts.iter()) {
            if targets.has(fact.0) {
                return Ok(Some(subscription.until));
            }
            if dated.is_empty() {
                continue;
            }
            for number in dated.of_fact(fact, MAX_PERIODS)? {
                let period = terms(&body.record(number)?);
                if period.hold_at(at) {
                    until = until.max(Some(period.until));
                }
            }
        }
        Ok(until)
    }
}

/// Classes, groups and codes of an affiliation.
#[inline]
pub(crate) fn facts<'s>(
    snapshot: &'s Snapshot,
    affiliation: &Affiliation,
) -> Result<Words<'s>, Corrupt> {
    let facts = snapshot.body.list(affiliation.facts_list)?;
    if facts.len() > MAX_FACTS {
        return Err(Corrupt);
    }
    Ok(facts)
}

/// Profiles of an affiliation.
#[inline]
pub(crate) fn profiles(affiliation: &Affiliation) -> Result<ProfileSet, Corrupt> {
    u16::try_from(affiliation.profiles)
        .map(ProfileSet)
        .map_err(|_| Corrupt)
}
