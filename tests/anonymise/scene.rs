//! Production in small: tables of a country, and the people of its first portal as a segment as well.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::date;
use octroi::anonymise::{AnonymiseError, Counts, KEY, Key, Production, anonymise};
use octroi::simulate::country::partner::Hosts;
use octroi::simulate::country::person::{Person, Profile};
use octroi::simulate::country::{Country, Shape};
use octroi_directory::current::Directory;
use octroi_directory::{
    AffiliationList, Code, CodeKind, Course, CourseKind, Degree, Group, GroupKind, Head, Manager,
    NumberList, School, SegmentWriter, TextList,
};

pub(crate) struct Scene {
    pub(crate) folder: PathBuf,
    pub(crate) country: Country,
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Scene {
    /// A country as tables, and the people of its first portal as a segment as well.
    pub(crate) fn new(name: &str) -> Self {
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

    pub(crate) fn production(&self) -> Production {
        Production {
            tables: self.folder.join("tables"),
            directory: Some(self.folder.join("directory")),
        }
    }

    pub(crate) fn run(&self, out: &str, key: u8) -> Result<Counts, AnonymiseError> {
        anonymise(
            &self.production(),
            &self.folder.join(out),
            Key::given([key; KEY]),
            &|| false,
        )
    }

    pub(crate) fn people(&self) -> Vec<Person> {
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
    pub(crate) fn originals(&self) -> BTreeSet<String> {
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

pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
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
pub(crate) fn rows(path: &Path) -> Vec<HashMap<String, String>> {
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
