#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a test suite"
)]
//! Archives that are refused as a whole, and entries of a tar that are passed over.

mod support;

use std::fs;
use std::io::Write as _;
use std::path::Path;

use octroi_collect::{ImportError, Limits, Loss, Options, Outcome, Rule, import};
use octroi_directory::Degree;
use support::{
    Delivery, Folder, Imported, Listener, archive_name, import_archive, md5_hex, pack, sum_of,
};

fn refused(folder: &Folder, archive: &Path) -> ImportError {
    let imported = import_archive(folder, archive);
    imported.outcome.unwrap_err()
}

#[test]
fn a_wrong_sum_refuses_the_archive() {
    let folder = Folder::new("sum");
    let archive = Delivery::small(Degree::Second).pack(&folder.0);
    let good = fs::read_to_string(sum_of(&archive)).unwrap();
    let flipped = if good.starts_with('0') { "1" } else { "0" }.to_owned() + &good[1..];
    fs::write(sum_of(&archive), flipped).unwrap();
    assert!(matches!(
        refused(&folder, &archive),
        ImportError::Sum { .. }
    ));
    for form in [
        String::new(),
        good[1..].to_owned(),
        format!("{good}0"),
        format!("{good}  name.tar.gz"),
        good.replace(&good[..1], "g"),
        "é".repeat(16),
    ] {
        fs::write(sum_of(&archive), form).unwrap();
        assert!(matches!(refused(&folder, &archive), ImportError::SumForm));
    }
    for form in [
        good.to_uppercase(),
        format!("{good}\n"),
        format!("{good}\r\n"),
    ] {
        fs::write(sum_of(&archive), form).unwrap();
        assert!(import_archive(&folder, &archive).outcome.is_ok());
        fs::remove_file(folder.0.join("out.segment")).unwrap();
    }
    fs::remove_file(sum_of(&archive)).unwrap();
    let error = refused(&folder, &archive);
    assert!(matches!(error, ImportError::Read { .. }) && !error.is_refusal());
}

#[test]
fn a_name_that_is_none_refuses_the_archive() {
    let folder = Folder::new("name");
    let archive = Delivery::small(Degree::Second).pack(&folder.0);
    let renamed = folder.0.join("B0.tar.gz");
    fs::rename(&archive, &renamed).unwrap();
    assert!(matches!(refused(&folder, &renamed), ImportError::Name));
}

/// The sum is made to fit, so that gzip and tar alone must find out.
#[test]
fn an_archive_cut_anywhere_is_refused() {
    let folder = Folder::new("cut");
    let archive = Delivery::small(Degree::Second).pack(&folder.0);
    let octets = fs::read(&archive).unwrap();
    for length in (0..octets.len())
        .step_by(7)
        .chain(octets.len() - 9..octets.len())
    {
        fs::write(&archive, &octets[..length]).unwrap();
        fs::write(sum_of(&archive), md5_hex(&octets[..length])).unwrap();
        let error = refused(&folder, &archive);
        assert!(
            matches!(error, ImportError::Gzip(_) | ImportError::Tar(_)),
            "{length}: {error}"
        );
        assert!(error.is_refusal());
    }
    let tar = Delivery::small(Degree::Second).tar();
    for length in (0..tar.len() - 512).step_by(511) {
        let archive = pack(&folder.0, &archive_name(Degree::Second), &tar[..length]);
        let error = refused(&folder, &archive);
        assert!(
            matches!(error, ImportError::Gzip(_) | ImportError::Tar(_)),
            "{length} of the tar: {error}"
        );
    }
}

#[test]
fn a_damaged_octet_never_passes() {
    let folder = Folder::new("damage");
    let archive = Delivery::small(Degree::Second).pack(&folder.0);
    let whole = import_archive(&folder, &archive).people;
    fs::remove_file(folder.0.join("out.segment")).unwrap();
    let octets = fs::read(&archive).unwrap();
    for at in (0..octets.len()).step_by(3) {
        let mut changed = octets.clone();
        changed[at] ^= 0x10;
        fs::write(&archive, &changed).unwrap();
        assert!(
            import_archive(&folder, &archive).outcome.is_err(),
            "octet {at}, with the sum of the good archive"
        );
        fs::write(sum_of(&archive), md5_hex(&changed)).unwrap();
        let imported = import_archive(&folder, &archive);
        // With a sum that fits, only idle bits may differ: of the header, or before the end of a block.
        if imported.outcome.is_ok() {
            assert_eq!(imported.people, whole, "octet {at}");
            fs::remove_file(folder.0.join("out.segment")).unwrap();
        }
        fs::write(sum_of(&archive), md5_hex(&octets)).unwrap();
    }
}

fn limited(delivery: &Delivery, limits: Limits) -> ImportError {
    let folder = Folder::new("limits");
    let archive = delivery.pack(&folder.0);
    let options = Options {
        limits,
        ..Options::new(&folder.0)
    };
    import(
        &archive,
        &sum_of(&archive),
        &folder.0.join("out"),
        &options,
        &mut Listener::default(),
    )
    .unwrap_err()
}

#[test]
fn what_is_unpacked_is_bounded() {
    let small = Delivery::small(Degree::Second);
    let limits = Limits::default();
    let what = |error: ImportError| match error {
        ImportError::TooMuch { what, .. } => what,
        other => panic!("{other}"),
    };
    assert_eq!(
        what(limited(
            &small,
            Limits {
                members: 4,
                ..limits
            }
        )),
        "entries of the tar"
    );
    assert_eq!(
        what(limited(
            &small,
            Limits {
                inflated: 4096,
                ..limits
            }
        )),
        "octets unpacked"
    );
    assert_eq!(
        what(limited(
            &small,
            Limits {
                tables: 1000,
                ..limits
            }
        )),
        "octets of schools, groups and courses"
    );
    let mut bomb = small.clone();
    bomb.raw("Eleve", &vec![b' '; 80 << 20]);
    assert_eq!(
        what(limited(
            &bomb,
            Limits {
                ratio: 50,
                ..limits
            }
        )),
        "octets unpacked for each octet packed"
    );
}

/// An entry by hand.
fn entry(tar: &mut Vec<u8>, name: &str, kind: u8, size: usize, content: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_mode(0o644);
    header.set_size(size as u64);
    header.set_entry_type(tar::EntryType::new(kind));
    header.set_cksum();
    tar.extend_from_slice(header.as_bytes());
    tar.extend_from_slice(content);
    tar.resize(tar.len().next_multiple_of(512), 0);
}

fn with_first(degree: Degree, first: &[u8]) -> Imported {
    let folder = Folder::new("tar");
    let archive = pack(
        &folder.0,
        &archive_name(degree),
        &[first, &Delivery::small(degree).tar()].concat(),
    );
    import_archive(&folder, &archive)
}

#[test]
fn entries_that_are_no_files_of_the_delivery_are_set_aside() {
    let own = support::member_name(Degree::Second, "Eleve", 7);
    let lines: &[(&str, u8, Option<&str>)] = &[
        (&own, b'1', Some("a link")),
        (&own, b'2', Some("a link")),
        (&own, b'3', Some("not a plain file")),
        (&own, b'6', Some("not a plain file")),
        ("folder/", b'5', Some("a folder")),
        ("./", b'5', None),
        (
            "README.txt",
            b'0',
            Some("a name that is not one of a file of this archive"),
        ),
        (
            "/etc/passwd",
            b'0',
            Some("a path, where the archive is flat"),
        ),
        (
            "../../x.xml",
            b'0',
            Some("a path, where the archive is flat"),
        ),
    ];
    for (name, kind, reason) in lines {
        let mut tar = Vec::new();
        entry(&mut tar, name, *kind, 0, b"");
        let imported = with_first(Degree::Second, &tar);
        assert!(
            matches!(imported.outcome, Ok(Outcome::Imported(_))),
            "{name}"
        );
        let told: Vec<_> = imported
            .told
            .iter()
            .map(|told| (told.rule, told.loss, told.reason.as_str()))
            .collect();
        let expected: Vec<_> = reason
            .iter()
            .map(|reason| (Rule::Member, Loss::File, *reason))
            .collect();
        assert_eq!(told, expected, "{name}");
        assert_eq!(imported.people.len(), 3);
    }
}

#[test]
fn long_names_star_numbers_and_pax_headers_are_read() {
    let mut delivery = Delivery::small(Degree::Second);
    let (name, octets) = delivery.files.remove(0);
    let rest = delivery.tar();
    let pax = |key: &str, value: &str| {
        let body = format!(" {key}={value}\n");
        let mut length = body.len() + 1;
        while length != body.len() + length.to_string().len() {
            length = body.len() + length.to_string().len();
        }
        format!("{length}{body}")
    };
    let import = |first: Vec<u8>| {
        let folder = Folder::new("names");
        let archive = pack(
            &folder.0,
            &archive_name(Degree::Second),
            &[first, rest.clone()].concat(),
        );
        import_archive(&folder, &archive)
    };
    let mut gnu = Vec::new();
    let long = format!("{name}\0");
    entry(&mut gnu, "././@LongLink", b'L', long.len(), long.as_bytes());
    entry(&mut gnu, "cut", b'0', octets.len(), &octets);
    let mut with_pax = Vec::new();
    let records = pax("mtime", "1.5") + &pax("path", &format!("./{name}"));
    entry(
        &mut with_pax,
        "PaxHeader/x",
        b'x',
        records.len(),
        records.as_bytes(),
    );
    entry(&mut with_pax, "cut", b'0', octets.len(), &octets);
    let mut star = Vec::new();
    entry(&mut star, &name, b'0', octets.len(), &octets);
    // The size as a number of base 256.
    star[124..136].fill(0);
    star[124] = 0x80;
    star[132..136].copy_from_slice(&(octets.len() as u32).to_be_bytes());
    star[148..156].fill(b' ');
    let sum: u32 = star[..512].iter().map(|octet| u32::from(*octet)).sum();
    star[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    for (what, first) in [("GNU", gnu), ("pax", with_pax), ("star", star)] {
        let imported = import(first);
        assert_eq!(imported.told, [], "{what}");
        assert_eq!(imported.people.len(), 3, "{what}");
    }
    let mut sized = Vec::new();
    let records = pax("size", "12");
    entry(
        &mut sized,
        "PaxHeader/x",
        b'x',
        records.len(),
        records.as_bytes(),
    );
    entry(&mut sized, &name, b'0', octets.len(), &octets);
    assert!(matches!(
        import(sized).outcome,
        Err(ImportError::Tar("a pax record tells a size"))
    ));
    let mut long = Vec::new();
    entry(&mut long, "././@LongLink", b'L', 1 << 30, b"");
    assert!(matches!(
        import(long).outcome,
        Err(ImportError::TooMuch { .. })
    ));
}

#[test]
fn an_observer_that_cannot_keep_what_is_set_aside_ends_the_import() {
    struct Full;
    impl octroi_collect::Observe for Full {
        fn set_aside(&mut self, _: &octroi_collect::SetAside<'_>) -> std::io::Result<()> {
            Err(std::io::Error::other("the vault is full"))
        }
    }
    let folder = Folder::new("observer");
    let archive = Delivery::small(Degree::Second)
        .file("Eleve", "<men:x/>")
        .pack(&folder.0);
    let error = import(
        &archive,
        &sum_of(&archive),
        &folder.0.join("out"),
        &Options::new(&folder.0),
        &mut Full,
    )
    .unwrap_err();
    assert!(matches!(error, ImportError::Observer(_)) && !error.is_refusal());
}

#[test]
fn several_gzip_members_are_one_stream_and_garbage_behind_is_refused() {
    let folder = Folder::new("members");
    let tar = Delivery::small(Degree::Second).tar();
    let half = |part: &[u8]| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(part).unwrap();
        gzip.finish().unwrap()
    };
    let archive = folder.0.join(archive_name(Degree::Second));
    let put = |octets: &[u8]| {
        fs::write(&archive, octets).unwrap();
        fs::write(sum_of(&archive), md5_hex(octets)).unwrap();
    };
    let two = [half(&tar[..1000]), half(&tar[1000..])].concat();
    put(&two);
    assert_eq!(import_archive(&folder, &archive).people.len(), 3);
    fs::remove_file(folder.0.join("out.segment")).unwrap();
    put(&[&two[..], b"garbage that is no gzip"].concat());
    assert!(matches!(refused(&folder, &archive), ImportError::Gzip(_)));
}
