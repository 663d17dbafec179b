//! The directory: tables as operators write them, built and mapped like any other.

use octroi_entitlements::{BuildOptions, Silent, Snapshot, Sources, build};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The tables of a source directory, by file name.
#[derive(Clone)]
pub struct Country {
    pub tables: BTreeMap<&'static str, String>,
    pub generation: u64,
}

pub const PUSHED: &str = "ark:/99999/push.1";
pub const NAMED: &str = "ark:/99999/named.1";
pub const PULLED: &str = "ark:/99999/pull.1";
pub const PULLED_TOO: &str = "ark:/99999/pull.2";
pub const LOST: &str = "ark:/99999/lost";

const HEADERS: [(&str, &str); 10] = [
    ("ents.tsv", "code\tname"),
    ("establishments.tsv", "uai\tname"),
    ("groups.tsv", "uai\tkind\tcode\tlabel\tdivisions"),
    (
        "people.tsv",
        "ent\tperson\tcivility\tname\tgiven_name\tmail",
    ),
    (
        "affiliations.tsv",
        "ent\tperson\tuai\tprofiles\tdivisions\tgroups\tp_ms4\tp_mat",
    ),
    ("publishers.tsv", "id\tname\tpseudonym_domain\tdisabled"),
    (
        "resources.tsv",
        "id\tname\tpublisher\tdelivery\taccess_url\turls\tacs_index",
    ),
    ("release.tsv", "resource\tattribute"),
    (
        "subscriptions.tsv",
        "id\tresource\tschools\tkind\tpublics\tfrom\tuntil",
    ),
    ("assignments.tsv", "subscription\tuai\tkind\tent\ttarget"),
];

impl Country {
    fn empty() -> Self {
        Self {
            tables: HEADERS
                .iter()
                .map(|(file, header)| (*file, format!("{header}\n")))
                .collect(),
            generation: 1,
        }
    }

    pub fn line(&mut self, file: &'static str, cells: &[&str]) {
        let table = self.tables.get_mut(file).unwrap();
        table.push_str(&cells.join("\t"));
        table.push('\n');
    }

    /// Two portals, two schools, a handful of people, two publishers: what the suites use.
    pub fn small() -> Self {
        let mut c = Self::empty();
        c.line("ents.tsv", &["B0", "Portail B"]);
        c.line("ents.tsv", &["C0", "Portail C"]);
        c.line("establishments.tsv", &["0561622J", "Collège Un"]);
        c.line("establishments.tsv", &["0650499P", "Lycée Deux"]);
        c.line(
            "groups.tsv",
            &["0561622J", "division", "6A", "Sixième A", ""],
        );
        for (ent, person, name, uai, profile) in [
            ("B0", "pupil-1", "ÉLÈVE", "0561622J", "National_ELV"),
            (
                "B0",
                "teacher-1",
                "O'Brien & <fils>",
                "0561622J",
                "National_ens",
            ),
            ("B0", "teacher-2", "SANS-DROIT", "0650499P", "National_ens"),
            ("C0", "pupil-1", "AUTRE", "0650499P", "National_elv"),
        ] {
            c.line(
                "people.tsv",
                &[ent, person, "M.", name, "Prénom", "p@example.org"],
            );
            c.line(
                "affiliations.tsv",
                &[
                    ent,
                    person,
                    uai,
                    profile,
                    if uai == "0561622J" { "6A" } else { "" },
                    "",
                    "",
                    "",
                ],
            );
        }
        c.line(
            "publishers.tsv",
            &["push-house", "Éditions Push", "push-domain", ""],
        );
        c.line(
            "publishers.tsv",
            &["pull-house", "Éditions Pull", "pull-domain", ""],
        );
        for (id, publisher, delivery, url) in [
            (PUSHED, "push-house", "push", "https://push.test/r/1"),
            (NAMED, "push-house", "push", "https://push.test/r/2"),
            (PULLED, "pull-house", "pull", "https://pull.test/r/1"),
            (PULLED_TOO, "pull-house", "pull", "https://pull.test/r/2"),
        ] {
            c.line(
                "resources.tsv",
                &[id, "Ressource", publisher, delivery, url, "", ""],
            );
            for attribute in ["IDO", "UAI", "PRO", "DIV"] {
                c.line("release.tsv", &[id, attribute]);
            }
            let subscription = format!("abo-{id}");
            c.line(
                "subscriptions.tsv",
                &[
                    &subscription,
                    id,
                    "0561622J",
                    "ETABL",
                    "ELEVE|ENSEIGNANT",
                    "2026-09-01",
                    "2027-08-31",
                ],
            );
        }
        for attribute in ["NOM", "PRE"] {
            c.line("release.tsv", &[NAMED, attribute]);
        }
        c
    }

    /// Many people, schools and resources of one publisher each way: for measurements.
    pub fn large(people: usize, schools: usize, resources: usize) -> Self {
        let mut c = Self::small();
        let uai = |i: usize| format!("099{i:04}A");
        for i in 0..schools {
            c.line("establishments.tsv", &[&uai(i), &format!("École {i}")]);
            for class in ["6A", "5B"] {
                c.line(
                    "groups.tsv",
                    &[&uai(i), "division", class, &format!("Classe {class}"), ""],
                );
            }
        }
        for i in 0..people {
            let person = Self::person(i);
            let profile = if i % 10 == 0 {
                "National_ens"
            } else {
                "National_elv"
            };
            c.line(
                "people.tsv",
                &[
                    "B0",
                    &person,
                    "",
                    &format!("NOM{i}"),
                    &format!("Prénom{i}"),
                    "",
                ],
            );
            c.line(
                "affiliations.tsv",
                &[
                    "B0",
                    &person,
                    &uai(i % schools),
                    profile,
                    if i % 2 == 0 { "6A" } else { "5B" },
                    "",
                    "",
                    "",
                ],
            );
        }
        let everywhere = (0..schools).map(uai).collect::<Vec<_>>().join("|");
        for i in 0..resources {
            let id = Self::resource(i);
            c.line(
                "resources.tsv",
                &[
                    &id,
                    &format!("Manuel {i}"),
                    "push-house",
                    "push",
                    &format!("https://push.test/m/{i}"),
                    "",
                    "",
                ],
            );
            for attribute in ["IDO", "UAI", "PRO", "DIV"] {
                c.line("release.tsv", &[&id, attribute]);
            }
            c.line(
                "subscriptions.tsv",
                &[
                    &format!("s-{i}"),
                    &id,
                    &everywhere,
                    "ETABL",
                    "ELEVE|ENSEIGNANT",
                    "2026-09-01",
                    "2027-08-31",
                ],
            );
        }
        c
    }

    pub fn person(i: usize) -> String {
        let mut id = String::new();
        write!(id, "{i:08x}-7b1c-4e2f-9a53-0c6f2f1e{i:04x}").unwrap();
        id
    }

    pub fn resource(i: usize) -> String {
        format!("ark:/48611/m{i:05}")
    }

    pub fn snapshot(&self) -> Arc<Snapshot> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let folder: PathBuf = std::env::temp_dir().join(format!(
            "octroi-world-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        ));
        std::fs::create_dir_all(&folder).unwrap();
        for (file, text) in &self.tables {
            std::fs::write(folder.join(file), text).unwrap();
        }
        let out = folder.join("octroi.snapshot");
        let options = BuildOptions {
            generation: self.generation,
            built_at: super::NOON,
            ..BuildOptions::default()
        };
        let report = build(&Sources::tables(&folder), &out, &options, &Silent).unwrap();
        assert_eq!(report.set_aside_total(), 0, "{:?}", report.set_aside);
        let snapshot = Snapshot::open(&out).unwrap();
        // Mapped: the name may go, so that nothing of the world stays behind.
        std::fs::remove_dir_all(&folder).unwrap();
        Arc::new(snapshot)
    }
}
