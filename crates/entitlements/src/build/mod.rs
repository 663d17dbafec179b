//! Builds a snapshot from a source directory (`docs/directory.md`).
//!
//! Tables are read in the order in which they name one another; what breaks a rule is set aside with file, line and
//! reason, and can only take rights away. The same sources and options give the same octets. The output appears whole,
//! by rename, or not at all.
//!
//! Files: `sources` (what is read), `lines` and `source` (reading a table), `segments` (the directory), `places`,
//! `groups`, `catalogue`, `urls`, `licences` (what they say), `changes` (the overlay's log); for people `people` and `person_lines` (the tables),
//! `held` (one person of one source), `merge` (all sources in one order), `batch` and `intern` (into sections),
//! `members` (who is what where); `pool` and `index` (what makes sections), `write` (the file), `report` and
//! `progress` (what is told).

mod assignments;
mod batch;
mod catalogue;
mod changes;
mod counting;
mod dates;
mod groups;
mod held;
mod index;
mod intern;
mod licences;
mod lines;
mod members;
mod merge;
mod offered;
mod people;
mod person_lines;
mod places;
mod pool;
mod progress;
mod rekey;
mod release;
mod report;
mod school_kinds;
mod segments;
mod source;
mod sources;
mod subscriptions;
mod urls;
mod write;

use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use aws_lc_rs::digest::{Context, SHA256};

use self::changes::Changes;
use self::groups::GroupNumbers;
use self::intern::Indexed;
use self::people::People;
use self::pool::{KeyMap, Lists, Texts};
pub use self::progress::{Phase, Progress, Silent};
pub use self::rekey::{Rekeyed, rekey};
use self::report::Fault;
pub(crate) use self::report::Log;
pub use self::report::{BuildError, BuildReport, FileReport, Reason, SetAside};
use self::school_kinds::SchoolKinds;
use self::source::{Row, Stop, Table};
pub use self::sources::Sources;
use self::write::Sections;
use crate::Snapshot;
use crate::ark;
use crate::format::Section;
use crate::format::fingerprint::{Domain, Key, fingerprint};
use crate::format::header::Header;
use crate::format::integrity::Pace;
use crate::format::records::Known;
use crate::snapshot::hex;

/// The tables of a source directory, each after those that it names.
const FILES: [&str; 10] = [
    places::ENTS.file,
    places::ESTABLISHMENTS.file,
    groups::GROUPS.file,
    people::PEOPLE.file,
    people::AFFILIATIONS.file,
    catalogue::PUBLISHERS.file,
    catalogue::RESOURCES.file,
    release::RELEASE.file,
    subscriptions::SUBSCRIPTIONS.file,
    assignments::ASSIGNMENTS.file,
];

/// Tables that may be absent when a directory of segments is there.
const MAY_BE_ABSENT: [&str; 4] = [
    places::ESTABLISHMENTS.file,
    groups::GROUPS.file,
    people::PEOPLE.file,
    people::AFFILIATIONS.file,
];

/// What a build is told besides its sources.
#[derive(Debug, Clone)]
pub struct BuildOptions {
    /// Generation number written into the snapshot.
    pub generation: u64,
    /// Instant of the build, Unix seconds.
    pub built_at: i64,
    /// Last overlay entry that the tables contain; entries of [`Sources::changes`] up to it are not taken in again.
    pub overlay_sequence: u64,
    /// Key of the look-up fingerprints. `None` derives it from the sources: fine for one machine; an environment that
    /// compares generations gives its own, and keeps it secret.
    pub hash_key: Option<[u8; 16]>,
    /// Entries of one table that may be set aside before the ratio counts.
    pub max_set_aside: u64,
    /// Entries set aside, as a share of a table's lines, above which the build refuses (0.01 is one in a hundred).
    pub max_set_aside_ratio: f64,
    /// How many set-aside entries of each table the report lists; all are counted.
    pub listed: usize,
    /// The snapshot in force: a publisher whose pseudonym domain changed against it makes the build refuse.
    pub previous: Option<PathBuf>,
    /// Publishers whose pseudonym domain is meant to change.
    pub rekeyed: Vec<String>,
    /// Octets to hold at once while licences are counted (one subscription may alone need more). The octets of the
    /// snapshot do not depend on it.
    pub counting_memory: u64,
    /// Threads to use; 0 takes what the machine has. The octets do not depend on it.
    pub threads: usize,
    /// How hard the machine is worked: [`Pace::Beside`] takes one thread unless `threads` says otherwise, and rests while the
    /// snapshot goes to the disk. The octets do not depend on it.
    pub pace: Pace,
}

impl Default for BuildOptions {
    fn default() -> Self {
        Self {
            generation: 1,
            built_at: 0,
            overlay_sequence: 0,
            hash_key: None,
            max_set_aside: 100,
            max_set_aside_ratio: 0.01,
            listed: 1000,
            previous: None,
            rekeyed: Vec::new(),
            counting_memory: 128 << 20,
            threads: 0,
            pace: Pace::Whole,
        }
    }
}

/// Builds the snapshot `out` from its sources.
///
/// # Errors
/// [`BuildError`]; `out` is then untouched.
pub fn build(
    from: &Sources,
    out: &Path,
    options: &BuildOptions,
    progress: &dyn Progress,
) -> Result<BuildReport, BuildError> {
    let dir = from.tables.as_path();
    let threads = match options.threads {
        0 if options.pace == Pace::Beside => 1,
        0 => thread::available_parallelism().map_or(1, NonZero::get),
        given => given,
    };
    progress.begin(Phase::Sources, None);
    let mut digests = BTreeMap::new();
    let mut sources = Context::new(&SHA256);
    for file in FILES {
        let may_be_absent = from.directory.is_some() && MAY_BE_ABSENT.contains(&file);
        if may_be_absent && !dir.join(file).exists() {
            sources.update(&[0; 32]);
            continue;
        }
        let digest = lines::digest(&dir.join(file))?;
        sources.update(&digest);
        digests.insert(file, digest);
    }
    let segments = segments::open(from.directory.as_deref())?;
    for opened in &segments {
        sources.update(&opened.segment.root());
    }
    let changes = Changes::after(&from.changes, options.overlay_sequence);
    sources.update(&changes.octets()?);
    let sources = sources.finish();
    let key = options
        .hash_key
        .unwrap_or_else(|| derived_key(sources.as_ref()));
    let mut work = Work {
        dir,
        digests,
        fingerprint_key: key,
        texts: Texts::new(),
        lists: Lists::new(1),
        sections: Sections::default(),
        schools: KeyMap::default(),
        school_kinds: SchoolKinds::default(),
        groups: GroupNumbers::default(),
        codes: KeyMap::default(),
        resources: KeyMap::default(),
        opened: BTreeMap::new(),
        known: Vec::new(),
        log: Log::new(options),
    };
    progress.begin(Phase::Places, None);
    let ents = places::ents(&mut work)?;
    let mut segments = segments::of_known_projects(&mut work, &ents, segments);
    let schools = places::establishments(&mut work, &mut segments)?;
    groups::groups(&mut work, &mut segments)?;
    segments::codes(&mut work, &mut segments)?;
    progress.begin(Phase::Catalogue, None);
    // Before people: a build that is refused for this is refused early, and the two snapshots are never in memory at once.
    keeps_domains(&catalogue::catalogue(&mut work)?, options)?;
    let table = people::lines(&mut work, &ents, folder_of(out))?;
    let Indexed { keys, known } =
        intern::people(&mut work, &ents, &segments, table, threads, progress)?;
    drop(segments);
    progress.begin(Phase::Index, Some(keys.len() as u64));
    let entry = |person: u32| known[person as usize];
    let people = People::new(index::fill(&keys, entry)?);
    drop(keys);
    work.known = known;
    progress.begin(Phase::Licences, None);
    licences::licences(&mut work, &ents, &people, &changes, schools, options)?;
    work.known = Vec::new();
    let offered = offered::index(&work)?;
    work.sections.put(Section::OfferIndex, offered);
    work.sections
        .put(Section::PersonIndex, people.into_octets());
    let Work {
        texts,
        lists,
        mut sections,
        log,
        ..
    } = work;
    let counts = sections.counts();
    let needed = [
        (places::ESTABLISHMENTS.file, counts.establishments),
        (people::PEOPLE.file, counts.people),
        (catalogue::RESOURCES.file, counts.resources),
    ];
    let names: Vec<String> = log.files.keys().cloned().collect();
    let others = names.iter().map(String::as_str);
    let files: Vec<&str> = FILES
        .into_iter()
        .chain(others.filter(|name| !FILES.contains(name)))
        .collect();
    let told = log.finish(options, &files, &needed)?;
    sections.put(Section::Texts, texts.into_octets());
    sections.put(Section::Lists, lists.into_octets());
    let mut header = Header {
        generation: options.generation,
        built_at: options.built_at,
        overlay_sequence: changes.last().unwrap_or(options.overlay_sequence),
        key,
        sources: [0; 32],
        root: [0; 32],
        hashes: 0,
    };
    header.sources.copy_from_slice(sources.as_ref());
    progress.begin(Phase::Write, None);
    let (bytes, root) = sections.write(out, header, options.pace)?;
    Ok(BuildReport {
        counts,
        bytes,
        digest: hex(&root),
        files: told.files,
        set_aside: told.set_aside,
        differing: told.differing,
    })
}

/// The folder in which the output appears; what is put aside during the build lies there, too.
fn folder_of(out: &Path) -> &Path {
    match out.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A key that nobody can choose collisions for without knowing all the sources.
fn derived_key(sources: &[u8]) -> Key {
    let mut context = Context::new(&SHA256);
    context.update(b"octroi snapshot fingerprint key");
    context.update(sources);
    let digest = context.finish();
    let mut key = Key::default();
    key.copy_from_slice(&digest.as_ref()[..16]);
    key
}

/// A build in progress.
pub(crate) struct Work<'d> {
    dir: &'d Path,
    digests: BTreeMap<&'static str, [u8; 32]>,
    fingerprint_key: Key,
    texts: Texts,
    lists: Lists,
    sections: Sections,
    schools: KeyMap,
    school_kinds: SchoolKinds,
    groups: GroupNumbers,
    codes: KeyMap,
    resources: KeyMap,
    /// For the mother of a family that opens it, the other members.
    opened: BTreeMap<u32, Vec<u32>>,
    /// What people are in their schools, in the order of their numbers; empty before they are written.
    known: Vec<Known>,
    log: Log,
}

impl AsMut<Log> for Work<'_> {
    fn as_mut(&mut self) -> &mut Log {
        &mut self.log
    }
}

impl Work<'_> {
    /// Reads a table, which must still be what it was when the build began.
    fn read<const N: usize>(
        &mut self,
        table: &Table<N>,
        take: impl FnMut(&Row<'_, N>, &mut Self) -> Result<(), Stop>,
    ) -> Result<(), BuildError> {
        if MAY_BE_ABSENT.contains(&table.file) && !self.digests.contains_key(table.file) {
            return Ok(());
        }
        let digest = source::read(self.dir, table, self, take)?;
        if self.digests.get(table.file) != Some(&digest) {
            return Err(BuildError::SourceChanged { file: table.file });
        }
        Ok(())
    }

    fn key(&self, domain: Domain, first: impl AsRef<[u8]>, second: impl AsRef<[u8]>) -> u128 {
        fingerprint(&self.fingerprint_key, domain, first, second)
    }

    fn text(&mut self, text: &str) -> Result<u32, BuildError> {
        self.texts.intern(text)
    }

    /// Notes a key, or answers the fault when it was there.
    fn unique(
        &self,
        seen: &mut KeyMap,
        domain: Domain,
        first: impl AsRef<[u8]>,
        second: impl AsRef<[u8]>,
        fault: Fault,
    ) -> Result<(), Fault> {
        match seen.insert(self.key(domain, first, second), 0) {
            None => Ok(()),
            Some(_) => Err(fault),
        }
    }

    /// Number of the school that a column names.
    fn school<const N: usize>(&self, row: &Row<'_, N>, column: usize) -> Result<u32, Fault> {
        let uai = row.key(column, places::MAX_UAI)?;
        let key = self.key(Domain::Establishment, "", &*uai);
        let number = self.schools.get(&key).copied();
        number.ok_or_else(|| row.fault(column, Reason::Unknown))
    }

    /// Resources that a subscription to this one opens besides it.
    fn opened_by(&self, resource: u32) -> impl Iterator<Item = u32> + '_ {
        self.opened.get(&resource).into_iter().flatten().copied()
    }

    /// Number of a class or group of a school.
    fn group(&self, establishment: u32, kind: u32, code: &str) -> Option<u32> {
        self.groups
            .find(&self.sections, &self.texts, establishment, kind, code)
    }

    /// Number of the resource that a column names.
    fn resource<const N: usize>(&self, row: &Row<'_, N>, column: usize) -> Result<u32, Fault> {
        let id = row.key(column, ark::MAX_ARK)?;
        let name = ark::name(&id).ok_or_else(|| row.fault(column, Reason::NotAnArk))?;
        let number = self
            .resources
            .get(&self.key(Domain::Resource, "", name))
            .copied();
        number.ok_or_else(|| row.fault(column, Reason::Unknown))
    }
}

/// Refuses when a publisher's pseudonym domain is not that of the snapshot in force.
fn keeps_domains(domains: &[(String, String)], options: &BuildOptions) -> Result<(), BuildError> {
    let Some(previous) = &options.previous else {
        return Ok(());
    };
    let previous = Snapshot::open(previous).map_err(BuildError::Previous)?;
    for (publisher, domain) in domains {
        let kept = previous
            .publisher(publisher)
            .is_none_or(|before| before.pseudonym_domain() == domain);
        if !kept && !options.rekeyed.contains(publisher) {
            return Err(BuildError::DomainChanged {
                publisher: publisher.clone(),
            });
        }
    }
    Ok(())
}
