//! The audit trail: who did what, when, and with which outcome (S2, S14). It is not logging.
//!
//! * Append-only **segments** of JSON lines, mode 0600, in a folder of their own. The trail alone names people;
//!   logs and metrics never do.
//! * Each line ends in a **hash** over the line and the hash before it (SHA-256), and carries a sequence number: a
//!   line that was changed, removed or moved breaks the chain. A new segment begins with the hash that ended the
//!   one before. Whoever can write the folder can write a new chain, so ship the lines, or note the head that is
//!   logged at each new segment, somewhere else.
//! * A line is **written before the answer leaves** (`write(2)`), so that it survives a `kill -9`; a thread forces
//!   it to the disk every `sync_milliseconds`, which is what a crash of the whole machine can cost.
//! * When a line cannot be written, policy `block` refuses the access, policy `drop` goes on and counts.
//! * At start the last segment is read: a torn last line is cut aside into a file of its own, and the chain goes
//!   on. A chain found broken is an alarm, and a new segment begins.
//!
//! Segments are never deleted here: 12 months are the operator's (S2).

mod entry;
mod line;
mod recover;
mod trail;
mod verify;

#[cfg(test)]
mod tests;

pub use entry::{AuditEntry, Outcome};
pub use trail::{Audit, AuditError, Head, Options};
pub use verify::{Break, Verified, verify};
