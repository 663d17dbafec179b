//! `octroi-scale PHASE`: makes a nation, imports, builds and serves it, and measures each row of `docs/scale.md`.
//!
//! Each phase leaves its figures in `results/PHASE.json` and can be run alone; `all` runs those that have none yet.
//! The programs measured are the real ones: `octroi collect`, `octroi snapshot`, `octroi overlay`, `octroi serve`. Where
//! a figure is one of a process, it is read from `/proc` while that process does nothing else.
//!
//! It must never make up a figure: a phase that could not be measured has none, and its rows say so.

mod child;
mod data;
mod host;
mod import;
mod lookup;
mod publish;
mod results;
mod serve;
mod table;
mod under_load;

use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use results::Results;

/// Anything that stops a phase.
type Stopped = Box<dyn std::error::Error + Send + Sync>;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Phase {
    /// Archives, tables, keys and settings.
    Data,
    /// Gunzip, parse and validate every archive; nothing is written.
    Parse,
    /// Archives to the durable directory.
    Import,
    /// Directory and tables to a signed body in the store.
    Build,
    /// Look-ups, with pages resident and with cold caches.
    Lookup,
    /// Starts of a serving node: with a warm and a cold page cache, and the memory that it takes.
    Ready,
    /// Accesses while another body is imported and built on the same machine.
    Beside,
    /// Accesses while the second body is swapped in.
    Swap,
    /// Accesses while changes are made.
    Overlay,
    /// Prints the table of what was measured.
    Table,
    /// Everything that has no figures yet, then the table.
    All,
    /// What `parse` runs and measures.
    #[value(hide = true)]
    WorkParse,
    /// What `import` and `beside` run and measure.
    #[value(hide = true)]
    WorkImport,
}

impl Phase {
    /// In this order.
    const MEASURED: [Self; 9] = [
        Self::Data,
        Self::Parse,
        Self::Import,
        Self::Build,
        Self::Lookup,
        Self::Ready,
        Self::Beside,
        Self::Swap,
        Self::Overlay,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Parse => "parse",
            Self::Import => "import",
            Self::Build => "build",
            Self::Lookup => "lookup",
            Self::Ready => "ready",
            Self::Beside => "beside",
            Self::Swap => "swap",
            Self::Overlay => "overlay",
            Self::Table => "table",
            Self::All => "all",
            Self::WorkParse => "work-parse",
            Self::WorkImport => "work-import",
        }
    }
}

/// Measures octroi with a nation's people.
#[derive(Debug, Clone, Parser)]
#[command(name = "octroi-scale", version)]
struct Scale {
    /// What to do.
    #[arg(value_enum)]
    phase: Phase,
    /// Directory of data and figures.
    #[arg(long)]
    dir: PathBuf,
    /// People of the nation.
    #[arg(long, default_value_t = 20_000)]
    people: u64,
    /// What everything is drawn from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The `octroi` program.
    #[arg(long)]
    octroi: PathBuf,
    /// Accesses a second.
    #[arg(long, default_value_t = 1000.0)]
    rate: f64,
    /// Seconds of each run under load.
    #[arg(long, default_value_t = 30)]
    duration: u64,
    /// Folder of the scene that takes segments.
    #[arg(long, default_value = "segments", hide = true)]
    into: String,
    /// Archives worked on at once.
    #[arg(long, hide = true)]
    threads: Option<NonZero<usize>>,
}

fn main() -> ExitCode {
    let scale = Scale::parse();
    let results = Results::new(&scale.dir.join("results"));
    match run(&scale, &results) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("octroi-scale: {}: {error}", scale.phase.name());
            ExitCode::from(2)
        }
    }
}

/// False when a row of the table was missed.
fn run(scale: &Scale, results: &Results) -> Result<bool, Stopped> {
    match scale.phase {
        Phase::Table => table::print(scale, results),
        Phase::All => {
            for phase in Phase::MEASURED {
                if !results.has(phase.name()) {
                    measure(scale, results, phase)?;
                }
            }
            table::print(scale, results)
        }
        Phase::WorkParse | Phase::WorkImport => import::work_here(scale).map(|()| true),
        phase => measure(scale, results, phase).map(|()| true),
    }
}

fn measure(scale: &Scale, results: &Results, phase: Phase) -> Result<(), Stopped> {
    eprintln!("── {}", phase.name());
    let figures = match phase {
        Phase::Data => data::make(scale)?,
        Phase::Parse => import::parse(scale)?,
        Phase::Import => import::import(scale)?,
        Phase::Build => publish::build(scale)?,
        Phase::Lookup => lookup::measure(scale)?,
        Phase::Ready => serve::measure(scale)?,
        Phase::Beside => under_load::beside(scale)?,
        Phase::Swap => under_load::swap(scale)?,
        Phase::Overlay => under_load::overlay(scale)?,
        Phase::Table | Phase::All | Phase::WorkParse | Phase::WorkImport => return Ok(()),
    };
    for (name, value) in &figures {
        eprintln!("   {name} = {value:.3}");
    }
    results.save(phase.name(), &figures)
}
