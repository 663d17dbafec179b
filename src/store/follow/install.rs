//! From a manifest that may be followed to a body in force: fetched, opened, compared with what was signed, accepted.
//!
//! What is in force stays on the disk until another is accepted, whatever a manifest says about it.

use std::sync::Arc;

use octroi_entitlements::{Counts, Pace, Snapshot, SnapshotError};

use super::{ACCEPTED, Candidate, Node, NotReady, PENDING, Refused};
use crate::store::fetch::{FetchError, body_name, fetch};
use crate::store::judge::Thresholds;
use crate::store::manifest::{BodyFacts, Manifest};
use crate::store::publish::manifest_name;
use crate::store::remote::StoreError;

/// A body that is not what its root hash says, or no body at all.
pub(super) const CORRUPT: &str = "body-corrupt";
/// Changes are missing between what a body contains and where the log begins.
pub const LOG_GAP: &str = "log-gap";

impl Node {
    /// Fetches, opens and judges the body of a candidate: gently beside what is in force (`before`), fast when nothing is. It holds
    /// nothing that the log waits for, and may be put aside for long.
    ///
    /// # Errors
    /// [`NotReady`]. What is refused is to be [put aside](Self::put_aside).
    pub async fn prepare(
        &self,
        candidate: &Candidate,
        thresholds: Thresholds,
        before: Option<&Counts>,
    ) -> Result<Arc<Snapshot>, NotReady> {
        let Manifest {
            body,
            log,
            approved,
            ..
        } = &candidate.manifest;
        let pace = before.map_or(Pace::Whole, |_| Pace::Beside);
        let refused = |code, text: String| NotReady::Refused(Refused { code, text });
        // What the manifest says is judged first: a body that would be refused is not worth two gigabytes.
        let told = Counts {
            people: body.counts.people,
            establishments: body.counts.schools,
            subscriptions: body.counts.subscriptions,
            ..Counts::default()
        };
        let thresholds = if *approved {
            Thresholds::MEANT
        } else {
            thresholds
        };
        thresholds
            .judge(before, &told)
            .map_err(|shrink| refused(shrink.code(), shrink.to_string()))?;
        let passes = self.log.lock().passes(log);
        match passes {
            Some(true) => {}
            Some(false) => {
                let text = format!("the log did not go through its entry {}", log.sequence);
                return Err(refused("log-differs", text));
            }
            None => {
                let text = format!("the log has not come to entry {}", log.sequence);
                return Err(NotReady::Later(text));
            }
        }
        self.reaches(body)?;
        let later = |error: StoreError| NotReady::Later(error.to_string());
        if self.local.body(&body.root).exists() {
            match self.opened(body, pace) {
                Err(NotReady::Refused(refused)) if refused.code == CORRUPT => {
                    tracing::error!(error = %refused.text, "the local body is fetched anew");
                    // Removed and not written over: it may be mapped by what is in force.
                    self.local.remove(&body_name(&body.root)).map_err(later)?;
                }
                // It is what its name says, whatever this manifest says about it: it stays where it is.
                opened => return opened,
            }
        }
        // What was begun for another body is room for this one.
        if let Err(error) = self.prune_parts(&body.root) {
            tracing::warn!(%error, "what was begun of another body cannot be removed");
        }
        let part = self.local.part(&body.root);
        match fetch(&self.remote, body, &part, pace).await {
            Ok(()) => {}
            Err(FetchError::Away(error)) => return Err(NotReady::Later(error.to_string())),
            Err(error @ FetchError::Missing(_)) => {
                return Err(NotReady::Later(error.to_string()));
            }
            Err(error) => return Err(refused(CORRUPT, error.to_string())),
        }
        self.local.install(&body.root).map_err(later)?;
        let opened = self.opened(body, pace);
        if matches!(opened, Err(NotReady::Refused(_))) {
            self.local.withdraw(&body.root).map_err(later)?;
        }
        opened
    }

    /// Keeps a candidate that was refused in `refused/`, with why, and follows it no more.
    pub fn put_aside(&self, candidate: &Candidate, refused: &Refused) {
        let manifest = &candidate.manifest;
        let kept = self.local.refuse(
            &manifest_name(manifest.sequence),
            &candidate.envelope,
            &format!("{refused}\n"),
            Some(&manifest.body.root),
        );
        let forgotten = self.forget_pending(manifest.sequence);
        if let Err(error) = kept.and(forgotten) {
            tracing::error!(%error, "what was refused cannot be kept");
        }
    }

    /// Removes what was begun of bodies that nobody waits for any more.
    fn prune_parts(&self, root: &str) -> Result<(), StoreError> {
        let mut kept = vec![root.to_owned()];
        for name in [ACCEPTED, PENDING] {
            kept.extend(self.own(name)?.map(|own| own.manifest.body.root));
        }
        self.local.prune_in("fetching", &kept)
    }

    /// Whether every change that a body does not contain is in the log. Between them nobody knows what was taken away.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn reaches(&self, body: &BodyFacts) -> Result<(), Refused> {
        let begins = self.log.lock().begins_after();
        if body.overlay_sequence >= begins {
            return Ok(());
        }
        let contains = body.overlay_sequence;
        Err(Refused {
            code: LOG_GAP,
            text: format!(
                "the body contains the changes up to {contains}, and the log begins after {begins}: build and activate anew"
            ),
        })
    }

    /// Opens a body that is here and compares it with what its manifest says.
    pub(super) fn opened(&self, body: &BodyFacts, pace: Pace) -> Result<Arc<Snapshot>, NotReady> {
        let path = self.local.body(&body.root);
        let snapshot = Snapshot::open_at(&path, pace).map_err(|error| {
            let text = format!("{}: {error}", path.display());
            match error {
                // A disk or a memory that fails now says nothing about the body.
                SnapshotError::Io(_) => NotReady::Later(text),
                // Nor does a program of another version: it stays the one to follow, and the next program here may read it.
                SnapshotError::UnknownVersion { .. } => NotReady::Later(text),
                _ => Refused {
                    code: CORRUPT,
                    text,
                }
                .into(),
            }
        })?;
        if BodyFacts::of(&snapshot) != *body {
            return Err(NotReady::Refused(Refused {
                code: "body-mismatch",
                text: format!("{}: not what its manifest says", path.display()),
            }));
        }
        Ok(Arc::new(snapshot))
    }

    /// Remembers that a candidate is in force from now on; before the swap.
    ///
    /// # Errors
    /// [`StoreError`] of the node's folder.
    pub fn accept(&self, candidate: &Candidate) -> Result<(), StoreError> {
        self.local.write(ACCEPTED, &candidate.envelope)?;
        self.forget_pending(candidate.manifest.sequence)
    }

    /// After a body is in force: removes older ones, but those that are kept.
    ///
    /// # Errors
    /// [`StoreError`] of the node's folder.
    pub fn prune(&self, candidate: &Candidate) -> Result<(), StoreError> {
        let mut kept = vec![candidate.manifest.body.root.clone()];
        if let Some(pending) = self.own(PENDING)? {
            kept.push(pending.manifest.body.root);
        }
        for root in self.local.bodies()? {
            if kept.len() < self.options.keep && !kept.contains(&root) {
                kept.push(root);
            }
        }
        self.local.prune(&kept)
    }

    /// What is pending up to this manifest is done with. A newer one, which may come at any moment, stays.
    fn forget_pending(&self, sequence: u64) -> Result<(), StoreError> {
        let _written = self.seen.lock();
        match self.own(PENDING)? {
            Some(pending) if pending.manifest.sequence > sequence => Ok(()),
            _ => self.local.remove(PENDING),
        }
    }
}
