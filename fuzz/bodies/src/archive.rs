//! An archive whose tar comes from the fuzzer: tar, XML, schema, references, segment.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use md5::{Digest, Md5};
use octroi_collect::{Loss, Observe, Options, Outcome, SetAside, import};
use octroi_directory::Segment;

/// Demands that what is set aside is told as promised.
struct Listener(u64);

impl Observe for Listener {
    fn set_aside(&mut self, what: &SetAside<'_>) -> std::io::Result<()> {
        self.0 += u64::from(what.loss != Loss::None);
        assert!(!what.reason.is_empty() && !what.file.is_empty());
        assert!(what.raw.len() <= 2 << 20);
        Ok(())
    }
}

/// Whatever the tar, an import ends in a refusal that blames the delivery, or in a segment that holds and is the same when made again.
pub fn body(octets: &[u8]) {
    let degree = match octets.get(..100) {
        Some(name) if name.windows(4).any(|part| part == b"_1D_") => "1D",
        _ => "2D",
    };
    let folder = crate::scratch("archive");
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let archive = folder.join(format!(
        "B0_GAR-ENT_Complet_20261127_031500_{degree}.tar.gz"
    ));
    let sum = folder.join("md5");
    let mut gzip = GzEncoder::new(Vec::new(), Compression::none());
    gzip.write_all(octets).expect("memory");
    let packed = gzip.finish().expect("memory");
    std::fs::write(&archive, &packed).expect("a temporary file");
    let digest = Md5::digest(&packed);
    let hex: String = digest.iter().map(|octet| format!("{octet:02x}")).collect();
    std::fs::write(&sum, hex).expect("a temporary file");
    let once = run(&folder, &archive, &sum);
    if let Some(root) = once {
        assert_eq!(
            run(&folder, &archive, &sum),
            Some(root),
            "the same archive, the same segment"
        );
    }
}

fn run(folder: &Path, archive: &Path, sum: &Path) -> Option<String> {
    let out = folder.join("out");
    let mut listener = Listener(0);
    match import(archive, sum, &out, &Options::new(folder), &mut listener) {
        Ok(Outcome::Imported(report)) => {
            let segment = Segment::open(&out).expect("a segment");
            segment.check().expect("a segment that holds");
            let losses = report.set_aside.iter().filter(|one| one.loss != Loss::None);
            assert_eq!(losses.map(|one| one.count).sum::<u64>(), listener.0);
            assert!(report.directory.people > 0);
            Some(report.root)
        }
        Ok(Outcome::Nothing(_)) => None,
        Err(error) => {
            assert!(error.is_refusal(), "{error}");
            None
        }
    }
}
