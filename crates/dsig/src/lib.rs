//! octroi-dsig
