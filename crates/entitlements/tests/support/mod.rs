//! A country as plain data: written as a source directory, and judged by a second, naive reading of the rules.
//!
//! Nothing here calls the rules, the look-up or the builder's own evaluation; a test compares the two.
#![allow(dead_code, missing_docs, unreachable_pub)] // each test program uses a part
#![allow(clippy::unwrap_used, clippy::panic)] // only tests use it

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use octroi_entitlements::{
    BuildError, BuildOptions, BuildReport, Silent, Snapshot, Sources, build,
};

pub mod changes;
pub mod entries;
pub mod logs;
pub mod naive;
pub mod random;
pub mod segments;
pub mod table;

/// A folder that goes away with the test.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "octroi-entitlements-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A folder with the tables of a country.
    pub fn of(country: &Country) -> Self {
        let folder = Self::new();
        country.write(folder.path());
        folder
    }

    /// Appends to a table, whatever it is.
    pub fn append(&self, file: &str, lines: impl AsRef<[u8]>) {
        let path = self.join(file);
        let mut table = std::fs::read(&path).unwrap();
        table.extend_from_slice(lines.as_ref());
        std::fs::write(path, table).unwrap();
    }

    /// Builds the tables here, as they are by now, into a file beside them.
    pub fn build(&self, out: &Path) -> Result<BuildReport, BuildError> {
        self.build_with(out, &BuildOptions::default())
    }

    /// The same with options.
    pub fn build_with(
        &self,
        out: &Path,
        options: &BuildOptions,
    ) -> Result<BuildReport, BuildError> {
        build(&Sources::tables(self.path()), out, options, &Silent)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Midnight UTC of a day in January 2026, Unix seconds.
pub fn january(day: i64) -> i64 {
    1_767_225_600 + (day - 1) * 86_400
}

/// The same as the directory writes an instant.
pub fn january_text(day: i64) -> String {
    assert!((1..=31).contains(&day));
    format!("2026-01-{day:02}T00:00:00Z")
}

#[derive(Debug, Clone, Default)]
pub struct Country {
    pub ents: Vec<Ent>,
    pub schools: Vec<String>,
    /// Nature and degree of schools that have one.
    pub school_kinds: BTreeMap<String, (&'static str, &'static str)>,
    pub groups: Vec<Group>,
    pub people: Vec<Person>,
    pub affiliations: Vec<Affiliation>,
    pub publishers: Vec<Publisher>,
    pub resources: Vec<Resource>,
    pub subscriptions: Vec<Subscription>,
    pub assignments: Vec<Assignment>,
}

#[derive(Debug, Clone, Default)]
pub struct Ent {
    pub code: String,
    pub alias_of: String,
}

#[derive(Debug, Clone, Default)]
pub struct Group {
    pub school: String,
    pub kind: &'static str,
    pub code: String,
    pub label: String,
    pub divisions: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Person {
    pub ent: String,
    pub id: String,
    pub civility: String,
    pub name: String,
    pub given_name: String,
    pub mail: String,
}

#[derive(Debug, Clone, Default)]
pub struct Affiliation {
    pub ent: String,
    pub person: String,
    pub school: String,
    pub profiles: Vec<&'static str>,
    pub divisions: Vec<String>,
    pub groups: Vec<String>,
    pub levels: Vec<String>,
    pub subjects: Vec<String>,
    pub modules: Vec<String>,
}

#[derive(Debug, Clone, Default)]
pub struct Publisher {
    pub id: String,
    pub domain: String,
    pub disabled: bool,
    pub valid: Days,
}

/// From when until when, in days of January 2026; either may be open.
pub type Days = (Option<i64>, Option<i64>);

/// Both as cells.
fn days((from, until): Days) -> String {
    let text = |day: Option<i64>| day.map(january_text).unwrap_or_default();
    format!("{}\t{}", text(from), text(until))
}

#[derive(Debug, Clone, Default)]
pub struct Resource {
    pub id: String,
    pub publisher: String,
    pub pull: bool,
    pub access_url: String,
    pub urls: Vec<String>,
    pub family: String,
    pub acs_index: Option<u16>,
    pub disabled: bool,
    pub mother: bool,
    pub opens_family: bool,
    pub release: Vec<&'static str>,
    /// What is released for a time.
    pub dated_release: Vec<(&'static str, Days)>,
    pub valid: Days,
}

#[derive(Debug, Clone, Default)]
pub struct Subscription {
    pub id: String,
    pub resource: String,
    pub schools: Vec<String>,
    pub individual: bool,
    pub publics: Vec<&'static str>,
    /// Days of January 2026.
    pub from: i64,
    pub until: i64,
    /// Instead of schools.
    pub natures: Vec<String>,
    pub category: &'static str,
    pub licences: String,
    /// For pupils, teachers, librarians, other staff.
    pub licences_by_public: [String; 4],
}

impl Subscription {
    fn uses_later_columns(&self) -> bool {
        !self.natures.is_empty()
            || !self.category.is_empty()
            || !self.licences.is_empty()
            || self
                .licences_by_public
                .iter()
                .any(|count| !count.is_empty())
    }
}

#[derive(Debug, Clone, Default)]
pub struct Assignment {
    pub subscription: String,
    pub school: String,
    pub kind: &'static str,
    pub ent: String,
    pub target: String,
    /// Days of January 2026.
    pub from: Option<i64>,
    pub until: Option<i64>,
    pub since: Option<i64>,
}

impl Country {
    /// Writes the ten tables.
    pub fn write(&self, dir: &Path) {
        let yes = |switch: bool| if switch { "yes" } else { "no" };
        let mut tables: Vec<(&str, String)> = Vec::new();
        let mut table = |file, header: &str, lines: Vec<String>| {
            let mut text = header.replace(' ', "\t");
            for line in lines {
                text.push('\n');
                text.push_str(&line);
            }
            text.push('\n');
            tables.push((file, text));
        };
        let ents = self.ents.iter();
        let ents = ents.map(|e| format!("{}\tProject {}\t{}", e.code, e.code, e.alias_of));
        table("ents.tsv", "code name alias_of", ents.collect());
        // Columns that came later are only written where somebody uses them, as older directories do without.
        let schools = self.schools.iter().map(|s| {
            let kind = self.school_kinds.get(s).copied().unwrap_or_default();
            let later = match self.school_kinds.is_empty() {
                true => String::new(),
                false => format!("\t{}\t{}", kind.0, kind.1),
            };
            format!("School {s}\t{s}{later}")
        });
        let header = match self.school_kinds.is_empty() {
            true => "name uai",
            false => "name uai nature degree",
        };
        table("establishments.tsv", header, schools.collect());
        let groups = self.groups.iter().map(|g| {
            let divisions = g.divisions.join("|");
            format!(
                "{}\t{}\t{}\t{}\t{divisions}",
                g.school, g.kind, g.code, g.label
            )
        });
        table(
            "groups.tsv",
            "uai kind code label divisions",
            groups.collect(),
        );
        let people = self.people.iter().map(|p| {
            format!(
                "{}\t{}\t{}\t{}\t{}\t{}",
                p.ent, p.id, p.civility, p.name, p.given_name, p.mail
            )
        });
        table(
            "people.tsv",
            "ent person civility name given_name mail",
            people.collect(),
        );
        let affiliations = self.affiliations.iter().map(|a| {
            let mut line = format!(
                "{}\t{}\t{}\t{}",
                a.ent,
                a.person,
                a.school,
                a.profiles.join("|")
            );
            for list in [&a.divisions, &a.groups, &a.levels, &a.subjects, &a.modules] {
                let _ = write!(line, "\t{}", list.join("|"));
            }
            line
        });
        table(
            "affiliations.tsv",
            "ent person uai profiles divisions groups p_ms4 p_mat e_ms1",
            affiliations.collect(),
        );
        let valid = |valid: Days| valid != Days::default();
        let dated = self.publishers.iter().any(|p| valid(p.valid));
        let publishers = self.publishers.iter().map(|p| {
            let mut line = format!("{}\tName\t{}\t{}", p.id, p.domain, yes(p.disabled));
            if dated {
                let _ = write!(line, "\t{}", days(p.valid));
            }
            line
        });
        let header = match dated {
            true => "id name pseudonym_domain disabled from until",
            false => "id name pseudonym_domain disabled",
        };
        table("publishers.tsv", header, publishers.collect());
        let dated = self.resources.iter().any(|r| valid(r.valid));
        let mothers = self.resources.iter().any(|r| r.mother || r.opens_family);
        let resources = self.resources.iter().map(|r| {
            let mut line = format!(
                "{}\tTitle of {}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
                r.id,
                r.id,
                r.publisher,
                if r.pull { "pull" } else { "push" },
                r.access_url,
                r.urls.join("|"),
                r.family,
                r.acs_index.map(|n| n.to_string()).unwrap_or_default(),
                yes(r.disabled),
            );
            if mothers {
                let _ = write!(line, "\t{}\t{}", yes(r.mother), yes(r.opens_family));
            }
            if dated {
                let _ = write!(line, "\t{}", days(r.valid));
            }
            line
        });
        let mut header =
            "id name publisher delivery access_url urls family acs_index disabled".to_owned();
        if mothers {
            header.push_str(" mother opens_family");
        }
        if dated {
            header.push_str(" from until");
        }
        table("resources.tsv", &header, resources.collect());
        let dated = self.resources.iter().any(|r| !r.dated_release.is_empty());
        let release = self.resources.iter().flat_map(|r| {
            let always = r.release.iter().map(|a| (*a, Days::default()));
            let all = always.chain(r.dated_release.iter().copied());
            all.map(|(attribute, time)| {
                let mut line = format!("{}\t{attribute}", r.id);
                if dated {
                    let _ = write!(line, "\t{}", days(time));
                }
                line
            })
        });
        let header = match dated {
            true => "resource attribute from until",
            false => "resource attribute",
        };
        table("release.tsv", header, release.collect());
        let later = self
            .subscriptions
            .iter()
            .any(Subscription::uses_later_columns);
        let subscriptions = self.subscriptions.iter().map(|s| {
            let mut line = format!(
                "{}\t{}\t{}\t{}\t{}\t{}\t{}",
                s.id,
                s.resource,
                s.schools.join("|"),
                if s.individual { "INDIV" } else { "ETABL" },
                s.publics.join("|"),
                january_text(s.from),
                january_text(s.until),
            );
            if later {
                let _ = write!(
                    line,
                    "\t{}\t{}\t{}\t{}",
                    s.natures.join("|"),
                    s.category,
                    s.licences,
                    s.licences_by_public.join("\t")
                );
            }
            line
        });
        let mut header = "id resource schools kind publics from until".to_owned();
        if later {
            header.push_str(" nature category licences licences_pupils licences_teachers");
            header.push_str(" licences_librarians licences_other_staff");
        }
        table("subscriptions.tsv", &header, subscriptions.collect());
        let dated = self
            .assignments
            .iter()
            .any(|a| a.from.or(a.until).or(a.since).is_some());
        let assignments = self.assignments.iter().map(|a| {
            let mut line = format!(
                "{}\t{}\t{}\t{}\t{}",
                a.subscription, a.school, a.kind, a.ent, a.target
            );
            if dated {
                for day in [a.from, a.until, a.since] {
                    let day = day.map(january_text).unwrap_or_default();
                    let _ = write!(line, "\t{day}");
                }
            }
            line
        });
        let header = match dated {
            true => "subscription uai kind ent target from until since",
            false => "subscription uai kind ent target",
        };
        table("assignments.tsv", header, assignments.collect());
        for (file, text) in tables {
            std::fs::write(dir.join(file), text).unwrap();
        }
    }

    /// Writes, builds and opens.
    pub fn snapshot(&self) -> Snapshot {
        let (snapshot, report) = self.build();
        assert_eq!(report.set_aside, [], "{self:#?}");
        snapshot
    }

    /// Writes, builds and opens, whatever was set aside.
    pub fn build(&self) -> (Snapshot, BuildReport) {
        self.build_with(&BuildOptions::default())
    }

    /// The same with options.
    pub fn build_with(&self, options: &BuildOptions) -> (Snapshot, BuildReport) {
        let folder = Folder::new();
        self.write(folder.path());
        let out = folder.join("country.snapshot");
        let report = build(&Sources::tables(folder.path()), &out, options, &Silent).unwrap();
        // The mapping outlives the name.
        (Snapshot::open(&out).unwrap(), report)
    }

    /// One person in one school with one whole-school subscription: a yes to start from.
    pub fn smallest() -> Self {
        Self {
            ents: vec![Ent {
                code: "B0".into(),
                ..Ent::default()
            }],
            schools: vec!["0561622J".into()],
            school_kinds: BTreeMap::new(),
            groups: vec![Group {
                school: "0561622J".into(),
                kind: "division",
                code: "6A".into(),
                label: "6ème A".into(),
                divisions: vec![],
            }],
            people: vec![Person {
                ent: "B0".into(),
                id: "p1".into(),
                civility: "Mme".into(),
                name: "Durand".into(),
                given_name: "Zoé".into(),
                mail: "zoe@example.org".into(),
            }],
            affiliations: vec![Affiliation {
                ent: "B0".into(),
                person: "p1".into(),
                school: "0561622J".into(),
                profiles: vec!["National_elv"],
                divisions: vec!["6A".into()],
                ..Affiliation::default()
            }],
            publishers: vec![Publisher {
                id: "pub-x".into(),
                domain: "house-x".into(),
                ..Publisher::default()
            }],
            resources: vec![Resource {
                id: "ark:/99999/r1".into(),
                publisher: "pub-x".into(),
                access_url: "https://x.example/r1".into(),
                release: vec!["IDO", "UAI", "PRO", "DIV"],
                ..Resource::default()
            }],
            subscriptions: vec![Subscription {
                id: "s1".into(),
                resource: "ark:/99999/r1".into(),
                schools: vec!["0561622J".into()],
                individual: false,
                publics: vec!["ELEVE"],
                from: 5,
                until: 20,
                ..Subscription::default()
            }],
            assignments: vec![],
        }
    }
}
