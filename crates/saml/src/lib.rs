//! SAML 2.0 for a gateway: messages, bindings, conditions and metadata, without input or output.
//!
//! Time and randomness are arguments, sockets and stores are somebody else's. What comes in is read only
//! from nodes whose signature held (`octroi_dsig::Verified`), and each check that fails has its own
//! [`Check`] with a stable code. What goes out is written in canonical form, so that the bytes hashed are
//! the bytes sent.
//!
//! In the order in which an access meets them: [`authn_request`] to the portal, [`response`] from it,
//! [`authn_request`] from a publisher, [`issue`] to it, [`logout`]; [`metadata`] says who they all are,
//! [`binding`] how their messages travel. [`portal_side`] writes what portals write, for simulators and tests.

mod canonical;
mod check;
mod hidden;
mod id;
mod name_id;
mod read;
mod refusal;
mod signing;
mod time;

pub mod authn_request;
pub mod binding;
pub mod issue;
pub mod logout;
pub mod metadata;
pub mod portal_side;
pub mod response;
pub mod uri;

pub use check::Check;
pub use id::{MAX_ID_BYTES, NotAnId, Random, check_id, new_id};
pub use name_id::NameId;
pub use refusal::{Detail, MAX_TEXT, Mismatch, Refusal};
pub use time::{NotATime, Time};
