#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a test suite"
)]
//! What a load writes has a bound: where there is no room for its runs or its draft, it fails and leaves nothing behind.

mod support;

use std::fs;

use octroi_collect::{ImportError, Options, Unobserved, import};
use octroi_directory::{Degree, NoRoom, Room};
use support::records::{pupil, school};
use support::{Delivery, Folder, sum_of};

#[test]
fn a_load_without_room_for_its_runs_or_its_draft_fails_and_leaves_nothing() {
    let folder = Folder::new("room");
    let pupils = |n: usize| pupil(&format!("person-{:06}", n * 7_919 % 5_000), "U1");
    let archive = Delivery::new(Degree::Second)
        .file("Etab", &school("U1"))
        .file("Eleve", &(0..5_000).map(pupils).collect::<String>())
        .pack(&folder.0);
    let out = folder.0.join("out");
    let load = |sort_buffer: usize, octets: u64| {
        let options = Options {
            sort_buffer,
            room: Room::of(octets),
            ..Options::new(&folder.0)
        };
        let files = fs::read_dir(&folder.0).unwrap().count();
        let done = import(&archive, &sum_of(&archive), &out, &options, &mut Unobserved);
        if done.is_err() {
            assert_eq!(fs::read_dir(&folder.0).unwrap().count(), files);
        } else {
            fs::remove_file(&out).unwrap();
        }
        done.map(|_| ())
    };
    // All in memory: only the draft needs room. In a small buffer: the runs do.
    for (buffer, little, enough) in [
        (64 << 20, 20 << 10, 2 << 20),
        (64 << 10, 100 << 10, 8 << 20),
    ] {
        let error = load(buffer, little).unwrap_err();
        assert!(
            matches!(error, ImportError::NoRoom(NoRoom { limit }) if limit == little),
            "{error}"
        );
        assert!(!error.is_refusal(), "whose fault it is, the caller knows");
        load(buffer, enough).unwrap();
    }
}
