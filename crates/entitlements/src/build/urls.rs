//! URLs of resources: which are taken, which resource each names, and how families list theirs.

use std::collections::BTreeMap;

use super::Work;
use super::catalogue::ResourceRow;
use super::report::BuildError;
use crate::format::NONE;
use crate::format::records;

/// A number for each family of each publisher.
pub(crate) fn families<'r>(
    work: &mut Work<'_>,
    rows: &'r [ResourceRow],
) -> Result<BTreeMap<(u32, &'r str), u32>, BuildError> {
    let mut members: BTreeMap<(u32, &str), Vec<&str>> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.family.is_empty()) {
        let urls = members.entry((row.publisher, &row.family)).or_default();
        urls.push(&row.access_url);
    }
    let mut numbers = BTreeMap::new();
    for (number, ((publisher, name), mut urls)) in (0..).zip(members) {
        urls.sort_unstable();
        urls.dedup();
        let mut plain = Vec::with_capacity(urls.len());
        let mut escaped = Vec::with_capacity(urls.len());
        for url in urls {
            plain.push(work.texts.intern(url)?);
            escaped.push(work.texts.intern(&escape_text(url))?);
        }
        let record = records::Family {
            name_text: work.texts.intern(name)?,
            publisher,
            urls_list: work.lists.intern(&plain)?,
            urls_xml_list: work.lists.intern(&escaped)?,
        };
        work.sections.push(&record);
        numbers.insert((publisher, name), number);
    }
    Ok(numbers)
}

/// Writes the URLs of one publisher, the exact ones first, and answers how many of each.
pub(crate) fn urls(
    work: &mut Work<'_>,
    first_resource: u32,
    rows: &[ResourceRow],
) -> Result<(u32, u32), BuildError> {
    let mut exact: BTreeMap<&str, u32> = BTreeMap::new();
    let mut prefixes: BTreeMap<&str, u32> = BTreeMap::new();
    for (number, row) in (first_resource..).zip(rows) {
        for url in row.urls.iter().chain([&row.access_url]) {
            let (map, url) = match url.strip_suffix('*') {
                Some(prefix) if !std::ptr::eq(url, &row.access_url) => (&mut prefixes, prefix),
                _ => (&mut exact, url.as_str()),
            };
            // Shared by two resources, it names neither.
            map.entry(url)
                .and_modify(|known| *known = if *known == number { number } else { NONE })
                .or_insert(number);
        }
    }
    for (url, resource) in exact.iter().chain(&prefixes) {
        let record = records::Url {
            url_text: work.texts.intern(url)?,
            resource: *resource,
        };
        work.sections.push(&record);
    }
    Ok((exact.len() as u32, prefixes.len() as u32))
}

/// Whether this is an absolute http or https URL with a host, in printable ASCII without what ends an attribute.
pub(crate) fn is_url(url: &str) -> bool {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        rest.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[')
    }) && url
        .bytes()
        .all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'<' | b'>' | b'\\' | b'`'))
}

/// As canonical XML writes text; URLs hold no line ends.
pub(crate) fn escape_text(url: &str) -> String {
    url.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// For an attribute of a page, in either kind of quotes.
pub(crate) fn escape_attribute(url: &str) -> String {
    escape_text(url)
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
