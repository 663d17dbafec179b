//! The program, run as an operator runs it.

use std::process::{Command, Output};

use crate::depot::Depot;

pub fn octroi(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_octroi"))
        .args(arguments)
        .output()
        .unwrap()
}

/// Runs a command of the publisher, which must succeed.
pub fn done(depot: &Depot, command: &[&str], more: &[&str]) -> String {
    let config = depot.place.path("config/publisher.toml");
    let arguments = [command, &["--config", config.to_str().unwrap()], more].concat();
    let output = octroi(&arguments);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {text}{error}");
    text
}
