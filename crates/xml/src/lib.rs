//! octroi-xml
