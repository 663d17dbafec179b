//! Small archives as portals make them: gzip, tar, XML after the 2D schema.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use octroi_directory::Degree;

/// Records, as in the suites of the importer.
#[path = "../../crates/collect/tests/support/records.rs"]
pub mod records;

use records::{NAME, alone, document};

/// What a portal has to say.
#[derive(Clone, Debug, Default)]
pub struct Portal {
    /// Schools with their classes and how many pupils each class has.
    pub schools: Vec<(String, Vec<usize>)>,
    /// Pupils whose class is not there: each is one record set aside.
    pub lost: usize,
}

/// A portal with so many schools of four classes each.
pub fn portal(schools: usize, pupils_a_class: usize) -> Portal {
    Portal {
        schools: (0..schools)
            .map(|at| (uai(at), vec![pupils_a_class; 4]))
            .collect(),
        lost: 0,
    }
}

/// The UAI of a school.
pub fn uai(at: usize) -> String {
    format!("{:07}A", 350_000 + at)
}

/// The id of a pupil.
pub fn pupil(uai: &str, class: usize, at: usize) -> String {
    format!("{uai}-{class}-{at}")
}

/// A pupil whose name is found nowhere else, and their place in a class.
fn in_class(uai: &str, id: &str, class: usize) -> [String; 2] {
    let number = id.rsplit('-').next().unwrap();
    let pupil = records::pupil(id, uai).replace(NAME, &format!("Secretnom{number}"));
    [pupil, place(uai, id, &format!("C{class}"))]
}

fn place(uai: &str, id: &str, class: &str) -> String {
    records::relation("GARPersonGroupe", uai, id, ("GARGroupeCode", class))
}

impl Portal {
    /// The XML of its members, by part.
    pub fn members(&self) -> Vec<(&'static str, String)> {
        let (mut schools, mut pupils) = (String::new(), String::new());
        let (mut groups, mut places) = (String::new(), String::new());
        for (uai, classes) in &self.schools {
            schools += &records::school(uai);
            for (class, count) in classes.iter().enumerate() {
                groups += &records::group(uai, &format!("C{class}"), "DIVISION", &[]);
                for at in 0..*count {
                    let [pupil, place] = in_class(uai, &pupil(uai, class, at), class);
                    pupils += &pupil;
                    places += &place;
                }
            }
        }
        for at in 0..self.lost {
            if let Some((uai, _)) = self.schools.first() {
                places += &place(uai, &pupil(uai, 0, at), "Z9");
            }
        }
        [
            ("Etab", schools),
            ("Eleve", pupils),
            ("Groupe", groups + &places),
        ]
        .map(|(part, records)| (part, document(Degree::Second, part, &records)))
        .into()
    }

    /// The archive.
    pub fn archive(&self, ent: &str, stamp: &str, flow: &str) -> Vec<u8> {
        let members = if self.schools.is_empty() {
            Vec::new()
        } else {
            self.members()
        };
        pack(ent, stamp, flow, &members)
    }
}

/// Packs members as exporters do.
pub fn pack(ent: &str, stamp: &str, flow: &str, members: &[(&str, String)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (part, text) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        let name = format!("{ent}_GAR-ENT_Complet_{stamp}_{flow}_{part}_0000.xml");
        tar.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// The name of a full load.
pub fn name(ent: &str, stamp: &str, flow: &str) -> String {
    format!("{ent}_GAR-ENT_Complet_{stamp}_{flow}.tar.gz")
}

/// A file of differences.
pub fn delta(lines: &[String]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    for line in lines {
        writeln!(gzip, "{line}").unwrap();
    }
    gzip.finish().unwrap()
}

/// The name of a file of differences of the 27th, by its number.
pub fn file(number: u64) -> String {
    format!("B0_GAR-ENT_Delta_20261127_1{number:02}000_2D.jsonl.gz")
}

/// A file of differences: header, changes, last line.
pub fn lines(base: &str, sequence: u64, changes: &[String]) -> Vec<u8> {
    let mut lines = vec![format!(
        "{{\"format\":\"octroi-delta-1\",\"ent\":\"B0\",\"degree\":\"2D\",\"base\":\"{base}\",\"sequence\":{sequence}}}"
    )];
    lines.extend_from_slice(changes);
    lines.push(format!("{{\"end\":{}}}", changes.len()));
    delta(&lines)
}

/// A person leaves.
pub fn leaves(id: &str) -> String {
    format!("{{\"remove\":{{\"person\":\"{id}\"}}}}")
}

/// A pupil's record and the class it belongs to, as an archive would say it.
pub fn comes(uai: &str, id: &str, class: usize) -> Vec<String> {
    in_class(uai, id, class)
        .map(|record| change(&record))
        .into()
}

/// A record comes, or changes.
pub fn change(record: &str) -> String {
    serde_json::json!({ "record": alone(Degree::Second, record) }).to_string()
}
