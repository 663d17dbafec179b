//! octroi-saml
