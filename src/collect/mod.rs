//! Collection: a portal's nightly delivery, from its drop box into the directory.
//!
//! ```text
//! drop box ──▶ intake ──▶ vault ──▶ work ──▶ judge ──▶ directory (segments in force)
//!  (sftp)      rest, sum,   encrypted  octroi_   too little?   ──▶ report, ledger, metrics
//!              twice, old              collect   held
//! ```
//!
//! | file | what |
//! |---|---|
//! | [`name`] | the name of a delivery |
//! | [`dropbox`] | what lies in a drop box, and whether it rests |
//! | [`ledger`] | what came and what was done with it: the importer's memory |
//! | [`vault`] | what is kept, encrypted |
//! | [`desk`] | one portal under its lock; the only one to open the vault, and it records each look |
//! | `lookout` | what of a drop box is taken in, and what is told of the rest |
//! | [`intake`] | one file, from the drop box into the vault |
//! | [`work`] | from the vault into the directory |
//! | `force` | what is in force: put there, said, swept |
//! | [`judge`] | whether a delivery may shrink what is in force so much |
//! | [`marks`] | what a flow held before it shrank: the reference that does not creep |
//! | [`schedule`] | when deliveries are due, and which are missing |
//! | `room` | whether a delivery has room: the portal's quota, the disk |
//! | [`delta`] | differences between full loads |
//! | [`watch`] | all portals, each on a thread of its own |
//!
//! Must never: let one portal's delivery wait for, stop or change another's (F1); put a name of a person anywhere but
//! into the directory and the vault; forget what it did before it did the next thing.

pub mod alarm;
pub mod batch;
pub mod delta;
pub mod desk;
pub mod dropbox;
mod due;
mod force;
pub mod gauge;
pub mod intake;
pub mod judge;
pub mod ledger;
mod load;
mod lookout;
pub mod marks;
pub mod name;
pub mod operator;
pub mod overview;
mod purge;
mod replay;
mod room;
pub mod schedule;
pub mod trail;
pub mod vault;
pub mod watch;
pub mod work;

/// Lower-case hex digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
