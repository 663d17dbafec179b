#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a measurement"
)]
//! What an import costs: `cargo bench -p octroi-collect --bench import [-- PEOPLE [ROUNDS]]`.
//!
//! An archive of the second degree is made with PEOPLE people (100 000), written as portals' exporters write it: each element on
//! a line, indented. Figures are octets of uncompressed XML for each second of this thread's CPU time, the best and the median of
//! ROUNDS (7); wall time includes the wait for the disk.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use md5::{Digest, Md5};
use octroi_collect::{Options, Unobserved, import, validate};
use rustix::time::{ClockId, clock_gettime};

const STAMP: &str = "20261127_031500";
/// Records of one file.
const SPLIT: usize = 10_000;

fn main() {
    let mut numbers = std::env::args()
        .skip(1)
        .filter_map(|argument| argument.parse::<usize>().ok());
    let people = numbers.next().unwrap_or(100_000);
    let rounds = numbers.next().unwrap_or(7);
    let folder =
        std::env::var_os("OCTROI_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = folder.join(format!("octroi-import-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (archive, sum, xml) = make(&folder, people);
    let packed = fs::metadata(&archive).unwrap().len();
    println!(
        "archive: {people} people, {:.1} MB of XML, {:.1} MB packed",
        xml as f64 / 1e6,
        packed as f64 / 1e6
    );

    let options = Options::new(&folder);
    let out = folder.join("out.segment");
    measure("gunzip alone", xml, rounds, || {
        let octets = fs::read(&archive).unwrap();
        let mut inflated = MultiGzDecoder::new(&octets[..]);
        let mut buffer = vec![0; 128 << 10];
        while inflated.read(&mut buffer).unwrap() > 0 {}
    });
    measure("gunzip + parse + validate", xml, rounds, || {
        let report = validate(&archive, &sum, &options, &mut Unobserved).unwrap();
        assert!(!report.has_losses());
    });
    measure("archive to durable segment", xml, rounds, || {
        let outcome = import(&archive, &sum, &out, &options, &mut Unobserved).unwrap();
        let report = outcome.report();
        assert!(!report.has_losses() && report.directory.people == people as u64);
    });
    println!(
        "segment: {:.1} MB, {:.0} octets a person",
        fs::metadata(&out).unwrap().len() as f64 / 1e6,
        fs::metadata(&out).unwrap().len() as f64 / people as f64
    );
    fs::remove_dir_all(&folder).unwrap();
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn measure(what: &str, xml: u64, rounds: usize, work: impl Fn()) {
    let mut cpus = Vec::new();
    let mut walls = Vec::new();
    for _ in 0..rounds {
        let (begin, wall) = (cpu(), Instant::now());
        work();
        cpus.push(cpu() - begin);
        walls.push(wall.elapsed());
    }
    cpus.sort();
    walls.sort();
    let rate = |time: Duration| xml as f64 / 1e6 / time.as_secs_f64();
    println!(
        "{what:<28} {:>6.0} MB/s of CPU (median {:.0}), {:>6.0} MB/s of wall time",
        rate(cpus[0]),
        rate(cpus[rounds / 2]),
        rate(walls[rounds / 2])
    );
}

/// One person in sixteen is a teacher; 32 classes of a school, 25 pupils each; six subjects and a group.
fn make(folder: &Path, people: usize) -> (PathBuf, PathBuf, u64) {
    let name = format!("B0_GAR-ENT_Complet_{STAMP}_2D");
    let path = folder.join(format!("{name}.tar.gz"));
    let mut archive = Packer {
        tar: tar::Builder::new(GzEncoder::new(
            fs::File::create(&path).unwrap(),
            Compression::new(6),
        )),
        name,
        text: String::new(),
        kind: "",
        records: 0,
        files: 0,
        xml: 0,
    };
    let schools = people.div_ceil(800).max(1);
    let uai = |n: usize| {
        format!(
            "{:07}{}",
            n % schools + 1,
            (b'A' + (n % schools % 26) as u8) as char
        )
    };
    let class = |n: usize| format!("{}{}", 6 - n / 8 % 4, (b'A' + (n % 8) as u8) as char);
    let pupil = |n: usize| !n.is_multiple_of(16);
    for (kind, is) in [("Eleve", true), ("Enseignant", false)] {
        archive.begin(kind);
        for n in (0..people).filter(|n| pupil(*n) == is) {
            archive.person(n, &uai(n), is);
        }
        for n in (0..people).filter(|n| pupil(*n) == is) {
            let mef = format!("100{}0012110", n % 4);
            archive.record(
                "GARPersonMEF",
                &[
                    ("GARStructureUAI", &uai(n)),
                    ("GARPersonIdentifiant", &id(n)),
                    ("GARMEFCode", &mef),
                ],
            );
        }
        for n in (0..people).filter(|n| is && pupil(*n)) {
            for subject in 0..6 {
                archive.record(
                    "GAREleveEnseignement",
                    &[
                        ("GARStructureUAI", &uai(n)),
                        ("GARPersonIdentifiant", &id(n)),
                        ("GARMatiereCode", &format!("0{}0700", subject)),
                    ],
                );
            }
        }
    }
    archive.begin("Etab");
    for n in 0..schools {
        archive.record(
            "GAREtab",
            &[
                ("GARStructureUAI", &uai(n)),
                (
                    "GARStructureNomCourant",
                    &format!("CLG-JEAN MOULIN {n}-VANNES"),
                ),
            ],
        );
    }
    for n in 0..schools * 4 {
        archive.record(
            "GARMEF",
            &[
                ("GARStructureUAI", &uai(n / 4)),
                ("GARMEFCode", &format!("100{}0012110", n % 4)),
                ("GARMEFLibelle", "6EME"),
                ("GARMEFSTAT11", &format!("211{}0010001", n % 4)),
            ],
        );
    }
    for n in 0..schools * 6 {
        archive.record(
            "GARMatiere",
            &[
                ("GARStructureUAI", &uai(n / 6)),
                ("GARMatiereCode", &format!("0{}0700", n % 6)),
                ("GARMatiereLibelle", "FRANCAIS"),
            ],
        );
    }
    archive.begin("Groupe");
    for n in 0..schools * 32 {
        archive.record(
            "GARGroupe",
            &[
                ("GARGroupeCode", &class(n % 32)),
                ("GARStructureUAI", &uai(n / 32)),
                ("GARGroupeLibelle", "CLASSE"),
                ("GARGroupeStatut", "DIVISION"),
            ],
        );
    }
    for n in 0..people {
        archive.record(
            "GARPersonGroupe",
            &[
                ("GARStructureUAI", &uai(n)),
                ("GARPersonIdentifiant", &id(n)),
                ("GARGroupeCode", &class(n / schools % 32)),
            ],
        );
    }
    for n in (0..people).filter(|n| !pupil(*n)) {
        for k in 0..4 {
            archive.record(
                "GAREnsClasseMatiere",
                &[
                    ("GARStructureUAI", &uai(n)),
                    ("GARPersonIdentifiant", &id(n)),
                    ("GARGroupeCode", &class((n + k) % 32)),
                    ("GARMatiereCode", "000700"),
                ],
            );
        }
    }
    archive.end();
    archive
        .tar
        .into_inner()
        .unwrap()
        .finish()
        .unwrap()
        .flush()
        .unwrap();
    let sum = folder.join("sum.md5");
    let digest = Md5::digest(fs::read(&path).unwrap());
    fs::write(
        &sum,
        digest
            .iter()
            .map(|octet| format!("{octet:02x}"))
            .collect::<String>(),
    )
    .unwrap();
    (path, sum, archive.xml)
}

/// Looks like a UUID and comes in no order.
fn id(n: usize) -> String {
    let mixed = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!(
        "{:08x}-{:04x}-4{:03x}-{:016x}",
        mixed >> 32,
        mixed >> 16 & 0xffff,
        mixed & 0xfff,
        mixed.rotate_left(17)
    )
}

struct Packer {
    tar: tar::Builder<GzEncoder<fs::File>>,
    name: String,
    text: String,
    kind: &'static str,
    records: usize,
    files: usize,
    xml: u64,
}

impl Packer {
    fn begin(&mut self, kind: &'static str) {
        self.end();
        self.kind = kind;
        self.files = 0;
    }

    fn end(&mut self) {
        if self.text.is_empty() {
            return;
        }
        let _ = writeln!(self.text, "</men:GAR-ENT-{}>", self.kind);
        let mut header = tar::Header::new_gnu();
        header.set_size(self.text.len() as u64);
        let name = format!("{}_{}_{:04}.xml", self.name, self.kind, self.files);
        self.tar
            .append_data(&mut header, name, self.text.as_bytes())
            .unwrap();
        self.xml += self.text.len() as u64;
        self.files += 1;
        self.records = 0;
        self.text.clear();
    }

    fn open(&mut self) {
        if self.records == SPLIT {
            self.end();
        }
        if self.text.is_empty() {
            let _ = write!(
                self.text,
                "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<men:GAR-ENT-{} xmlns:men=\"http://data.education.fr/ns/gar\" \
                 xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" Version=\"1.0\">\n",
                self.kind
            );
        }
        self.records += 1;
    }

    fn field(&mut self, indent: usize, name: &str, text: &str) {
        let _ = writeln!(self.text, "{:indent$}<men:{name}>{text}</men:{name}>", "");
    }

    fn record(&mut self, name: &str, fields: &[(&str, &str)]) {
        self.open();
        let _ = writeln!(self.text, "    <men:{name}>");
        for (name, text) in fields {
            self.field(8, name, text);
        }
        let _ = writeln!(self.text, "    </men:{name}>");
    }

    fn person(&mut self, n: usize, uai: &str, pupil: bool) {
        self.open();
        let (record, profile) = if pupil {
            ("GAREleve", "National_elv")
        } else {
            ("GAREnseignant", "National_ens")
        };
        let name = ["MARTIN", "LE GOFF", "BÉNARD", "N'GUYEN", "DA SILVA"][n % 5];
        let given = ["Zoé", "Émile", "Inès", "Malo", "Jean-Baptiste", "Aya"][n % 6];
        let _ = writeln!(self.text, "    <men:{record}>");
        self.field(8, "GARPersonIdentifiant", &id(n));
        let _ = writeln!(self.text, "        <men:GARPersonProfils>");
        self.field(12, "GARStructureUAI", uai);
        self.field(12, "GARPersonProfil", profile);
        let _ = writeln!(self.text, "        </men:GARPersonProfils>");
        self.field(8, "GARPersonNomPatro", name);
        self.field(8, "GARPersonNom", name);
        self.field(8, "GARPersonPrenom", given);
        self.field(8, "GARPersonAutresPrenoms", given);
        self.field(
            8,
            "GARPersonCivilite",
            if n.is_multiple_of(2) { "Mme" } else { "M." },
        );
        self.field(8, "GARPersonStructRattach", uai);
        self.field(8, "GARPersonEtab", uai);
        self.field(
            8,
            "GARPersonDateNaissance",
            &format!("20{:02}-{:02}-{:02}", 8 + n % 8, 1 + n % 12, 1 + n % 28),
        );
        if !pupil {
            self.field(8, "GARPersonMail", &format!("p{n}@ac-rennes.example"));
        }
        let _ = writeln!(self.text, "    </men:{record}>");
    }
}
