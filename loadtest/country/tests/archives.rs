//! What is delivered: valid by the schemas of the GAR, complete, and the same octets for the same seed.
#![allow(clippy::unwrap_used)] // a test program

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Read;
use std::num::NonZero;
use std::path::Path;
use std::process::Command;

use jiff::civil::date;
use octroi_country::deliver::{Night, deliver};
use octroi_country::nation::nation;
use octroi_country::tally::Manifest;

const PEOPLE: u64 = 10_000;

fn night(bad_per_100k: u32) -> Night {
    Night {
        at: date(2026, 11, 27).at(2, 0, 0, 0),
        bad_per_100k,
        threads: NonZero::new(2).unwrap(),
    }
}

fn delivered(out: &Path, bad: u32) -> Manifest {
    let country = nation(5, PEOPLE, date(2026, 11, 27)).unwrap();
    deliver(&country, night(bad), out).unwrap()
}

/// Members by name.
fn members(out: &Path, ident: &str, archive: &str) -> BTreeMap<String, String> {
    let file = std::fs::File::open(out.join(ident).join(archive)).unwrap();
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(file));
    tar.entries()
        .unwrap()
        .map(|entry| {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().display().to_string();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            (name, text)
        })
        .collect()
}

/// Texts of `<men:tag>…</men:tag>`.
fn texts<'a>(xml: &'a str, tag: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<men:{tag}>"), format!("</men:{tag}>"));
    xml.split(&open)
        .skip(1)
        .filter_map(|rest| rest.split(&close).next())
        .collect()
}

#[test]
fn archives_are_valid_by_the_schemas() {
    let schemas =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures/gar/ent-import");
    let schemas = std::env::var_os("OCTROI_ENT_SCHEMAS").map_or(schemas, Into::into);
    let xmllint = Command::new("xmllint").arg("--version").output().is_ok();
    if !schemas.is_dir() || !xmllint {
        eprintln!("skipped: no schemas at {} or no xmllint", schemas.display());
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let manifest = delivered(out.path(), 0);
    let files = tempfile::tempdir().unwrap();
    for delivery in &manifest.archives {
        let mut check = Command::new("xmllint");
        let schema = match delivery.degree.as_str() {
            "1D" => "GAR-ENT-1D.xsd",
            _ => "GAR-ENT.xsd",
        };
        check
            .arg("--noout")
            .arg("--schema")
            .arg(schemas.join(schema));
        for (name, text) in members(out.path(), &delivery.ident, &delivery.archive) {
            let path = files.path().join(name);
            std::fs::write(&path, text).unwrap();
            check.arg(path);
        }
        let checked = check.output().unwrap();
        assert!(
            checked.status.success(),
            "{}: {}",
            delivery.archive,
            String::from_utf8_lossy(&checked.stderr)
                .chars()
                .take(2000)
                .collect::<String>()
        );
    }
}

#[test]
fn counts_are_those_of_the_files_and_every_bad_record_is_there() {
    let out = tempfile::tempdir().unwrap();
    let manifest = delivered(out.path(), 500);
    let bad = manifest.all.bad;
    for (count, sort) in [
        (bad.duplicate, "duplicate"),
        (bad.contradiction, "contradiction"),
        (bad.unknown_school, "unknown school"),
        (bad.too_long, "too long"),
        (bad.bad_profile, "bad profile"),
        (bad.stray_relation, "stray relation"),
    ] {
        assert!((20..90).contains(&count), "{sort}: {count}");
    }
    let mut everybody = HashSet::new();
    for delivery in &manifest.archives {
        let counts = delivery.counts;
        let members = members(out.path(), &delivery.ident, &delivery.archive);
        assert_eq!(members.len() as u64, counts.members);
        let octets: usize = members.values().map(String::len).sum();
        assert_eq!(octets as u64, counts.xml_octets);
        let all = |tag: &str| {
            members
                .values()
                .flat_map(|xml| texts(xml, tag))
                .collect::<Vec<_>>()
        };
        assert_eq!(all("GAREtab").len() as u64, counts.schools);
        assert_eq!(all("GARGroupe").len() as u64, counts.groups);
        assert_eq!(all("GARRespAff").len() as u64, counts.managers);
        let schools: HashSet<&str> = all("GAREtab")
            .iter()
            .map(|e| texts(e, "GARStructureUAI")[0])
            .collect();
        // Whoever is there twice is in two files.
        let mut seen: HashMap<&str, &str> = HashMap::new();
        let (mut twice, mut strange, mut long, mut profile) = (0, 0, 0, 0);
        for (name, xml) in &members {
            for person in texts(xml, "GAREleve")
                .into_iter()
                .chain(texts(xml, "GAREnseignant"))
            {
                let id = texts(person, "GARPersonIdentifiant")[0];
                match seen.insert(id, name) {
                    Some(before) => {
                        assert_ne!(before, name);
                        twice += 1;
                    }
                    None if !schools.contains(texts(person, "GARPersonEtab")[0]) => strange += 1,
                    None if texts(person, "GARPersonNom")[0].len() > 500 => long += 1,
                    None if texts(person, "GARPersonProfil")[0] == "National_xyz" => profile += 1,
                    None => {
                        everybody.insert((delivery.ident.clone(), id.to_owned()));
                    }
                }
            }
        }
        assert_eq!(
            (twice, strange, long, profile),
            (
                counts.bad.duplicate + counts.bad.contradiction,
                counts.bad.unknown_school,
                counts.bad.too_long,
                counts.bad.bad_profile
            )
        );
        let relations = [
            "GARPersonMEF",
            "GARPersonMEFSTAT4",
            "GAREleveEnseignement",
            "GARPersonGroupe",
            "GAREnsGroupeMatiere",
            "GAREnsClasseMatiere",
        ];
        let stray = relations
            .iter()
            .flat_map(|tag| all(tag))
            .filter(|r| !seen.contains_key(texts(r, "GARPersonIdentifiant")[0]))
            .count();
        assert_eq!(stray as u64, counts.bad.stray_relation);
        let archive =
            std::fs::read(out.path().join(&delivery.ident).join(&delivery.archive)).unwrap();
        assert_eq!(archive.len() as u64, counts.archive_octets);
        let sum = delivery.archive.replace(".tar.gz", ".md5");
        let sum = std::fs::read_to_string(out.path().join(&delivery.ident).join(sum)).unwrap();
        let own: String = <md5::Md5 as md5::Digest>::digest(&archive)
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        assert_eq!(sum, own);
    }
    // Nobody of the country is missing.
    assert_eq!(everybody.len() as u64, PEOPLE);
}

#[test]
fn the_same_seed_gives_the_same_octets_on_one_thread_and_on_two() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = delivered(a.path(), 100);
    let country = nation(5, PEOPLE, date(2026, 11, 27)).unwrap();
    let alone = Night {
        threads: NonZero::<usize>::MIN,
        ..night(100)
    };
    let second = deliver(&country, alone, b.path()).unwrap();
    assert_eq!(first, second);
    for delivery in &first.archives {
        let read =
            |out: &Path| std::fs::read(out.join(&delivery.ident).join(&delivery.archive)).unwrap();
        assert_eq!(read(a.path()), read(b.path()), "{}", delivery.archive);
    }
}
