//! The directory between loads: what a portal said of its schools and people, in one immutable file a delivery.
//!
//! A [`Segment`] is sorted, versioned and hashed ([docs/collect.md], "The segment"); [`SegmentWriter`] makes one appear
//! whole under its name, or not at all; [`current`] says which is in force. [`Sorter`] brings any number of records into
//! order in bounded memory.
//!
//! It must never: change a segment, hand out a record that was not checked, hold memory for each person, read a clock.
//! It knows nothing of archives, XML, rights or the network.
//!
//! ```
//! use octroi_directory::{AffiliationList, Degree, Head, Person, School, Segment, SegmentWriter};
//!
//! # let folder = std::env::temp_dir().join(format!("octroi-segment-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! let path = folder.join("B0.segment");
//! let mut writer = SegmentWriter::create(
//!     &path,
//!     Head {
//!         ent: "B0".to_owned(),
//!         degree: Degree::Second,
//!         delivered: "20261127_031500".parse()?,
//!         sequence: 0,
//!         source: [0; 32],
//!     },
//! )?;
//! writer.school(&School { uai: "0561622J", name: "A school" })?;
//! let mut affiliations = AffiliationList::new();
//! affiliations.push(0, 1, &[], &[]);
//! writer.person(&Person {
//!     id: "p1",
//!     civility: "",
//!     name: "Dupont",
//!     given_name: "Zoé",
//!     mail: "",
//!     affiliations: affiliations.view(),
//! })?;
//! writer.finish()?;
//!
//! let segment = Segment::open(&path)?;
//! let mut people = segment.people();
//! while let Some(person) = people.next()? {
//!     let first = person.affiliations.clone().next().unwrap();
//!     assert_eq!((person.id, segment.school(first.school).unwrap().uai), ("p1", "0561622J"));
//! }
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [docs/collect.md]: https://github.com/octroi/octroi/blob/main/docs/collect.md

mod compare;
pub mod current;
mod durable;
mod error;
mod format;
mod kinds;
mod list;
mod read;
mod record;
mod room;
mod sort;
mod varint;
mod walk;
mod write;

pub use compare::{Change, Changes, Differences, SchoolChange, Subject, compare};
pub use error::{SegmentError, WriteError};
pub use format::SEGMENT_VERSION;
#[doc(hidden)]
pub use format::repair_hashes;
pub use kinds::{
    CodeKind, Counts, CourseKind, Degree, GroupKind, Head, NotAStamp, Stamp, is_ent_code,
};
pub use list::{NumberList, Numbers, TextList, Texts};
pub use read::Segment;
pub use record::{
    Affiliation, AffiliationList, Affiliations, Code, Course, Group, MAX_AFFILIATIONS, MAX_FACTS,
    MAX_ID, MAX_LIST, MAX_TEXT, Manager, Person, School,
};
pub use room::{NoRoom, Room, Share};
pub use sort::{DEFAULT_SORT_BUFFER, Sorted, Sorter};
pub use walk::{Courses, Managers, People};
pub use write::{SegmentWriter, Written};
