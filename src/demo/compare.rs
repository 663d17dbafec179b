//! What was seen, and whether it is what the country's facts say.
//!
//! The pseudonym is the one thing that only the gateway can compute; of it the promises are checked: its form, the same
//! for a person at one publisher whatever the way and the school, never the same for two people or two publishers.

use std::collections::HashMap;

use serde_json::Value;

use super::drive::{Difference, Visit};
use super::setup::World;
use crate::simulate::browser::Page;
use crate::simulate::country::cases::Case;
use crate::simulate::publisher::Told;
use crate::simulate::tile::Generation;

/// Where a browser came to rest.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Saw {
    /// A publisher let the person in.
    In(String, Box<Told>),
    /// A publisher was told no by a signed Status: its second-level code.
    Status(String, String),
    /// A publisher did not like what it was sent.
    Complaint(String),
    /// The gateway's page of a refusal: its code.
    Refused(String),
    /// A portal's sign-in desk.
    Desk,
    /// The gateway asks which resource or which portal.
    Choice,
    /// Something else.
    Other(String),
}

impl Saw {
    pub(super) fn words(&self) -> String {
        match self {
            Self::In(publisher, _) => format!("let in by {publisher}"),
            Self::Status(publisher, code) => format!("{publisher} was told {code}"),
            Self::Complaint(why) => format!("the publisher complains: {why}"),
            Self::Refused(code) => format!("refused: {code}"),
            Self::Desk => "a portal's desk".to_owned(),
            Self::Choice => "a choice page".to_owned(),
            Self::Other(what) => what.clone(),
        }
    }
}

/// Looks at a page.
pub(super) fn saw(world: &World, page: &Page) -> Saw {
    if page.json {
        return saw_json(&page.text)
            .unwrap_or_else(|| Saw::Other("JSON that no publisher writes".to_owned()));
    }
    let gateway = world.country.shape().hosts.gateway_host();
    if page.host() == gateway {
        return match code_of(&page.text) {
            Some(code) => Saw::Refused(code),
            None if page.text.contains("class=\"choices\"") => Saw::Choice,
            None => Saw::Other(format!(
                "the gateway's page {} ({})",
                page.url.path(),
                page.status
            )),
        };
    }
    let portal = world.country.portals.iter().any(|p| p.host == page.host());
    if portal && page.url.path() == "/" && page.url.query().is_some_and(|q| q.starts_with("flow="))
    {
        return Saw::Desk;
    }
    Saw::Other(format!("{} ({})", page.url, page.status))
}

fn saw_json(text: &str) -> Option<Saw> {
    let value: Value = serde_json::from_str(text).ok()?;
    let publisher = value.get("publisher")?.as_str()?.to_owned();
    if let Some(told) = value.get("told") {
        return Some(Saw::In(
            publisher,
            Box::new(serde_json::from_value(told.clone()).ok()?),
        ));
    }
    match value.get("status")?.as_array() {
        Some(status) => Some(Saw::Status(publisher, status.get(1)?.as_str()?.to_owned())),
        None => Some(Saw::Complaint(value.get("refused")?.as_str()?.to_owned())),
    }
}

/// The code on a refusal's page.
fn code_of(text: &str) -> Option<String> {
    let after = text.split_once("<dt>Code</dt><dd><code>")?.1;
    Some(after.split_once("</code>")?.0.to_owned())
}

/// Pseudonyms seen: by person and domain, and back.
#[derive(Debug, Default)]
pub(super) struct Identities {
    given: HashMap<(String, String, String), String>,
    taken: HashMap<String, (String, String, String)>,
}

impl Identities {
    fn remember(
        &mut self,
        ent: &str,
        person: &str,
        domain: &str,
        ido: &str,
    ) -> Result<(), Difference> {
        let who = (ent.to_owned(), person.to_owned(), domain.to_owned());
        if self
            .given
            .entry(who.clone())
            .or_insert_with(|| ido.to_owned())
            != ido
        {
            return Err("the person had another IDO at this publisher before".to_owned());
        }
        if *self
            .taken
            .entry(ido.to_owned())
            .or_insert_with(|| who.clone())
            != who
        {
            return Err("the IDO is somebody else's, or another publisher's".to_owned());
        }
        Ok(())
    }
}

/// How the publisher came to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// By the tile: the school that it names narrows.
    Tile,
    /// By the publisher's own request: no school is named.
    Publisher,
    /// By the portal alone, which names the resource and no school.
    Portal,
}

/// Whether the page is the case's publisher letting the case's person in, told what it may know and no more. Keeps the
/// message as evidence.
pub(super) fn granted(
    visit: &mut Visit,
    page: &Page,
    case: &Case,
    way: Way,
) -> Result<(), Difference> {
    let world = std::sync::Arc::clone(&visit.world);
    let (country, seen) = (&world.country, saw(&world, page));
    let Saw::In(publisher_id, told) = seen else {
        return Err(seen.words());
    };
    let publisher = case.publisher(country).ok_or("the case has no publisher")?;
    let portal = case.portal(country).ok_or("the case has no portal")?;
    let xml = visit
        .browser
        .sent
        .last()
        .and_then(|form| form.field("SAMLResponse"))
        .unwrap_or_default();
    let xml = octroi_dsig::base64::decode(xml, 1 << 20).map_err(|error| error.to_string())?;
    visit.evidence = Some((publisher_id.clone(), xml, (*told).clone()));
    if publisher_id != publisher.id {
        return Err(format!(
            "let in by {publisher_id} instead of {}",
            publisher.id
        ));
    }
    let named = way == Way::Tile && visit.planned.generation() != Generation::NoSchool;
    let school = named.then_some(case.school.uai.as_str());
    let expected = country
        .expected(&case.person, &case.resource, school, country.shape().day)
        .map_err(|refused| format!("granted, though {}", refused.code()))?;

    let mut attributes: Vec<(&str, Vec<String>)> = Vec::new();
    for (name, values) in &told.attributes {
        let mut values = values.clone();
        values.sort();
        attributes.push((name, values));
    }
    let one = |name: &str| {
        told.attributes
            .iter()
            .find(|(n, v)| n == name && v.len() == 1)
            .map(|(_, v)| v[0].as_str())
    };
    let ido = one("IDO").ok_or("no IDO, or several")?;
    if ido.len() != 128
        || !ido
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    {
        return Err("the IDO is not 128 lower-case hexadecimal digits".to_owned());
    }
    if one("IDC") != Some(&format!("{}_{ido}", case.resource.ark)) {
        return Err("the IDC is not made of the resource and the IDO".to_owned());
    }
    attributes.retain(|(name, _)| !matches!(*name, "IDO" | "IDC"));
    attributes.sort();
    let mut wanted = expected.attributes;
    wanted.sort();
    if attributes != wanted {
        return Err(format!("released {attributes:?} instead of {wanted:?}"));
    }
    let (format, name) = told.name_id.as_ref().ok_or("no NameID")?;
    let kind = if publisher.persistent {
        "persistent"
    } else {
        "transient"
    };
    if !format.ends_with(kind) || (name == ido) != publisher.persistent {
        return Err(format!("the NameID is not {kind}"));
    }
    if told.encrypted
        != (publisher.must_encrypt
            || (publisher.encryption && case.resource.release.names_a_person()))
    {
        return Err(format!("encrypted: {}", told.encrypted));
    }
    if told.authorities != [portal.entity_id.as_str()] {
        return Err(format!("signed in by {:?}", told.authorities));
    }
    let mut identities = visit.identities.lock().map_err(|_| "a browser broke off")?;
    identities.remember(&portal.ident, &case.person.id, &publisher.domain, ido)
}

/// Whether the page is the gateway's refusal by one of these codes.
pub(super) fn refused(visit: &Visit, page: &Page, codes: &[&str]) -> Result<(), Difference> {
    match saw(&visit.world, page) {
        Saw::Refused(code) if codes.contains(&code.as_str()) => Ok(()),
        other => Err(format!(
            "{}, instead of {}",
            other.words(),
            codes.join(" or ")
        )),
    }
}
