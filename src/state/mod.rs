//! What the gateway must remember between two requests, and where.
//!
//! | what | where | lives |
//! |---|---|---|
//! | a flow that was sent to a portal | sealed cookie of the browser ([`flow`]) | 10 minutes |
//! | a session after a sign-in | sealed cookie of the browser ([`session`]) | at most 6 hours |
//! | ids that were used once | [`guard`], with its [`journal`] | until the assertion would be too old anyway |
//! | sessions that a portal ended | [`revocation`], with its journal | 6 hours |
//! | sign-ins started by one address | [`rate`] | a minute |
//!
//! Nothing here reads a document or decides about a person.

pub mod flow;
pub mod guard;
pub mod journal;
pub mod rate;
pub mod revocation;
pub mod seal;
pub mod session;
