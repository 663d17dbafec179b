//! Writes archives as portals do, imports them, and says what came of it in plain data.
#![allow(dead_code, unreachable_pub, missing_docs)] // each suite uses a part
#![allow(clippy::unwrap_used, clippy::panic)] // only tests use it

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use flate2::Compression;
use flate2::write::GzEncoder;
use md5::{Digest, Md5};
use octroi_collect::{ImportError, Loss, Observe, Options, Outcome, Rule, SetAside, import};
use octroi_directory::{CodeKind, Degree, Segment};

pub mod records;

use self::records::{
    ELSE, UAI, document, group, manager, mef, pupil, record, relation, school, subject, teacher,
};

pub const STAMP: &str = "20261127_031500";

/// A folder that goes when the test ends.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("octroi-collect-{name}-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The name of an archive of the portal B0.
pub fn archive_name(degree: Degree) -> String {
    format!("B0_GAR-ENT_Complet_{STAMP}_{degree}.tar.gz")
}

/// The name of a file in it.
pub fn member_name(degree: Degree, kind: &str, number: u32) -> String {
    format!("B0_GAR-ENT_Complet_{STAMP}_{degree}_{kind}_{number:04}.xml")
}

/// An archive: files of a kind, in order.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub degree: Degree,
    pub files: Vec<(String, Vec<u8>)>,
}

impl Delivery {
    pub fn new(degree: Degree) -> Self {
        Self {
            degree,
            files: Vec::new(),
        }
    }

    /// Adds a file of records.
    pub fn file(mut self, kind: &str, records: &str) -> Self {
        let document = document(self.degree, kind, records);
        self.raw(kind, document.as_bytes());
        self
    }

    /// Adds a file as it is.
    pub fn raw(&mut self, kind: &str, octets: &[u8]) {
        let number = self
            .files
            .iter()
            .filter(|(name, _)| name.contains(&format!("_{kind}_")))
            .count();
        let name = member_name(self.degree, kind, number as u32);
        self.files.push((name, octets.to_vec()));
    }

    /// A school with a class, a group, courses, two pupils, a teacher and a manager: every record of the schema.
    pub fn small(degree: Degree) -> Self {
        let uai = "0561622J";
        let mef = |id: &str| match degree {
            Degree::Second => relation("GARPersonMEF", uai, id, ("GARMEFCode", "10010012110")),
            Degree::First => relation("GARPersonMEFSTAT4", uai, id, ("GARMEFSTAT4Code", "1121")),
        };
        let (mut etab, mut eleve, mut enseignant, mut groupe) = (
            school(uai),
            pupil("p1", uai) + &pupil("p2", uai) + &mef("p1"),
            teacher("t1", uai) + &mef("t1"),
            String::new(),
        );
        groupe += &group(uai, "6A", "DIVISION", &[]);
        groupe += &group(uai, "LAT", "GROUPE", &["6A"]);
        groupe += &relation("GARPersonGroupe", uai, "p1", ("GARGroupeCode", "6A"));
        groupe += &relation("GARPersonGroupe", uai, "p1", ("GARGroupeCode", "LAT"));
        if degree == Degree::Second {
            etab += &record(
                "GARMEF",
                &[
                    ("GARStructureUAI", uai),
                    ("GARMEFCode", "10010012110"),
                    ("GARMEFLibelle", "6EME"),
                    ("GARMEFSTAT11", "21110010001"),
                ],
            );
            etab += &record(
                "GARMatiere",
                &[
                    ("GARStructureUAI", uai),
                    ("GARMatiereCode", "020700"),
                    ("GARMatiereLibelle", "FRANCAIS"),
                ],
            );
            eleve += &relation(
                "GAREleveEnseignement",
                uai,
                "p1",
                ("GARMatiereCode", "020700"),
            );
            for (name, code) in [
                ("GAREnsGroupeMatiere", "LAT"),
                ("GAREnsClasseMatiere", "6A"),
            ] {
                groupe += &record(
                    name,
                    &[
                        ("GARStructureUAI", uai),
                        ("GARPersonIdentifiant", "t1"),
                        ("GARGroupeCode", code),
                        ("GARMatiereCode", "020700"),
                    ],
                );
            }
        } else {
            groupe += &relation("GARPersonGroupe", uai, "t1", ("GARGroupeCode", "6A"));
        }
        enseignant = enseignant.replace("</men:GARPersonEtab>", "</men:GARPersonEtab><men:GARPersonDateNaissance>1980-05-06</men:GARPersonDateNaissance>");
        let manager = manager("t1", uai);
        // In the order of the alphabet, as `tar` packs a folder: people before their school.
        Self::new(degree)
            .file("Eleve", &eleve)
            .file("Enseignant", &enseignant)
            .file("Etab", &etab)
            .file("Groupe", &groupe)
            .file("RespAff", &manager)
    }

    pub fn tar(&self) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        for (name, octets) in &self.files {
            let mut header = tar::Header::new_gnu();
            header.set_size(octets.len() as u64);
            header.set_mode(0o644);
            tar.append_data(&mut header, name, &octets[..]).unwrap();
        }
        tar.into_inner().unwrap()
    }

    pub fn pack(&self, folder: &Path) -> PathBuf {
        pack(folder, &archive_name(self.degree), &self.tar())
    }

    pub fn import(&self) -> Imported {
        let folder = Folder::new("import");
        let archive = self.pack(&folder.0);
        import_archive(&folder, &archive)
    }
}

/// Writes gzip and sum.
pub fn pack(folder: &Path, name: &str, tar: &[u8]) -> PathBuf {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(tar).unwrap();
    let octets = gzip.finish().unwrap();
    let path = folder.join(name);
    fs::write(&path, &octets).unwrap();
    fs::write(sum_of(&path), md5_hex(&octets)).unwrap();
    path
}

pub fn sum_of(archive: &Path) -> PathBuf {
    archive.with_extension("").with_extension("md5")
}

pub fn md5_hex(octets: &[u8]) -> String {
    Md5::digest(octets)
        .iter()
        .map(|octet| format!("{octet:02x}"))
        .collect()
}

/// What an observer was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub file: String,
    pub offset: u64,
    pub record: u64,
    pub element: String,
    pub rule: Rule,
    pub reason: String,
    pub loss: Loss,
    pub raw: String,
    pub rewritten: bool,
}

#[derive(Debug, Default)]
pub struct Listener(pub Vec<Told>);

impl Observe for Listener {
    fn set_aside(&mut self, what: &SetAside<'_>) -> io::Result<()> {
        self.0.push(Told {
            file: what.file.to_owned(),
            offset: what.offset,
            record: what.record,
            element: what.element.to_owned(),
            rule: what.rule,
            reason: what.reason.to_owned(),
            loss: what.loss,
            raw: what.raw.to_owned(),
            rewritten: what.rewritten,
        });
        Ok(())
    }
}

/// What came of an import.
#[derive(Debug)]
pub struct Imported {
    pub outcome: Result<Outcome, ImportError>,
    pub told: Vec<Told>,
    pub people: BTreeMap<String, Vec<InSchool>>,
    pub managers: BTreeMap<String, Vec<String>>,
    pub groups: Vec<String>,
}

/// UAI, profiles, groups and codes, in words.
pub type InSchool = (String, u16, Vec<String>, Vec<String>);

impl Imported {
    pub fn rules(&self) -> Vec<(Rule, Loss)> {
        self.told
            .iter()
            .map(|told| (told.rule, told.loss))
            .collect()
    }

    pub fn ids(&self) -> Vec<&str> {
        self.people.keys().map(String::as_str).collect()
    }
}

pub fn import_archive(folder: &Folder, archive: &Path) -> Imported {
    let out = folder.0.join("out.segment");
    let mut listener = Listener::default();
    let options = Options::new(&folder.0);
    let outcome = import(archive, &sum_of(archive), &out, &options, &mut listener);
    let mut imported = Imported {
        outcome,
        told: listener.0,
        people: BTreeMap::new(),
        managers: BTreeMap::new(),
        groups: Vec::new(),
    };
    if matches!(imported.outcome, Ok(Outcome::Imported(_))) {
        let segment = Segment::open(&out).unwrap();
        segment.check().unwrap();
        imported.people = people(&segment);
        imported.groups = segment
            .groups()
            .map(|g| format!("{}/{:?}/{}", g.school, g.kind, g.code))
            .collect();
        let mut managers = segment.managers();
        while let Some(manager) = managers.next().unwrap() {
            let schools = manager
                .schools
                .map(|school| segment.school(school).unwrap().uai.to_owned());
            imported
                .managers
                .insert(manager.id.to_owned(), schools.collect());
        }
    } else {
        assert!(!out.exists(), "a refused delivery leaves nothing");
    }
    imported
}

pub fn people(segment: &Segment) -> BTreeMap<String, Vec<InSchool>> {
    let mut all = BTreeMap::new();
    let mut people = segment.people();
    while let Some(person) = people.next().unwrap() {
        let schools = person.affiliations.map(|one| {
            let groups = one
                .groups
                .map(|group| segment.group(group).unwrap().code.to_owned());
            let codes = one.codes.map(|code| {
                let code = segment.code(code).unwrap();
                let kind = match code.kind {
                    CodeKind::PMs4 => "P_MS4",
                    CodeKind::PMat => "P_MAT",
                    CodeKind::EMs1 => "E_MS1",
                };
                format!("{kind}={}", code.code)
            });
            let uai = segment.school(one.school).unwrap().uai.to_owned();
            (uai, one.profiles, groups.collect(), codes.collect())
        });
        all.insert(person.id.to_owned(), schools.collect());
    }
    all
}

/// A whole delivery, to which a test adds one record.
pub fn country() -> Delivery {
    Delivery::new(Degree::Second)
        .file(
            "Etab",
            &(school(UAI) + &school(ELSE) + &mef(UAI, "21110010001") + &subject(UAI)),
        )
        .file("Eleve", &pupil("p1", UAI))
        .file("Enseignant", &teacher("t1", UAI))
        .file(
            "Groupe",
            &(group(UAI, "6A", "DIVISION", &[]) + &group(UAI, "G", "GROUPE", &["6A"])),
        )
        .file("RespAff", &manager("t1", UAI))
}
