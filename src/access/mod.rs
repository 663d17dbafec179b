//! The way of one access, in the order in which it is walked.
//!
//! A person comes by one of three doors, is sent to the portal, and comes back:
//!
//! | door | file |
//! |---|---|
//! | a tile of the portal | [`tile_first`], reading its link with [`tile`] |
//! | the publisher's own sign-in, and the second half of pull | [`publisher_first`], choosing with [`choose`] |
//! | an unsolicited Response of the portal | [`consume`] at once |
//!
//! [`depart`] sends to the portal. What comes back goes through the stages, each a function from one typed value
//! to the next:
//!
//! ```text
//! receive → verify → admit → resolve → release → issue
//! which     every    who, and  may they?  only what   signed for
//! flow?     check    only once            is approved  the publisher
//! ```
//!
//! [`consume`] walks them after a portal's Response; [`hand_over`] is their second half, shared with the
//! sessions. [`logout`] ends sessions. [`answer`] makes pages of refusals.
//!
//! Nothing here opens a socket, reads a clock of its own, waits for anybody but the replay guard, or hands a
//! name to a log.

pub mod admit;
pub mod answer;
pub mod choose;
pub mod code;
pub mod consume;
pub mod depart;
pub mod engine;
pub mod entropy;
pub mod form;
pub mod hand_over;
pub mod issue;
pub mod logout;
pub mod publisher_first;
pub mod receive;
pub mod refusal;
pub mod release;
pub mod remedy;
pub mod resolve;
pub mod tile;
pub mod tile_first;
pub mod verify;
pub mod witness;

pub use code::{Code, Entry, every_code};
pub use engine::{Access, Engine, Traces};
pub use refusal::{Reason, Refusal};
