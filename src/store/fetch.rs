//! Fetching a body: in pieces of a few MiB, each checked before it is written, resumed where it stopped.
//!
//! First come the first page and the chunk hashes, which must give the root that the manifest names; then each chunk
//! proves itself. What was written by an earlier attempt is checked again and kept. The file appears under its own
//! name, mode 0400, by rename, when all of it is on the disk.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use octroi_entitlements::{FIRST_PAGE, Outline, Pace, SnapshotError, write_in_pieces};

use super::manifest::BodyFacts;
use super::remote::{Remote, StoreError};

/// Chunks asked for at once: what a fetch holds in memory, in MiB.
const AT_ONCE: usize = 4;
/// A damaged piece is asked for so often: the damage may be the network's.
const ATTEMPTS: u32 = 3;

/// Why a body did not arrive.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The store cannot be reached: to be tried again, from where it stopped.
    #[error(transparent)]
    Away(#[from] StoreError),
    /// The store does not have it.
    #[error("the store does not have {0}")]
    Missing(String),
    /// What the store has is not what the manifest names.
    #[error("{name}: {error}")]
    Damaged {
        /// Which object.
        name: String,
        /// What does not fit.
        error: SnapshotError,
    },
    /// Its length is not the one that the manifest tells.
    #[error("{name} has {found} octets, the manifest says {expected}")]
    Length {
        /// Which object.
        name: String,
        /// Its length.
        found: u64,
        /// The manifest's.
        expected: u64,
    },
}

/// Name of a body in the store.
#[must_use]
pub fn body_name(root: &str) -> String {
    format!("bodies/{root}.octroi")
}

/// Fetches `body` to `part`, which may hold what an earlier attempt wrote; when this returns, all of it is checked and
/// on the disk. `pace` is for what else the machine does.
///
/// # Errors
/// [`FetchError`]; `part` keeps what was good.
pub async fn fetch(
    remote: &Remote,
    body: &BodyFacts,
    part: &Path,
    pace: Pace,
) -> Result<(), FetchError> {
    let name = body_name(&body.root);
    let found = remote.length(&name).await?;
    let found = found.ok_or_else(|| FetchError::Missing(name.clone()))?;
    if found != body.bytes {
        return Err(FetchError::Length {
            name,
            found,
            expected: body.bytes,
        });
    }
    let outline = outline(remote, &name, body).await?;
    let told = || StoreError::file(part);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(part)
        .map_err(told())?;
    let fresh = file.metadata().map_err(told())?.len() == 0;
    file.set_len(body.bytes).map_err(told())?;
    file.write_all_at(outline.first_page(), 0).map_err(told())?;
    let tail = body.bytes - outline.hashes().len() as u64;
    file.write_all_at(outline.hashes(), tail).map_err(told())?;

    let mut number = 0;
    while number < outline.chunks() {
        if !fresh && is_good(&file, &outline, number) {
            number += 1;
            tokio::time::sleep(pace.rest()).await;
            continue;
        }
        // As many as are missing in a row.
        let mut end = number + 1;
        while end < outline.chunks().min(number + AT_ONCE)
            && (fresh || !is_good(&file, &outline, end))
        {
            end += 1;
        }
        pieces(remote, &name, &outline, number..end, (&file, pace))
            .await
            .map_err(|error| match error {
                Piece::Fetch(error) => error,
                Piece::Write(error) => told()(error).into(),
            })?;
        // A little at a time: whoever else writes to this disk, the journal of accesses for one, waits behind what is in its queue.
        file.sync_data().map_err(told())?;
        number = end;
    }
    file.sync_all().map_err(told())?;
    Ok(())
}

/// The hashes of a body; they give the root that the manifest names.
async fn outline(remote: &Remote, name: &str, body: &BodyFacts) -> Result<Outline, FetchError> {
    let damaged = |error| FetchError::Damaged {
        name: name.to_owned(),
        error,
    };
    let page = remote.range(name, 0..FIRST_PAGE.min(body.bytes)).await?;
    let tail = Outline::tail(&page, body.bytes).map_err(damaged)?;
    let hashes = if tail.is_empty() {
        Vec::new()
    } else {
        remote.range(name, tail).await?.to_vec()
    };
    let outline = Outline::new(page.to_vec(), hashes, body.bytes).map_err(damaged)?;
    if outline.digest() != body.root {
        return Err(damaged(SnapshotError::RootMismatch));
    }
    Ok(outline)
}

/// Whether an earlier attempt has written this chunk. Holes of the file read as zeros and do not fit.
fn is_good(file: &File, outline: &Outline, number: usize) -> bool {
    let range = outline.chunk(number);
    let mut octets = vec![0; usize::try_from(range.end - range.start).unwrap_or(0)];
    file.read_exact_at(&mut octets, range.start).is_ok() && outline.check(number, &octets).is_ok()
}

enum Piece {
    Fetch(FetchError),
    Write(io::Error),
}

/// Fetches, checks and writes some chunks in a row.
async fn pieces(
    remote: &Remote,
    name: &str,
    outline: &Outline,
    numbers: std::ops::Range<usize>,
    (file, pace): (&File, Pace),
) -> Result<(), Piece> {
    let from = outline.chunk(numbers.start).start;
    let until = outline.chunk(numbers.end - 1).end;
    let mut attempt = 1;
    'again: loop {
        let octets = remote
            .range(name, from..until)
            .await
            .map_err(|error| Piece::Fetch(error.into()))?;
        for number in numbers.clone() {
            let range = outline.chunk(number);
            let at = |offset: u64| usize::try_from(offset - from).unwrap_or(usize::MAX);
            let chunk = octets
                .get(at(range.start)..at(range.end))
                .unwrap_or_default();
            if let Err(error) = outline.check(number, chunk) {
                if attempt < ATTEMPTS {
                    attempt += 1;
                    continue 'again;
                }
                // Kept as it came, for whoever inspects what was refused.
                write_in_pieces(file, chunk, range.start).map_err(Piece::Write)?;
                return Err(Piece::Fetch(FetchError::Damaged {
                    name: name.to_owned(),
                    error,
                }));
            }
            write_in_pieces(file, chunk, range.start).map_err(Piece::Write)?;
            tokio::time::sleep(pace.rest()).await;
        }
        return Ok(());
    }
}
