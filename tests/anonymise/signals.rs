//! The command is told to stop while it works: it ends soon, nothing half-written stays, and the key was never anywhere
//! but in its memory.

use std::cell::Cell;
use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use memchr::memmem;
use octroi::anonymise::{AnonymiseError, KEY, Key, anonymise};
use rustix::process::{Pid, Signal, kill_process};

use crate::scene::{Scene, files};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Lines that keep the command busy for far longer than a signal takes.
const LINES: u32 = 400_000;

fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "no {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A scene whose table of people is long.
fn long(name: &str) -> Scene {
    let scene = Scene::new(name);
    let path = scene.folder.join("tables/people.tsv");
    let mut table = fs::read_to_string(&path).unwrap();
    for number in 0..LINES {
        writeln!(table, "B0\tlong-{number}\tMme\tLelong{number}\tAnne\t").unwrap();
    }
    fs::write(&path, table).unwrap();
    scene
}

fn started(scene: &Scene) -> Child {
    Command::new(env!("CARGO_BIN_EXE_octroi"))
        .args(["snapshot", "anonymise", "--tables"])
        .arg(scene.folder.join("tables"))
        .arg("--directory")
        .arg(scene.folder.join("directory"))
        .arg("--out")
        .arg(scene.folder.join("copy"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Whether a part of the copy has been written.
fn half_written(draft: &Path) -> bool {
    fs::metadata(draft.join("tables/people.tsv")).is_ok_and(|m| m.len() > 0)
}

#[test]
fn a_signal_during_a_run_leaves_nothing() {
    for signal in [Signal::TERM, Signal::INT] {
        let scene = long("signal");
        let before = files(&scene.folder);
        let draft = scene.folder.join(".copy.draft");
        let mut child = started(&scene);
        wait_for("part of a copy", || half_written(&draft));
        kill_process(Pid::from_child(&child), signal).unwrap();
        let mut ended = None;
        wait_for("end", || {
            ended = child.try_wait().unwrap();
            ended.is_some()
        });
        let mut told = String::new();
        let mut stderr = child.stderr.take().unwrap();
        stderr.read_to_string(&mut told).unwrap();
        // It ended by itself: a process that a signal has killed has no code.
        assert_eq!(ended.unwrap().code(), Some(2), "{told}");
        assert!(told.contains("stopped; nothing is left"), "{told}");
        assert_eq!(files(&scene.folder), before);
        assert!(!draft.exists() && !scene.folder.join("copy").exists());
    }
}

#[test]
fn what_a_killed_run_leaves_is_replaced_by_the_next() {
    let scene = long("killed");
    let draft = scene.folder.join(".copy.draft");
    let mut child = started(&scene);
    wait_for("part of a copy", || half_written(&draft));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(draft.exists() && !scene.folder.join("copy").exists());
    scene.run("copy", 1).unwrap();
    assert!(!draft.exists() && scene.folder.join("copy/tables").is_dir());
}

#[test]
fn the_key_is_in_no_file_while_a_run_works_or_after_it() {
    let scene = Scene::new("key");
    let key: [u8; KEY] = std::array::from_fn(|at| (at as u8).wrapping_mul(37) ^ 0xa5);
    let mut hex = String::new();
    key.iter()
        .for_each(|octet| write!(hex, "{octet:02x}").unwrap());
    let searched = Cell::new(0);
    let search = || {
        for path in files(&scene.folder) {
            let octets = fs::read(&path).unwrap();
            for needle in [
                key.as_slice(),
                hex.as_bytes(),
                hex.to_uppercase().as_bytes(),
            ] {
                assert_eq!(memmem::find(&octets, needle), None, "{}", path.display());
            }
            searched.set(searched.get() + 1);
        }
    };
    let before = files(&scene.folder).len();
    let asked = Cell::new(0);
    let stop = || {
        asked.set(asked.get() + 1);
        let now = asked.get() > 100;
        if now {
            search();
        }
        now
    };
    let out = scene.folder.join("copy");
    let stopped = anonymise(&scene.production(), &out, Key::given(key), &stop);
    assert!(
        matches!(stopped, Err(AnonymiseError::Stopped)),
        "{stopped:?}"
    );
    assert!(searched.get() > before, "nothing was half-written");
    anonymise(&scene.production(), &out, Key::given(key), &|| false).unwrap();
    search();
}
