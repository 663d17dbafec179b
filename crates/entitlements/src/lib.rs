//! Who may use what: the directory's vocabulary, the rules, the snapshot that answers, and its builder.
//!
//! A *source directory* of plain text tables ([docs/directory.md]) is built into one checksummed file
//! ([docs/snapshot.md]), which is read into memory and asked with [`Snapshot::resolve`]: may this person of this ENT
//! project use this resource, in which of their schools, until when, and what may the publisher be told?
//! The rules stand in one place, `rules.rs`; look-up, [`explain`](fn@explain) and build all use them.
//!
//! It must never: read a clock (time is an argument), answer yes where the file contradicts itself, panic on a file,
//! or grow with a look-up. It knows nothing of SAML or HTTP.
//!
//! ```
//! use octroi_entitlements::{BuildOptions, Pseudonymizer, Query, Silent, Snapshot, Sources, build};
//!
//! # let dir = std::env::temp_dir().join(format!("octroi-example-{}", std::process::id()));
//! # std::fs::create_dir_all(&dir)?;
//! for (table, lines) in [
//!     ("ents.tsv", "code\tname\nB0\tA portal"),
//!     ("establishments.tsv", "uai\tname\n0561622J\tA school"),
//!     ("groups.tsv", "uai\tkind\tcode\tlabel\n0561622J\tdivision\t6A\t6ème A"),
//!     ("people.tsv", "ent\tperson\nB0\tp1"),
//!     ("affiliations.tsv", "ent\tperson\tuai\tprofiles\tdivisions\nB0\tp1\t0561622J\tNational_ELV\t6A"),
//!     ("publishers.tsv", "id\tname\tpseudonym_domain\npub-x\tA house\thouse-x"),
//!     (
//!         "resources.tsv",
//!         "id\tname\tpublisher\tdelivery\taccess_url\nark:/99999/r1\tA book\tpub-x\tpull\thttps://x.example/r1",
//!     ),
//!     ("release.tsv", "resource\tattribute\nark:/99999/r1\tDIV"),
//!     (
//!         "subscriptions.tsv",
//!         "id\tresource\tschools\tkind\tpublics\tfrom\tuntil\n\
//!          s1\tark:/99999/r1\t0561622J\tETABL\tELEVE\t2026-09-01\t2027-08-15",
//!     ),
//!     ("assignments.tsv", "subscription\tuai\tkind\tent\ttarget"),
//! ] {
//!     std::fs::write(dir.join(table), lines)?;
//! }
//! let file = dir.join("country.snapshot");
//! let report = build(&Sources::tables(&dir), &file, &BuildOptions::default(), &Silent)?;
//! assert_eq!(report.set_aside_total(), 0);
//!
//! let snapshot = Snapshot::open(&file)?;
//! let query = Query {
//!     ent: "B0",
//!     person: "p1",
//!     resource: "ark:/99999/r1",
//!     school: None,
//!     at: 1_795_442_400, // 23 November 2026
//! };
//! let grant = snapshot.resolve(&query)?;
//! assert_eq!(grant.subscriptions().next().unwrap().id(), "s1");
//!
//! let pseudonym = Pseudonymizer::new(&[0; 32])?.of(&grant);
//! let released = grant.release(&pseudonym);
//! assert_eq!((released[0].name, released[0].values[0].as_ref()), ("DIV", "6A##6ème A"));
//!
//! let denied = snapshot.resolve(&Query { person: "p2", ..query }).unwrap_err();
//! assert_eq!(denied.code(), "unknown-person");
//! # std::fs::remove_dir_all(&dir)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [docs/directory.md]: https://github.com/octroi/octroi/blob/main/docs/directory.md
//! [docs/snapshot.md]: https://github.com/octroi/octroi/blob/main/docs/snapshot.md

mod ark;
mod build;
mod denied;
mod diff;
mod directory;
mod explain;
mod format;
mod ido;
mod map;
pub mod overlay;
mod query;
mod rules;
mod snapshot;
pub mod subscription;
mod validity;
mod vocabulary;

pub use build::{
    BuildError, BuildOptions, BuildReport, FileReport, Phase, Progress, Reason, Rekeyed, SetAside,
    Silent, Sources, build, rekey,
};
pub use denied::Denied;
pub use diff::{
    DiffError, DiffOptions, Difference, Example, PairChange, ResourceChange, SchoolChange, Which,
    diff,
};
pub use directory::Directory;
pub use explain::{Candidate, Explanation, Unassigned, explain};
pub use format::FORMAT_VERSION;
#[doc(hidden)]
pub use format::integrity::{Pace, repair_hashes, write_in_pieces};
pub use format::outline::{FIRST_PAGE, Outline};
pub use ido::{KeyTooShort, MIN_KEY, Pseudonym, Pseudonymizer};
pub use query::Query;
pub use snapshot::{
    Counts, Ent, Establishment, Grant, Publisher, ReleasedAttribute, Resource, Snapshot,
    SnapshotError, Subscription, View,
};
pub use vocabulary::{
    Attribute, AttributeSet, Delivery, Profile, ProfileSet, Public, PublicSet, SubscriptionKind,
};
