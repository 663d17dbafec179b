//! The question: may this person use this resource, through which of their schools, until when?
//!
//! Look-up and explanation walk the same path, [`Subject::each_offer`], and leave the judgement to [`crate::rules`].
//! Nothing is allocated for a person with up to four entitling subscriptions, and the work is bounded by the
//! person's schools and facts, never by the size of the directory.

use smallvec::SmallVec;

use super::views::terms;
use super::{Ent, Grant, Resource, Snapshot, View};
use crate::format::body::{Affiliations, Body, Records};
use crate::format::fact::{Pairs, Words};
use crate::format::fingerprint::{self, Domain};
use crate::format::records::{self, Affiliation, Known, Offer, Offers};
use crate::format::{Corrupt, MAX_FACTS, MAX_OFFERS, MAX_PERIODS, MAX_PERSON, Section};
use crate::overlay::{Given, Licences, Through};
use crate::rules::{self, Terms};
use crate::{Denied, ProfileSet, Query, ark};

/// Who asks for what: found, and not yet judged.
pub(crate) struct Subject<'s> {
    pub(crate) view: View<'s>,
    /// The project that speaks for the person now.
    pub(crate) ent: Ent<'s>,
    pub(crate) resource: Resource<'s>,
    pub(crate) known: Known,
    pub(crate) affiliations: Affiliations<'s>,
    /// Until when the resource and its publisher are valid.
    open_until: i64,
    /// The one affiliation that counts, when a school was asked for.
    chosen: Option<usize>,
    /// The school that was asked for, and what it offers of the resource.
    asked: Option<(u32, Option<Offers>)>,
}

/// One subscription in one school of the subject, judged.
pub(crate) struct Judged<'s> {
    /// Position among the person's affiliations.
    pub(crate) position: usize,
    pub(crate) subscription: Through,
    pub(crate) terms: Terms,
    /// A yes says until when: the first second without the right.
    pub(crate) verdict: Result<i64, Denied>,
    /// To what it is assigned there, as the body knows, and what entries say of that: for an explanation.
    pub(crate) licences: Licences,
    pub(crate) given: Option<&'s Given>,
}

/// One of the subject's schools.
struct Place {
    position: usize,
    affiliation: Affiliation,
    profiles: ProfileSet,
}

/// One subscription there, before it is judged.
struct Candidate<'s> {
    subscription: Through,
    terms: Terms,
    /// To what it is assigned there, as the body knows.
    body: Licences,
    /// What entries say of that.
    given: Option<&'s Given>,
}

impl Snapshot {
    /// May this person use this resource, through which of their schools, until when? By the snapshot alone: what
    /// serves asks a [`crate::Directory`].
    ///
    /// Checked in this order: ENT project, revocation of the person, resource, its publisher's and its own switch, their
    /// validity, person, school asked for, then each subscription of the person's schools to the resource. Of several failing subscriptions the one
    /// that came closest to a yes is reported. What it costs is a few reads of memory (`docs/scale.md`)
    /// where the query names the school; else also a search in the offers of each of the person's schools.
    ///
    /// # Errors
    /// [`Denied`] with the rule that said no.
    pub fn resolve<'s>(&'s self, query: &Query<'s>) -> Result<Grant<'s>, Denied> {
        View::from(self).resolve(query)
    }

    /// The project with this code.
    #[inline]
    fn find_ent(&self, code: &str) -> Result<Option<Ent<'_>>, Corrupt> {
        let number = self.body.find(Section::EntIndex, Domain::Ent, "", code)?;
        number.map(|number| Ent::new(self, number)).transpose()
    }
}

impl<'s> View<'s> {
    /// As [`crate::Directory::resolve`] or [`Snapshot::resolve`], whichever it is a view of.
    ///
    /// # Errors
    /// [`Denied`] with the rule that said no.
    pub fn resolve(self, query: &Query<'s>) -> Result<Grant<'s>, Denied> {
        let subject = self.subject(query)?;
        let mut entitling = 0_u64;
        let mut until = i64::MIN;
        let mut subscriptions: SmallVec<[Through; 4]> = SmallVec::new();
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
            snapshot: self.snapshot,
            view: self,
            person_id: query.person,
            ent: subject.ent,
            resource: subject.resource,
            known: subject.known,
            affiliations: subject.affiliations,
            entitling,
            subscriptions,
            until,
            at: query.at,
        })
    }

    /// Finds who asks for what. Inlined, as what it calls on the way: answers of this size are otherwise written and copied
    /// between one function and the next, a twentieth of a look-up.
    #[inline(always)]
    pub(crate) fn subject(self, query: &Query<'_>) -> Result<Subject<'s>, Denied> {
        let (snapshot, effects) = (self.snapshot, &self.overlay.effects);
        let body = &snapshot.body;
        // What is far away is sent for at once, and read as late as possible. A processor goes on from a prefetch only
        // when it has the address of the page, which takes half as long as the read: everything is hashed first, so that
        // these waits are one. Nearly always the code that was asked for is the one that counts.
        let guessed = self.person_fingerprint(query.ent, query.person);
        let named = ark::name(query.resource);
        let named = named.map(|name| body.fingerprint(Domain::Resource, "", name));
        let asked = query.school.map(|school| Asked::new(body, school));
        let pair = match (&asked, named) {
            (Some(asked), Some(named)) => Some(fingerprint::of_offer(asked.key, named)),
            _ => None,
        };
        let resources = body.resources();
        if let Some(guessed) = guessed {
            body.people().send_for(guessed);
        }
        if let Some(pair) = pair {
            body.offered().send_for(pair);
        }
        if let Some(named) = named {
            resources.send_for(named);
        }
        let resource = match named {
            Some(named) => resources.find(named)?,
            None => None,
        };
        let asked_ent = snapshot.find_ent(query.ent)?.ok_or(Denied::UnknownEnt)?;
        let ent = asked_ent.current();
        let key = if ent == asked_ent {
            guessed
        } else {
            self.person_fingerprint(ent.code(), query.person)
        };
        // Revocation wins over everything.
        if key.is_some_and(|key| effects.revoked(key).is_some()) {
            return Err(Denied::PersonRevoked);
        }
        let resource = resource.ok_or(Denied::UnknownResource)?;
        let resource = Resource::listed(snapshot, resource)?;
        let offered = match pair {
            Some(pair) => body.offered().find(pair)?,
            None => None,
        };
        if let (Some(asked), None) = (&asked, offered) {
            body.numbers(Section::EstablishmentIndex)
                .send_for(asked.key);
        }
        let mut individual = false;
        let offers = offered.map(|offered| offered.offers(resource.number));
        match offers {
            Some(Offers::One(offer)) => {
                individual = offer.targets_list != 0 || offer.dated_list != 0;
                body.send_for_list(offer.targets_list);
                body.send_for_list(offer.dated_list);
            }
            Some(Offers::Run { first, .. }) => body.send_for_record::<Offer>(first),
            None => {}
        }
        let open_until = self.open(resource, query.at)?;
        let whole = match &asked {
            Some(asked) => asked.whole(body)?,
            None => None,
        };
        let known = match key {
            Some(key) => body.people().find(key)?,
            None => None,
        };
        let known = known.ok_or(Denied::UnknownPerson)?;
        // Names and pseudonym depend on these two: a yes must be able to name who it is about.
        if known.person >= body.count(Section::People)
            || u32::from(known.origin_ent) >= body.count(Section::Ents)
        {
            return Err(Denied::SnapshotCorrupt);
        }
        if individual {
            body.send_for_list(known.facts_list);
        }
        let affiliations = body.affiliations(&known)?;
        if affiliations.is_empty() {
            return Err(Denied::NoSchool);
        }
        let mut subject = Subject {
            view: self,
            ent,
            resource,
            known,
            affiliations,
            open_until,
            chosen: None,
            asked: None,
        };
        if let Some(asked) = asked {
            let number = match offered {
                Some(offered) => Some(offered.establishment),
                None => asked.number(body)?,
            };
            subject.asked = number.map(|number| (number, offers));
            let schools = affiliations.iter().map(|place| place.establishment);
            let chosen = rules::chosen_school(number, whole, schools);
            subject.chosen = Some(chosen.ok_or(Denied::NotInThatSchool)?);
        }
        Ok(subject)
    }

    /// Whether a resource may be used at all at an instant: its publisher and itself neither suspended nor switched off,
    /// and valid. A yes says until when they are valid.
    #[inline(always)]
    pub(crate) fn open(self, resource: Resource<'_>, at: i64) -> Result<i64, Denied> {
        let (effects, publisher) = (&self.overlay.effects, resource.publisher());
        if effects.publisher_suspended(publisher.number).is_some() {
            return Err(Denied::PublisherSuspended);
        }
        if publisher.disabled() {
            return Err(Denied::PublisherDisabled);
        }
        if effects.resource_suspended(resource.number).is_some() {
            return Err(Denied::ResourceSuspended);
        }
        if resource.disabled() {
            return Err(Denied::ResourceDisabled);
        }
        resource.open_at(at)
    }

    /// What the indexes know a person by; `None` where no identifier can be so long. `ent` is the code of the project
    /// that speaks for the person now.
    #[inline]
    pub(crate) fn person_fingerprint(self, ent: &str, person: &str) -> Option<u128> {
        if person.is_empty() || person.len() > MAX_PERSON {
            return None;
        }
        Some(self.snapshot.body.fingerprint(Domain::Person, ent, person))
    }
}

impl<'s> Subject<'s> {
    /// Somebody who is known by number, in one of their schools; for comparisons, which ask about everybody and every
    /// resource that is open, whether and not until when.
    pub(crate) fn in_school(
        view: View<'s>,
        resource: Resource<'s>,
        known: Known,
        affiliations: Affiliations<'s>,
        position: usize,
    ) -> Result<Self, Corrupt> {
        Ok(Self {
            view,
            ent: Ent::new(view.snapshot, known.origin_ent.into())?,
            resource,
            known,
            affiliations,
            open_until: i64::MAX,
            chosen: Some(position),
            asked: None,
        })
    }

    /// Identifiers of all the person's schools; an unreadable one is empty and matches nothing.
    pub(crate) fn schools(&self) -> impl Iterator<Item = &'s str> + use<'s> {
        let body = &self.view.snapshot.body;
        self.affiliations.iter().map(|affiliation| {
            body.record::<records::Establishment>(affiliation.establishment)
                .and_then(|school| body.text(school.uai_text))
                .unwrap_or_default()
        })
    }

    /// Judges every subscription to the resource in every school that counts: those of the body, as entries have
    /// changed them, then those that entries put there.
    pub(crate) fn each_offer(
        &self,
        at: i64,
        mut visit: impl FnMut(Judged<'s>),
    ) -> Result<(), Corrupt> {
        let effects = &self.view.overlay.effects;
        let subscriptions = self.view.snapshot.body.count(Section::Subscriptions);
        let affiliations = self.affiliations.iter().enumerate();
        for (position, affiliation) in affiliations {
            if self.chosen.is_some_and(|chosen| chosen != position) {
                continue;
            }
            let school = affiliation.establishment;
            let place = Place {
                position,
                profiles: profiles(&affiliation)?,
                affiliation,
            };
            for offer in self.offers(school)? {
                // A yes must be able to say by which subscription: audit and explanation depend on it.
                if offer.subscription >= subscriptions {
                    return Err(Corrupt);
                }
                let body = Licences {
                    targets_list: offer.targets_list,
                    dated_list: offer.dated_list,
                };
                let candidate = match effects.of_body(offer.subscription) {
                    None => Candidate {
                        subscription: Through::Body(offer.subscription),
                        terms: terms(&self.view.snapshot.body.record(offer.terms)?),
                        body,
                        given: None,
                    },
                    // It stands where it was put, and there only.
                    Some((_, changed)) if changed.is_put() => continue,
                    Some((changed, _)) => self.changed(changed, school, body)?,
                };
                visit(self.judge(&place, &candidate, at));
            }
            for extra in effects.extra(school, self.resource.number) {
                let candidate = self.changed(extra.position, school, extra.body)?;
                visit(self.judge(&place, &candidate, at));
            }
        }
        Ok(())
    }

    /// A subscription that entries made or changed, in a school.
    fn changed(
        &self,
        position: u32,
        school: u32,
        body: Licences,
    ) -> Result<Candidate<'s>, Corrupt> {
        let effects = &self.view.overlay.effects;
        let terms = effects.changed(position).and_then(|changed| changed.terms);
        Ok(Candidate {
            subscription: Through::Entries(position),
            terms: terms.ok_or(Corrupt)?,
            body,
            given: effects.given(position, school),
        })
    }

    #[inline]
    fn judge(&self, place: &Place, candidate: &Candidate<'s>, at: i64) -> Judged<'s> {
        let verdict = rules::judge(&candidate.terms, place.profiles, at, || {
            Ok(self.assigned(place, candidate, at)?)
        });
        Judged {
            position: place.position,
            subscription: candidate.subscription,
            terms: candidate.terms,
            verdict: verdict.map(|until| until.min(self.open_until)),
            licences: candidate.body,
            given: candidate.given,
        }
    }

    /// What a school offers of the resource. Of the school that was asked for the index has said it, or where it stands;
    /// else it is a run in the school's offers, which are in the order of resources.
    #[inline]
    fn offers(&self, establishment: u32) -> Result<impl Iterator<Item = Offer> + use<'s>, Corrupt> {
        let (one, run) = match self.asked {
            Some((school, offered)) if school == establishment => match offered {
                None => (None, Records::NONE),
                Some(Offers::One(offer)) => (Some(offer), Records::NONE),
                Some(Offers::Run { first, count }) => (None, self.these_offers(first, count)?),
            },
            _ => (None, self.run_of_offers(establishment)?),
        };
        Ok(one.into_iter().chain(run.iter::<Offer>()))
    }

    /// Offers of which the index says where they stand.
    fn these_offers(&self, first: u32, count: u32) -> Result<Records<'s>, Corrupt> {
        if count == 0 || count as usize > MAX_OFFERS {
            return Err(Corrupt);
        }
        let body = &self.view.snapshot.body;
        let run = body.records::<Offer>(first, count)?;
        let resource = self.resource.number;
        let all_of_it = run.iter::<Offer>().all(|offer| offer.resource == resource);
        all_of_it.then_some(run).ok_or(Corrupt)
    }

    fn run_of_offers(&self, establishment: u32) -> Result<Records<'s>, Corrupt> {
        let body = &self.view.snapshot.body;
        let school: records::Establishment = body.record(establishment)?;
        let offers = body.records::<Offer>(school.first_offer, school.offers)?;
        let resource = self.resource.number;
        let first = offers.partition_point::<Offer>(|offer| offer.resource < resource);
        let is_of_resource = |at: &usize| {
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
        Ok(offers.range::<Offer>(first, first + run))
    }

    /// Until when a licence is assigned to this person in a school; `None` when it is not at this instant. What
    /// entries say of a fact is all that counts for it.
    fn assigned(
        &self,
        place: &Place,
        candidate: &Candidate<'_>,
        at: i64,
    ) -> Result<Option<i64>, Corrupt> {
        let body = &self.view.snapshot.body;
        let targets = body.list(candidate.body.targets_list)?;
        let dated = Pairs::of(body.list(candidate.body.dated_list)?)?;
        let facts = facts(self.view.snapshot, &place.affiliation)?;
        if candidate.given.is_none() && dated.is_empty() {
            let mut alone = rules::reached_alone(self.known.person, place.profiles);
            let reached =
                alone.any(|fact| targets.has(fact.0)) || targets.share_group_or_code(facts);
            return Ok(reached.then_some(candidate.terms.until));
        }
        let mut until = None;
        for fact in rules::reached_by(self.known.person, place.profiles, facts.iter()) {
            if let Some(said) = candidate.given.and_then(|given| given.says(fact)) {
                until = until.max(said.filter(|p| p.holds_at(at)).map(|p| p.until));
                continue;
            }
            if targets.has(fact.0) {
                until = until.max(Some(candidate.terms.until));
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

/// The school that was asked for.
struct Asked<'q> {
    code: &'q str,
    key: u128,
}

impl<'q> Asked<'q> {
    #[inline]
    fn new(body: &Body, code: &'q str) -> Self {
        let key = body.fingerprint(Domain::Establishment, "", code);
        Self { code, key }
    }

    /// Its number.
    fn number(&self, body: &Body) -> Result<Option<u32>, Corrupt> {
        body.find_fingerprint(Section::EstablishmentIndex, self.key)
    }

    /// The number of the school that it is a part of.
    #[inline]
    fn whole(&self, body: &Body) -> Result<Option<u32>, Corrupt> {
        match rules::whole_school(self.code) {
            None => Ok(None),
            Some(whole) => Self::new(body, whole).number(body),
        }
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
