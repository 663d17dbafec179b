//! The edge: listeners, TLS, routes, limits and security headers.
//!
//! A connection meets [`sockets`], [`server`], [`tls`]; a request meets [`service`], which goes down
//! [`routes`], reads the body within its limits, passes [`admission`] and asks the endpoint; the answer
//! leaves through [`headers`].
//!
//! This module must never know SAML; what it shares with the access is [`exchange`].

pub mod admission;
pub mod exchange;
pub mod headers;
pub mod refusal;
pub mod routes;
pub mod server;
pub mod service;
pub mod sockets;
pub mod tls;

mod body;
mod catch;
mod request;
mod well_known;
