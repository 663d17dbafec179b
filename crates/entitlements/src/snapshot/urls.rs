//! Which of a publisher's resources a URL means.
//!
//! An answer only ever names a resource of the publisher that was asked about, and is no permission: the caller
//! resolves it like any other.

use std::cmp::Ordering;

use super::{Publisher, Resource};
use crate::format::NONE;
use crate::format::body::Records;
use crate::format::records::Url;

impl<'s> Publisher<'s> {
    /// The resource of this publisher that a URL means: an exact URL first, else the longest prefix that ends at a
    /// boundary. `None` also when several resources share that URL.
    #[must_use]
    pub fn resource_by_url(&self, url: &str) -> Option<Resource<'s>> {
        let (first, exact) = (self.record.first_url, self.record.exact_urls);
        let body = &self.snapshot.body;
        let found = match self.exact(body.records::<Url>(first, exact).ok()?, url) {
            Some(found) => found,
            None => {
                let first = first.checked_add(exact)?;
                let prefixes = body.records::<Url>(first, self.record.prefix_urls);
                self.longest_prefix(prefixes.ok()?, url)?
            }
        };
        if found.resource == NONE {
            return None;
        }
        // All URLs of a publisher name its own resources: checked when the snapshot opened.
        Resource::new(self.snapshot, found.resource).ok()
    }

    fn url_text(&self, url: &Url) -> &'s str {
        self.snapshot.body.text(url.url_text).unwrap_or_default()
    }

    fn exact(&self, urls: Records<'_>, wanted: &str) -> Option<Url> {
        let at = urls.partition_point::<Url>(|url| self.url_text(url) < wanted);
        urls.get::<Url>(at)
            .filter(|url| self.url_text(url) == wanted)
    }

    /// The greatest entry that is not above a key is either a prefix of the key, or shares with it all that the
    /// longest prefix could be. So each round either ends or goes on with a strictly shorter key.
    fn longest_prefix(&self, urls: Records<'_>, wanted: &str) -> Option<Url> {
        let mut key = wanted.as_bytes();
        loop {
            let above = urls.partition_point::<Url>(|url| {
                self.url_text(url).as_bytes().cmp(key) != Ordering::Greater
            });
            let entry = urls.get::<Url>(above.checked_sub(1)?)?;
            let text = self.url_text(&entry).as_bytes();
            if key.starts_with(text) {
                if ends_at_boundary(text, wanted.as_bytes()) {
                    return Some(entry);
                }
                key = &key[..text.len().checked_sub(1)?];
            } else {
                let common = key.iter().zip(text).take_while(|(a, b)| a == b).count();
                // Always shorter in an ordered table; in one that is not, this ends the search.
                key = key
                    .get(..common)
                    .filter(|shorter| shorter.len() < key.len())?;
            }
        }
    }
}

/// Whether `prefix` stops where a part of the URL stops, so that `…/res1` does not answer for `…/res10`.
fn ends_at_boundary(prefix: &[u8], url: &[u8]) -> bool {
    matches!(
        (prefix.last(), url.get(prefix.len())),
        (_, None | Some(b'/' | b'?' | b'#' | b'&')) | (Some(b'/' | b'?' | b'#' | b'&' | b'='), _)
    )
}
