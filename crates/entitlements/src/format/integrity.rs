//! The tree of hashes: SHA-256 of each 1 MiB chunk of the body, and one root over header and chunk hashes.
//!
//! `root = SHA-256(octets 0..4096 with the root field zero ‖ chunk hashes)`. The chunks cover everything between the
//! page of the header and the chunk hashes, padding included, so that every octet of the file counts.

use std::num::NonZero;
use std::thread;

use aws_lc_rs::digest::{Context, SHA256, digest};

use super::header::{BODY, HASHES, ROOT};
use crate::SnapshotError;

/// Octets of a chunk; the last may be shorter.
pub(crate) const CHUNK: usize = 1 << 20;
/// Octets of a hash.
pub(crate) const HASH: usize = 32;
/// Threads that check chunks at most: more only fight for memory bandwidth.
const MAX_THREADS: usize = 8;

/// SHA-256.
pub(crate) fn sha256(octets: &[u8]) -> [u8; HASH] {
    let mut hash = [0; HASH];
    hash.copy_from_slice(digest(&SHA256, octets).as_ref());
    hash
}

/// The root over the first page, whose root field counts as zero, and the chunk hashes.
pub(crate) fn root(first_page: &[u8], hashes: &[u8]) -> [u8; HASH] {
    let mut context = Context::new(&SHA256);
    context.update(&first_page[..ROOT.start.min(first_page.len())]);
    context.update(&[0; HASH]);
    context.update(first_page.get(ROOT.end..).unwrap_or_default());
    context.update(hashes);
    let mut hash = [0; HASH];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// Checks the root, then every chunk on several threads; this also brings every page of a mapping into memory.
pub(crate) fn verify(
    file: &[u8],
    hashes_at: usize,
    expected: &[u8; HASH],
) -> Result<(), SnapshotError> {
    let (head, hashes) = file
        .split_at_checked(hashes_at)
        .ok_or(SnapshotError::Truncated)?;
    let (page, body) = head
        .split_at_checked(BODY)
        .ok_or(SnapshotError::Truncated)?;
    if hashes.len() != body.len().div_ceil(CHUNK) * HASH || root(page, hashes) != *expected {
        return Err(SnapshotError::RootMismatch);
    }
    let chunks: Vec<(usize, &[u8], &[u8])> = body
        .chunks(CHUNK)
        .zip(hashes.chunks_exact(HASH))
        .enumerate()
        .map(|(number, (chunk, hash))| (number, chunk, hash))
        .collect();
    let threads = thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(MAX_THREADS);
    let share = chunks.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let workers: Vec<_> = chunks
            .chunks(share)
            .map(|share| {
                scope.spawn(move || {
                    share
                        .iter()
                        .find(|(_, chunk, hash)| sha256(chunk) != **hash)
                        .map(|(number, ..)| *number)
                })
            })
            .collect();
        for worker in workers {
            match worker.join() {
                Ok(None) => {}
                Ok(Some(chunk)) => return Err(SnapshotError::ChunkMismatch { chunk }),
                Err(_) => return Err(SnapshotError::RootMismatch),
            }
        }
        Ok(())
    })
}

/// Makes the hashes of a file match its content, whatever that is: for tests and fuzzing behind the hashes.
///
/// Proves nothing to anybody: an unkeyed hash can always be computed. Does nothing to what is no snapshot.
pub fn repair_hashes(file: &mut [u8]) {
    let Some((page, rest)) = file.split_at_mut_checked(BODY) else {
        return;
    };
    let Some(at) = page
        .get(HASHES)
        .and_then(|field| field.try_into().ok().map(u64::from_le_bytes))
        .and_then(|at| usize::try_from(at).ok())
        .and_then(|at| at.checked_sub(BODY))
    else {
        return;
    };
    let Some((body, hashes)) = rest.split_at_mut_checked(at) else {
        return;
    };
    for (chunk, hash) in body.chunks(CHUNK).zip(hashes.chunks_exact_mut(HASH)) {
        hash.copy_from_slice(&sha256(chunk));
    }
    let root = root(page, hashes);
    page[ROOT].copy_from_slice(&root);
}
