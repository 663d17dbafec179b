//! A small model of a segment: what a test writes and expects to read again.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    reason = "a suite uses a part of it"
)]

use std::path::{Path, PathBuf};

use octroi_directory::{
    AffiliationList, Code, CodeKind, Course, CourseKind, Degree, Group, GroupKind, Head, Manager,
    NumberList, Person, School, Segment, SegmentError, SegmentWriter, TextList, WriteError,
    Written,
};

/// A folder that goes when the test ends.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("octroi-{name}-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub type Manages = (String, [String; 3], Vec<String>, Vec<u32>);
pub type Affiliation = (u32, u16, Vec<u32>, Vec<u32>);

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Model {
    pub schools: Vec<(String, String)>,
    pub groups: Vec<(u32, GroupKind, String, String, Vec<String>)>,
    pub codes: Vec<(CodeKind, String)>,
    pub courses: Vec<(u32, CourseKind, String, String)>,
    pub people: Vec<(String, [String; 4], Vec<Affiliation>)>,
    pub managers: Vec<Manages>,
}

pub fn head() -> Head {
    Head {
        ent: "B0".to_owned(),
        degree: Degree::Second,
        delivered: "20261127_031500".parse().unwrap(),
        sequence: 3,
        source: [7; 32],
    }
}

impl Model {
    pub fn write(&self, path: &Path) -> Result<Written, WriteError> {
        let mut writer = SegmentWriter::create(path, head())?;
        for (uai, name) in &self.schools {
            writer.school(&School { uai, name })?;
        }
        for (school, kind, code, label, divisions) in &self.groups {
            let divisions: TextList = divisions.iter().map(String::as_str).collect();
            writer.group(&Group {
                school: *school,
                kind: *kind,
                code,
                label,
                divisions: divisions.view(),
            })?;
        }
        for (kind, code) in &self.codes {
            writer.code(&Code { kind: *kind, code })?;
        }
        for (school, kind, code, level) in &self.courses {
            writer.course(&Course {
                school: *school,
                kind: *kind,
                code,
                level,
            })?;
        }
        let mut list = AffiliationList::new();
        for (id, [civility, name, given_name, mail], affiliations) in &self.people {
            list.clear();
            for (school, profiles, groups, codes) in affiliations {
                list.push(*school, *profiles, groups, codes);
            }
            writer.person(&Person {
                id,
                civility,
                name,
                given_name,
                mail,
                affiliations: list.view(),
            })?;
        }
        for (id, [civility, name, given_name], mails, schools) in &self.managers {
            let mails: TextList = mails.iter().map(String::as_str).collect();
            let mut numbers = NumberList::default();
            assert!(numbers.set(schools));
            writer.manager(&Manager {
                id,
                civility,
                name,
                given_name,
                mails: mails.view(),
                schools: numbers.view(),
            })?;
        }
        writer.finish()
    }

    pub fn read(segment: &Segment) -> Result<Self, SegmentError> {
        let mut model = Self {
            schools: segment
                .schools()
                .map(|s| (s.uai.into(), s.name.into()))
                .collect(),
            groups: segment
                .groups()
                .map(|g| {
                    let divisions = g.divisions.map(str::to_owned).collect();
                    (g.school, g.kind, g.code.into(), g.label.into(), divisions)
                })
                .collect(),
            codes: segment.codes().map(|c| (c.kind, c.code.into())).collect(),
            ..Self::default()
        };
        let mut courses = segment.courses();
        while let Some(c) = courses.next()? {
            model
                .courses
                .push((c.school, c.kind, c.code.into(), c.level.into()));
        }
        let mut people = segment.people();
        while let Some(p) = people.next()? {
            let texts = [p.civility, p.name, p.given_name, p.mail].map(str::to_owned);
            let affiliations = p
                .affiliations
                .map(|a| (a.school, a.profiles, a.groups.collect(), a.codes.collect()));
            model
                .people
                .push((p.id.into(), texts, affiliations.collect()));
        }
        let mut managers = segment.managers();
        while let Some(m) = managers.next()? {
            let texts = [m.civility, m.name, m.given_name].map(str::to_owned);
            let mails = m.mails.map(str::to_owned).collect();
            model
                .managers
                .push((m.id.into(), texts, mails, m.schools.collect()));
        }
        Ok(model)
    }

    /// A segment with some of everything.
    pub fn small() -> Self {
        let text = |text: &str| text.to_owned();
        Self {
            schools: vec![
                (text("0561622J"), text("Collège A")),
                (text("0561623K"), text("Lycée B")),
            ],
            groups: vec![
                (0, GroupKind::Division, text("6A"), text("6ème A"), vec![]),
                (
                    0,
                    GroupKind::Group,
                    text("G1"),
                    text("Latin"),
                    vec![text("6A"), text("6B")],
                ),
                (1, GroupKind::Division, text("2A"), text("2nde A"), vec![]),
            ],
            codes: vec![
                (CodeKind::PMs4, text("2111")),
                (CodeKind::PMat, text("020700")),
            ],
            courses: vec![
                (0, CourseKind::Mef, text("10010012110"), text("21110010001")),
                (0, CourseKind::Subject, text("020700"), text("")),
                (1, CourseKind::Mef, text("10010012110"), text("")),
            ],
            people: vec![
                (
                    text("p1"),
                    ["", "Dupont", "Zoé", ""].map(str::to_owned),
                    vec![(0, 1, vec![0, 1], vec![0])],
                ),
                (
                    text("p2"),
                    ["Mme", "Ñandú", "Ève", "e@example.org"].map(str::to_owned),
                    vec![(0, 2, vec![0], vec![1]), (1, 6, vec![2], vec![0, 1])],
                ),
                (text("p3"), Default::default(), vec![]),
            ],
            managers: vec![(
                text("p2"),
                ["Mme", "Ñandú", "Ève"].map(str::to_owned),
                vec![text("e@example.org")],
                vec![0, 1],
            )],
        }
    }
}
