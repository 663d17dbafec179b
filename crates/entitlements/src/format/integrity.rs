//! The tree of hashes: SHA-256 of each 1 MiB chunk of the body, and one root over header and chunk hashes.
//!
//! `root = SHA-256(octets 0..4096 with the root field zero ‖ chunk hashes)`. The chunks cover everything between the
//! page of the header and the chunk hashes, padding included, so that every octet of the file counts.

use std::fs::File;
use std::io;
use std::num::NonZero;
use std::os::unix::fs::FileExt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256, digest};

use super::header::{BODY, HASHES, Header, ROOT};
use crate::SnapshotError;

/// Octets of a chunk; the last may be shorter.
pub(crate) const CHUNK: usize = 1 << 20;
/// Octets read or written in one call. The kernel copies them without giving the processor to anybody: an access beside it
/// would wait for a whole chunk.
pub(crate) const PIECE: usize = 1 << 16;
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

/// Checks the root, then every chunk on several threads.
pub(crate) fn verify(file: &[u8], header: &Header) -> Result<(), SnapshotError> {
    let (head, hashes) = file
        .split_at_checked(header.hashes)
        .ok_or(SnapshotError::Truncated)?;
    let (page, body) = head
        .split_at_checked(BODY)
        .ok_or(SnapshotError::Truncated)?;
    check_root(page, body.len(), hashes, header)?;
    let chunks = body.chunks(CHUNK).zip(hashes.chunks_exact(HASH));
    each_chunk(chunks, Pace::Whole, |(chunk, hash)| {
        Ok(sha256(chunk) == *hash)
    })
}

/// How hard the machine is worked while a body is built, fetched or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As fast as it goes, on several threads: nobody is served yet, or somebody waits.
    Whole,
    /// Beside accesses: one thread, which rests after each MiB for longer than it has worked, so that a processor, its caches
    /// and the memory are theirs most of the time. A body of 1 GiB takes 6 s instead of 1 s.
    Beside,
}

impl Pace {
    /// How long to rest after a MiB; reading and hashing one takes 1 to 2 ms.
    #[must_use]
    pub fn rest(self) -> Duration {
        match self {
            Self::Whole => Duration::ZERO,
            Self::Beside => Duration::from_millis(4),
        }
    }
}

/// Reads a file into `memory`, which has its length and first page, and checks the root, then every chunk as it comes, on
/// several threads unless the pace is gentle: each reads and hashes a chunk while it is in the processor's cache.
pub(crate) fn load(
    file: &File,
    memory: &mut [u8],
    header: &Header,
    pace: Pace,
) -> Result<(), SnapshotError> {
    let (head, hashes) = memory
        .split_at_mut_checked(header.hashes)
        .ok_or(SnapshotError::Truncated)?;
    let (page, body) = head
        .split_at_mut_checked(BODY)
        .ok_or(SnapshotError::Truncated)?;
    file.read_exact_at(hashes, header.hashes as u64)?;
    check_root(page, body.len(), hashes, header)?;
    let starts = (BODY as u64..).step_by(CHUNK);
    let chunks = body.chunks_mut(CHUNK).zip(hashes.chunks_exact(HASH));
    each_chunk(starts.zip(chunks), pace, |(start, (chunk, hash))| {
        read_in_pieces(file, chunk, start)?;
        let holds = sha256(chunk) == *hash;
        thread::sleep(pace.rest());
        Ok(holds)
    })
}

/// As `read_exact_at`.
fn read_in_pieces(file: &File, octets: &mut [u8], start: u64) -> io::Result<()> {
    let starts = (start..).step_by(PIECE);
    let mut pieces = starts.zip(octets.chunks_mut(PIECE));
    pieces.try_for_each(|(start, piece)| file.read_exact_at(piece, start))
}

/// As `write_all_at`, a [`PIECE`] at a time.
///
/// # Errors
/// Of the disk; some pieces may be written then.
pub fn write_in_pieces(file: &File, octets: &[u8], start: u64) -> io::Result<()> {
    let starts = (start..).step_by(PIECE);
    let mut pieces = starts.zip(octets.chunks(PIECE));
    pieces.try_for_each(|(start, piece)| file.write_all_at(piece, start))
}

fn check_root(
    page: &[u8],
    body: usize,
    hashes: &[u8],
    header: &Header,
) -> Result<(), SnapshotError> {
    if hashes.len() != body.div_ceil(CHUNK) * HASH || root(page, hashes) != header.root {
        return Err(SnapshotError::RootMismatch);
    }
    Ok(())
}

/// Hands every chunk to one of several threads; the first whose hash is wrong, or that cannot be read, ends it.
fn each_chunk<C: Send>(
    chunks: impl Iterator<Item = C> + Send,
    pace: Pace,
    holds: impl Fn(C) -> Result<bool, SnapshotError> + Sync,
) -> Result<(), SnapshotError> {
    let threads = match pace {
        Pace::Beside => 1,
        Pace::Whole => thread::available_parallelism()
            .map_or(1, NonZero::get)
            .min(MAX_THREADS),
    };
    let chunks = Mutex::new(chunks.enumerate());
    let wrong = AtomicBool::new(false);
    let work = || -> Result<(), SnapshotError> {
        while !wrong.load(Ordering::Relaxed) {
            let next = match chunks.lock() {
                Ok(mut chunks) => chunks.next(),
                // Another thread has given up in the middle of taking one.
                Err(_) => return Err(SnapshotError::RootMismatch),
            };
            let Some((number, chunk)) = next else {
                break;
            };
            if !holds(chunk)? {
                wrong.store(true, Ordering::Relaxed);
                return Err(SnapshotError::ChunkMismatch { chunk: number });
            }
        }
        Ok(())
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let ended = workers.into_iter().map(|worker| {
            // A thread that ended without an answer has checked nothing.
            worker.join().unwrap_or(Err(SnapshotError::RootMismatch))
        });
        ended.collect()
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
