//! `octroi simulate …`: makes a country, and plays its portals and publishers.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;

use super::country::partner::Hosts;
use super::country::{Country, Shape};
use super::portal::Portals;
use super::publisher::xmlsec1::Xmlsec1;
use super::publisher::{Publishers, Verifier};
use super::server::{bind, serve, tls};
use super::settings::Loaded;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What to simulate.
#[derive(Debug, Subcommand)]
pub enum Simulate {
    /// Write a made-up country: source tables, keys, metadata and both configuration files.
    Country(CountryArgs),
    /// Play portals: sign-in desk, tiles, SAML.
    Portal(ServeArgs),
    /// Play publishers: resources behind SAML.
    Publisher(PublisherArgs),
}

/// A country's size and place.
#[derive(Debug, Args)]
pub struct CountryArgs {
    /// Directory to write to; made when missing.
    #[arg(long)]
    pub out: PathBuf,
    /// What everything is drawn from; the same seed gives the same country.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Schools.
    #[arg(long, default_value_t = 50)]
    pub schools: u32,
    /// People, over all schools.
    #[arg(long, default_value_t = 5000)]
    pub people: u64,
    /// Resources.
    #[arg(long, default_value_t = 200)]
    pub resources: u32,
    /// Portals.
    #[arg(long, default_value_t = 3)]
    pub portals: u16,
    /// Publishers.
    #[arg(long, default_value_t = 12)]
    pub publishers: u16,
    /// Let every portal send Responses that nobody asked for, as load tests need it.
    #[arg(long)]
    pub unsolicited: bool,
    /// Day around which subscriptions begin and end (default: today in Paris).
    #[arg(long)]
    pub day: Option<Date>,
    /// Write the source tables only.
    #[arg(long)]
    pub tables_only: bool,
}

/// Which settings.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Settings of the simulators, as `octroi simulate country` writes them.
    #[arg(long, default_value = "simulate.toml")]
    pub config: PathBuf,
}

/// Which settings, and who judges signatures.
#[derive(Debug, Args)]
pub struct PublisherArgs {
    #[command(flatten)]
    serve: ServeArgs,
    /// Who verifies signatures.
    #[arg(long, value_enum, default_value_t = VerifyWith::Octroi)]
    pub verify: VerifyWith,
}

/// Who verifies signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum VerifyWith {
    /// octroi itself.
    Octroi,
    /// The `xmlsec1` program as well.
    Xmlsec1,
}

/// Today in Europe/Paris, by whose days subscriptions are counted.
#[must_use]
pub fn today() -> Date {
    let now = jiff::Timestamp::from_millisecond(crate::clock::system_now().unix_millis())
        .unwrap_or_default();
    let zone = jiff::tz::TimeZone::get("Europe/Paris").unwrap_or(jiff::tz::TimeZone::UTC);
    now.to_zoned(zone).date()
}

/// Runs the subcommand.
#[must_use]
pub fn run(command: &Simulate) -> ExitCode {
    let outcome = match command {
        Simulate::Country(args) => country(args),
        Simulate::Portal(args) => block_on(portals(args)),
        Simulate::Publisher(args) => block_on(publishers(args)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("octroi simulate: {failure}");
            ExitCode::from(2)
        }
    }
}

fn block_on(task: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(task)
}

fn country(args: &CountryArgs) -> Result<(), Failure> {
    let shape = Shape {
        seed: args.seed,
        schools: args.schools,
        people: args.people,
        resources: args.resources,
        portals: args.portals,
        projects: 0,
        national: false,
        publishers: args.publishers,
        disabled_partners: false,
        unsolicited: args.unsolicited,
        day: args.day.unwrap_or_else(today),
        hosts: Hosts::default(),
    };
    let country = Country::new(shape)?;
    let start = Instant::now();
    let directory = args.out.join("directory");
    std::fs::create_dir_all(&directory)
        .map_err(|error| format!("{}: {error}", directory.display()))?;
    let counts = if args.tables_only {
        country.write_tables(&directory)?
    } else {
        country.write_place(&args.out)?
    };
    println!(
        "{}: {} schools, {} people, {} resources, {} subscriptions, {} assignments, in {:.1} s",
        args.out.display(),
        counts.schools,
        counts.people,
        counts.resources,
        counts.subscriptions,
        counts.assignments,
        start.elapsed().as_secs_f64()
    );
    if !args.tables_only {
        let (out, snapshot) = (args.out.display(), args.out.join("snapshot"));
        std::fs::create_dir_all(&snapshot)
            .map_err(|error| format!("{}: {error}", snapshot.display()))?;
        println!("next: octroi snapshot build {out}/directory {out}/snapshot/current.octroi");
    }
    Ok(())
}

async fn portals(args: &ServeArgs) -> Result<(), Failure> {
    let loaded = Loaded::read(&args.config)?;
    let site = Arc::new(Portals::load(&loaded)?);
    let tls = tls(&loaded.pki("tls/server.pem"), &loaded.pki("tls/server.key"))?;
    let listener = bind(loaded.settings.listen.portals).await?;
    for portal in &loaded.settings.portal {
        println!("{}  {}/", portal.name, portal.origin);
    }
    serve(listener, tls, site).await;
    Ok(())
}

async fn publishers(args: &PublisherArgs) -> Result<(), Failure> {
    let loaded = Loaded::read(&args.serve.config)?;
    let verifier = match args.verify {
        VerifyWith::Octroi => Verifier::own(),
        VerifyWith::Xmlsec1 => {
            Verifier::xmlsec1(xmlsec1(&loaded)?, Arc::new(AtomicBool::new(true)))
        }
    };
    let site = Arc::new(Publishers::load(&loaded, &verifier)?);
    let tls = tls(&loaded.pki("tls/server.pem"), &loaded.pki("tls/server.key"))?;
    let listener = bind(loaded.settings.listen.publishers).await?;
    for publisher in &loaded.settings.publisher {
        println!("{}  {}/", publisher.name, publisher.origin);
    }
    serve(listener, tls, site).await;
    Ok(())
}

/// The `xmlsec1` judge with the gateway's certificates, working in a directory beside the settings.
///
/// # Errors
/// When the directory cannot be made.
pub fn xmlsec1(loaded: &Loaded) -> std::io::Result<Xmlsec1> {
    let directory = loaded.path("xmlsec1".as_ref());
    std::fs::create_dir_all(&directory)?;
    let certificates = &loaded.settings.gateway.signing_certificates;
    Ok(Xmlsec1::new(
        directory,
        certificates.iter().map(|path| loaded.path(path)).collect(),
    ))
}
