//! The nation: archives, tables, keys and settings of a gateway that follows a store.

use std::io::Write;
use std::num::NonZero;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use octroi::simulate::cli::today;
use octroi::simulate::country::Country;
use octroi::simulate::settings::Loaded;
use octroi_country::deliver::{Night, deliver};
use octroi_country::nation::nation;
use octroi_country::tally::Manifest;

use crate::results::{Figures, figures};
use crate::{Scale, Stopped};

/// Bad records of each sort for 100 000 people.
const BAD: u32 = 100;

/// Where bodies come from.
const STORE: &str = "
[store]
url = \"store\"
environment = \"scale\"
public_keys = [\"pki/store.pub.pem\"]
private_key = \"pki/store.key.pem\"
directory = \"node\"
";

/// Writes everything.
pub(crate) fn make(scale: &Scale) -> Result<Figures, Stopped> {
    let country = nation(scale.seed, scale.people, today())?;
    std::fs::create_dir_all(&scale.dir)?;
    let start = Instant::now();
    let counts = country.write_place_of_rights(&scale.dir)?;
    eprintln!(
        "   {} resources, {} subscriptions, {} assignments",
        counts.resources, counts.subscriptions, counts.assignments
    );
    store(&scale.dir)?;
    let night = Night {
        at: country.shape().day.at(2, 0, 0, 0),
        bad_per_100k: BAD,
        threads: std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN),
    };
    let manifest = deliver(&country, night, &scale.dir.join("deliveries"))?;
    let text = serde_json::to_string_pretty(&manifest)?;
    std::fs::write(scale.dir.join("country.json"), text + "\n")?;
    Ok(figures([
        ("data_s", start.elapsed().as_secs_f64()),
        ("data_archives", manifest.archives.len() as f64),
        ("data_xml_gb", manifest.all.xml_octets as f64 / 1e9),
        ("data_packed_gb", manifest.all.archive_octets as f64 / 1e9),
    ]))
}

/// What was delivered.
pub(crate) fn manifest(dir: &Path) -> Result<Manifest, Stopped> {
    Ok(serde_json::from_str(&std::fs::read_to_string(
        dir.join("country.json"),
    )?)?)
}

/// The nation that was made: its day is the one of its settings.
pub(crate) fn country(dir: &Path) -> Result<Country, Stopped> {
    let loaded = Loaded::read(&dir.join("simulate.toml"))?;
    loaded
        .country
        .ok_or_else(|| "simulate.toml has no [country]".into())
}

/// Keys of the store, and the section that names them.
fn store(dir: &Path) -> Result<(), Stopped> {
    for folder in [
        "store", "node", "state", "audit", "bodies", "segments", "work",
    ] {
        std::fs::create_dir_all(dir.join(folder))?;
    }
    let secret = dir.join("pki/store.key.pem");
    if !secret.exists() {
        let mut make = Command::new("openssl");
        make.args(["genpkey", "-algorithm", "ed25519", "-out"])
            .arg(&secret);
        let mut show = Command::new("openssl");
        show.args(["pkey", "-pubout", "-in"]).arg(&secret);
        show.arg("-out").arg(dir.join("pki/store.pub.pem"));
        for command in [&mut make, &mut show] {
            if !command.status()?.success() {
                return Err("openssl made no Ed25519 key".into());
            }
        }
        private(&secret)?;
    }
    for folder in ["node", "segments", "work", "bodies", "state", "audit"] {
        private_folder(&dir.join(folder))?;
    }
    let mut settings = std::fs::OpenOptions::new()
        .append(true)
        .open(dir.join("octroi.toml"))?;
    settings.write_all(STORE.as_bytes())?;
    Ok(())
}

fn private(path: &Path) -> Result<(), Stopped> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(())
}

fn private_folder(path: &Path) -> Result<(), Stopped> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))?;
    Ok(())
}
