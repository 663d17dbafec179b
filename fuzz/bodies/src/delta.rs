//! Differences between full loads, as a portal might send them: the lines of the file, on a sound segment.

use std::io::Write;
use std::path::Path;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use octroi::collect::delta::{Delta, DeltaError};
use octroi_collect::{Amend, Amendment, Meaning, Options, Unobserved};
use octroi_directory::{Head, Segment};

const SOUND: &[u8] = include_bytes!("../../corpus/segment/small-2D.segment");

static BASE: LazyLock<Segment> = LazyLock::new(|| {
    let path = crate::scratch("delta-base");
    std::fs::write(&path, SOUND).expect("a temporary file");
    Segment::open(&path).expect("a sound seed")
});

/// Whatever the lines, a file is refused in a few words without its content, or it is whole and gives a segment that holds,
/// the same each time; a file that is whole is refused when its end is missing.
pub fn body(octets: &[u8]) {
    // Octets that are no gzip, or a damaged one, are none of ours to unpack first.
    if let Err(error) = Delta::begin(octets) {
        told(&error);
    }
    let Some(changes) = whole(octets) else {
        return;
    };
    if let Some(line) = octets.strip_suffix(b"\n") {
        assert!(whole(line).is_none(), "a last line without its end");
        let cut = line.iter().rposition(|octet| *octet == b'\n');
        let cut = cut.map_or(0, |at| at + 1);
        assert!(whole(&octets[..cut]).is_none(), "no last line");
    }
    let folder = crate::scratch("delta");
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let once = amended(&folder, octets);
    if let Some((root, people)) = &once {
        let gone = changes.gone.iter().filter(|id| !id.is_empty());
        for id in gone.filter(|id| !changes.text.contains(id.as_str())) {
            assert!(!people.contains(id), "somebody who left is there");
        }
        let again = amended(&folder, octets).map(|(root, _)| root);
        assert_eq!(again, Some(*root), "the same file, the same segment");
    }
}

/// Whether the seeds go all the way, into a segment: for the test that looks after them.
#[must_use]
pub fn is_applied(octets: &[u8]) -> bool {
    let folder = crate::scratch("delta");
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    whole(octets).is_some() && amended(&folder, octets).is_some()
}

/// What a file that is whole says.
struct Changes {
    /// Who leaves.
    gone: Vec<String>,
    /// All records: whoever is named in one may be there.
    text: String,
}

fn pack(lines: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::none());
    gzip.write_all(lines).expect("memory");
    gzip.finish().expect("memory")
}

/// Reads the file to its end; `None` when it is refused.
fn whole(lines: &[u8]) -> Option<Changes> {
    let packed = pack(lines);
    let mut delta = Delta::begin(&packed[..])
        .map_err(|error| told(&error))
        .ok()?;
    let header = delta.header().clone();
    let mut changes = Changes {
        gone: Vec::new(),
        text: String::new(),
    };
    let mut count = 0;
    while let Some(change) = delta.next().map_err(|error| told(&error)).ok()? {
        count += 1;
        match change.amendment("file") {
            Amendment::Record { raw, .. } => changes.text.push_str(raw),
            Amendment::RemovePerson(id) => changes.gone.push(id.to_owned()),
            _ => {}
        }
    }
    assert_eq!(delta.changes(), count);
    let lines = lines.iter().filter(|octet| **octet == b'\n').count() as u64;
    assert_eq!(
        count + 2,
        lines,
        "each line is one change, but the first and the last"
    );
    let base = BASE.head();
    let due = header.ent == base.ent
        && header.degree == base.degree
        && header.base == base.delivered
        && header.sequence == base.sequence + 1;
    assert_eq!(header.follows(base).is_ok(), due);
    Some(changes)
}

/// The root of the segment that the file gives on the sound one, and who is in it. The number in the header is for
/// whoever collects: here every file is tried.
fn amended(folder: &Path, lines: &[u8]) -> Option<([u8; 32], Vec<String>)> {
    let packed = pack(lines);
    let mut delta = Delta::begin(&packed[..]).expect("a file that is whole");
    let mut observe = Unobserved;
    let options = Options::new(folder);
    let mut amend =
        Amend::new(&BASE, Meaning::Replace, &options, &mut observe).expect("a sound seed");
    while let Some(change) = delta.next().expect("a file that is whole") {
        if let Err(error) = amend.apply(change.amendment("file")) {
            assert!(error.is_refusal(), "{error}");
            return None;
        }
    }
    let out = folder.join("out");
    let head = Head {
        sequence: 1,
        ..BASE.head().clone()
    };
    if let Err(error) = amend.finish(head, "file", &out) {
        assert!(error.is_refusal(), "{error}");
        return None;
    }
    let segment = Segment::open(&out).expect("a segment");
    segment.check().expect("a segment that holds");
    let mut people = Vec::new();
    let mut walk = segment.people();
    while let Some(person) = walk.next().expect("a segment that holds") {
        people.push(person.id.to_owned());
    }
    Some((segment.root(), people))
}

/// Says why in a few words; what stands in the file is not among them, whatever its length.
fn told(error: &DeltaError) {
    assert!(error.to_string().len() < 300, "{error}");
}
