//! octroi
pub mod http;
