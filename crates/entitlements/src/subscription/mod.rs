//! Subscriptions (*abonnements*): their fields as the web service for publishers has them, and rules RG1 to RG13.
//!
//! Whoever takes a subscription in, a table of the source directory or a web service, hands the texts over as
//! [`Fields`] and is told every broken rule with the field at fault, or gets [`Checked`] terms. Licence counts are kept
//! by a [`Ledger`]. Nothing here reads a file, a snapshot or a clock, and nothing decides on an access:
//! `rules` does.

mod automatic;
mod check;
mod field;
mod ledger;
mod licences;

pub use automatic::Automatic;
pub use check::{Checked, Checker, Context, Fields, Maker};
pub use field::{Expected, Field, RuleBroken};
pub use ledger::{Ledger, Use};
pub use licences::{Category, Count, Licences};
