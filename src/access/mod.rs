//! The way of one access.
