//! A country's portals as segments of a directory: what an import would have left.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use octroi_directory::current::Directory;
use octroi_directory::{
    AffiliationList, Code, CodeKind, Degree, Group, GroupKind, Head, Person, School, SegmentWriter,
    TextList,
};

use super::{Affiliation, Country};

/// Tables that a directory takes the place of.
pub const TAKEN_OVER: [&str; 4] = [
    "establishments.tsv",
    "groups.tsv",
    "people.tsv",
    "affiliations.tsv",
];

const PROFILES: [&str; 9] = [
    "National_elv",
    "National_ens",
    "National_doc",
    "National_dir",
    "National_evs",
    "National_eta",
    "National_aca",
    "National_col",
    "National_tut",
];

impl Country {
    /// Puts a segment in force for every project that names somebody.
    pub fn write_segments(&self, directory: &Path) {
        let ents: BTreeSet<&str> = self.people.iter().map(|p| p.ent.as_str()).collect();
        for ent in ents {
            self.write_segment(directory, ent, Degree::Second, |_| true);
        }
    }

    /// Puts one segment in force, with all schools and groups and some of a project's people and what they are.
    pub fn write_segment(
        &self,
        directory: &Path,
        ent: &str,
        degree: Degree,
        keeps: impl Fn(&str) -> bool,
    ) {
        let directory = Directory::new(directory);
        let draft = directory.draft(ent, degree).unwrap();
        let head = Head {
            ent: ent.into(),
            degree,
            delivered: "20261127_031500".parse().unwrap(),
            sequence: 0,
            source: [0; 32],
        };
        let mut writer = SegmentWriter::create(&draft, head).unwrap();
        let schools: Vec<&str> = self
            .schools
            .iter()
            .map(String::as_str)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        for uai in &schools {
            let name = format!("School {uai}");
            writer.school(&School { uai, name: &name }).unwrap();
        }
        let school = |uai: &str| schools.iter().position(|s| *s == uai).unwrap() as u32;
        let kind = |kind: &str| match kind {
            "division" => GroupKind::Division,
            _ => GroupKind::Group,
        };
        let mut groups: BTreeMap<(u32, GroupKind, &str), &super::Group> = BTreeMap::new();
        for group in &self.groups {
            groups.insert(
                (school(&group.school), kind(group.kind), &group.code),
                group,
            );
        }
        for ((school, kind, code), group) in &groups {
            let divisions: TextList = group.divisions.iter().map(String::as_str).collect();
            writer
                .group(&Group {
                    school: *school,
                    kind: *kind,
                    code,
                    label: &group.label,
                    divisions: divisions.view(),
                })
                .unwrap();
        }
        let own: Vec<&Affiliation> = self.affiliations.iter().filter(|a| a.ent == ent).collect();
        let codes_of = |a: &Affiliation| {
            let lists = [
                (CodeKind::PMs4, &a.levels),
                (CodeKind::PMat, &a.subjects),
                (CodeKind::EMs1, &a.modules),
            ];
            let pairs = lists.map(|(kind, list)| list.iter().map(move |code| (kind, code.clone())));
            pairs.into_iter().flatten().collect::<Vec<_>>()
        };
        let codes: BTreeSet<(CodeKind, String)> = own.iter().flat_map(|a| codes_of(a)).collect();
        for (kind, code) in &codes {
            writer.code(&Code { kind: *kind, code }).unwrap();
        }
        let mut people: Vec<&super::Person> = self.people.iter().filter(|p| p.ent == ent).collect();
        people.retain(|person| keeps(&person.id));
        people.sort_by(|a, b| a.id.cmp(&b.id));
        for person in people {
            // Of several lines about a school the union, as a segment has one affiliation for each.
            let mut schools: BTreeMap<u32, (u16, BTreeSet<u32>, BTreeSet<u32>)> = BTreeMap::new();
            for a in own.iter().filter(|a| a.person == person.id) {
                let number = school(&a.school);
                let (profiles, in_groups, in_codes) = schools.entry(number).or_default();
                for profile in &a.profiles {
                    *profiles |= 1 << PROFILES.iter().position(|p| p == profile).unwrap();
                }
                let lists = [
                    (GroupKind::Division, &a.divisions),
                    (GroupKind::Group, &a.groups),
                ];
                for (kind, list) in lists {
                    in_groups.extend(list.iter().map(|code| {
                        let key = (number, kind, code.as_str());
                        groups.keys().position(|group| *group == key).unwrap() as u32
                    }));
                }
                in_codes.extend(
                    codes_of(a)
                        .iter()
                        .map(|code| codes.iter().position(|c| c == code).unwrap() as u32),
                );
            }
            let mut affiliations = AffiliationList::new();
            for (number, (profiles, groups, codes)) in schools {
                let groups: Vec<u32> = groups.into_iter().collect();
                let codes: Vec<u32> = codes.into_iter().collect();
                affiliations.push(number, profiles, &groups, &codes);
            }
            writer
                .person(&Person {
                    id: &person.id,
                    civility: &person.civility,
                    name: &person.name,
                    given_name: &person.given_name,
                    mail: &person.mail,
                    affiliations: affiliations.view(),
                })
                .unwrap();
        }
        writer.finish().unwrap();
        directory.put_in_force(&draft).unwrap();
    }
}
