//! The hashes of a snapshot before its content: what a copy over a network is checked against while it arrives.
//!
//! The first page and the chunk hashes at the end give the root; each chunk then proves itself alone, so that a
//! transfer can be resumed at any chunk, and a damaged octet is found within one MiB. Nothing here trusts the root
//! itself: the caller compares it with the one that a signed manifest names.

use std::ops::Range;

use super::header::{BODY, HASHES, MAGIC, ROOT};
use super::integrity::{CHUNK, HASH, root, sha256};
use crate::SnapshotError;
use crate::snapshot::hex;

/// Where the pieces of a snapshot file stand and what each must hash to.
#[derive(Debug, Clone)]
pub struct Outline {
    first_page: Vec<u8>,
    hashes: Vec<u8>,
    hashes_at: u64,
}

/// Octets that [`Outline::tail`] needs: the first page of the file.
pub const FIRST_PAGE: u64 = BODY as u64;

impl Outline {
    /// Where the chunk hashes stand in a file of `length` octets that begins with `first_page`.
    ///
    /// # Errors
    /// [`SnapshotError`] when this is no snapshot's first page or the length is not the one that it tells.
    pub fn tail(first_page: &[u8], length: u64) -> Result<Range<u64>, SnapshotError> {
        if first_page.len() != BODY {
            return Err(SnapshotError::Truncated);
        }
        if first_page.get(..MAGIC.len()) != Some(&MAGIC) {
            return Err(SnapshotError::WrongMagic);
        }
        let at = first_page
            .get(HASHES)
            .and_then(|field| field.try_into().ok().map(u64::from_le_bytes))
            .ok_or(SnapshotError::Truncated)?;
        let body = at
            .checked_sub(FIRST_PAGE)
            .ok_or(SnapshotError::BadSectionTable)?;
        let hashes = body.div_ceil(CHUNK as u64) * HASH as u64;
        if at.checked_add(hashes) != Some(length) {
            return Err(SnapshotError::Truncated);
        }
        Ok(at..length)
    }

    /// Puts first page and chunk hashes together and checks that they give the root which the page tells.
    ///
    /// # Errors
    /// [`SnapshotError::RootMismatch`], or those of [`Self::tail`].
    pub fn new(first_page: Vec<u8>, hashes: Vec<u8>, length: u64) -> Result<Self, SnapshotError> {
        let tail = Self::tail(&first_page, length)?;
        if hashes.len() as u64 != tail.end - tail.start
            || first_page.get(ROOT) != Some(root(&first_page, &hashes).as_slice())
        {
            return Err(SnapshotError::RootMismatch);
        }
        Ok(Self {
            first_page,
            hashes,
            hashes_at: tail.start,
        })
    }

    /// Root hash, lower-case hex: the content address.
    #[must_use]
    pub fn digest(&self) -> String {
        hex(self.first_page.get(ROOT).unwrap_or_default())
    }

    /// The first page.
    #[must_use]
    pub fn first_page(&self) -> &[u8] {
        &self.first_page
    }

    /// The chunk hashes, as they stand at the end of the file.
    #[must_use]
    pub fn hashes(&self) -> &[u8] {
        &self.hashes
    }

    /// How many chunks there are.
    #[must_use]
    pub fn chunks(&self) -> usize {
        self.hashes.len() / HASH
    }

    /// Where a chunk stands in the file; empty past the last.
    #[must_use]
    pub fn chunk(&self, number: usize) -> Range<u64> {
        let start = (FIRST_PAGE + number as u64 * CHUNK as u64).min(self.hashes_at);
        start..(start + CHUNK as u64).min(self.hashes_at)
    }

    /// Checks the octets of one chunk.
    ///
    /// # Errors
    /// [`SnapshotError::ChunkMismatch`].
    pub fn check(&self, number: usize, octets: &[u8]) -> Result<(), SnapshotError> {
        let expected = self.hashes.chunks_exact(HASH).nth(number);
        if expected == Some(sha256(octets).as_slice()) {
            Ok(())
        } else {
            Err(SnapshotError::ChunkMismatch { chunk: number })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repair_hashes;

    fn file(body: usize) -> Vec<u8> {
        let hashes = body.div_ceil(CHUNK) * HASH;
        let mut file = vec![7_u8; BODY + body + hashes];
        file[..MAGIC.len()].copy_from_slice(&MAGIC);
        file[HASHES].copy_from_slice(&((BODY + body) as u64).to_le_bytes());
        repair_hashes(&mut file);
        file
    }

    fn outline(file: &[u8]) -> Result<Outline, SnapshotError> {
        let length = file.len() as u64;
        let tail = Outline::tail(&file[..BODY], length)?;
        let tail = file[tail.start as usize..].to_vec();
        Outline::new(file[..BODY].to_vec(), tail, length)
    }

    #[test]
    fn every_chunk_proves_itself_alone() {
        let mut file = file(2 * CHUNK + 100);
        let found = outline(&file).unwrap();
        assert_eq!(found.chunks(), 3);
        let at = |number: usize| {
            let range = found.chunk(number);
            range.start as usize..range.end as usize
        };
        for number in 0..3 {
            found.check(number, &file[at(number)]).unwrap();
        }
        assert_eq!(at(2).len(), 100);
        assert!(found.chunk(3).is_empty() && found.check(3, b"").is_err());
        file[BODY + CHUNK] ^= 1;
        found.check(0, &file[at(0)]).unwrap();
        assert!(matches!(
            found.check(1, &file[at(1)]),
            Err(SnapshotError::ChunkMismatch { chunk: 1 })
        ));
    }

    #[test]
    fn a_page_or_hashes_of_another_file_are_refused() {
        let good = file(CHUNK);
        for at in [40, ROOT.start, good.len() - 1] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert!(outline(&bad).is_err(), "octet {at}");
        }
        assert!(matches!(
            Outline::tail(&good[..BODY], good.len() as u64 - 1),
            Err(SnapshotError::Truncated)
        ));
        assert!(matches!(
            Outline::tail(&good[..BODY - 1], good.len() as u64),
            Err(SnapshotError::Truncated)
        ));
    }
}
