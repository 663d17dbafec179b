//! An anonymised copy: nothing of production is in it, everything is in its place, and an interrupted run leaves nothing.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::date;
use memchr::memmem;
use octroi::anonymise::{AnonymiseError, Counts, KEY, Key, Production, anonymise};
use octroi::simulate::country::partner::Hosts;
use octroi::simulate::country::person::{Person, Profile};
use octroi::simulate::country::{Country, Shape};
use octroi_directory::current::Directory;
use octroi_directory::{
    AffiliationList, Code, CodeKind, Course, CourseKind, Degree, Group, GroupKind, Head, Manager,
    NumberList, School, Segment, SegmentWriter, TextList,
};
use octroi_entitlements::subscription::Automatic;

/// Tables whose content is public.
const PUBLIC: [&str; 4] = ["ents.tsv", "publishers.tsv", "resources.tsv", "release.tsv"];

struct Scene {
    folder: PathBuf,
    country: Country,
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Scene {
    /// A country as tables, and the people of its first portal as a segment as well.
    fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("octroi-anonymise-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("tables")).unwrap();
        let country = Country::new(Shape {
            seed: 3,
            schools: 12,
            people: 900,
            resources: 40,
            portals: 3,
            projects: 0,
            national: false,
            publishers: 6,
            disabled_partners: false,
            unsolicited: false,
            day: date(2026, 11, 27),
            hosts: Hosts::default(),
        })
        .unwrap();
        country.write_tables(&folder.join("tables")).unwrap();
        let scene = Self { folder, country };
        scene.write_segment();
        scene
    }

    fn production(&self) -> Production {
        Production {
            tables: self.folder.join("tables"),
            directory: Some(self.folder.join("directory")),
        }
    }

    fn run(&self, out: &str, key: u8) -> Result<Counts, AnonymiseError> {
        anonymise(
            &self.production(),
            &self.folder.join(out),
            Key::given([key; KEY]),
            &|| false,
        )
    }

    fn people(&self) -> Vec<Person> {
        (0..self.country.shape().people)
            .map(|rank| self.country.person_at(rank).unwrap())
            .collect()
    }

    fn write_segment(&self) {
        let country = &self.country;
        let ent = country.portals[0].ident.clone();
        let directory = Directory::new(&self.folder.join("directory"));
        let path = directory.draft(&ent, Degree::Second).unwrap();
        let head = Head {
            ent,
            degree: Degree::Second,
            delivered: "20261127_020000".parse().unwrap(),
            sequence: 0,
            source: [7; 32],
        };
        let mut writer = SegmentWriter::create(&path, head).unwrap();
        let mut schools: Vec<_> = country.schools_of(0).map(|s| country.school(s)).collect();
        schools.sort_by(|a, b| a.uai.cmp(&b.uai));
        for school in &schools {
            writer
                .school(&School {
                    uai: &school.uai,
                    name: &school.name,
                })
                .unwrap();
        }
        let mut groups = Vec::new();
        for (number, school) in (0u32..).zip(&schools) {
            let mut classes: Vec<_> = (0..school.classes()).map(|c| school.class(c)).collect();
            classes.sort_by(|a, b| a.code.cmp(&b.code));
            for class in classes {
                let none = TextList::new();
                writer
                    .group(&Group {
                        school: number,
                        kind: GroupKind::Division,
                        code: &class.code,
                        label: &class.label,
                        divisions: none.view(),
                    })
                    .unwrap();
                groups.push((school.index, class.code));
            }
        }
        writer
            .code(&Code {
                kind: CodeKind::PMs4,
                code: "2110",
            })
            .unwrap();
        for number in (0u32..).zip(&schools).map(|(number, _)| number) {
            let (kind, code, level) = (CourseKind::Mef, "10010012110", "2110");
            writer
                .course(&Course {
                    school: number,
                    kind,
                    code,
                    level,
                })
                .unwrap();
        }
        let mut people: Vec<Person> = self
            .people()
            .into_iter()
            .filter(|p| p.portal == 0)
            .collect();
        people.sort_by(|a, b| a.id.cmp(&b.id));
        let mut list = AffiliationList::new();
        for person in &people {
            list.clear();
            let mut places = person.schools.clone();
            places.sort_by_key(|a| schools.iter().position(|s| s.index == a.school).unwrap());
            for place in &places {
                let at = schools
                    .iter()
                    .position(|s| s.index == place.school)
                    .unwrap();
                let classes: BTreeSet<u32> = place
                    .classes
                    .iter()
                    .map(|&c| {
                        let key = (place.school, schools[at].class(c).code);
                        u32::try_from(groups.iter().position(|g| *g == key).unwrap()).unwrap()
                    })
                    .collect();
                let classes: Vec<u32> = classes.into_iter().collect();
                list.push(u32::try_from(at).unwrap(), 1, &classes, &[0]);
            }
            writer
                .person(&octroi_directory::Person {
                    id: &person.id,
                    civility: person.civility.unwrap_or_default(),
                    name: &person.family_name,
                    given_name: &person.given_name,
                    mail: person.mail.as_deref().unwrap_or_default(),
                    affiliations: list.view(),
                })
                .unwrap();
        }
        for person in people.iter().filter(|p| p.profile == Profile::Head) {
            let mut mails = TextList::new();
            mails.push(person.mail.as_deref().unwrap());
            let mut manages = NumberList::default();
            manages.set(&[0]);
            writer
                .manager(&Manager {
                    id: &person.id,
                    civility: "Mme",
                    name: &person.family_name,
                    given_name: &person.given_name,
                    mails: mails.view(),
                    schools: manages.view(),
                })
                .unwrap();
        }
        writer.finish().unwrap();
        directory.put_in_force(&path).unwrap();
    }

    /// Everything of production that must not be found again.
    fn originals(&self) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for person in self.people() {
            all.extend([person.id, person.family_name, person.given_name]);
            all.extend(person.mail);
        }
        for index in 0..self.country.shape().schools {
            let school = self.country.school(index);
            all.extend([school.uai, school.name]);
        }
        all
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push(path);
        }
    }
    all.sort();
    all
}

/// Lines of a table as cells by column.
fn rows(path: &Path) -> Vec<HashMap<String, String>> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let columns: Vec<&str> = lines.next().unwrap().split('\t').collect();
    lines
        .map(|line| {
            let cells = line.split('\t').map(String::from);
            columns.iter().map(|c| (*c).to_owned()).zip(cells).collect()
        })
        .collect()
}

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
