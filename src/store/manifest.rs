//! The manifest: which body is in force, since when, and why.
//!
//! Its sequence only rises: a node never takes one that is not higher than the highest it has seen, so that nobody can
//! play an old one back. Going back to an old body is therefore a new manifest ([`Why::Rollback`]).

use octroi_entitlements::Counts;
use octroi_saml::Time;
use serde::{Deserialize, Serialize};

use super::envelope::Signed;
use super::is_digest;

/// Which body is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The environment that it is for (`production`): a node takes no other's.
    pub environment: String,
    /// Its own number; the next has the next.
    pub sequence: u64,
    /// When it was signed, as `2026-11-27T17:00:00Z`.
    pub at: String,
    /// Why.
    pub reason: Why,
    /// Whether somebody has looked and says that what is gone is meant to be: thresholds are not asked then.
    pub approved: bool,
    /// The body.
    pub body: BodyFacts,
    /// The end of the log of changes when this was signed: a node has read so far before it puts the body in force.
    pub log: LogEnd,
}

/// Why there is a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Why {
    /// A build.
    Build,
    /// An older body comes back.
    Rollback,
}

/// What the body must turn out to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BodyFacts {
    /// Root hash, lower-case hex: its content address.
    pub root: String,
    /// Octets.
    pub bytes: u64,
    /// Generation given at the build.
    pub generation: u64,
    /// Instant of the build, Unix seconds.
    pub built_at: i64,
    /// Last entry of the log that the body contains; 0 for none.
    pub overlay_sequence: u64,
    /// Digest of its sources, hex.
    pub sources: String,
    /// How many of each kind it holds.
    pub counts: BodyCounts,
}

/// How many of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the names say it")]
pub struct BodyCounts {
    pub ents: u32,
    pub schools: u32,
    pub groups: u32,
    pub people: u32,
    pub publishers: u32,
    pub resources: u32,
    pub subscriptions: u32,
}

impl From<Counts> for BodyCounts {
    fn from(counts: Counts) -> Self {
        Self {
            ents: counts.ents,
            schools: counts.establishments,
            groups: counts.groups,
            people: counts.people,
            publishers: counts.publishers,
            resources: counts.resources,
            subscriptions: counts.subscriptions,
        }
    }
}

/// A place in the log of changes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogEnd {
    /// The last entry; 0 when there is none.
    pub sequence: u64,
    /// Digest of the batch or base that ends there; empty when there is none.
    pub digest: String,
}

impl Signed for Manifest {
    const TYPE: &'static str = "application/vnd.octroi.manifest.v1+json";
    const LONGEST: usize = 64 << 10;
}

impl BodyFacts {
    /// What a snapshot is.
    #[must_use]
    pub fn of(snapshot: &octroi_entitlements::Snapshot) -> Self {
        Self {
            root: snapshot.digest().to_owned(),
            bytes: snapshot.size() as u64,
            generation: snapshot.generation(),
            built_at: snapshot.built_at(),
            overlay_sequence: snapshot.overlay_sequence(),
            sources: snapshot.sources_digest(),
            counts: snapshot.counts().into(),
        }
    }
}

/// Why a signed manifest is not followed. Each has a stable code for logs and metrics.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotFollowed {
    /// It is another environment's.
    #[error("it is for the environment \"{found}\", this node is of \"{ours}\"")]
    OtherEnvironment {
        /// Its environment.
        found: String,
        /// This node's.
        ours: String,
    },
    /// Its number is not higher than the highest seen.
    #[error("its sequence is {found}, {seen} was seen before")]
    NotHigher {
        /// Its number.
        found: u64,
        /// The highest seen.
        seen: u64,
    },
    /// A field cannot be.
    #[error("{0}")]
    Implausible(&'static str),
}

impl Manifest {
    /// Whether a node of `environment` that has seen `seen` may follow it.
    ///
    /// # Errors
    /// [`NotFollowed`].
    pub fn may_follow(&self, environment: &str, seen: u64) -> Result<(), NotFollowed> {
        if self.environment != environment {
            return Err(NotFollowed::OtherEnvironment {
                found: self.environment.chars().take(64).collect(),
                ours: environment.to_owned(),
            });
        }
        if self.sequence <= seen {
            return Err(NotFollowed::NotHigher {
                found: self.sequence,
                seen,
            });
        }
        self.plausible().map_err(NotFollowed::Implausible)
    }

    /// What no manifest may say, however well it is signed.
    fn plausible(&self) -> Result<(), &'static str> {
        if !is_digest(&self.body.root) || !is_digest(&self.body.sources) {
            return Err("root and sources are not SHA-256 in hex");
        }
        if !(self.log.digest.is_empty() && self.log.sequence == 0 || is_digest(&self.log.digest)) {
            return Err("the end of the log has no digest");
        }
        if self.body.overlay_sequence > self.log.sequence {
            return Err("the body contains entries that the log does not have");
        }
        if self.body.bytes > LARGEST_BODY {
            return Err("the body is larger than any that is read");
        }
        if Time::parse(&self.at).is_err() {
            return Err("its time is none");
        }
        Ok(())
    }
}

/// No body is larger: sixty times a country.
pub const LARGEST_BODY: u64 = 128 << 30;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn manifest(sequence: u64) -> Manifest {
        Manifest {
            environment: "test".to_owned(),
            sequence,
            at: "2026-11-27T17:00:00Z".to_owned(),
            reason: Why::Build,
            approved: false,
            body: BodyFacts {
                root: "ab".repeat(32),
                bytes: 5000,
                generation: 7,
                built_at: 1_795_000_000,
                overlay_sequence: 0,
                sources: "cd".repeat(32),
                counts: Counts::default().into(),
            },
            log: LogEnd::default(),
        }
    }

    #[test]
    fn only_a_higher_number_of_this_environment_is_followed() {
        assert_eq!(manifest(5).may_follow("test", 4), Ok(()));
        assert_eq!(
            manifest(5).may_follow("test", 5),
            Err(NotFollowed::NotHigher { found: 5, seen: 5 })
        );
        assert_eq!(
            manifest(4).may_follow("test", 5),
            Err(NotFollowed::NotHigher { found: 4, seen: 5 })
        );
        assert!(matches!(
            manifest(9).may_follow("production", 0),
            Err(NotFollowed::OtherEnvironment { .. })
        ));
    }

    #[test]
    fn a_name_that_is_no_digest_never_becomes_a_path() {
        for root in ["", "../../etc/passwd", &"AB".repeat(32), &"a".repeat(63)] {
            let mut bad = manifest(1);
            bad.body.root = root.to_owned();
            assert!(bad.may_follow("test", 0).is_err(), "{root}");
        }
    }

    #[test]
    fn contradictions_are_refused() {
        let mut ahead = manifest(1);
        ahead.body.overlay_sequence = 1;
        assert!(ahead.may_follow("test", 0).is_err());
        let mut large = manifest(1);
        large.body.bytes = u64::MAX;
        assert!(large.may_follow("test", 0).is_err());
        let mut time = manifest(1);
        time.at = "yesterday".to_owned();
        assert!(time.may_follow("test", 0).is_err());
    }
}
