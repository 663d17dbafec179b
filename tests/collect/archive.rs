//! Small archives as portals make them: gzip, tar, XML after the 2D schema.

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

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

fn member(part: &str, records: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<men:GAR-ENT-{part} xmlns:men=\"http://data.education.fr/ns/gar\" \
         Version=\"1.0\">{records}</men:GAR-ENT-{part}>\n"
    )
}

impl Portal {
    /// The XML of its members, by part.
    pub fn members(&self) -> Vec<(&'static str, String)> {
        let (mut schools, mut pupils) = (String::new(), String::new());
        let (mut groups, mut places) = (String::new(), String::new());
        for (uai, classes) in &self.schools {
            let _ = write!(
                schools,
                "<men:GAREtab><men:GARStructureUAI>{uai}</men:GARStructureUAI>\
                 <men:GARStructureNomCourant>Collège {uai}</men:GARStructureNomCourant></men:GAREtab>"
            );
            for (class, count) in classes.iter().enumerate() {
                let _ = write!(
                    groups,
                    "<men:GARGroupe><men:GARGroupeCode>C{class}</men:GARGroupeCode>\
                     <men:GARStructureUAI>{uai}</men:GARStructureUAI>\
                     <men:GARGroupeLibelle>Classe {class}</men:GARGroupeLibelle>\
                     <men:GARGroupeStatut>DIVISION</men:GARGroupeStatut></men:GARGroupe>"
                );
                for at in 0..*count {
                    let id = pupil(uai, class, at);
                    let _ = write!(
                        pupils,
                        "<men:GAREleve><men:GARPersonIdentifiant>{id}</men:GARPersonIdentifiant>\
                         <men:GARPersonProfils><men:GARStructureUAI>{uai}</men:GARStructureUAI>\
                         <men:GARPersonProfil>National_ELV</men:GARPersonProfil></men:GARPersonProfils>\
                         <men:GARPersonNom>Secretnom{at}</men:GARPersonNom>\
                         <men:GARPersonPrenom>Zoé</men:GARPersonPrenom>\
                         <men:GARPersonAutresPrenoms>Zoé</men:GARPersonAutresPrenoms>\
                         <men:GARPersonEtab>{uai}</men:GARPersonEtab></men:GAREleve>"
                    );
                    place(&mut places, uai, &id, &format!("C{class}"));
                }
            }
        }
        for at in 0..self.lost {
            if let Some((uai, _)) = self.schools.first() {
                place(&mut places, uai, &pupil(uai, 0, at), "Z9");
            }
        }
        vec![
            ("Etab", member("Etab", &schools)),
            ("Eleve", member("Eleve", &pupils)),
            ("Groupe", member("Groupe", &(groups + &places))),
        ]
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

fn place(out: &mut String, uai: &str, id: &str, class: &str) {
    let _ = write!(
        out,
        "<men:GARPersonGroupe><men:GARStructureUAI>{uai}</men:GARStructureUAI>\
         <men:GARPersonIdentifiant>{id}</men:GARPersonIdentifiant>\
         <men:GARGroupeCode>{class}</men:GARGroupeCode></men:GARPersonGroupe>"
    );
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
    let space = "xmlns:men=\"http://data.education.fr/ns/gar\"";
    let pupil = format!(
        "<men:GAREleve {space}><men:GARPersonIdentifiant>{id}</men:GARPersonIdentifiant>\
         <men:GARPersonProfils><men:GARStructureUAI>{uai}</men:GARStructureUAI>\
         <men:GARPersonProfil>National_ELV</men:GARPersonProfil></men:GARPersonProfils>\
         <men:GARPersonNom>Secretnom{}</men:GARPersonNom><men:GARPersonPrenom>Zoé</men:GARPersonPrenom>\
         <men:GARPersonAutresPrenoms>Zoé</men:GARPersonAutresPrenoms>\
         <men:GARPersonEtab>{uai}</men:GARPersonEtab></men:GAREleve>",
        id.rsplit('-').next().unwrap()
    );
    let place = format!(
        "<men:GARPersonGroupe {space}><men:GARStructureUAI>{uai}</men:GARStructureUAI>\
         <men:GARPersonIdentifiant>{id}</men:GARPersonIdentifiant>\
         <men:GARGroupeCode>C{class}</men:GARGroupeCode></men:GARPersonGroupe>"
    );
    [pupil, place]
        .iter()
        .map(|record| serde_json::json!({ "record": record }).to_string())
        .collect()
}
