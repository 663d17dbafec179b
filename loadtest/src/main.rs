//! `octroi-loadtest`: see the library's page and `loadtest/README.md`.

use std::process::ExitCode;

use clap::Parser;
use octroi_loadtest::run::{RunArgs, Stopped, run};

/// Open-loop load on an octroi gateway.
#[derive(Debug, Parser)]
#[command(name = "octroi-loadtest", version)]
struct Cli {
    #[command(flatten)]
    run: RunArgs,
}

fn main() -> ExitCode {
    match measured(&Cli::parse().run) {
        // A run that counts for nothing, or in which anything went wrong, is not a success.
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("octroi-loadtest: {error}");
            ExitCode::from(2)
        }
    }
}

fn measured(args: &RunArgs) -> Result<bool, Stopped> {
    let report = run(args)?;
    print!("{}", report.text());
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&report)?;
        std::fs::write(path, text + "\n")
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(!report.void && report.errors.is_empty() && report.skipped == 0)
}
