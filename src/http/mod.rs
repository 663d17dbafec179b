//! The edge: listeners, TLS, routes, limits and security headers.
//!
//! This module must never know SAML; what it sees of the access is [`exchange`].

pub mod exchange;
