//! Reading a snapshot whole: every record, every reference, every order that look-ups rely on.
//!
//! [`tables`] runs whenever a snapshot opens and covers what every access reads without a second look: ENT projects,
//! schools, publishers, resources, families, URLs. [`everything`] adds people and what belongs to them.

use std::cell::Cell;

use crate::ark;
use crate::format::body::Body;
use crate::format::fact::{Fact, FactKind, Pairs, Words};
use crate::format::fingerprint::{Domain, of_offer};
use crate::format::period::{self, DatedAttributes};
use crate::format::records::{
    Code, Ent, Establishment, Family, Group, Known, Listed, MOTHER, OPENS_FAMILY, Offer, Offered,
    Person, Publisher, Record, Resource, Subscription, Terms, Url,
};
use crate::format::{Corrupt, MAX_FACTS, MAX_OFFERS, MAX_PERIODS, NONE, Section};
use crate::{AttributeSet, SnapshotError};

type Checked = Result<(), Corrupt>;

/// Checks the tables that every access reads.
pub(super) fn tables(body: &Body) -> Result<(), SnapshotError> {
    each(body, |number, ent: Ent| {
        texts(body, [ent.code_text, ent.name_text])?;
        // One that its index does not find could not be revoked, suspended or switched off by its name.
        let code = body.text(ent.code_text)?;
        found(body, Section::EntIndex, Domain::Ent, code, number)?;
        let current: Ent = body.record(ent.current)?;
        ensure(current.current == ent.current)
    })?;
    each(body, |number, school: Establishment| {
        texts(body, [school.uai_text, school.name_text])?;
        let uai = body.text(school.uai_text)?;
        let index = Section::EstablishmentIndex;
        found(body, index, Domain::Establishment, uai, number)?;
        body.records::<Offer>(school.first_offer, school.offers)?;
        Ok(())
    })?;
    each(body, |number, publisher: Publisher| {
        texts(
            body,
            [
                publisher.id_text,
                publisher.name_text,
                publisher.domain_text,
            ],
        )?;
        let id = body.text(publisher.id_text)?;
        found(body, Section::PublisherIndex, Domain::Publisher, id, number)?;
        validity(body, publisher.validity_list)?;
        let resources = body.records::<Resource>(publisher.first_resource, publisher.resources)?;
        ensure(
            resources
                .iter::<Resource>()
                .all(|resource| resource.publisher == number),
        )?;
        for (first, count) in [
            (publisher.first_url, publisher.exact_urls),
            (
                publisher
                    .first_url
                    .checked_add(publisher.exact_urls)
                    .ok_or(Corrupt)?,
                publisher.prefix_urls,
            ),
        ] {
            let urls = body.records::<Url>(first, count)?;
            let mut last = None;
            for url in urls.iter::<Url>() {
                let text = body.text(url.url_text)?;
                ensure(last < Some(text))?;
                last = Some(text);
                if url.resource != NONE {
                    let resource: Resource = body.record(url.resource)?;
                    ensure(resource.publisher == number)?;
                }
            }
        }
        Ok(())
    })?;
    each(body, |number, resource: Resource| {
        let name = ark::name(body.text(resource.id_text)?).ok_or(Corrupt)?;
        let key = body.fingerprint(Domain::Resource, "", name);
        ensure(body.resources().find(key)? == Some(Listed::of(number, &resource)))?;
        texts(
            body,
            [
                resource.name_text,
                resource.access_url_text,
                resource.access_url_escaped_text,
                resource.access_url_xml_text,
            ],
        )?;
        body.record::<Publisher>(resource.publisher)?;
        if resource.family != NONE {
            let family: Family = body.record(resource.family)?;
            ensure(family.publisher == resource.publisher)?;
        }
        validity(body, resource.validity_list)?;
        dated_release(body, &resource)?;
        ensure(resource.acs_index == NONE || resource.acs_index <= u32::from(u16::MAX))
    })?;
    each(body, |_, family: Family| {
        texts(body, [family.name_text])?;
        texts(body, body.list(family.urls_list)?.iter())?;
        texts(body, body.list(family.urls_xml_list)?.iter())
    })?;
    // Each is found by its name, above; here, by no other.
    for (index, of) in [
        (Section::EntIndex, Section::Ents),
        (Section::EstablishmentIndex, Section::Establishments),
        (Section::PublisherIndex, Section::Publishers),
    ] {
        let records = body.numbers(index).slots().map(|(_, _, slot)| slot.record);
        one_slot_each(body, index, records, of)?;
    }
    let resources = body.resources().slots();
    let numbers = resources.map(|(_, _, slot)| slot.resource);
    one_slot_each(body, Section::ResourceIndex, numbers, Section::Resources)
}

/// Checks everything, people included.
pub(super) fn everything(body: &Body) -> Result<(), SnapshotError> {
    tables(body)?;
    each(body, |_, group: Group| {
        body.record::<Establishment>(group.establishment)?;
        texts(body, [group.code_text])?;
        texts(body, body.list(group.values_list)?.iter())
    })?;
    each(body, |_, code: Code| texts(body, [code.code_text]))?;
    each(body, |_, subscription: Subscription| {
        texts(body, [subscription.id_text])?;
        body.record::<Resource>(subscription.resource)?;
        body.record::<Terms>(subscription.terms).map(drop)
    })?;
    each(body, |_, terms: Terms| {
        // A subscription that was ended before it began never holds: its terms are empty.
        ensure(terms.from <= terms.until && terms.kind <= 1)
    })?;
    let next = Cell::new(0);
    each(body, |_, school: Establishment| {
        // Every offer is one school's.
        if school.offers != 0 {
            ensure(school.first_offer == next.get())?;
            next.set(next.get() + school.offers);
        }
        let mut last = None;
        let mut run = 0;
        for offer in body
            .records::<Offer>(school.first_offer, school.offers)?
            .iter::<Offer>()
        {
            let subscription: Subscription = body.record(offer.subscription)?;
            ensure(subscription.terms == offer.terms)?;
            opened(body, &subscription, &offer)?;
            ensure(last < Some((offer.resource, offer.subscription)))?;
            run = if last.is_some_and(|(resource, _)| resource == offer.resource) {
                run + 1
            } else {
                1
            };
            ensure(run <= MAX_OFFERS)?;
            last = Some((offer.resource, offer.subscription));
            facts(body, body.list(offer.targets_list)?)?;
            periods(body, &offer)?;
        }
        Ok(())
    })?;
    each(body, |_, person: Person| {
        texts(
            body,
            [
                person.name_text,
                person.given_name_text,
                person.mail_text,
                person.civility_text,
            ],
        )?;
        Ok(())
    })?;
    for (_, _, known) in body.people().slots() {
        known_person(body, &known).map_err(|Corrupt| bad(Section::PersonIndex, known.person))?;
    }
    let people = body.people().slots().map(|(_, _, known)| known.person);
    one_slot_each(body, Section::PersonIndex, people, Section::People)?;
    every_offer_found(body)
}

/// What stands in the index for a person.
fn known_person(body: &Body, known: &Known) -> Checked {
    body.record::<Ent>(known.origin_ent.into())?;
    let mut last = None;
    for affiliation in body.affiliations(known)?.iter() {
        body.record::<Establishment>(affiliation.establishment)?;
        ensure(last < Some(affiliation.establishment))?;
        last = Some(affiliation.establishment);
        ensure(u16::try_from(affiliation.profiles).is_ok())?;
        let list = body.list(affiliation.facts_list)?;
        ensure(list.len() <= MAX_FACTS)?;
        facts(body, list)?;
    }
    Ok(())
}

/// The index of offers says what the offers say, and nothing else.
fn every_offer_found(body: &Body) -> Result<(), SnapshotError> {
    let pairs = Cell::new(0);
    each(body, |number, school: Establishment| {
        let uai = body.text(school.uai_text)?;
        let school_key = body.fingerprint(Domain::Establishment, "", uai);
        let offers = body.records::<Offer>(school.first_offer, school.offers)?;
        let offers: Vec<Offer> = offers.iter().collect();
        let mut first = school.first_offer;
        for run in offers.chunk_by(|a, b| a.resource == b.resource) {
            let resource: Resource = body.record(run[0].resource)?;
            let name = ark::name(body.text(resource.id_text)?).ok_or(Corrupt)?;
            let key = body.fingerprint(Domain::Resource, "", name);
            let found = body.offered().find(of_offer(school_key, key))?;
            ensure(found == Some(Offered::of(number, first, run)))?;
            first += run.len() as u32;
            pairs.set(pairs.get() + 1);
        }
        Ok(())
    })?;
    match body.offered().slots().nth(pairs.get()) {
        Some((place, _, _)) => Err(bad(Section::OfferIndex, place)),
        None => Ok(()),
    }
}

/// Every record of a section has exactly one slot in its index.
fn one_slot_each(
    body: &Body,
    index: Section,
    records: impl Iterator<Item = u32>,
    of: Section,
) -> Result<(), SnapshotError> {
    let mut seen = vec![false; body.count(of) as usize];
    for record in records {
        match seen.get_mut(record as usize) {
            Some(seen) if !*seen => *seen = true,
            _ => return Err(bad(index, record)),
        }
    }
    match seen.iter().position(|seen| !seen) {
        Some(missing) => Err(bad(of, missing as u32)),
        None => Ok(()),
    }
}

/// Facts stand in ascending order and name what is there.
fn facts(body: &Body, facts: Words<'_>) -> Checked {
    let mut last = None;
    for fact in facts.iter() {
        ensure(last < Some(fact))?;
        last = Some(fact);
        known(body, Fact(fact))?;
    }
    Ok(())
}

/// A fact names what is there.
fn known(body: &Body, fact: Fact) -> Checked {
    match fact.split()? {
        (FactKind::Person, number) => body.record::<Person>(number).map(drop),
        (FactKind::Group, number) => body.record::<Group>(number).map(drop),
        (FactKind::Code, number) => body.record::<Code>(number).map(drop),
        (FactKind::Profile, number) => ensure(number < u16::BITS),
    }
}

/// A subscription is to the resource that it offers, or to a mother that opens it.
fn opened(body: &Body, subscription: &Subscription, offer: &Offer) -> Checked {
    if subscription.resource == offer.resource {
        return Ok(());
    }
    let mother: Resource = body.record(subscription.resource)?;
    let member: Resource = body.record(offer.resource)?;
    let opens = MOTHER | OPENS_FAMILY;
    ensure(mother.flags & opens == opens && mother.family != NONE && mother.family == member.family)
}

/// A validity holds at some instant.
fn validity(body: &Body, list: u32) -> Checked {
    let validity = period::validity(body, list)?;
    ensure(validity.is_none_or(|(from, until)| from < until))
}

/// What is released for a time: attributes in ascending order that are not released always, each with periods that follow
/// one another.
fn dated_release(body: &Body, resource: &Resource) -> Checked {
    let mut last = None;
    let mut run = 0;
    for dated in DatedAttributes::of(body.list(resource.dated_release_list)?)?.iter() {
        let (attribute, (from, until)) = dated?;
        ensure(from < until && !AttributeSet(resource.attributes).contains(attribute))?;
        run = match last {
            Some((before, ended)) if before == attribute => {
                ensure(ended <= from)?;
                run + 1
            }
            _ => 1,
        };
        ensure(run <= MAX_PERIODS && last.is_none_or(|(before, _)| before <= attribute))?;
        last = Some((attribute, until));
    }
    Ok(())
}

/// What an offer is assigned to for a part of its time: facts in ascending order that name what is there, each with
/// the subscription's terms but for the time.
fn periods(body: &Body, offer: &Offer) -> Checked {
    let whole: Terms = body.record(offer.terms)?;
    let pairs = Pairs::of(body.list(offer.dated_list)?)?;
    let mut last = None;
    let mut run = 0;
    for (fact, terms) in pairs.iter() {
        ensure(last < Some((fact, terms)))?;
        run = match last {
            Some((before, _)) if before == fact => run + 1,
            _ => 1,
        };
        ensure(run <= MAX_PERIODS)?;
        last = Some((fact, terms));
        known(body, fact)?;
        let period: Terms = body.record(terms)?;
        ensure((period.publics, period.kind) == (whole.publics, whole.kind))?;
    }
    Ok(())
}

fn texts(body: &Body, offsets: impl IntoIterator<Item = u32>) -> Checked {
    offsets
        .into_iter()
        .try_for_each(|offset| body.text(offset).map(drop))
}

/// A record's own index finds it, and not another, by its name.
fn found(body: &Body, index: Section, domain: Domain, name: &str, number: u32) -> Checked {
    ensure(body.find(index, domain, "", name)? == Some(number))
}

fn ensure(holds: bool) -> Checked {
    if holds { Ok(()) } else { Err(Corrupt) }
}

fn bad(section: Section, record: u32) -> SnapshotError {
    SnapshotError::BadRecord {
        section: section.name(),
        record,
    }
}

fn each<R: Record>(body: &Body, check: impl Fn(u32, R) -> Checked) -> Result<(), SnapshotError> {
    for number in 0..body.count(R::SECTION) {
        body.record(number)
            .and_then(|record| check(number, record))
            .map_err(|Corrupt| bad(R::SECTION, number))?;
    }
    Ok(())
}
