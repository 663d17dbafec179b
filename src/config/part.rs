//! A file that is not the gateway's: a publisher's with `[store]`, an importer's with `[collect]`, or both in one.

use std::path::Path;

use super::collect::{self, CollectSettings};
use super::problem::Problems;
use super::reader::{Reader, Section, parse};
use super::service;
use super::store::{self, StoreSettings};

/// The sections that such a file may have; `[snapshot]` for the thresholds of a publisher.
const SECTIONS: &[&str] = &["store", "collect", "snapshot", "log"];

/// What a file says that has nothing of the gateway's.
#[derive(Debug)]
pub struct Part {
    /// `[store]`.
    pub store: Option<StoreSettings>,
    /// `[collect]`.
    pub collect: Option<CollectSettings>,
    /// What is wrong.
    pub problems: Problems,
}

impl Part {
    /// Reads such a file; `None` when it is the gateway's, or no TOML: the gateway's reader says what is wrong.
    #[must_use]
    pub fn read(file: &Path, text: &str) -> Option<Self> {
        let reader = Reader::new(file, text);
        let table = parse(&reader, text);
        let has = |name| table.keys().any(|key| key.get_ref() == name);
        if !(has("store") || has("collect"))
            || super::settings::SECTIONS
                .iter()
                .any(|name| has(name) && !SECTIONS.contains(name))
        {
            return None;
        }
        let root = Section::root(&reader, &table);
        let store = store::store(root.section("store"));
        if has("snapshot") {
            service::snapshot(root.section("snapshot"), true);
        }
        service::log(root.section("log"));
        let collect = Some(root.section("collect"));
        let collect = collect.filter(Section::is_present).map(collect::collect);
        root.pass_over(SECTIONS);
        root.finish();
        Some(Self {
            store,
            collect,
            problems: reader.finish().0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Part> {
        Part::read(Path::new("x.toml"), text)
    }

    #[test]
    fn a_file_with_one_section_of_the_gateway_is_the_gateways() {
        for text in [
            "",
            "[log]\n",
            "[store]\n[gateway]\n",
            "[collect]\n[[portal]]\n",
        ] {
            assert!(read(text).is_none(), "{text}");
        }
        let publisher = read("[store]\nurl = \"s\"\n[snapshot]\nshrink_percent = 5\n").unwrap();
        assert!(publisher.collect.is_none());
        let importer = read("[collect]\n").unwrap();
        assert!(importer.collect.is_some() && importer.store.is_none());
    }

    #[test]
    fn every_error_of_either_section_is_told() {
        let told = read("[store]\nurll = \"s\"\n[collect]\nworkers = \"two\"\n[logg]\n").unwrap();
        let told = told.problems.to_string();
        for word in ["`url`", "workers", "`log`", "vault_key"] {
            assert!(told.contains(word), "{word}: {told}");
        }
    }
}
