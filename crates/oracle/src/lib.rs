//! octroi-oracle
