//! What the gateway tells about itself: metrics, the audit trail, logs, health.
//!
//! Metrics and logs never hold personal data, and their labels come from the configuration or from
//! enumerations of this program, never from a request. The audit trail alone says who.

pub mod admin;
pub mod audit;
pub mod logs;
pub mod metrics;
pub mod witness;
