//! An anonymised copy: nothing of production is in it, everything is in its place, and an interrupted run leaves nothing.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

#[path = "anonymise/body.rs"]
mod body;
#[path = "anonymise/scene.rs"]
mod scene;
#[path = "anonymise/signals.rs"]
mod signals;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;

use memchr::memmem;
use octroi::anonymise::{AnonymiseError, KEY, Key, Production, anonymise};
use octroi_directory::Segment;
use octroi_directory::current::Directory;
use octroi_entitlements::subscription::Automatic;

use scene::{Scene, files, rows};

/// Tables whose content is public.
const PUBLIC: [&str; 4] = ["ents.tsv", "publishers.tsv", "resources.tsv", "release.tsv"];

#[test]
fn nothing_of_production_is_in_the_copy_in_any_case() {
    let scene = Scene::new("search");
    scene.run("copy", 1).unwrap();
    let originals = scene.originals();
    assert!(originals.len() > 1000);
    let mut needles: BTreeSet<String> = BTreeSet::new();
    for text in &originals {
        needles.extend([text.clone(), text.to_lowercase(), text.to_uppercase()]);
    }
    let copied = files(&scene.folder.join("copy"));
    assert!(
        copied
            .iter()
            .any(|p| p.extension().is_some_and(|e| e == "segment"))
    );
    // The search itself finds what is there: each value is in production.
    let production: Vec<Vec<u8>> = files(&scene.folder.join("tables"))
        .iter()
        .map(|path| fs::read(path).unwrap())
        .collect();
    for text in &originals {
        assert!(
            production
                .iter()
                .any(|octets| memmem::find(octets, text.as_bytes()).is_some()),
            "{text}"
        );
    }
    for path in &copied {
        // Paths are part of the copy.
        let shown = path
            .strip_prefix(&scene.folder)
            .unwrap()
            .display()
            .to_string();
        let name = path.file_name().unwrap().to_str().unwrap();
        let octets = fs::read(path).unwrap();
        if PUBLIC.contains(&name) {
            assert_eq!(
                octets,
                fs::read(scene.folder.join("tables").join(name)).unwrap(),
                "{name}"
            );
            continue;
        }
        for needle in &needles {
            assert!(
                memmem::find(&octets, needle.as_bytes()).is_none(),
                "{needle} is in {shown}"
            );
            assert!(
                !shown.contains(needle.as_str()),
                "{needle} is the name of {shown}"
            );
        }
    }
}

#[test]
fn relations_and_sizes_stay() {
    let scene = Scene::new("sizes");
    let counts = scene.run("copy", 1).unwrap();
    assert_eq!(counts.left_out, 0);
    let (old, new) = (
        scene.folder.join("tables"),
        scene.folder.join("copy/tables"),
    );
    // Every line has its counterpart, in its place.
    let mut people = HashMap::new();
    for (a, b) in rows(&old.join("people.tsv"))
        .iter()
        .zip(rows(&new.join("people.tsv")))
    {
        assert_eq!(a["ent"], b["ent"]);
        assert_eq!(a["name"].len(), b["name"].len());
        let before = people.insert((a["ent"].clone(), a["person"].clone()), b["person"].clone());
        assert_eq!(before, None);
    }
    assert_eq!(
        people.values().collect::<BTreeSet<_>>().len(),
        people.len(),
        "nobody becomes somebody else"
    );
    // The same person, school and class in affiliations and assignments.
    let mut schools = BTreeMap::new();
    let mut classes = BTreeMap::new();
    for (a, b) in rows(&old.join("affiliations.tsv"))
        .iter()
        .zip(rows(&new.join("affiliations.tsv")))
    {
        assert_eq!(
            people[&(a["ent"].clone(), a["person"].clone())],
            b["person"]
        );
        assert_eq!(
            schools.entry(a["uai"].clone()).or_insert(b["uai"].clone()),
            &b["uai"]
        );
        for (class, other) in a["divisions"]
            .split('|')
            .zip(b["divisions"].split('|'))
            .filter(|(c, _)| !c.is_empty())
        {
            let known = classes
                .entry((a["uai"].clone(), class.to_owned()))
                .or_insert(other.to_owned());
            assert_eq!(known, other);
        }
        assert_eq!(
            (&a["profiles"], &a["p_ms4"], &a["p_mat"]),
            (&b["profiles"], &b["p_ms4"], &b["p_mat"])
        );
    }
    let mut assigned = 0;
    for (a, b) in rows(&old.join("assignments.tsv"))
        .iter()
        .zip(rows(&new.join("assignments.tsv")))
    {
        assert_eq!(schools[&a["uai"]], b["uai"]);
        match a["kind"].as_str() {
            "person" => assert_eq!(
                people[&(a["ent"].clone(), a["target"].clone())],
                b["target"]
            ),
            "division" => assert_eq!(
                classes[&(a["uai"].clone(), a["target"].clone())],
                b["target"]
            ),
            _ => {}
        }
        assigned += 1;
    }
    assert!(assigned > 20);
    // The platform's own subscriptions are named after the school that they are for, here as there.
    let mut automatic = 0;
    for (a, b) in rows(&old.join("subscriptions.tsv"))
        .iter()
        .zip(rows(&new.join("subscriptions.tsv")))
    {
        let (a_school, b_school) = (Automatic::parse(&a["id"]), Automatic::parse(&b["id"]));
        assert_eq!(a_school.is_some(), b_school.is_some(), "{b:?}");
        if let Some(named) = b_school {
            assert_eq!(named.school, b["schools"]);
            automatic += 1;
        }
    }
    assert!(automatic > 5, "{automatic}");
    // The segment says the same of the same people as the tables.
    let segment = |root: &str| {
        let all = Directory::new(&scene.folder.join(root)).all().unwrap();
        Segment::open(&all[0].path).unwrap()
    };
    let (before, after) = (segment("directory"), segment("copy/directory"));
    after.check().unwrap();
    assert_eq!(before.counts(), after.counts());
    let sizes = |segment: &Segment| {
        let mut sizes = vec![0; segment.groups().len()];
        let mut walk = segment.people();
        while let Some(person) = walk.next().unwrap() {
            person
                .affiliations
                .flat_map(|a| a.groups)
                .for_each(|g| sizes[g as usize] += 1);
        }
        sizes.sort_unstable();
        sizes
    };
    assert_eq!(sizes(&before), sizes(&after));
    let ent = &scene.country.portals[0].ident;
    let in_tables: BTreeSet<&String> = people
        .iter()
        .filter(|((e, _), _)| e == ent)
        .map(|(_, new)| new)
        .collect();
    let mut walk = after.people();
    let mut found = 0;
    while let Some(person) = walk.next().unwrap() {
        assert!(in_tables.contains(&person.id.to_owned()));
        found += 1;
    }
    assert_eq!(found, in_tables.len());
    assert_eq!(after.head().source, [0; 32]);
}

#[test]
fn one_key_gives_one_copy_and_another_key_another() {
    let scene = Scene::new("keys");
    for (out, key) in [("a", 1), ("b", 1), ("c", 2)] {
        scene.run(out, key).unwrap();
    }
    let read = |out: &str| -> Vec<Vec<u8>> {
        files(&scene.folder.join(out))
            .iter()
            .map(|path| fs::read(path).unwrap())
            .collect()
    };
    assert_eq!(read("a"), read("b"));
    let ids = |out: &str| -> BTreeSet<String> {
        rows(&scene.folder.join(out).join("tables/people.tsv"))
            .into_iter()
            .map(|r| r["person"].clone())
            .collect()
    };
    assert!(ids("a").is_disjoint(&ids("c")));
    assert!(matches!(scene.run("a", 1), Err(AnonymiseError::Exists(_))));
}

#[test]
fn an_interrupted_or_refused_run_leaves_nothing() {
    let nowhere = Production {
        tables: std::env::temp_dir().join("octroi-no-such-tables"),
        directory: None,
    };
    let out = std::env::temp_dir().join(format!("octroi-no-copy-{}", std::process::id()));
    let none = anonymise(&nowhere, &out, Key::given([1; KEY]), &|| false);
    assert!(matches!(none, Err(AnonymiseError::Io { .. })), "{none:?}");
    assert!(!out.exists());
    let scene = Scene::new("stop");
    let before = files(&scene.folder);
    let calls = Cell::new(0);
    let stop = || {
        calls.set(calls.get() + 1);
        calls.get() > 100
    };
    let stopped = anonymise(
        &scene.production(),
        &scene.folder.join("copy"),
        Key::given([1; KEY]),
        &stop,
    );
    assert!(
        matches!(stopped, Err(AnonymiseError::Stopped)),
        "{stopped:?}"
    );
    assert_eq!(files(&scene.folder), before);
    // A column of which nobody said what is to become of it may hold anything.
    let path = scene.folder.join("tables/people.tsv");
    let table = fs::read_to_string(&path).unwrap();
    fs::write(&path, table.replacen("mail", "telephone", 1)).unwrap();
    let refused = scene.run("copy", 1);
    assert!(
        matches!(&refused, Err(AnonymiseError::UnknownColumn { file: "people.tsv", column }) if column == "telephone"),
        "{refused:?}"
    );
    assert_eq!(files(&scene.folder), before);
}
