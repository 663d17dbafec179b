//! Receiving a Response from a portal: [`accept`] turns octets into an [`AcceptedAssertion`] or a [`Refusal`].

mod accepted;
mod expect;

pub use accepted::{AcceptedAssertion, Attribute, LegacyUse};
pub use expect::{Expectations, InResponseTo, SignatureDemand};
