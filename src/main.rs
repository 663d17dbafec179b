//! octroi
fn main() {}
