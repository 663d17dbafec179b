//! Who may use what: the directory's vocabulary, the rules, the snapshot that answers, and its builder.
//!
//! A *source directory* of plain text tables ([docs/directory.md]) is built into one checksummed file
//! ([docs/snapshot.md]), which is memory-mapped and asked with [`Snapshot::resolve`]: may this person of this ENT
//! project use this resource, in which of their schools, until when, and what may the publisher be told?
//! The rules stand in one place, `rules.rs`; look-up, [`explain`](fn@explain) and build all use them.
//!
//! It must never: read a clock (time is an argument), answer yes where the file contradicts itself, panic on a file,
//! or grow with a look-up. It knows nothing of SAML or HTTP.
//!
//! [docs/directory.md]: https://github.com/octroi/octroi/blob/main/docs/directory.md
//! [docs/snapshot.md]: https://github.com/octroi/octroi/blob/main/docs/snapshot.md

mod ark;
mod build;
mod denied;
mod explain;
mod format;
mod ido;
mod map;
mod query;
mod rules;
mod snapshot;
mod validity;
mod vocabulary;

pub use build::{
    BuildError, BuildOptions, BuildReport, FileReport, Reason, Rekeyed, SetAside, build, rekey,
};
pub use denied::Denied;
pub use explain::{Candidate, Explanation, explain};
pub use format::FORMAT_VERSION;
#[doc(hidden)]
pub use format::integrity::repair_hashes;
pub use ido::{KeyTooShort, MIN_KEY, Pseudonym, Pseudonymizer};
pub use query::Query;
pub use snapshot::{
    Counts, Ent, Establishment, Grant, Publisher, ReleasedAttribute, Resource, Snapshot,
    SnapshotError, Subscription,
};
pub use vocabulary::{
    Attribute, AttributeSet, Delivery, Profile, ProfileSet, Public, PublicSet, SubscriptionKind,
};
