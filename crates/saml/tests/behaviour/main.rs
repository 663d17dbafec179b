//! What octroi-saml promises, from outside: messages are really signed with keys made at run time, and each
//! check is shown to refuse exactly what it is for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod accepting;
mod common;
mod encrypted;
mod injection;
mod issuing;
mod logout;
mod metadata;
mod refusing;
mod requests;
mod schema;
mod signatures;
