//! The running gateway: parts put together, replaced while running, stopped without anybody noticing.
//!
//! [`mod@load`] reads a configuration whole; [`mod@start`] makes the parts and opens the listeners; [`reload`] replaces
//! what is in force, or leaves it when the new is bad; [`housekeeping`] does what comes with time; `followed` is what a node knows about its store. `octroi serve`
//! is these with signals around them, and integration tests are these without.
//!
//! Nothing here decides about an access.

mod followed;
pub mod housekeeping;
pub mod load;
pub mod reload;
pub mod start;
pub mod status;
mod store;

pub use load::{Loaded, load};
pub use reload::{ReloadError, Reloaded};
pub use start::{Running, StartError, start};
