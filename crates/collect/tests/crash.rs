#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a test suite"
)]
//! An import that is killed at any moment leaves what was there before; run again, it ends as if nothing had happened.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use octroi_collect::{Options, Outcome, Unobserved, import};
use octroi_directory::{Degree, Segment};
use support::records::{pupil, school};
use support::{Delivery, Folder, sum_of};

fn many(people: usize) -> Delivery {
    let numbers: Vec<usize> = (0..people).collect();
    numbers.chunks(1000).fold(
        Delivery::new(Degree::Second).file("Etab", &school("A")),
        |delivery, part| {
            delivery.file(
                "Eleve",
                &part
                    .iter()
                    .map(|n| pupil(&format!("p{n:06}"), "A"))
                    .collect::<String>(),
            )
        },
    )
}

fn run(folder: &Path, archive: &Path) -> Outcome {
    let options = Options {
        sort_buffer: 256 << 10,
        ..Options::new(folder)
    };
    import(
        archive,
        &sum_of(archive),
        &folder.join("out"),
        &options,
        &mut Unobserved,
    )
    .unwrap()
}

/// The child of the test below: this program, asked to import.
#[test]
#[ignore = "run by the test below, in a process of its own"]
fn child() {
    if let Some(folder) = std::env::var_os("OCTROI_CRASH_FOLDER") {
        let folder = Path::new(&folder);
        let archive = folder.join(support::archive_name(Degree::Second));
        run(folder, &archive);
    }
}

#[test]
fn a_killed_import_leaves_what_was_there() {
    let folder = Folder::new("crash");
    let before = many(10).pack(&folder.0);
    run(&folder.0, &before);
    let old = Segment::open(&folder.0.join("out")).unwrap().root();
    let archive = many(20_000).pack(&folder.0);
    let mut interrupted = 0;
    for step in 0..12 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--ignored", "--nocapture"])
            .env("OCTROI_CRASH_FOLDER", &folder.0)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(15 * step * step / 2));
        child.kill().unwrap();
        child.wait().unwrap();
        let segment = Segment::open(&folder.0.join("out")).unwrap();
        segment.check().unwrap();
        let people = segment.counts().people;
        assert!((segment.root() == old && people == 10) || people == 20_000);
        interrupted += u32::from(people == 10);
        if people == 20_000 {
            break;
        }
    }
    assert!(interrupted > 0);
    // Nothing of the attempts is in the way, and no temporary file of theirs has kept a name.
    let Outcome::Imported(report) = run(&folder.0, &archive) else {
        panic!("nobody")
    };
    assert_eq!(report.directory.people, 20_000);
    let mut names: Vec<_> = fs::read_dir(&folder.0)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    let own = |path: &Path| path.file_name().unwrap().to_owned();
    assert_eq!(names, [own(&sum_of(&archive)), own(&archive), "out".into()]);
}

/// Writes that fail: no space for the temporary files, no folder for the segment.
#[test]
fn a_failing_write_leaves_nothing() {
    let folder = Folder::new("crash-write");
    let archive = many(5000).pack(&folder.0);
    let out = folder.0.join("out");
    let nowhere = folder.0.join("nowhere");
    let options = Options {
        sort_buffer: 64 << 10,
        ..Options::new(&nowhere)
    };
    let error = import(&archive, &sum_of(&archive), &out, &options, &mut Unobserved).unwrap_err();
    assert!(
        matches!(error, octroi_collect::ImportError::Temporary(_)),
        "{error}"
    );
    let options = Options::new(&folder.0);
    let error = import(
        &archive,
        &sum_of(&archive),
        &nowhere.join("out"),
        &options,
        &mut Unobserved,
    )
    .unwrap_err();
    assert!(
        matches!(error, octroi_collect::ImportError::Segment(_)),
        "{error}"
    );
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 2);
}
