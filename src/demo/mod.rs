//! `octroi demo`: a small made-up country, its portals and publishers, and the gateway between them, over real HTTPS
//! on this machine.
//!
//! The gateway runs as a process of its own, as in production; simulators and browsers run in this one. Each access
//! is driven like a browser drives it and compared with what the country's facts say must come of it, worked out
//! without the gateway's code; each assertion granted is verified by `xmlsec1` at the publisher's side. Nothing here
//! may excuse a difference.

mod accesses;
mod compare;
mod drive;
mod kind;
mod plan;
mod refusals;
mod report;
mod setup;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;

use report::Report;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What to show.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Drive the accesses, print the figures and exit.
    #[arg(long)]
    pub check: bool,
    /// Directory for keys, tables, configuration and logs; made when missing.
    #[arg(long, default_value = "var/demo")]
    pub out: PathBuf,
    /// What the country is drawn from.
    #[arg(long, default_value_t = 2026)]
    pub seed: u64,
    /// Port of the gateway; the three that follow are its admin listener's and the simulators'.
    #[arg(long, default_value_t = 8443)]
    pub port: u16,
    /// How many browsers at a time.
    #[arg(long, default_value_t = 2)]
    pub browsers: usize,
    /// Repeat every kind of access this many times as often.
    #[arg(long, default_value_t = 1)]
    pub scale: u32,
}

/// Runs the demo. The exit code is 0 only when every access came out as expected and every assertion was verified.
#[must_use]
pub fn run(args: &DemoArgs) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    match runtime.block_on(show(args)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => failed(&failure),
    }
}

fn failed(failure: &Failure) -> ExitCode {
    eprintln!("\noctroi demo: {failure}");
    ExitCode::from(2)
}

async fn show(args: &DemoArgs) -> Result<bool, Failure> {
    let start = Instant::now();
    setup::check_tools()?;
    let world = Arc::new(setup::world(args).await?);
    let planned = plan::plan(&world.country, args.scale)?;
    println!(
        "{}",
        report::step(
            start,
            &format!(
                "driving {} accesses, {} browsers at a time",
                planned.len(),
                args.browsers
            )
        )
    );
    let driven = drive::drive(&world, planned, args.browsers).await?;
    println!(
        "{}",
        report::step(
            start,
            &format!(
                "verifying {} assertions with xmlsec1",
                driven.evidence.len()
            )
        )
    );
    let verified = verify::verify(&world, &driven.evidence).await;
    let report = Report::new(&driven, &verified);
    report.print();
    let mut world = Arc::into_inner(world).ok_or("a browser is still running")?;
    if !args.check {
        world.stay_up().await?;
    }
    world.stop().await;
    println!("{}", report.last_line());
    Ok(report.as_it_must_be())
}
