//! A made-up country of any size: portals as segments, the rest as tables, built and opened.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use octroi_directory::current::Directory;
use octroi_directory::{
    AffiliationList, Code, CodeKind, Degree, Group, GroupKind, Head, Person, School, SegmentWriter,
    TextList,
};
use octroi_entitlements::{BuildOptions, Query, Silent, Snapshot, Sources, build};

const PEOPLE_A_SCHOOL: usize = 250;
const CLASSES: usize = 10;
pub const PEOPLE_A_PORTAL: usize = 500_000;
pub const RESOURCES: usize = 14_000;
pub const SUBSCRIPTIONS_A_SCHOOL: usize = 40;
/// 10 January 2026, noon UTC.
const NOW: i64 = 1_768_046_400;

/// xorshift64*: the same country every time.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }
}

/// A snapshot and how to ask it.
pub struct District {
    pub snapshot: Arc<Snapshot>,
    pub people: usize,
}

/// The texts of one question.
pub struct Question {
    ent: String,
    person: String,
    resource: String,
    pub school: String,
}

impl Question {
    pub fn query(&self) -> Query<'_> {
        Query {
            ent: &self.ent,
            person: &self.person,
            resource: &self.resource,
            school: None,
            at: NOW,
        }
    }
}

impl District {
    /// The country of `OCTROI_BENCH_PEOPLE` people (200 000 by default), kept as `OCTROI_BENCH_SNAPSHOT` if that is
    /// named and taken from there if it is there.
    pub fn of_the_environment() -> Self {
        let people = std::env::var("OCTROI_BENCH_PEOPLE")
            .ok()
            .and_then(|people| people.parse().ok())
            .unwrap_or(200_000);
        let kept = std::env::var_os("OCTROI_BENCH_SNAPSHOT").map(PathBuf::from);
        let folder = std::env::temp_dir().join(format!("octroi-bench-{}", std::process::id()));
        let file = kept.clone().unwrap_or_else(|| folder.join("snapshot"));
        if !file.exists() {
            std::fs::create_dir_all(&folder).unwrap();
            build_country(&folder, &file, people);
        }
        let begin = Instant::now();
        let snapshot = Snapshot::open(&file).unwrap();
        println!(
            "country: people={people} octets={} octets_a_person={:.1} open_ms={:.1}",
            snapshot.size(),
            snapshot.size() as f64 / people as f64,
            begin.elapsed().as_secs_f64() * 1000.0
        );
        for (section, octets) in snapshot.sections() {
            println!(
                "  {section:<20} {octets:>12}  {:>6.1} a person",
                octets as f64 / people as f64
            );
        }
        assert_eq!(snapshot.counts().people as usize, people);
        // The mapping outlives the name.
        let _ = std::fs::remove_dir_all(folder);
        Self {
            snapshot: Arc::new(snapshot),
            people,
        }
    }

    /// One of the people, and something that their school has, or one of all resources.
    pub fn question(&self, random: &mut Random, something_theirs: bool) -> Question {
        let number = random.below(self.people);
        let at = number / PEOPLE_A_SCHOOL;
        let resource = if something_theirs {
            resource_of(at, random.below(SUBSCRIPTIONS_A_SCHOOL))
        } else {
            random.below(RESOURCES)
        };
        Question {
            ent: portal(number / PEOPLE_A_PORTAL),
            person: person(number),
            resource: resource_id(resource),
            school: school(at),
        }
    }

    /// Subscription `nth` of a school.
    pub fn subscription(school: usize, nth: usize) -> String {
        format!("s{school:06}-{nth:02}")
    }

    pub fn schools(&self) -> usize {
        self.people.div_ceil(PEOPLE_A_SCHOOL)
    }
}

pub fn person(number: usize) -> String {
    // The length of the UUIDs that portals use.
    format!("{number:08x}-5f3a-4c1d-9b2e-7a6c5d4e3f2a")
}

pub fn portal(number: usize) -> String {
    format!("P{number:02}")
}

pub fn school(number: usize) -> String {
    format!("{number:07}A")
}

pub fn resource_id(number: usize) -> String {
    format!("ark:/99999/resource.{number}")
}

/// The resource of a school's nth subscription.
fn resource_of(school: usize, nth: usize) -> usize {
    (school * 7 + nth * 331) % RESOURCES
}

fn build_country(folder: &Path, out: &Path, people: usize) {
    let begin = Instant::now();
    write_tables(folder, people);
    let directory = folder.join("directory");
    for first in (0..people).step_by(PEOPLE_A_PORTAL) {
        write_portal(&directory, first, people.min(first + PEOPLE_A_PORTAL));
    }
    let written = begin.elapsed();
    let sources = Sources::tables(folder).with_directory(directory);
    let begin = Instant::now();
    let report = build(&sources, out, &BuildOptions::default(), &Silent).unwrap();
    assert_eq!(report.set_aside_total(), 0);
    println!(
        "country: write_s={:.1} build_s={:.1} people_a_second={:.0}",
        written.as_secs_f64(),
        begin.elapsed().as_secs_f64(),
        people as f64 / begin.elapsed().as_secs_f64()
    );
}

fn write_portal(directory: &Path, first: usize, end: usize) {
    let directory = Directory::new(directory);
    let ent = portal(first / PEOPLE_A_PORTAL);
    let draft = directory.draft(&ent, Degree::Second).unwrap();
    let head = Head {
        ent,
        degree: Degree::Second,
        delivered: "20260110_031500".parse().unwrap(),
        sequence: 0,
        source: [0; 32],
    };
    let mut writer = SegmentWriter::create(&draft, head).unwrap();
    let schools = first / PEOPLE_A_SCHOOL..end.div_ceil(PEOPLE_A_SCHOOL);
    for number in schools.clone() {
        let (uai, name) = (school(number), format!("School {number}"));
        writer
            .school(&School {
                uai: &uai,
                name: &name,
            })
            .unwrap();
    }
    let none = TextList::new();
    for number in 0..schools.len() as u32 {
        for (kind, letter) in [(GroupKind::Division, 'C'), (GroupKind::Group, 'G')] {
            for class in 0..CLASSES {
                let (code, label) = (format!("{letter}{class}"), format!("Label {letter}{class}"));
                let group = Group {
                    school: number,
                    kind,
                    code: &code,
                    label: &label,
                    divisions: none.view(),
                };
                writer.group(&group).unwrap();
            }
        }
    }
    for code in ["2211", "2213"] {
        let kind = CodeKind::PMs4;
        writer.code(&Code { kind, code }).unwrap();
    }
    let mut random = Random(42 + first as u64);
    let mut affiliations = AffiliationList::new();
    for number in first..end {
        let id = person(number);
        let at = (number / PEOPLE_A_SCHOOL - schools.start) as u32;
        let teacher = random.below(12) == 0;
        let group = |class: usize| at * 2 * CLASSES as u32 + class as u32;
        let (class, other) = (random.below(CLASSES), random.below(CLASSES));
        affiliations.clear();
        if teacher {
            let mut groups = vec![group(class), group(other), group(CLASSES + other)];
            groups.sort_unstable();
            groups.dedup();
            affiliations.push(at, 0b10, &groups, &[0, 1]);
        } else {
            let groups = [group(class), group(CLASSES + other)];
            affiliations.push(at, 0b1, &groups, &[(class % 2) as u32]);
        }
        let name = format!("Family{}", random.below(50_000));
        let given_name = format!("Given{}", random.below(5_000));
        let mail = if teacher {
            format!("{id}@school.example")
        } else {
            String::new()
        };
        let person = Person {
            id: &id,
            civility: "M.",
            name: &name,
            given_name: &given_name,
            mail: &mail,
            affiliations: affiliations.view(),
        };
        writer.person(&person).unwrap();
    }
    writer.finish().unwrap();
    directory.put_in_force(&draft).unwrap();
}

fn write_tables(folder: &Path, people: usize) {
    let save = |file: &str, table: String| std::fs::write(folder.join(file), table).unwrap();
    let mut ents = String::from("code\tname\n");
    for number in 0..people.div_ceil(PEOPLE_A_PORTAL) {
        writeln!(ents, "{}\tPortal {number}", portal(number)).unwrap();
    }
    save("ents.tsv", ents);
    save(
        "publishers.tsv",
        "id\tname\tpseudonym_domain\npub-0\tA\ta\npub-1\tB\tb\n".into(),
    );
    let mut table = String::from("id\tname\tpublisher\tdelivery\taccess_url\n");
    let mut release = String::from("resource\tattribute\n");
    for number in 0..RESOURCES {
        let (id, publisher) = (resource_id(number), number % 2);
        writeln!(
            table,
            "{id}\tTitle {number}\tpub-{publisher}\tpull\thttps://pub.example/r/{number}"
        )
        .unwrap();
        for attribute in ["IDO", "UAI", "PRO", "DIV", "P_MS4"] {
            writeln!(release, "{id}\t{attribute}").unwrap();
        }
    }
    save("resources.tsv", table);
    save("release.tsv", release);
    let mut table = String::from("id\tresource\tschools\tkind\tpublics\tfrom\tuntil\n");
    let mut assignments = String::from("subscription\tuai\tkind\ttarget\n");
    for number in 0..people.div_ceil(PEOPLE_A_SCHOOL) {
        let uai = school(number);
        for nth in 0..SUBSCRIPTIONS_A_SCHOOL {
            let id = District::subscription(number, nth);
            let resource = resource_id(resource_of(number, nth));
            let kind = if nth % 3 == 0 { "INDIV" } else { "ETABL" };
            writeln!(
                table,
                "{id}\t{resource}\t{uai}\t{kind}\tELEVE|ENSEIGNANT\t2025-09-01\t2026-08-15"
            )
            .unwrap();
            if nth % 3 == 0 {
                for class in 0..CLASSES / 2 {
                    writeln!(assignments, "{id}\t{uai}\tdivision\tC{class}").unwrap();
                }
            }
        }
    }
    save("subscriptions.tsv", table);
    save("assignments.tsv", assignments);
}
