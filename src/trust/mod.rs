//! Who is trusted, with which keys, under which policy: one immutable value, swapped whole.
//!
//! * [`portal`] and [`publisher`] are partners as the access sees them, compiled from the configuration and
//!   their metadata;
//! * [`registry`] holds them and is the **one policy point** (C28): there is no way to a partner around it, and it
//!   refuses a partner that is disabled or whose metadata has expired, whatever endpoint asks;
//! * [`compile`] makes them from the configuration, with every error told;
//! * [`pinned`] pins one registry and one snapshot together for the length of an access.
//!
//! Nothing here reads the clock, a socket or, once loaded, a file.

pub mod compile;
pub mod pinned;
pub mod portal;
pub mod publisher;
pub mod registry;

pub use pinned::{Current, Pinned};
pub use portal::{Legacy, Portal, SingleSignOn};
pub use publisher::{Encrypt, NameIdChoice, Publisher, RefusalChoice};
pub use registry::{Gateway, Refused, Trust, TrustError};
