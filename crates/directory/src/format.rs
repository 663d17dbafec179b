//! The layout of a segment: header, blocks, table of blocks (`docs/collect.md`, "The segment").
//!
//! The root hash covers header and table, the table holds the hash of every block: what was read through a checked
//! block is what was written.

use aws_lc_rs::digest::{SHA256, digest};

use crate::kinds::{Counts, Degree, Head, MAX_ENT, Stamp, is_ent_code};
use crate::record::MAX_ID;
use crate::varint::{self, Octets};

/// First octets of every segment.
pub(crate) const MAGIC: [u8; 8] = *b"\x89OCTSEG\n";
/// The version that this module reads and writes.
pub const SEGMENT_VERSION: u32 = 1;
/// Octets of the header.
pub(crate) const HEADER: usize = 256;
/// Octets after which a block is closed.
pub(crate) const BLOCK: usize = 256 * 1024;
/// Octets of the longest block: a block that is not full yet and the longest record.
pub(crate) const MAX_BLOCK: usize = 2 * 1024 * 1024;
/// Octets of the longest record.
pub(crate) const MAX_RECORD: usize = MAX_BLOCK - BLOCK;
/// Octets of the longest table of blocks: fewer than a million blocks, 256 GiB.
const MAX_TABLE: u32 = 1 << 30;
/// Where the root hash stands in the header.
const ROOT: std::ops::Range<usize> = 224..256;

/// Where the degree stands in the header; then come the length of the code of the ENT project, and the code.
const DEGREE: usize = 128;

/// SHA-256.
pub(crate) fn sha256(octets: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, octets).as_ref());
    out
}

/// What kind of records a block holds. Blocks stand in the order of their kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Kind {
    Schools = 0,
    Groups = 1,
    Codes = 2,
    Courses = 3,
    People = 4,
    Managers = 5,
}

impl Kind {
    const ALL: [Self; 6] = [
        Self::Schools,
        Self::Groups,
        Self::Codes,
        Self::Courses,
        Self::People,
        Self::Managers,
    ];

    /// What one record is.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Schools => "school",
            Self::Groups => "group",
            Self::Codes => "code",
            Self::Courses => "course",
            Self::People => "person",
            Self::Managers => "manager",
        }
    }
}

/// One block, as the table tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) kind: Kind,
    pub(crate) offset: u64,
    pub(crate) length: u32,
    pub(crate) records: u32,
    pub(crate) hash: [u8; 32],
    /// For people and managers: the first identifier.
    pub(crate) first: String,
}

/// Header and table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) head: Head,
    pub(crate) counts: Counts,
    pub(crate) blocks: Vec<Block>,
    pub(crate) root: [u8; 32],
}

/// Writes the table of blocks.
pub(crate) fn write_table(blocks: &[Block]) -> Vec<u8> {
    let mut out = Vec::new();
    for block in blocks {
        out.push(block.kind as u8);
        varint::put(&mut out, block.length);
        varint::put(&mut out, block.records);
        out.extend_from_slice(&block.hash);
        varint::put_text(&mut out, &block.first);
    }
    out
}

/// Writes the header and answers the root hash.
pub(crate) fn write_header(
    head: &Head,
    counts: &Counts,
    blocks: u32,
    table_at: u64,
    table: &[u8],
) -> ([u8; HEADER], [u8; 32]) {
    let mut out = Vec::with_capacity(HEADER + table.len());
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&SEGMENT_VERSION.to_le_bytes());
    out.extend_from_slice(&blocks.to_le_bytes());
    out.extend_from_slice(&(table_at + table.len() as u64).to_le_bytes());
    out.extend_from_slice(&table_at.to_le_bytes());
    out.extend_from_slice(&head.delivered.number().to_le_bytes());
    out.extend_from_slice(&head.sequence.to_le_bytes());
    out.extend_from_slice(&head.source);
    for count in [counts.schools, counts.groups, counts.codes, counts.managers] {
        out.extend_from_slice(&count.to_le_bytes());
    }
    out.extend_from_slice(&counts.people.to_le_bytes());
    out.extend_from_slice(&counts.affiliations.to_le_bytes());
    out.extend_from_slice(&counts.courses.to_le_bytes());
    out.resize(DEGREE, 0);
    out.push(head.degree as u8);
    out.push(head.ent.len() as u8);
    out.extend_from_slice(head.ent.as_bytes());
    out.resize(HEADER, 0);
    out.extend_from_slice(table);
    let root = sha256(&out);
    let mut header = [0; HEADER];
    header.copy_from_slice(&out[..HEADER]);
    header[ROOT].copy_from_slice(&root);
    (header, root)
}

/// Why a header is refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    NotASegment,
    Version(u32),
    Length(u64),
    Damaged,
}

/// Where the table stands, from a header whose hash is not known yet.
pub(crate) fn table_span(header: &[u8; HEADER], length: u64) -> Result<(u64, usize), Refused> {
    if header[..8] != MAGIC {
        return Err(Refused::NotASegment);
    }
    let version = u32_at(header, 8);
    if version != SEGMENT_VERSION {
        return Err(Refused::Version(version));
    }
    let (end, at) = (u64_at(header, 16), u64_at(header, 24));
    if end != length {
        return Err(Refused::Length(end));
    }
    match end.checked_sub(at) {
        Some(table) if at >= HEADER as u64 && table <= u64::from(MAX_TABLE) => {
            Ok((at, table as usize))
        }
        _ => Err(Refused::Damaged),
    }
}

/// Reads header and table after checking their hash.
pub(crate) fn read(header: &[u8; HEADER], table: &[u8]) -> Option<Layout> {
    let mut covered = Vec::with_capacity(HEADER + table.len());
    covered.extend_from_slice(header);
    covered[ROOT].fill(0);
    covered.extend_from_slice(table);
    let root = sha256(&covered);
    if root[..] != header[ROOT] {
        return None;
    }
    let ent_length = usize::from(header[DEGREE + 1]);
    let after = DEGREE + 2 + ent_length;
    if ent_length > MAX_ENT || header[after..ROOT.start].iter().any(|o| *o != 0) {
        return None;
    }
    let ent = std::str::from_utf8(&header[DEGREE + 2..after]).ok()?;
    let layout = Layout {
        head: Head {
            ent: is_ent_code(ent).then(|| ent.to_owned())?,
            degree: Degree::ALL.get(usize::from(header[DEGREE])).copied()?,
            delivered: Stamp::from_number(u64_at(header, 32))?,
            sequence: u64_at(header, 40),
            source: header[48..80].try_into().ok()?,
        },
        counts: Counts {
            schools: u32_at(header, 80),
            groups: u32_at(header, 84),
            codes: u32_at(header, 88),
            managers: u32_at(header, 92),
            people: u64_at(header, 96),
            affiliations: u64_at(header, 104),
            courses: u32_at(header, 112),
        },
        blocks: read_table(table, u32_at(header, 12), u64_at(header, 24))?,
        root,
    };
    let of = |kind: Kind| -> u64 {
        let blocks = layout.blocks.iter().filter(|block| block.kind == kind);
        blocks.map(|block| u64::from(block.records)).sum()
    };
    let counts = &layout.counts;
    (of(Kind::Schools) == u64::from(counts.schools)
        && of(Kind::Groups) == u64::from(counts.groups)
        && of(Kind::Codes) == u64::from(counts.codes)
        && of(Kind::Courses) == u64::from(counts.courses)
        && of(Kind::Managers) == u64::from(counts.managers)
        && of(Kind::People) == counts.people
        && header[116..DEGREE].iter().all(|octet| *octet == 0))
    .then_some(layout)
}

fn read_table(table: &[u8], count: u32, end: u64) -> Option<Vec<Block>> {
    let mut octets = Octets(table);
    let mut blocks = Vec::new();
    let mut offset = HEADER as u64;
    for _ in 0..count {
        let kind = Kind::ALL.get(usize::from(octets.octet()?)).copied()?;
        let block = Block {
            kind,
            offset,
            length: octets.number().filter(|n| *n as usize <= MAX_BLOCK)?,
            records: octets.number().filter(|n| *n > 0)?,
            hash: octets.take(32)?.try_into().ok()?,
            first: octets.text().filter(|id| id.len() <= MAX_ID)?.to_owned(),
        };
        if blocks.last().is_some_and(|last: &Block| last.kind > kind) {
            return None;
        }
        offset += u64::from(block.length);
        blocks.push(block);
    }
    (octets.0.is_empty() && offset == end).then_some(blocks)
}

/// Makes the hashes of damaged octets fit again, as far as a table can be found in them. For tests: what is behind the hashes
/// must hold by itself.
pub fn repair_hashes(octets: &mut [u8]) {
    let length = octets.len() as u64;
    let Some(header) = octets.first_chunk::<HEADER>() else {
        return;
    };
    let Ok((at, _)) = table_span(header, length) else {
        return;
    };
    let (content, table) = octets.split_at_mut(at as usize);
    let mut entry = 0;
    let mut from = HEADER;
    while let Some(rest) = table.get(entry..).filter(|rest| !rest.is_empty()) {
        let mut read = Octets(rest);
        let (Some(_), Some(block), Some(_)) = (read.octet(), read.number(), read.number()) else {
            break;
        };
        let hash = entry + rest.len() - read.0.len();
        if read.take(32).is_none() || read.text().is_none() {
            break;
        }
        entry += rest.len() - read.0.len();
        let to = from.saturating_add(block as usize).min(content.len());
        table[hash..hash + 32].copy_from_slice(&sha256(content.get(from..to).unwrap_or_default()));
        from = to;
    }
    content[ROOT].fill(0);
    let root = sha256(&[&content[..HEADER], table].concat());
    content[ROOT].copy_from_slice(&root);
}

fn u32_at(octets: &[u8; HEADER], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&octets[at..at + 4]);
    u32::from_le_bytes(word)
}

fn u64_at(octets: &[u8; HEADER], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&octets[at..at + 8]);
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout() -> (Layout, Vec<u8>, [u8; HEADER]) {
        let head = Head {
            ent: "B0".into(),
            degree: Degree::First,
            delivered: "20261127_031500".parse().unwrap(),
            sequence: 7,
            source: [9; 32],
        };
        let counts = Counts {
            schools: 3,
            people: 5,
            affiliations: 6,
            ..Counts::default()
        };
        let block = |kind, offset, length, records, first: &str| Block {
            kind,
            offset,
            length,
            records,
            hash: [records as u8; 32],
            first: first.into(),
        };
        let blocks = vec![
            block(Kind::Schools, 256, 40, 3, ""),
            block(Kind::People, 296, 300, 5, "p1"),
        ];
        let table = write_table(&blocks);
        let (header, root) = write_header(&head, &counts, 2, 596, &table);
        let layout = Layout {
            head,
            counts,
            blocks,
            root,
        };
        (layout, table, header)
    }

    #[test]
    fn header_and_table_come_back() {
        let (layout, table, header) = layout();
        assert_eq!(
            table_span(&header, 596 + table.len() as u64),
            Ok((596, table.len()))
        );
        assert_eq!(read(&header, &table), Some(layout));
    }

    #[test]
    fn every_octet_counts() {
        let (_, table, header) = layout();
        for at in 0..HEADER {
            let mut changed = header;
            changed[at] ^= 1;
            assert_eq!(read(&changed, &table), None, "octet {at}");
        }
        for at in 0..table.len() {
            let mut changed = table.clone();
            changed[at] ^= 1;
            assert_eq!(read(&header, &changed), None, "octet {at} of the table");
        }
    }

    #[test]
    fn a_false_span_is_refused() {
        let (_, table, header) = layout();
        let length = 596 + table.len() as u64;
        assert_eq!(
            table_span(&header, length - 1),
            Err(Refused::Length(length))
        );
        let with = |at: usize, value: u64| {
            let mut changed = header;
            changed[at..at + 8].copy_from_slice(&value.to_le_bytes());
            table_span(&changed, length)
        };
        assert_eq!(with(0, 0), Err(Refused::NotASegment));
        assert_eq!(with(8, 2), Err(Refused::Version(2)));
        for at in [0, 255, length + 1, u64::MAX] {
            assert_eq!(with(24, at), Err(Refused::Damaged), "table at {at}");
        }
    }
}
