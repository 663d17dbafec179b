#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a test suite"
)]
//! A delivery that is only read: the same counts and the same records set aside as by an import, and nothing written.

mod support;

use octroi_collect::{Options, Outcome, Rule, Unobserved, validate};
use octroi_directory::Degree;
use support::records::pupil;
use support::{Delivery, Folder};

#[test]
fn reading_counts_what_an_import_counts_and_writes_nothing() {
    for degree in Degree::ALL {
        let long = "x".repeat(65);
        let delivery = Delivery::small(degree).file("Eleve", &pupil(&long, "0561622J"));
        let folder = Folder::new("validate");
        let archive = delivery.pack(&folder.0);
        let md5 = folder
            .0
            .join(support::archive_name(degree).replace(".tar.gz", ".md5"));
        let before = std::fs::read_dir(&folder.0).unwrap().count();
        let read = validate(&archive, &md5, &Options::new(&folder.0), &mut Unobserved).unwrap();
        assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), before);
        let imported = delivery.import();
        let Ok(Outcome::Imported(report)) = &imported.outcome else {
            panic!("{:?}", imported.outcome);
        };
        assert_eq!(
            (&read.records, read.files, read.xml_octets),
            (&report.records, report.files, report.xml_octets)
        );
        assert_eq!(read.set_aside, report.set_aside);
        assert_eq!(read.set_aside.len(), 1);
        assert_eq!(read.set_aside[0].rule, Rule::Length);
        // A sum that is another archive's refuses it.
        std::fs::write(&md5, "0".repeat(32)).unwrap();
        assert!(validate(&archive, &md5, &Options::new(&folder.0), &mut Unobserved).is_err());
    }
}
