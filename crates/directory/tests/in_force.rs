#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a test suite"
)]
//! Which segment is in force: put, replaced, withdrawn, listed.

mod support;

use std::fs;

use octroi_directory::current::Directory;
use octroi_directory::{Degree, Segment};
use support::{Folder, Model};

#[test]
fn a_segment_is_put_in_force_replaced_and_withdrawn() {
    let folder = Folder::new("in-force");
    let directory = Directory::new(&folder.0.join("directory"));
    assert_eq!(directory.all().unwrap(), []);
    assert_eq!(directory.in_force("B0", Degree::Second).unwrap(), None);

    let draft = directory.draft("B0", Degree::Second).unwrap();
    Model::small().write(&draft).unwrap();
    assert_eq!(directory.put_in_force(&draft).unwrap(), None);
    let first = directory.in_force("B0", Degree::Second).unwrap().unwrap();
    assert!(!draft.exists() && Segment::open(&first).is_ok());
    assert_eq!(
        directory.put_in_force(&first).unwrap(),
        None,
        "twice is once"
    );

    let mut model = Model::small();
    model.people.pop();
    model.write(&draft).unwrap();
    assert_eq!(directory.put_in_force(&draft).unwrap(), Some(first.clone()));
    let second = directory.in_force("B0", Degree::Second).unwrap().unwrap();
    assert_ne!(first, second);
    assert!(first.exists(), "an operator may go back");

    let all = directory.all().unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(
        (all[0].ent.as_str(), all[0].degree, &all[0].path),
        ("B0", Degree::Second, &second)
    );
    assert_eq!(
        directory.withdraw("B0", Degree::Second).unwrap(),
        Some(second.clone())
    );
    assert_eq!(directory.all().unwrap(), []);
    assert!(second.exists());
}

#[test]
fn what_is_no_segment_is_not_put_in_force() {
    let folder = Folder::new("in-force-not");
    let directory = Directory::new(&folder.0);
    let draft = directory.draft("B0", Degree::First).unwrap();
    fs::write(&draft, "no segment").unwrap();
    assert!(directory.put_in_force(&draft).is_err());
    assert_eq!(directory.in_force("B0", Degree::First).unwrap(), None);
}

#[test]
fn a_pointer_never_leads_out_of_its_folder() {
    let folder = Folder::new("in-force-pointer");
    let directory = Directory::new(&folder.0);
    let own = directory.folder("B0").unwrap();
    for bad in [
        "",
        "../C0/2D.segment",
        "/etc/passwd",
        "2D.draft",
        "a/b.segment",
    ] {
        fs::write(own.join("2D.current"), bad).unwrap();
        assert!(directory.in_force("B0", Degree::Second).is_err(), "{bad}");
    }
    assert!(directory.folder("../x").is_err());
    assert_eq!(directory.in_force("../B0", Degree::Second).unwrap(), None);
}
