//! Drives octroi's production entry points over a manifest of test vectors, and grades what came out.
//!
//! Two steps that share nothing but the manifest's path and the file of outcomes:
//!
//! * `run` never reads the columns that hold verdicts or expectations. It sees path, layer, encoding and ctx, calls the
//!   entry points that the gateway itself calls (clock, stores and policy are arguments), and writes one line a row.
//! * `grade` reads the verdicts and the outcomes and counts; it calls no code of the product.
//!
//! `worker` is `run`'s child process: a row that crashes, hangs or eats memory costs that row, not the run.

mod context;
mod drive;
mod encoding;
mod expectation;
mod grade;
mod guard;
mod keys;
mod manifest;
mod outcome;
mod ranges;
mod supervisor;
mod tally;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[global_allocator]
static HEAP: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;

/// Test vectors against octroi.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand)]
enum Step {
    /// Drive every row and write the outcomes; reads no verdict.
    Run {
        /// The manifest; paths in it are relative to its folder.
        #[arg(long)]
        manifest: PathBuf,
        /// Where to write the outcomes.
        #[arg(long)]
        out: PathBuf,
        /// Only rows whose path contains this text (for work on one class; do not grade such a run).
        #[arg(long)]
        only: Option<String>,
    },
    /// Compare outcomes with verdicts, print counts and each break; fails when there is one.
    Grade {
        /// The manifest that was run.
        #[arg(long)]
        manifest: PathBuf,
        /// What `run` wrote.
        #[arg(long)]
        out: PathBuf,
        /// A file of argued losses (path, tab, reason); they still count.
        #[arg(long)]
        argued: Option<PathBuf>,
    },
    /// Internal: drive the rows from this one on and print an outcome line for each.
    #[command(hide = true)]
    Worker {
        #[arg(long)]
        manifest: PathBuf,
        #[arg(long)]
        from: usize,
        #[arg(long)]
        only: Option<String>,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().step {
        Step::Run {
            manifest,
            out,
            only,
        } => supervisor::run(&manifest, &out, only.as_deref()).map(|()| true),
        Step::Grade {
            manifest,
            out,
            argued,
        } => grade::grade(&manifest, &out, argued.as_deref()),
        Step::Worker {
            manifest,
            from,
            only,
        } => supervisor::work(&manifest, from, only.as_deref()).map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("octroi-vectors: {error}");
            ExitCode::from(2)
        }
    }
}
