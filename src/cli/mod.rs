//! `octroi <what>`: one file a subcommand.
//!
//! Exit codes, the same everywhere: **0** yes, fine, done; **1** no, refused, something is wrong with what was
//! looked at; **2** it could not be looked at (usage, unreadable files).

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod anonymise;
mod audit;
mod bodies;
mod build;
mod check;
mod collect;
mod diff;
mod explain;
mod overlay;
mod progress;
mod publish;
mod rekey;
mod serve;
mod snapshot;
mod status;
mod stored;
mod version;

/// A SAML/SSO gateway: verifies a portal's assertion, resolves entitlements in memory, signs an assertion for the
/// publisher.
#[derive(Debug, Parser)]
#[command(name = "octroi", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the gateway.
    Serve(serve::Serve),
    /// Check a configuration and everything that it names.
    Check(check::Check),
    /// Build, check or show a snapshot of the directory.
    #[command(subcommand)]
    Snapshot(snapshot::Snapshot),
    /// Append, list or verify changes between two builds.
    #[command(subcommand)]
    Overlay(overlay::Overlay),
    /// Say whether a person may use a resource, by which subscription, or which rule says no.
    Explain(explain::Explain),
    /// Read the audit trail back.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Take portals' deliveries into the directory.
    Collect(collect::Collect),
    /// Ask a running gateway for its status.
    Status(status::Status),
    /// Make a country up, and play its portals and publishers, for tests with partners.
    #[command(subcommand)]
    Simulate(crate::simulate::cli::Simulate),
    /// Show it all on this machine: a country, its partners and the gateway, 1 000 accesses driven and checked.
    Demo(crate::demo::DemoArgs),
    /// Say which version this is.
    Version,
}

/// How a subcommand ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// Yes, fine, done.
    Fine,
    /// No, refused, wrong.
    Refused,
    /// It could not be looked at.
    Failed,
}

impl From<Ended> for ExitCode {
    fn from(ended: Ended) -> Self {
        Self::from(match ended {
            Ended::Fine => 0,
            Ended::Refused => 1,
            Ended::Failed => 2,
        })
    }
}

/// Reads the command line and does what it says.
#[must_use]
pub fn main() -> ExitCode {
    let ended = match Cli::parse().command {
        Command::Serve(serve) => serve.run(),
        Command::Check(check) => check.run(),
        Command::Snapshot(snapshot) => snapshot.run(),
        Command::Overlay(overlay) => overlay.run(),
        Command::Explain(explain) => explain.run(),
        Command::Audit(audit) => audit.run(),
        Command::Status(status) => status.run(),
        Command::Collect(collect) => return collect.run(),
        Command::Simulate(what) => return crate::simulate::cli::run(&what),
        Command::Demo(demo) => return crate::demo::run(&demo),
        Command::Version => version::run(),
    };
    ended.into()
}

/// Prints to standard output; a closed pipe (`octroi … | head`) is no error.
fn say(text: &str) {
    use std::io::Write;
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Prints why something failed to standard error.
fn complain(text: impl std::fmt::Display) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "octroi: {text}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
