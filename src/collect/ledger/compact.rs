//! Keeps a ledger short: many lines give way to one that says where they lead.
//!
//! The new ledger is written beside the old one, forced to the disk, and takes its place by one rename; the old one stays as
//! `….before` until the next time, for whoever asks what happened. Whoever is killed in between finds the old ledger or
//! the new one, whole, and they say the same.
//!
//! What is forgotten then is told nowhere else: deliveries that ended long ago. What still decides anything (what is in
//! force, waits, is held, or bars what is older) never is.
//!
//! Must never: leave a moment in which there is no whole ledger under its name.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use octroi_saml::Time;

use super::event::{Event, Sort};
use super::state::{Delivery, FlowState, Status};
use super::{LONGEST_SUMMARY, LedgerError, at, line};

/// After so many lines a ledger is made short.
pub(super) const LINES: u64 = 1_000;
/// What ended so many seconds ago is forgotten: 400 days.
const OLD: i64 = 400 * 86_400;
/// So many that ended are remembered, and so many that were refused.
const MOST_ENDED: usize = 2_000;
const MOST_REFUSED: usize = 200;

/// Writes the ledger anew with one line, numbered as the last that it takes the place of. `None` when the state is too
/// long for a line: then all stays as it is.
pub(super) fn compact(
    path: &Path,
    now: Time,
    sequence: u64,
    state: &FlowState,
) -> Result<Option<(File, u64, FlowState)>, LedgerError> {
    let mut state = state.clone();
    forget(now, &mut state);
    let event = Event::Summary {
        state: Box::new(state.clone()),
    };
    let text = line(path, sequence, now, &event)?;
    if text.len() > LONGEST_SUMMARY {
        return Ok(None);
    }
    let new = beside(path, "new");
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)
        .map_err(at(&new))?;
    file.write_all(&text)
        .and_then(|()| file.sync_all())
        .map_err(at(&new))?;
    if let Err(error) = keep(path) {
        // Only whoever asks what happened long ago misses it.
        tracing::warn!(ledger = %path.display(), %error, "the ledger before it was made short is not kept");
    }
    fs::rename(&new, path).map_err(at(path))?;
    let folder = path.parent().unwrap_or(path);
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(at(folder))?;
    Ok(Some((file, text.len() as u64, state)))
}

/// Gives the old ledger a second name, in the place of the one before it.
fn keep(path: &Path) -> io::Result<()> {
    let link = beside(path, "before.new");
    match fs::remove_file(&link) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        done => done?,
    }
    fs::hard_link(path, &link)?;
    fs::rename(&link, beside(path, "before"))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

/// Forgets what ended long ago, and all but the last of what ended.
fn forget(now: Time, state: &mut FlowState) {
    let stays = decisive(state);
    let has_ended = |known: &Delivery| {
        let ended = [
            Status::Taken,
            Status::Empty,
            Status::Superseded,
            Status::Refused,
        ];
        known.cleared && ended.contains(&known.status) && !stays.contains(&known.id)
    };
    let ended = state.deliveries.values().filter(|known| has_ended(known));
    let mut ended: Vec<(Time, bool, String)> = ended
        .map(|known| {
            let refused = known.status == Status::Refused;
            (known.changed, refused, known.id.clone())
        })
        .collect();
    ended.sort_by(|a, b| b.cmp(a));
    let (mut kept, mut kept_refused) = (0, 0);
    for (changed, refused, id) in ended {
        let (count, most) = if refused {
            (&mut kept_refused, MOST_REFUSED)
        } else {
            (&mut kept, MOST_ENDED)
        };
        *count += 1;
        if *count > most || now.seconds_after(changed) > OLD {
            state.deliveries.remove(&id);
        }
    }
}

/// What something is still decided by, however old: what is in force and its full load, and what bars older deliveries.
fn decisive(state: &FlowState) -> BTreeSet<String> {
    let all = || state.deliveries.values();
    let full = all().filter(|known| known.sort == Sort::Full && known.taken.is_some());
    let full = full.max_by_key(|known| known.taken);
    let dates = [state.newest(), state.bar()];
    let latest = all().filter(|known| known.stamp.is_some() && dates.contains(&known.stamp));
    let ids = latest.chain(full).map(|known| known.id.clone());
    ids.chain(state.in_force.clone()).collect()
}
