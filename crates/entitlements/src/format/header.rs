//! The header and the table of sections.

use super::{FORMAT_VERSION, Section};
use crate::SnapshotError;

/// First octets of every snapshot. The first is not ASCII and the last is a line feed, so that a transfer in text mode
/// is noticed.
pub(crate) const MAGIC: [u8; 8] = *b"\x89OCTROI\n";
/// Octets of the header, before the table of sections.
pub(crate) const HEADER: usize = 160;
/// Octets of an entry in the table of sections.
const ENTRY: usize = 24;
/// Where the root hash stands in the header.
pub(crate) const ROOT: std::ops::Range<usize> = 96..128;
/// Where the header says where the chunk hashes begin.
pub(crate) const HASHES: std::ops::Range<usize> = 128..136;
/// Sections begin at a multiple of this, so that a bucket is one cache line.
pub(crate) const ALIGN: usize = 64;
/// The first section begins here: one page for header and table.
pub(crate) const BODY: usize = 4096;

/// What the header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) generation: u64,
    pub(crate) built_at: i64,
    pub(crate) overlay_sequence: u64,
    pub(crate) key: [u8; 16],
    pub(crate) sources: [u8; 32],
    pub(crate) root: [u8; 32],
    /// Where the chunk hashes begin; they end with the file.
    pub(crate) hashes: usize,
}

/// Where a section stands in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) length: usize,
}

/// One span for each of [`Section::ALL`].
pub(crate) type Spans = [Span; Section::ALL.len()];

/// Writes header and table of sections: exactly [`BODY`] octets.
pub(crate) fn write(header: &Header, spans: &Spans, file_length: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(BODY);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    out.extend_from_slice(&(Section::ALL.len() as u32).to_le_bytes());
    out.extend_from_slice(&(file_length as u64).to_le_bytes());
    out.extend_from_slice(&header.generation.to_le_bytes());
    out.extend_from_slice(&header.built_at.to_le_bytes());
    out.extend_from_slice(&header.overlay_sequence.to_le_bytes());
    out.extend_from_slice(&header.key);
    out.extend_from_slice(&header.sources);
    out.extend_from_slice(&header.root);
    out.extend_from_slice(&(header.hashes as u64).to_le_bytes());
    out.resize(HEADER, 0);
    for (section, span) in Section::ALL.into_iter().zip(spans) {
        out.extend_from_slice(&(section as u32).to_le_bytes());
        out.extend_from_slice(&(section.record_size() as u32).to_le_bytes());
        out.extend_from_slice(&(span.start as u64).to_le_bytes());
        out.extend_from_slice(&(span.length as u64).to_le_bytes());
    }
    out.resize(BODY, 0);
    out
}

/// Reads and checks header and table of a file of `file_length` octets that begins with `file`: every span is in the
/// file, in order, aligned, and a whole number of records.
pub(crate) fn read(file: &[u8], file_length: usize) -> Result<(Header, Spans), SnapshotError> {
    if file.get(..MAGIC.len()) != Some(&MAGIC) {
        return Err(SnapshotError::WrongMagic);
    }
    let mut fields = Fields(
        file.get(MAGIC.len()..BODY)
            .ok_or(SnapshotError::Truncated)?,
    );
    let version = fields.u32()?;
    if version != FORMAT_VERSION {
        return Err(SnapshotError::UnknownVersion { found: version });
    }
    let sections = fields.u32()? as usize;
    let length = fields.u64()?;
    if length != file_length as u64 {
        return Err(SnapshotError::Truncated);
    }
    let header = Header {
        generation: fields.u64()?,
        built_at: fields.u64()?.cast_signed(),
        overlay_sequence: fields.u64()?,
        key: fields.take()?,
        sources: fields.take()?,
        root: fields.take()?,
        hashes: fields.offset()?,
    };
    if sections != Section::ALL.len() || header.hashes < BODY || header.hashes > file_length {
        return Err(SnapshotError::BadSectionTable);
    }
    let mut spans = Spans::default();
    let mut table = Fields(file.get(HEADER..BODY).ok_or(SnapshotError::Truncated)?);
    let mut free_from = BODY;
    for (section, span) in Section::ALL.into_iter().zip(&mut spans) {
        let mut entry = Fields(table.take_slice(ENTRY)?);
        let named =
            entry.u32()? == section as u32 && entry.u32()? as usize == section.record_size();
        let (start, length) = (entry.offset()?, entry.offset()?);
        let fits = start >= free_from
            && start.is_multiple_of(ALIGN)
            && length.is_multiple_of(section.record_size())
            && start
                .checked_add(length)
                .is_some_and(|end| end <= header.hashes);
        if !named || !fits {
            return Err(SnapshotError::BadSectionTable);
        }
        free_from = start + length;
        *span = Span { start, length };
    }
    Ok((header, spans))
}

struct Fields<'f>(&'f [u8]);

impl<'f> Fields<'f> {
    fn take_slice(&mut self, count: usize) -> Result<&'f [u8], SnapshotError> {
        let (head, rest) = self
            .0
            .split_at_checked(count)
            .ok_or(SnapshotError::Truncated)?;
        self.0 = rest;
        Ok(head)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], SnapshotError> {
        let (head, rest) = self.0.split_first_chunk().ok_or(SnapshotError::Truncated)?;
        self.0 = rest;
        Ok(*head)
    }

    fn u32(&mut self) -> Result<u32, SnapshotError> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, SnapshotError> {
        self.take().map(u64::from_le_bytes)
    }

    fn offset(&mut self) -> Result<usize, SnapshotError> {
        usize::try_from(self.u64()?).map_err(|_| SnapshotError::BadSectionTable)
    }
}

/// Header and table fit into their page.
const _: () = assert!(HEADER + Section::ALL.len() * ENTRY <= BODY);
