//! `[store]`: where snapshots come from when several nodes follow one publisher.
//!
//! Publishers read it alone with [`StoreSettings::read`], out of a file of their own or that of a gateway. Without
//! `url` there is no store, and `[snapshot] path` says which file is in force.

use std::path::Path;
use std::time::Duration;

use super::place::At;
use super::problem::Problems;
use super::reader::{Reader, Section, parse};

/// `[store]`
#[derive(Clone, Debug)]
pub struct StoreSettings {
    /// A folder, `s3://bucket/prefix`, or `https://host/path` (read only).
    pub url: At<String>,
    /// The environment: manifests of another one are refused.
    pub environment: At<String>,
    /// PEM files of the public keys that are trusted.
    pub public_keys: Vec<At<String>>,
    /// PEM file of the secret key: at publishers only.
    pub private_key: Option<At<String>>,
    /// The node's own copies.
    pub directory: At<String>,
    /// How often the store is asked.
    pub poll: Duration,
    /// Bodies that a node keeps.
    pub keep: usize,
}

impl StoreSettings {
    /// Reads the section alone; `None` when the file has none or an error is in it, which the problems tell.
    #[must_use]
    pub fn read(file: &Path, text: &str) -> (Option<Self>, Problems) {
        let reader = Reader::new(file, text);
        let table = parse(&reader, text);
        let root = Section::root(&reader, &table);
        let settings = store(root.section("store"));
        root.pass_over(super::settings::SECTIONS);
        root.pass_over(&["log", "collect"]);
        root.finish();
        (settings, reader.finish().0)
    }
}

pub(super) fn store(section: Section<'_, '_>) -> Option<StoreSettings> {
    let url = section.string("url");
    let environment = section.string("environment");
    let public_keys = section.strings("public_keys").unwrap_or_default();
    let private_key = section.string("private_key");
    let directory = section.string("directory");
    let poll = section.integer("poll_milliseconds", 2000, 50..=60_000);
    let keep = section.integer("keep", 3, 1..=100);
    let url = match url {
        Some(url) => url,
        None => {
            section.finish();
            return None;
        }
    };
    if environment.is_none() {
        section.error(
            url.place,
            "[store] lacks `environment`",
            "add such as `environment = \"production\"`: bodies of another one are refused",
        );
    }
    if public_keys.is_empty() {
        section.error(
            url.place,
            "[store] lacks `public_keys`",
            "add such as `public_keys = [\"keys/store-2026.pub.pem\"]`: nothing unsigned is taken",
        );
    }
    let place = url.place;
    section.finish();
    Some(StoreSettings {
        url,
        environment: environment.unwrap_or_else(|| At::new(String::new(), place)),
        public_keys,
        private_key,
        directory: directory.unwrap_or_else(|| At::new("../var/store".to_owned(), place)),
        poll: Duration::from_millis(poll),
        keep: usize::try_from(keep).unwrap_or(3),
    })
}
