//! What the builder takes and refuses, and the file that it leaves.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

mod support;

use std::os::unix::fs::PermissionsExt;

use octroi_entitlements::{
    BuildError, BuildOptions, Pace, Pseudonymizer, Query, Snapshot, SnapshotError, Sources, rekey,
};
use support::{Country, Folder, Person, Publisher, january};

#[test]
fn escapes_columns_in_any_order_and_line_ends() {
    let folder = Folder::of(&Country::smallest());
    std::fs::write(
        folder.join("people.tsv"),
        "name\tperson\tent\r\nDu\\tpont \\\\ \\| été\tp1\tB0\r\n\r\n",
    )
    .unwrap();
    std::fs::write(
        folder.join("affiliations.tsv"),
        "profiles\tuai\te_ms1\tperson\tent\nnational_ELV\t0561622J\ta\\|b|c\\\\|d\tp1\tB0\n",
    )
    .unwrap();
    std::fs::write(
        folder.join("release.tsv"),
        "attribute\tresource\nNOM\tark:/99999/r1\nE_MS1\tark:/99999/r1\nPRE\tark:/99999/r1",
    )
    .unwrap();
    let out = folder.join("out");
    let report = folder.build(&out).unwrap();
    assert_eq!(report.set_aside, []);
    let snapshot = Snapshot::open(&out).unwrap();
    let query = Query {
        ent: "B0",
        person: "p1",
        resource: "ark:/99999/r1",
        school: None,
        at: january(10),
    };
    let grant = snapshot.resolve(&query).unwrap();
    let pseudonym = Pseudonymizer::new(&[0; 32]).unwrap().of(&grant);
    let released: Vec<(&str, Vec<String>)> = grant
        .release(&pseudonym)
        .into_iter()
        .map(|a| (a.name, a.values.into_iter().map(Into::into).collect()))
        .collect();
    assert_eq!(
        released,
        [
            (
                "E_MS1",
                vec!["a|b".to_owned(), "c\\".to_owned(), "d".to_owned()]
            ),
            ("NOM", vec!["Du\tpont \\ | été".to_owned()])
        ]
    );
}

#[test]
fn tables_must_be_there_with_the_columns_that_the_page_names() {
    let refuse = |file: &str, content: Option<&[u8]>| {
        let folder = Folder::of(&Country::smallest());
        match content {
            Some(content) => std::fs::write(folder.join(file), content).unwrap(),
            None => std::fs::remove_file(folder.join(file)).unwrap(),
        }
        let out = folder.join("out");
        let error = folder.build(&out).unwrap_err();
        assert!(!out.exists());
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            if content.is_some() { 10 } else { 9 }
        );
        error.to_string()
    };
    for file in [
        "ents.tsv",
        "establishments.tsv",
        "groups.tsv",
        "people.tsv",
        "affiliations.tsv",
        "publishers.tsv",
        "resources.tsv",
        "release.tsv",
        "subscriptions.tsv",
        "assignments.tsv",
    ] {
        assert!(refuse(file, None).contains(file));
        assert_eq!(
            refuse(file, Some(b"")),
            format!("{file}: the first line must name the columns")
        );
        assert_eq!(
            refuse(file, Some(b"\xff\n")),
            format!("{file}: the first line must name the columns")
        );
        assert!(refuse(file, Some(b"nme\n")).contains("column `nme` is not known here"));
    }
    assert_eq!(
        refuse("ents.tsv", Some(b"code\n")),
        "ents.tsv: column `name` is missing"
    );
    assert!(refuse("ents.tsv", Some(b"code\tname\tcode\n")).contains("named twice"));
    assert!(refuse("ents.tsv", Some(b"\xef\xbb\xbfcode\tname\n")).contains("is not known here"));
    assert_eq!(
        refuse("people.tsv", Some(b"ent\tperson\n")),
        "people.tsv: nothing in it to build from"
    );
    assert_eq!(
        refuse("establishments.tsv", Some(b"uai\tname\n")),
        "establishments.tsv: nothing in it to build from"
    );
}

#[test]
fn the_same_sources_give_the_same_octets_and_options_are_written() {
    let folder = Folder::of(&Country::smallest());
    let options = BuildOptions {
        generation: 7,
        built_at: january(3),
        overlay_sequence: 5,
        ..BuildOptions::default()
    };
    let (one, two) = (folder.join("one"), folder.join("two"));
    let report = folder.build_with(&one, &options).unwrap();
    folder.build_with(&two, &options).unwrap();
    assert_eq!(std::fs::read(&one).unwrap(), std::fs::read(&two).unwrap());
    let gently = BuildOptions {
        pace: Pace::Beside,
        ..options.clone()
    };
    folder.build_with(&two, &gently).unwrap();
    assert_eq!(std::fs::read(&one).unwrap(), std::fs::read(&two).unwrap());
    let snapshot = Snapshot::open(&one).unwrap();
    assert_eq!(
        (
            snapshot.generation(),
            snapshot.built_at(),
            snapshot.overlay_sequence()
        ),
        (7, january(3), 5)
    );
    assert_eq!(snapshot.digest(), report.digest);
    assert_eq!(snapshot.counts(), report.counts);
    assert_eq!(snapshot.size() as u64, report.bytes);

    let other = folder
        .build_with(
            &two,
            &BuildOptions {
                generation: 8,
                ..options.clone()
            },
        )
        .unwrap();
    assert_ne!(other.digest, report.digest);
    folder.append("people.tsv", b"B0\tp2\t\t\t\t\n");
    folder.build_with(&two, &options).unwrap();
    assert_ne!(
        Snapshot::open(&two).unwrap().sources_digest(),
        snapshot.sources_digest()
    );
}

#[test]
fn the_file_is_for_its_owner_alone_and_replaced_whole() {
    let folder = Folder::of(&Country::smallest());
    let out = folder.join("country.snapshot");
    // What a killed build left behind does not disturb the next one.
    std::fs::write(folder.join(".country.snapshot.building"), b"half").unwrap();
    folder.build(&out).unwrap();
    assert_eq!(
        std::fs::metadata(&out).unwrap().permissions().mode() & 0o777,
        0o400
    );
    assert!(!folder.join(".country.snapshot.building").exists());
    let old = Snapshot::open(&out).unwrap();
    folder
        .build_with(
            &out,
            &BuildOptions {
                generation: 2,
                ..BuildOptions::default()
            },
        )
        .unwrap();
    // The old one stays mapped and whole while the new one is in place.
    assert_eq!(
        (old.generation(), Snapshot::open(&out).unwrap().generation()),
        (1, 2)
    );
    old.check().unwrap();

    std::fs::set_permissions(&out, std::fs::Permissions::from_mode(0o622)).unwrap();
    assert!(matches!(
        Snapshot::open(&out),
        Err(SnapshotError::WritableByOthers)
    ));
    assert!(matches!(
        Snapshot::open(folder.path()),
        Err(SnapshotError::Io(_))
    ));
}

#[test]
fn a_pseudonym_domain_does_not_change_by_accident() {
    let mut country = Country::smallest();
    let folder = Folder::of(&country);
    let (old, new) = (folder.join("old"), folder.join("new"));
    folder.build(&old).unwrap();
    country.publishers[0].domain = "house-x-2".into();
    country.publishers.push(Publisher {
        id: "pub-new".into(),
        domain: "any".into(),
        ..Publisher::default()
    });
    country.write(folder.path());
    let mut options = BuildOptions {
        previous: Some(old.clone()),
        ..BuildOptions::default()
    };
    let error = folder.build_with(&new, &options).unwrap_err();
    assert!(
        matches!(&error, BuildError::DomainChanged { publisher } if publisher == "pub-x"),
        "{error}"
    );
    options.rekeyed = vec!["pub-x".into()];
    folder.build_with(&new, &options).unwrap();
    // A previous snapshot that cannot be read cannot be compared with.
    options.previous = Some(folder.join("people.tsv"));
    assert!(matches!(
        folder.build_with(&new, &options),
        Err(BuildError::Previous(_))
    ));
}

#[test]
fn rekeying_maps_old_to_new_in_an_order_that_tells_nothing() {
    let mut country = Country::smallest();
    for n in 2..40 {
        country.people.push(Person {
            ent: "B0".into(),
            id: format!("p{n}"),
            ..Person::default()
        });
    }
    let folder = Folder::of(&country);
    folder.append("people.tsv", b"\tnobody\t\t\t\t\n");
    let pseudonymizer = Pseudonymizer::new(&[3; 32]).unwrap();
    let mut map = Vec::new();
    let done = rekey(
        &Sources::tables(folder.path()),
        folder.path(),
        &pseudonymizer,
        ["house-x", "house-x-2"],
        |old, new| {
            map.push((old.to_string(), new.to_string()));
        },
    )
    .unwrap();
    assert_eq!((done.people, done.set_aside, map.len()), (39, 1, 39));
    assert!(map.is_sorted());
    for person in &country.people {
        let pair = ["house-x", "house-x-2"]
            .map(|domain| pseudonymizer.derive("B0", &person.id, domain).to_string());
        assert!(map.contains(&pair.into()), "{}", person.id);
    }
}
