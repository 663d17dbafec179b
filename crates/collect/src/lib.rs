//! A portal's nightly archive becomes a segment of the directory ([docs/collect.md]).
//!
//! [`import`] reads an archive once: sum, gunzip, tar, XML, both schemas, the references between files. What breaks a rule is
//! set aside alone, as it stood, and handed to an [`Observe`]r; the load goes on. [`Amend`] applies a small load to a
//! segment: records that are tried again, or changes.
//!
//! It must never: make an empty directory of an archive, let memory grow with one, write where a name inside an archive
//! points, put a name or value of a person into a report or an error, read a clock, open a socket.
//!
//! In the order in which an archive passes: `name`, `archive` (sums, gunzip, tar), `window` (encoding), `scan` (XML),
//! `schema` and `check` (one record), `load` (into tables and sorters), `number` and `assemble` (references), `report`.
//!
//! [docs/collect.md]: https://github.com/octroi/octroi/blob/main/docs/collect.md

mod amend;
mod archive;
mod assemble;
mod check;
mod entry;
mod error;
mod import;
mod load;
mod log;
mod manage;
mod name;
mod names;
mod number;
mod options;
mod pack;
mod page;
mod person;
mod profile;
mod report;
mod rewrite;
mod rule;
mod scan;
mod schema;
mod tables;
mod validate;
mod values;
mod window;

pub use amend::{Amend, Amendment, Meaning};
pub use error::ImportError;
pub use import::{Outcome, import, import_from};
pub use name::{ArchiveName, FileKind};
pub use options::{Levels, Limits, Options};
pub use page::page;
pub use report::{RecordCount, Report, SetAsideCount};
pub use rule::{Loss, Observe, Progress, Rule, SetAside, Unobserved};
pub use validate::validate;
