//! octroi-entitlements
