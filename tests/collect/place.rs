//! A place to collect in: configuration, drop boxes, vault, ledgers, and a clock that stands where a test puts it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use md5::{Digest, Md5};
use octroi::clock::Clock;
use octroi::collect::alarm::Code;
use octroi::collect::batch::{Batch, Ended};
use octroi::collect::desk::{Desk, DeskError, Office};
use octroi::collect::ledger::FlowState;
use octroi::collect::watch::{Gate, pass};
use octroi::config::CollectSettings;
use octroi_directory::{Degree, Segment};
use octroi_saml::Time;

use crate::archive::{Portal, name};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A folder of a test's own, removed when the test ends well.
pub struct Place {
    pub root: PathBuf,
}

impl Place {
    /// A place for one portal, `B0`, that delivers 2D every night by 06:00, with further keys of `[collect]`.
    pub fn new(extra: &str) -> Self {
        let place = Self::bare();
        place.configure(extra, &[("B0", "flows = [\"2D\"]\ndelta = true")]);
        place
    }

    /// A place without a configuration.
    pub fn bare() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let root =
            std::env::temp_dir().join(format!("octroi-collect-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(&root).unwrap();
        let key = root.join("vault.key");
        fs::write(&key, "0123456789abcdef".repeat(4) + "\n").unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        Self { root }
    }

    /// Writes the configuration: keys of `[collect]` (and sections behind them), then portals with their keys.
    pub fn configure(&self, extra: &str, portals: &[(&str, &str)]) {
        let (keys, sections) = extra
            .split_once("[[")
            .map_or((extra, String::new()), |(keys, rest)| {
                (keys, format!("[[{rest}"))
            });
        let mut text = format!(
            "[collect]\ndirectory = \"directory\"\nstate = \"state\"\nvault = \"vault\"\nvault_key = \"vault.key\"\n\
             audit = \"audit\"\nmetrics_file = \"octroi.prom\"\nrest_seconds = 0\nlook_seconds = 1\n{keys}\n"
        );
        for (ent, keys) in portals {
            fs::create_dir_all(self.drop_box(ent)).unwrap();
            text += &format!(
                "[[collect.portal]]\nent = \"{ent}\"\ndrop_boxes = [\"depot/{ent}\"]\n{keys}\n"
            );
        }
        text += &sections;
        fs::write(self.config(), text).unwrap();
    }

    pub fn config(&self) -> PathBuf {
        self.root.join("collect.toml")
    }

    pub fn drop_box(&self, ent: &str) -> PathBuf {
        self.root.join("depot").join(ent)
    }

    /// Everything below the command line, at a time in UTC: `2026-11-27T02:30:00Z`.
    pub fn office(&self, at: &str) -> Arc<Office> {
        let text = fs::read_to_string(self.config()).unwrap();
        let (settings, _, problems) = CollectSettings::read(&self.config(), &text);
        assert!(problems.is_empty(), "{problems}");
        let clock = Arc::new(Clock::standing_at(Time::parse(at).unwrap()));
        Arc::new(Office::open(settings, &self.root, clock).unwrap())
    }

    /// Puts a file and its sum into a drop box.
    pub fn put(&self, ent: &str, file: &str, octets: &[u8]) {
        self.put_with_sum(ent, file, octets, &sum(octets));
    }

    /// Puts a file with any sum into a drop box.
    pub fn put_with_sum(&self, ent: &str, file: &str, octets: &[u8], sum: &str) {
        fs::write(self.drop_box(ent).join(file), octets).unwrap();
        fs::write(self.drop_box(ent).join(format!("{file}.md5")), sum).unwrap();
    }

    /// A portal's 2D delivery, put into its drop box.
    pub fn deliver(&self, ent: &str, stamp: &str, portal: &Portal) {
        self.put(
            ent,
            &name(ent, stamp, "2D"),
            &portal.archive(ent, stamp, "2D"),
        );
    }

    /// The program, with this configuration.
    pub fn program(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_octroi"));
        command.arg("collect").arg("--config").arg(self.config());
        command.args(arguments);
        command
    }

    /// Everything under the place but the drop boxes, as one heap of octets.
    pub fn heap(&self, folders: &[&str]) -> Vec<u8> {
        let mut heap = Vec::new();
        for folder in folders {
            walk(&self.root.join(folder), &mut heap);
        }
        heap
    }
}

fn walk(path: &Path, heap: &mut Vec<u8>) {
    if path.is_dir() {
        let mut entries: Vec<_> = fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        entries.sort();
        entries.iter().for_each(|entry| walk(entry, heap));
    } else if path.is_file() {
        heap.extend(fs::read(path).unwrap());
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.root);
        }
    }
}

/// The MD5 as portals write it.
pub fn sum(octets: &[u8]) -> String {
    Md5::digest(octets)
        .iter()
        .map(|octet| format!("{octet:02x}"))
        .collect()
}

/// One pass for a portal. Files need not rest.
pub fn run(office: &Office, ent: &str) -> Ended {
    let portal = office.settings.portal(ent).unwrap();
    // A program that another test starts holds a copy of the last lock until it runs.
    drop(Desk::wait(office, portal, Duration::from_secs(2)));
    // The clock of a test stands in 2026 and files are of today: they rest at once.
    pass(office, portal, &Gate::new(1), Duration::ZERO, true)
}

/// A portal's desk.
pub fn desk<'o>(office: &'o Office, ent: &str) -> Desk<'o> {
    Desk::take(office, office.settings.portal(ent).unwrap()).unwrap()
}

/// One look into a portal's drop boxes, at files that have rested so long. Answers how many deliveries came.
pub fn take_in(office: &Office, ent: &str, rest: Duration) -> u64 {
    at_desk(office, ent, |desk, batch| desk.take_in(batch, rest))
}

/// An approval at the office's own time.
pub fn approve(office: &Office, ent: &str, file: &str) {
    at_desk(office, ent, |desk, batch| {
        desk.approve(batch, file, "marie")
    });
}

fn at_desk<T>(
    office: &Office,
    ent: &str,
    act: impl FnOnce(&mut Desk<'_>, &mut Batch) -> Result<T, DeskError>,
) -> T {
    let mut batch = Batch::quiet("test", ent, [0; 4]);
    let done = act(&mut desk(office, ent), &mut batch).unwrap();
    batch.end();
    done
}

/// Where the 2D flow of a portal stands.
pub fn state(office: &Office, ent: &str) -> FlowState {
    let portal = office.settings.portal(ent).unwrap();
    office
        .peek(portal)
        .unwrap()
        .remove(&Degree::Second)
        .unwrap()
}

/// How often each alarm was raised.
pub fn alarms(office: &Office, ent: &str) -> BTreeMap<Code, u64> {
    state(office, ent).alarms
}

/// People in force of a portal's 2D flow.
pub fn people(office: &Office, ent: &str) -> u64 {
    let force = office.directory.in_force(ent, Degree::Second).unwrap();
    force.map_or(0, |force| Segment::open(&force).unwrap().counts().people)
}

/// The root hash of what is in force.
pub fn root(office: &Office, ent: &str) -> [u8; 32] {
    let force = office
        .directory
        .in_force(ent, Degree::Second)
        .unwrap()
        .unwrap();
    Segment::open(&force).unwrap().root()
}
