//! Vector harness.
fn main() {}
