//! Receiving a Response from a portal: [`accept`] turns octets into an [`AcceptedAssertion`] or a [`Refusal`].

mod accepted;
mod expect;

pub use accepted::{AcceptedAssertion, Attribute, LegacyUse};
pub use expect::{
    DEFAULT_MAX_AGE, DEFAULT_MAX_LIFETIME, DEFAULT_SKEW, Expectations, InResponseTo, MAX_SKEW,
    SignatureDemand,
};
