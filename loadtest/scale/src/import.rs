//! Archives to the directory, by the crate that `octroi collect` imports with: read and validated alone, and to durable
//! segments in force.
//!
//! The work runs in a process of its own (`work-parse`, `work-import`), so that its CPU time and memory are those of the
//! import and of nothing else. Records set aside are counted, not kept: sealing them in the vault is the importer's.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use octroi_collect::{Options, Outcome, Report, Unobserved, import as import_archive, validate};
use octroi_country::tally::{Delivered, Manifest};
use octroi_directory::current::Directory;

use crate::child::{self, Cost};
use crate::host::Share;
use crate::results::{Figures, figures};
use crate::{Phase, Scale, Stopped, data};

/// Octets of memory for sorting, of each archive that is worked on.
const SORT_BUFFER: usize = 256 << 20;
/// Where the second import of the same night goes.
const AGAIN: &str = "segments-again";

/// Gunzip, parse and validate: MB of XML for each CPU second.
pub(crate) fn parse(scale: &Scale) -> Result<Figures, Stopped> {
    let cost = child::run(&mut work(scale, Phase::WorkParse, "segments")?)?;
    let megabytes = data::manifest(&scale.dir)?.all.xml_octets as f64 / 1e6;
    Ok(figures([
        ("parse_mb_s", megabytes / cost.cpu),
        ("parse_s", cost.wall),
        ("parse_peak_gib", cost.peak_gib),
    ]))
}

/// Archives to durable segments, and whether what came of them is what was sent.
pub(crate) fn import(scale: &Scale) -> Result<Figures, Stopped> {
    let Cost {
        wall,
        cpu,
        peak_gib,
    } = child::run(&mut work(scale, Phase::WorkImport, "segments")?)?;
    let manifest = data::manifest(&scale.dir)?;
    let came: Vec<Came> = serde_json::from_str(&std::fs::read_to_string(came_file(&scale.dir))?)?;
    let wrong: u64 = manifest
        .archives
        .iter()
        .map(|sent| difference(sent, &came))
        .sum();
    Ok(figures([
        ("import_mb_s", manifest.all.xml_octets as f64 / 1e6 / cpu),
        ("import_s", wall),
        ("import_peak_gib", peak_gib),
        (
            "import_people",
            came.iter().map(|c| c.people).sum::<u64>() as f64,
        ),
        (
            "import_set_aside",
            came.iter().map(|c| c.lost).sum::<u64>() as f64,
        ),
        ("import_wrong", wrong as f64),
    ]))
}

/// The same night once more into another folder, at the lowest priority and one archive at a time.
pub(crate) fn again_in_background(
    scale: &Scale,
    share: Option<&Share>,
) -> Result<Command, Stopped> {
    remove_again(scale)?;
    let own = std::env::current_exe()?;
    let mut command = child::in_background(&own, share);
    arguments(&mut command, scale, Phase::WorkImport, AGAIN)?;
    command.args(["--threads", "1"]);
    Ok(command)
}

/// Takes the second import's segments away.
pub(crate) fn remove_again(scale: &Scale) -> Result<(), Stopped> {
    let folder = scale.dir.join(AGAIN);
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    Ok(())
}

fn work(scale: &Scale, phase: Phase, into: &str) -> Result<Command, Stopped> {
    let mut command = Command::new(std::env::current_exe()?);
    arguments(&mut command, scale, phase, into)?;
    Ok(command)
}

fn arguments(
    command: &mut Command,
    scale: &Scale,
    phase: Phase,
    into: &str,
) -> Result<(), Stopped> {
    std::fs::create_dir_all(scale.dir.join(into))?;
    command.arg(phase.name()).arg("--dir").arg(&scale.dir);
    command
        .arg("--octroi")
        .arg(&scale.octroi)
        .arg("--into")
        .arg(into);
    Ok(())
}

fn came_file(dir: &Path) -> PathBuf {
    dir.join("work/came.json")
}

/// What came of an archive.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Came {
    archive: String,
    schools: u64,
    groups: u64,
    people: u64,
    managers: u64,
    lost: u64,
    repeated: u64,
}

impl Came {
    fn of(archive: &str, report: &Report) -> Self {
        Self {
            archive: archive.to_owned(),
            schools: u64::from(report.directory.schools),
            groups: u64::from(report.directory.groups),
            people: report.directory.people,
            managers: u64::from(report.directory.managers),
            lost: report.records_lost(),
            repeated: report.repeated,
        }
    }
}

/// By how many records what came of an archive differs from what was sent: 0.
fn difference(sent: &Delivered, came: &[Came]) -> u64 {
    let counts = &sent.counts;
    let Some(came) = came.iter().find(|came| came.archive == sent.archive) else {
        return counts.people;
    };
    // What says again what was said before does no harm and is not set aside.
    let bad = counts.bad.sum() - counts.bad.duplicate;
    let pairs = [
        (counts.schools, came.schools),
        (counts.groups, came.groups),
        (counts.people, came.people),
        (counts.managers, came.managers),
        (bad, came.lost),
        (counts.bad.duplicate, came.repeated),
    ];
    let difference = pairs.iter().map(|(a, b)| a.abs_diff(*b)).sum();
    if difference > 0 {
        eprintln!("   {}: sent {counts:?}, came {came:?}", sent.archive);
    }
    difference
}

/// What the process of its own does. `into` is a folder of the scene.
pub(crate) fn work_here(scale: &Scale) -> Result<(), Stopped> {
    let manifest = data::manifest(&scale.dir)?;
    let directory = Directory::new(&scale.dir.join(&scale.into));
    let next = AtomicUsize::new(0);
    let came = Mutex::new(Vec::new());
    let threads = scale
        .threads
        .or_else(|| std::thread::available_parallelism().ok());
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.map_or(1, NonZero::get))
            .map(|_| {
                scope.spawn(|| -> Result<(), Stopped> {
                    while let Some(sent) =
                        manifest.archives.get(next.fetch_add(1, Ordering::Relaxed))
                    {
                        let one = match scale.phase {
                            Phase::WorkParse => parse_one(scale, sent)?,
                            _ => import_one(scale, &directory, sent)?,
                        };
                        came.lock()
                            .map_err(|_| "an archive's thread broke off")?
                            .extend(one);
                    }
                    Ok(())
                })
            })
            .collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().map_err(|_| "an archive's thread broke off")?)
    })?;
    if scale.phase == Phase::WorkImport && scale.into != AGAIN {
        let came = came
            .into_inner()
            .map_err(|_| "an archive's thread broke off")?;
        std::fs::write(came_file(&scale.dir), serde_json::to_string_pretty(&came)?)?;
    }
    told(&manifest);
    Ok(())
}

fn told(manifest: &Manifest) {
    eprintln!(
        "   {} archives, {:.1} GB of XML",
        manifest.archives.len(),
        manifest.all.xml_octets as f64 / 1e9
    );
}

/// Archive and sum.
fn files(scale: &Scale, sent: &Delivered) -> (PathBuf, PathBuf) {
    let folder = scale.dir.join("deliveries").join(&sent.ident);
    let sum = sent.archive.replace(".tar.gz", ".md5");
    (folder.join(&sent.archive), folder.join(sum))
}

fn parse_one(scale: &Scale, sent: &Delivered) -> Result<Option<Came>, Stopped> {
    let (archive, md5) = files(scale, sent);
    let report = validate(
        &archive,
        &md5,
        &Options::new(&scale.dir.join("work")),
        &mut Unobserved,
    )?;
    if report.xml_octets != sent.counts.xml_octets {
        return Err(format!(
            "{}: {} octets read, {} sent",
            sent.archive, report.xml_octets, sent.counts.xml_octets
        )
        .into());
    }
    Ok(None)
}

fn import_one(
    scale: &Scale,
    directory: &Directory,
    sent: &Delivered,
) -> Result<Option<Came>, Stopped> {
    let (archive, md5) = files(scale, sent);
    let degree = octroi_directory::Degree::parse(&sent.degree).ok_or("no degree")?;
    let draft = directory.draft(&sent.ident, degree)?;
    let options = Options {
        sort_buffer: SORT_BUFFER,
        ..Options::new(&scale.dir.join("work"))
    };
    match import_archive(&archive, &md5, &draft, &options, &mut Unobserved)? {
        Outcome::Imported(report) => {
            directory.put_in_force(&draft)?;
            Ok(Some(Came::of(&sent.archive, &report)))
        }
        Outcome::Nothing(_) => Err(format!("{}: nobody was in it", sent.archive).into()),
    }
}
