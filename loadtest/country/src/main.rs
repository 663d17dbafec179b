//! `octroi-country`: writes a nation. See the library's page and `loadtest/README.md`.

use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use jiff::civil::Date;
use octroi::simulate::cli::today;
use octroi_country::deliver::{Night, deliver};
use octroi_country::nation::nation;

/// A made-up nation, as its portals deliver it.
#[derive(Debug, Parser)]
#[command(name = "octroi-country", version)]
struct Cli {
    /// Directory to write to. It gets `octroi.toml`, `simulate.toml`, `pki/`, `metadata/`, `directory/` (tables of
    /// rights), `deliveries/{idENT}/` (archives) and `country.json` (what an import must come to).
    #[arg(long)]
    out: PathBuf,
    /// How many people; everything else is in proportion.
    #[arg(long, default_value_t = 20_000)]
    people: u64,
    /// What everything is drawn from; the same seed gives the same octets.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Day around which subscriptions begin and end, and in whose night archives are made (default: today in Paris).
    #[arg(long)]
    day: Option<Date>,
    /// Bad records of each of six sorts for 100 000 people.
    #[arg(long, default_value_t = 100)]
    bad: u32,
    /// Archives made at once (default: processors).
    #[arg(long)]
    threads: Option<NonZero<usize>>,
    /// Write archives and `country.json` alone.
    #[arg(long)]
    archives_only: bool,
}

fn main() -> ExitCode {
    match write(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("octroi-country: {error}");
            ExitCode::from(2)
        }
    }
}

fn write(cli: &Cli) -> Result<(), Box<dyn std::error::Error>> {
    let day = cli.day.unwrap_or_else(today);
    let country = nation(cli.seed, cli.people, day)?;
    let start = Instant::now();
    if !cli.archives_only {
        let counts = country.write_place_of_rights(&cli.out)?;
        println!(
            "{}: {} resources, {} subscriptions, {} assignments, in {:.1} s",
            cli.out.display(),
            counts.resources,
            counts.subscriptions,
            counts.assignments,
            start.elapsed().as_secs_f64()
        );
    }
    let night = Night {
        at: day.at(2, 0, 0, 0),
        bad_per_100k: cli.bad,
        threads: cli
            .threads
            .or_else(|| std::thread::available_parallelism().ok())
            .unwrap_or(NonZero::<usize>::MIN),
    };
    let start = Instant::now();
    let manifest = deliver(&country, night, &cli.out.join("deliveries"))?;
    let text = serde_json::to_string_pretty(&manifest)?;
    std::fs::write(cli.out.join("country.json"), text + "\n")?;
    let (all, seconds) = (manifest.all, start.elapsed().as_secs_f64());
    println!(
        "{} archives: {} schools, {} groups, {} records of people, {} managers, {} relations, {} bad; {} MB of XML, {} MB packed, in {seconds:.1} s",
        manifest.archives.len(),
        all.schools,
        all.groups,
        all.people,
        all.managers,
        all.relations,
        all.bad.sum(),
        all.xml_octets / 1_000_000,
        all.archive_octets / 1_000_000,
    );
    Ok(())
}
