//! A body from the copy: it builds as production's does, the corresponding people have the same rights, and nothing of
//! production is in it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::PathBuf;

use jiff::tz::TimeZone;
use memchr::memmem;
use octroi_entitlements::{
    BuildOptions, BuildReport, Denied, Pseudonymizer, Query, Silent, Snapshot, Sources, build,
};

use crate::scene::{Scene, rows};

/// The body of one environment, which has an index key and a pseudonym key of its own.
struct Environment {
    file: PathBuf,
    report: BuildReport,
    snapshot: Snapshot,
    pseudonyms: Pseudonymizer,
}

fn environment(scene: &Scene, root: &str, key: u8) -> Environment {
    let root = scene.folder.join(root);
    let file = scene.folder.join(format!("{key}.octroi"));
    let mut sources = Sources::tables(root.join("tables"));
    sources.directory = Some(root.join("directory"));
    let options = BuildOptions {
        hash_key: Some([key; 16]),
        ..BuildOptions::default()
    };
    Environment {
        report: build(&sources, &file, &options, &Silent).unwrap(),
        snapshot: Snapshot::open(&file).unwrap(),
        file,
        pseudonyms: Pseudonymizer::new(&[key; 64]).unwrap(),
    }
}

/// What an access comes to, as far as it does not say who or where.
#[derive(Debug, PartialEq, Eq)]
struct Right {
    until: i64,
    /// Places of the schools among those of their environment.
    schools: BTreeSet<usize>,
    /// Names of attributes, each with how many values it has.
    attributes: Vec<(&'static str, usize)>,
}

impl Environment {
    fn asks(
        &self,
        (ent, person): (&str, &str),
        resource: &str,
        at: i64,
        schools: &HashMap<String, usize>,
    ) -> Result<(Right, String), Denied> {
        let grant = self.snapshot.resolve(&Query {
            ent,
            person,
            resource,
            school: None,
            at,
        })?;
        let pseudonym = self.pseudonyms.of(&grant);
        let attributes = grant.release(&pseudonym);
        let right = Right {
            until: grant.until(),
            schools: grant.schools().map(|s| schools[s.uai()]).collect(),
            attributes: attributes
                .iter()
                .map(|a| (a.name, a.values.len()))
                .collect(),
        };
        Ok((right, pseudonym.as_str().to_owned()))
    }
}

#[test]
fn a_body_from_the_copy_gives_the_corresponding_people_the_same_rights() {
    let scene = Scene::new("rights");
    scene.run("copy", 1).unwrap();
    let (old, new) = (environment(&scene, "", 2), environment(&scene, "copy", 3));
    let counts = |environment: &Environment| {
        let files = environment.report.files.clone();
        let of = |(name, report): (String, octroi_entitlements::FileReport)| {
            (
                name,
                (report.lines, report.taken, report.licences_exhausted),
            )
        };
        files.into_iter().map(of).collect::<BTreeMap<_, _>>()
    };
    assert_eq!(counts(&old), counts(&new));
    assert_eq!(old.snapshot.counts(), new.snapshot.counts());
    // Places of schools and people are the same in both.
    let table = |root: &str, name: &str| rows(&scene.folder.join(root).join("tables").join(name));
    let places = |root: &str| -> HashMap<String, usize> {
        let schools = table(root, "establishments.tsv");
        schools.iter().map(|r| r["uai"].clone()).zip(0..).collect()
    };
    let (old_schools, new_schools) = (places(""), places("copy"));
    let paris = TimeZone::get("Europe/Paris").unwrap();
    let noon = scene.country.shape().day.at(12, 0, 0, 0).to_zoned(paris);
    let at = noon.unwrap().timestamp().as_second();
    let mut outcomes: BTreeMap<&str, u32> = BTreeMap::new();
    let people = table("", "people.tsv");
    let copied = table("copy", "people.tsv");
    assert_eq!(people.len(), copied.len());
    for (before, after) in people.iter().zip(&copied) {
        for index in 0..scene.country.shape().resources {
            let ark = scene.country.resource(index).ark;
            let one = old.asks((&before["ent"], &before["person"]), &ark, at, &old_schools);
            let two = new.asks((&after["ent"], &after["person"]), &ark, at, &new_schools);
            let outcome = match (one, two) {
                (Ok((one, known)), Ok((two, other))) => {
                    assert_eq!(one, two, "{ark}");
                    assert_ne!(known, other, "an environment's pseudonym is its own");
                    "granted"
                }
                (Err(one), Err(two)) => {
                    assert_eq!(one, two, "{ark}");
                    one.code()
                }
                (one, two) => panic!("{ark}: {one:?} in production, {two:?} in the copy"),
            };
            *outcomes.entry(outcome).or_default() += 1;
        }
    }
    for outcome in ["granted", "not-assigned", "public-excluded"] {
        assert!(outcomes[outcome] > 200, "{outcomes:?}");
    }
}

#[test]
fn nothing_of_production_is_in_a_body_from_the_copy() {
    let scene = Scene::new("body");
    scene.run("copy", 1).unwrap();
    let body = |root, key| fs::read(environment(&scene, root, key).file).unwrap();
    let (old, new) = (body("", 2), body("copy", 3));
    let mut originals = scene.originals();
    for subscription in rows(&scene.folder.join("tables/subscriptions.tsv")) {
        originals.insert(subscription["id"].clone());
    }
    // The search finds what is there: production's own body has all but identifiers, of which it keeps fingerprints.
    let found = |octets: &[u8], text: &str| memmem::find(octets, text.as_bytes()).is_some();
    let ids: BTreeSet<String> = scene.people().into_iter().map(|p| p.id).collect();
    let kept: Vec<&String> = originals.iter().filter(|o| !ids.contains(*o)).collect();
    assert!(kept.len() > 300, "{}", kept.len());
    for text in kept {
        assert!(found(&old, text), "{text} is not in production's body");
    }
    for text in &originals {
        for text in [text.clone(), text.to_lowercase(), text.to_uppercase()] {
            assert!(!found(&new, &text), "{text} is in the copy's body");
        }
    }
}
