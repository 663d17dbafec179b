//! Publishers, resources, their families and URLs, and what each resource may be given.

use std::collections::{BTreeMap, HashMap};

use super::Work;
use super::dates::{calendar, period, validity_list};
use super::index;
use super::places::MAX_NAME;
use super::pool::KeyMap;
use super::release::{Policy, policies};
use super::report::{BuildError, Fault, Reason};
use super::source::{Row, Table, optional, required};
use super::urls::{escape_attribute, escape_text, families, is_url, urls};
use crate::Delivery;
use crate::ark::{self, MAX_ARK};
use crate::format::fingerprint::Domain;
use crate::format::records::{self, DISABLED, Listed, MOTHER, OPENS_FAMILY, PULL, Packed};
use crate::format::{NONE, Section};

pub(crate) const PUBLISHERS: Table<6> = Table {
    file: "publishers.tsv",
    columns: [
        required("id"),
        required("name"),
        required("pseudonym_domain"),
        optional("disabled"),
        optional("from"),
        optional("until"),
    ],
};
pub(crate) const RESOURCES: Table<13> = Table {
    file: "resources.tsv",
    columns: [
        required("id"),
        required("name"),
        required("publisher"),
        required("delivery"),
        required("access_url"),
        optional("urls"),
        optional("family"),
        optional("acs_index"),
        optional("disabled"),
        optional("mother"),
        optional("opens_family"),
        optional("from"),
        optional("until"),
    ],
};
/// Octets allowed in a URL.
const MAX_URL: usize = 2048;

struct PublisherRow {
    id: String,
    name: u32,
    domain: String,
    disabled: bool,
    validity_list: u32,
}

pub(crate) struct ResourceRow {
    pub(crate) publisher: u32,
    id: String,
    name: u32,
    pub(crate) access_url: String,
    pub(crate) urls: Vec<String>,
    pub(crate) family: String,
    acs_index: Option<u16>,
    delivery: Delivery,
    disabled: bool,
    validity_list: u32,
    line: u32,
    mother: bool,
    opens_family: bool,
}

/// Reads the catalogue; `work.resources` then has a number for each resource. Answers each publisher's id and pseudonym
/// domain.
pub(crate) fn catalogue(work: &mut Work<'_>) -> Result<Vec<(String, String)>, BuildError> {
    let publishers = publishers(work)?;
    let mut rows = resources(work, &publishers)?;
    mothers(work, &mut rows);
    let policies = policies(work, rows.len())?;
    write(work, &publishers, &rows, &policies)?;
    Ok(publishers
        .into_iter()
        .map(|row| (row.id, row.domain))
        .collect())
}

fn publishers(work: &mut Work<'_>) -> Result<Vec<PublisherRow>, BuildError> {
    let mut rows: Vec<PublisherRow> = Vec::new();
    let mut seen = KeyMap::default();
    let calendar = calendar()?;
    work.read(&PUBLISHERS, |row, work| {
        let id = row.key(0, 64)?.into_owned();
        let name = row.text(1, MAX_NAME)?;
        let domain = row.key(2, 64)?.into_owned();
        let disabled = row.switch(3)?;
        let validity = period(row, [4, 5], &calendar)?;
        work.unique(
            &mut seen,
            Domain::Publisher,
            "",
            &id,
            row.fault(0, Reason::Duplicate),
        )?;
        rows.push(PublisherRow {
            name: work.text(&name)?,
            id,
            domain,
            disabled,
            validity_list: validity_list(work, validity)?,
        });
        Ok(())
    })?;
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(rows)
}

fn resources(
    work: &mut Work<'_>,
    publishers: &[PublisherRow],
) -> Result<Vec<ResourceRow>, BuildError> {
    let numbers: HashMap<&str, u32> = publishers.iter().map(|row| &*row.id).zip(0..).collect();
    let mut rows: Vec<ResourceRow> = Vec::new();
    let mut seen = KeyMap::default();
    let calendar = calendar()?;
    work.read(&RESOURCES, |row, work| {
        let id = row.key(0, MAX_ARK)?.into_owned();
        let name = row.text(1, MAX_NAME)?;
        let publisher = row.key(2, 64)?;
        let publisher = numbers.get(&*publisher).copied();
        let publisher = publisher.ok_or_else(|| row.fault(2, Reason::Unknown))?;
        let delivery = row.word(3, delivery)?;
        let access_url = row.key(4, MAX_URL)?.into_owned();
        if !is_url(&access_url) {
            return Err(row.fault(4, Reason::NotAUrl).into());
        }
        let family = row.text(6, 255)?.into_owned();
        let acs_index = acs_index(row)?;
        let disabled = row.switch(8)?;
        let mother = row.switch(9)?;
        let opens_family = row.switch(10)?;
        let validity = period(row, [11, 12], &calendar)?;
        let ark = bare(&id).ok_or_else(|| row.fault(0, Reason::NotAnArk))?;
        work.unique(
            &mut seen,
            Domain::Resource,
            "",
            ark,
            row.fault(0, Reason::Duplicate),
        )?;
        let urls = row.list(5, MAX_URL, &mut work.log, |url| {
            let url = Some(url).filter(|url| is_url(url.strip_suffix('*').unwrap_or(url)));
            url.map(str::to_owned).ok_or(Reason::NotAUrl)
        });
        rows.push(ResourceRow {
            publisher,
            name: work.text(&name)?,
            id,
            access_url,
            urls: urls.into_vec(),
            family,
            acs_index,
            delivery,
            disabled,
            validity_list: validity_list(work, validity)?,
            line: row.line,
            mother,
            opens_family,
        });
        Ok(())
    })?;
    rows.sort_by(|a, b| (a.publisher, &a.id).cmp(&(b.publisher, &b.id)));
    for (number, row) in (0..).zip(&rows) {
        let key = work.key(Domain::Resource, "", bare(&row.id).unwrap_or_default());
        work.resources.insert(key, number);
    }
    Ok(rows)
}

/// Settles which resource is the mother of its family: the one that says so, and none where two do. Notes what each
/// opens besides itself.
fn mothers(work: &mut Work<'_>, rows: &mut [ResourceRow]) {
    let mut families: BTreeMap<(u32, &str), Vec<u32>> = BTreeMap::new();
    for (number, row) in (0..).zip(&*rows) {
        if !row.family.is_empty() {
            let family = families.entry((row.publisher, &row.family));
            family.or_default().push(number);
        }
    }
    let mut mothers: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for members in families.into_values() {
        let mut claimants = members.iter().filter(|n| rows[**n as usize].mother);
        if let (Some(mother), None) = (claimants.next(), claimants.next()) {
            let others = members.iter().copied().filter(|n| n != mother);
            mothers.insert(*mother, others.collect());
        }
    }
    for (number, row) in (0..).zip(rows) {
        let is_mother = mothers.contains_key(&number);
        for (switch, column) in [(&mut row.mother, 9), (&mut row.opens_family, 10)] {
            if *switch && !is_mother {
                *switch = false;
                let fault = Fault {
                    column: Some(RESOURCES.columns[column].name),
                    reason: Reason::NotTheMother,
                };
                work.log.aside(RESOURCES.file, row.line, fault);
            }
        }
        if row.opens_family
            && let Some(others) = mothers.remove(&number)
        {
            work.opened.insert(number, others);
        }
    }
}

fn write(
    work: &mut Work<'_>,
    publishers: &[PublisherRow],
    rows: &[ResourceRow],
    policies: &[Policy],
) -> Result<(), BuildError> {
    let families = families(work, rows)?;
    let mut first_resource = 0;
    let mut first_url = 0;
    for (number, row) in (0..).zip(publishers) {
        let own = &rows[first_resource..];
        let own = &own[..own.partition_point(|resource| resource.publisher == number)];
        let (exact_urls, prefix_urls) = urls(work, first_resource as u32, own)?;
        let record = records::Publisher {
            id_text: work.texts.intern(&row.id)?,
            name_text: row.name,
            domain_text: work.texts.intern(&row.domain)?,
            flags: if row.disabled { DISABLED } else { 0 },
            first_resource: first_resource as u32,
            resources: own.len() as u32,
            first_url,
            exact_urls,
            prefix_urls,
            validity_list: row.validity_list,
        };
        work.sections.push(&record);
        first_resource += own.len();
        first_url += exact_urls + prefix_urls;
    }
    for (row, policy) in rows.iter().zip(policies) {
        let family = families.get(&(row.publisher, row.family.as_str()));
        let disabled = if row.disabled { DISABLED } else { 0 };
        let mother = if row.mother { MOTHER } else { 0 };
        let opens = if row.opens_family { OPENS_FAMILY } else { 0 };
        let pull = if row.delivery == Delivery::Pull {
            PULL
        } else {
            0
        };
        let record = records::Resource {
            id_text: work.texts.intern(&row.id)?,
            name_text: row.name,
            publisher: row.publisher,
            flags: disabled | pull | mother | opens,
            access_url_text: work.texts.intern(&row.access_url)?,
            access_url_escaped_text: work.texts.intern(&escape_attribute(&row.access_url))?,
            family: family.copied().unwrap_or(NONE),
            attributes: policy.always.0,
            acs_index: row.acs_index.map_or(NONE, u32::from),
            access_url_xml_text: work.texts.intern(&escape_text(&row.access_url))?,
            validity_list: row.validity_list,
            dated_release_list: policy.dated_list(work)?,
        };
        work.sections.push(&record);
    }
    let keys = |domain, names: &mut dyn Iterator<Item = &str>| -> Vec<u128> {
        names.map(|name| work.key(domain, "", name)).collect()
    };
    let publisher_keys = keys(
        Domain::Publisher,
        &mut publishers.iter().map(|row| &*row.id),
    );
    let arks = &mut rows.iter().map(|row| bare(&row.id).unwrap_or_default());
    let resource_keys = keys(Domain::Resource, arks);
    work.sections
        .index(Section::PublisherIndex, &publisher_keys)?;
    let resources: Vec<records::Resource> = (work.sections.octets(Section::Resources))
        .chunks_exact(records::Resource::SIZE)
        .filter_map(records::Resource::read)
        .collect();
    let listed = |number: u32| Listed::of(number, &resources[number as usize]);
    work.sections
        .put(Section::ResourceIndex, index::fill(&resource_keys, listed)?);
    Ok(())
}

/// What identifies a bare ARK; a resolver in front is for queries only.
fn bare(id: &str) -> Option<&str> {
    ark::name(id).filter(|_| id.starts_with("ark:/"))
}

fn delivery(word: &str) -> Option<Delivery> {
    [Delivery::Push, Delivery::Pull]
        .into_iter()
        .find(|delivery| delivery.as_str() == word)
}

fn acs_index<const N: usize>(row: &Row<'_, N>) -> Result<Option<u16>, Fault> {
    match &*row.text(7, 5)? {
        "" => Ok(None),
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().map(Some),
        _ => return Err(row.fault(7, Reason::NotANumber)),
    }
    .map_err(|_| row.fault(7, Reason::NotANumber))
}
