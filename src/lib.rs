//! octroi: a SAML/SSO gateway between portals and publishers.
//!
//! The modules stand in the order in which an access meets them; what only operators and partners' tests
//! meet comes last.

pub mod http;

pub mod access;

pub mod clock;
pub mod collect;
pub mod pages;
pub mod state;
pub mod store;
pub mod trust;

pub mod config;
pub mod observe;
pub mod run;

pub mod anonymise;
pub mod cli;
pub mod priority;

pub mod demo;
pub mod simulate;
