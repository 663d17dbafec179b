//! A country of any size: segments and tables, the build, the opening, the look-up; time and memory of each.
//!
//! `cargo bench -p octroi-entitlements --bench country -- 15000000 [FOLDER]`. Each step is a process of its own, so that its
//! peak of memory (VmHWM) is its own. Names, classes and offers are drawn evenly, which is the worst case for caches.
#![allow(missing_docs, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs::File;
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Instant;

use octroi_directory::current::Directory;
use octroi_directory::{
    AffiliationList, Code, CodeKind, Degree, Group, GroupKind, Head, Person, School, SegmentWriter,
    TextList,
};
use octroi_entitlements::{BuildOptions, Phase, Progress, Query, Snapshot, Sources, build};

const PORTALS: u64 = 35;
const PEOPLE_A_SCHOOL: u64 = 250;
const GROUPS_A_SCHOOL: u64 = 20;
const CODES: u64 = 60;
const RESOURCES: u64 = 14_000;
const OFFERS_A_SCHOOL: u64 = 200;
/// Schools that one subscription covers.
const COVERED: u64 = 50;
/// 10 January 2026, noon UTC.
const NOW: i64 = 1_768_046_400;

/// A number without pattern, always the same for the same question (splitmix64).
fn draw(what: u64, of: u64, bound: u64) -> u64 {
    let mut z = (what << 56 ^ of).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) % bound
}

struct Country {
    people: u64,
    schools: u64,
}

impl Country {
    fn of(people: u64) -> Self {
        Self {
            people,
            schools: people.div_ceil(PEOPLE_A_SCHOOL).next_multiple_of(PORTALS),
        }
    }

    fn schools_a_portal(&self) -> u64 {
        self.schools / PORTALS
    }

    /// Portal of a person: every 35th is the same portal's.
    fn ent(number: u64) -> String {
        format!("P{:02}", number % PORTALS)
    }

    /// As long as the UUIDs that portals use, and in the order of numbers.
    fn id(number: u64) -> String {
        format!("{number:08x}-5f3a-4c1d-9b2e-7a6c5d4e3f2a")
    }

    fn school_of(&self, person: u64) -> u64 {
        let portal = person % PORTALS;
        portal * self.schools_a_portal() + draw(1, person, self.schools_a_portal())
    }

    fn uai(school: u64) -> String {
        format!("{school:07}A")
    }

    /// The resource of the nth offer of a school.
    fn offer(school: u64, nth: u64) -> u64 {
        (school / COVERED * 7919 + nth * 61) % RESOURCES
    }

    fn segment(&self, folder: &Path, portal: u64) {
        let directory = Directory::new(folder);
        let ent = Self::ent(portal);
        let draft = directory.draft(&ent, Degree::Second).unwrap();
        let head = Head {
            ent,
            degree: Degree::Second,
            delivered: "20261127_031500".parse().unwrap(),
            sequence: 0,
            source: [0; 32],
        };
        let mut writer = SegmentWriter::create(&draft, head).unwrap();
        let first = portal * self.schools_a_portal();
        for school in first..first + self.schools_a_portal() {
            let name = format!("Collège {}", draw(2, school, 9000));
            let uai = Self::uai(school);
            writer
                .school(&School {
                    uai: &uai,
                    name: &name,
                })
                .unwrap();
        }
        let none = TextList::new();
        for school in 0..self.schools_a_portal() as u32 {
            for number in 0..GROUPS_A_SCHOOL {
                let kind = if number < GROUPS_A_SCHOOL / 2 {
                    GroupKind::Division
                } else {
                    GroupKind::Group
                };
                let code = format!("{}{number:02}", draw(3, number, 6) + 1);
                let label = format!(
                    "{code} de l'année {}",
                    draw(4, number + u64::from(school), 40)
                );
                let code = format!("{number:02}{code}");
                writer
                    .group(&Group {
                        school,
                        kind,
                        code: &code,
                        label: &label,
                        divisions: none.view(),
                    })
                    .unwrap();
            }
        }
        for kind in [CodeKind::PMs4, CodeKind::PMat, CodeKind::EMs1] {
            for code in 0..CODES {
                let code = format!("{code:04}");
                writer.code(&Code { kind, code: &code }).unwrap();
            }
        }
        let mut affiliations = AffiliationList::new();
        let (mut groups, mut codes) = (Vec::new(), Vec::new());
        for person in (portal..self.people).step_by(PORTALS as usize) {
            let teacher = draw(5, person, 12) == 0;
            affiliations.clear();
            let own = self.school_of(person) - first;
            let mut schools = vec![own as u32];
            if teacher && draw(6, person, 4) == 0 {
                schools.push(((own + 1) % self.schools_a_portal()) as u32);
                schools.sort_unstable();
                schools.dedup();
            }
            for school in schools {
                let group = |nth: u64| {
                    (draw(7 + nth, person, GROUPS_A_SCHOOL) + u64::from(school) * GROUPS_A_SCHOOL)
                        as u32
                };
                groups.clear();
                groups.extend((0..if teacher { 4 } else { 3 }).map(group));
                groups.sort_unstable();
                groups.dedup();
                codes.clear();
                codes.push(draw(12, u64::from(groups[0]), CODES) as u32);
                if teacher {
                    codes.push((CODES + draw(13, person, CODES)) as u32);
                } else {
                    codes.push((2 * CODES + draw(14, u64::from(groups[0]), CODES)) as u32);
                }
                affiliations.push(school, if teacher { 2 } else { 1 }, &groups, &codes);
            }
            let id = Self::id(person);
            let mail = if teacher {
                format!("{id}@ac-example.fr")
            } else {
                String::new()
            };
            writer
                .person(&Person {
                    id: &id,
                    civility: if draw(15, person, 2) == 0 {
                        "M."
                    } else {
                        "Mme"
                    },
                    name: &format!("Nom{}", draw(16, person, 300_000)),
                    given_name: &format!("Prénom{}", draw(17, person, 20_000)),
                    mail: &mail,
                    affiliations: affiliations.view(),
                })
                .unwrap();
        }
        writer.finish().unwrap();
        directory.put_in_force(&draft).unwrap();
    }

    fn tables(&self, folder: &Path) {
        let table = |name: &str| BufWriter::new(File::create(folder.join(name)).unwrap());
        let mut ents = table("ents.tsv");
        writeln!(ents, "code\tname").unwrap();
        for portal in 0..PORTALS {
            writeln!(ents, "{}\tPortail {portal}", Self::ent(portal)).unwrap();
        }
        let mut publishers = table("publishers.tsv");
        writeln!(publishers, "id\tname\tpseudonym_domain").unwrap();
        for publisher in 0..100 {
            writeln!(
                publishers,
                "pub-{publisher}\tÉditeur {publisher}\tdomain-{publisher}"
            )
            .unwrap();
        }
        let (mut resources, mut release) = (table("resources.tsv"), table("release.tsv"));
        writeln!(resources, "id\tname\tpublisher\tdelivery\taccess_url").unwrap();
        writeln!(release, "resource\tattribute").unwrap();
        for number in 0..RESOURCES {
            let id = resource(number);
            writeln!(
                resources,
                "{id}\tTitre {number}\tpub-{}\tpull\thttps://pub.example/r/{number}",
                number % 100
            )
            .unwrap();
            for attribute in ["IDO", "UAI", "PRO", "DIV", "P_MS4"] {
                writeln!(release, "{id}\t{attribute}").unwrap();
            }
        }
        let (mut subscriptions, mut assignments) =
            (table("subscriptions.tsv"), table("assignments.tsv"));
        writeln!(
            subscriptions,
            "id\tresource\tschools\tkind\tpublics\tfrom\tuntil"
        )
        .unwrap();
        writeln!(assignments, "subscription\tuai\tkind\ttarget").unwrap();
        let mut list = String::new();
        for first in (0..self.schools).step_by(COVERED as usize) {
            let schools = first..(first + COVERED).min(self.schools);
            for nth in 0..OFFERS_A_SCHOOL {
                list.clear();
                for school in schools.clone() {
                    write!(
                        list,
                        "{}{}",
                        if list.is_empty() { "" } else { "|" },
                        Self::uai(school)
                    )
                    .unwrap();
                }
                let kind = if nth % 10 == 0 { "INDIV" } else { "ETABL" };
                let resource = resource(Self::offer(first, nth));
                writeln!(subscriptions, "s{first}-{nth}\t{resource}\t{list}\t{kind}\tELEVE|ENSEIGNANT\t2025-09-01\t2026-08-15").unwrap();
                if nth % 10 == 0 {
                    for school in schools.clone() {
                        writeln!(
                            assignments,
                            "s{first}-{nth}\t{}\tlevel\t{:04}",
                            Self::uai(school),
                            nth % CODES
                        )
                        .unwrap();
                    }
                }
            }
        }
    }
}

fn resource(number: u64) -> String {
    format!("ark:/99999/resource.{number}")
}

/// Seconds of each phase, on standard error.
struct Phases(Mutex<(Instant, Option<Phase>)>);

impl Phases {
    fn next(&self, phase: Option<Phase>) {
        let mut last = self.0.lock().unwrap();
        if let Some(done) = last.1 {
            println!(
                "  {:<10} {:>7.2} s, at most {:.2} GiB so far",
                done.as_str(),
                last.0.elapsed().as_secs_f64(),
                gib("VmHWM")
            );
        }
        *last = (Instant::now(), phase);
    }
}

impl Progress for Phases {
    fn begin(&self, phase: Phase, _: Option<u64>) {
        self.next(Some(phase));
    }

    fn done(&self, _: Phase, _: u64) {}
}

/// A line of this process's status.
fn gib(line: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with(line)).unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<f64>()
        .unwrap()
        / 1024.0
        / 1024.0
}

fn step(name: &str, folder: &Path, people: u64) {
    let country = Country::of(people);
    let out = folder.join("country.octroi");
    match name {
        "write" => {
            let begin = Instant::now();
            for portal in 0..PORTALS {
                country.segment(&folder.join("directory"), portal);
            }
            country.tables(folder);
            println!(
                "write: people={people} schools={} s={:.1}",
                country.schools,
                begin.elapsed().as_secs_f64()
            );
        }
        "build" => {
            let begin = Instant::now();
            let phases = Phases(Mutex::new((begin, None)));
            let sources = Sources::tables(folder).with_directory(folder.join("directory"));
            let report = build(&sources, &out, &BuildOptions::default(), &phases).unwrap();
            phases.next(None);
            assert_eq!(report.set_aside_total(), 0, "{:?}", report.set_aside);
            println!(
                "build: people={} groups={} offers={} bytes={} build_s={:.1} peak_gib={:.2}",
                report.counts.people,
                report.counts.groups,
                report.counts.offers,
                report.bytes,
                begin.elapsed().as_secs_f64(),
                gib("VmHWM")
            );
        }
        "cold" | "warm" | "mapped" | "check" => {
            let begin = Instant::now();
            let snapshot = if name == "mapped" {
                Snapshot::open_without_hashing(&out).unwrap()
            } else {
                Snapshot::open(&out).unwrap()
            };
            let open = begin.elapsed().as_secs_f64();
            println!(
                "{name}: open_s={open:.2} resident_gib={:.2} peak_gib={:.2}",
                gib("VmRSS"),
                gib("VmHWM")
            );
            if name == "check" {
                let begin = Instant::now();
                snapshot.check().unwrap();
                println!("check: s={:.1}", begin.elapsed().as_secs_f64());
                for (section, octets) in snapshot.sections() {
                    println!(
                        "  {section:<20} {octets:>12}  {:>6.1} a person",
                        octets as f64 / people as f64
                    );
                }
                return;
            }
            if name != "cold" {
                look_up(name, &country, &snapshot);
            }
        }
        _ => {}
    }
}

fn look_up(name: &str, country: &Country, snapshot: &Snapshot) {
    const QUESTIONS: u64 = 1 << 20;
    // Questions stand one after the other in one text, so that reading them costs no cache misses of its own.
    let mut text = String::new();
    let mut ends = Vec::new();
    for at in 0..QUESTIONS {
        let person = draw(20, at, country.people);
        let first = country.school_of(person) / COVERED * COVERED;
        let resource = resource(Country::offer(first, draw(21, at, OFFERS_A_SCHOOL)));
        let words = [Country::ent(person), Country::id(person), resource];
        ends.push(words.map(|word| {
            text.push_str(&word);
            text.len()
        }));
    }
    let mut best = f64::MAX;
    let mut granted = 0;
    for _ in 0..5 {
        let begin = Instant::now();
        granted = 0;
        let mut start = 0;
        for [ent, person, resource] in &ends {
            let query = Query {
                ent: &text[start..*ent],
                person: &text[*ent..*person],
                resource: &text[*person..*resource],
                school: None,
                at: NOW,
            };
            start = *resource;
            granted += u64::from(black_box(snapshot.resolve(&query)).is_ok());
        }
        best = best.min(begin.elapsed().as_nanos() as f64 / QUESTIONS as f64);
    }
    println!("{name}: lookup_ns={best:.0} granted={granted} of {QUESTIONS}");
    assert!(granted > QUESTIONS / 2);
}

fn main() {
    let mut given = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench");
    let people: u64 = given.next().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let folder = given.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = folder.join(format!("octroi-country-{people}"));
    if let Some(name) = given.next() {
        return step(&name, &folder, people);
    }
    std::fs::create_dir_all(&folder).unwrap();
    for name in ["write", "build", "cold", "warm", "mapped", "check"] {
        if name == "write" && folder.join("assignments.tsv").exists() {
            continue;
        }
        if name == "cold" {
            let file = File::open(folder.join("country.octroi")).unwrap();
            file.sync_all().unwrap();
            rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
        }
        let parent = folder.parent().unwrap();
        let status = Command::new(std::env::current_exe().unwrap())
            .arg(people.to_string())
            .arg(parent)
            .arg(name)
            .status()
            .unwrap();
        assert!(status.success(), "{name}");
    }
    if std::env::var_os("OCTROI_KEEP").is_none() {
        std::fs::remove_dir_all(folder).unwrap();
    }
}
