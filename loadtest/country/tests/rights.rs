//! People who come in portals' archives, bad records among them, have the rights that the nation works out for them:
//! delivered, imported, built and asked as `make scale` does it.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::path::Path;

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use octroi::simulate::country::Country;
use octroi_collect::{Options, Outcome, Unobserved, import};
use octroi_country::deliver::{Night, deliver};
use octroi_country::nation::nation;
use octroi_directory::Degree;
use octroi_directory::current::Directory;
use octroi_entitlements::{BuildOptions, Query, Silent, Snapshot, Sources, build};

const DAY: Date = date(2026, 11, 27);

/// Archives to a body.
fn body(country: &Country, out: &Path) -> Snapshot {
    let night = Night {
        at: DAY.at(2, 0, 0, 0),
        bad_per_100k: 500,
        threads: NonZero::new(2).unwrap(),
    };
    let deliveries = out.join("deliveries");
    let manifest = deliver(country, night, &deliveries).unwrap();
    let directory = Directory::new(&out.join("segments"));
    for sent in &manifest.archives {
        let archive = deliveries.join(&sent.ident).join(&sent.archive);
        let md5 = archive.with_file_name(sent.archive.replace(".tar.gz", ".md5"));
        let degree = Degree::parse(&sent.degree).unwrap();
        let draft = directory.draft(&sent.ident, degree).unwrap();
        let came = import(&archive, &md5, &draft, &Options::new(out), &mut Unobserved).unwrap();
        assert!(matches!(came, Outcome::Imported(_)), "{}", sent.archive);
        directory.put_in_force(&draft).unwrap();
    }
    let tables = out.join("tables");
    std::fs::create_dir(&tables).unwrap();
    country.write_tables_of_rights(&tables).unwrap();
    let mut sources = Sources::tables(&tables);
    sources.directory = Some(out.join("segments"));
    let file = out.join("body.octroi");
    let report = build(&sources, &file, &BuildOptions::default(), &Silent).unwrap();
    let exhausted: u64 = report.files.values().map(|f| f.licences_exhausted).sum();
    assert!(exhausted > 20, "{exhausted}");
    assert_eq!(report.set_aside_total(), exhausted, "{:?}", report.files);
    Snapshot::open(&file).unwrap()
}

#[test]
fn people_of_archives_have_the_rights_that_the_nation_works_out() {
    let country = nation(5, 10_000, DAY).unwrap();
    let out = tempfile::tempdir().unwrap();
    let snapshot = body(&country, out.path());
    assert_eq!(
        u64::from(snapshot.counts().people),
        country.shape().people,
        "bad records make nobody"
    );
    let paris = TimeZone::get("Europe/Paris").unwrap();
    let noon = DAY.at(12, 0, 0, 0).to_zoned(paris).unwrap();
    let at = noon.timestamp().as_second();
    // Enough people of every school; `tests/country.rs` asks for everybody of a smaller nation.
    let mut outcomes: BTreeMap<&str, u32> = BTreeMap::new();
    for rank in (0..country.shape().people).step_by(31) {
        let person = country.person_at(rank).unwrap();
        let school = country.school(person.seat.school);
        let mut resources = BTreeSet::new();
        for subscription in country.subscriptions_of(&school) {
            resources.insert(subscription.resource);
            resources.extend(country.opened_by(&country.resource(subscription.resource)));
        }
        for index in resources {
            let resource = country.resource(index);
            let expected = country.expected(&person, &resource, Some(&school.uai), DAY);
            let expected = expected.err().map_or("granted", |refused| refused.code());
            let found = snapshot.resolve(&Query {
                ent: country.ident_of(school.index),
                person: &person.id,
                resource: &resource.ark,
                school: Some(&school.uai),
                at,
            });
            let found = found.err().map_or("granted", |denied| denied.code());
            assert_eq!(found, expected, "{} to {}", person.id, resource.ark);
            *outcomes.entry(found).or_default() += 1;
        }
    }
    for outcome in ["granted", "not-assigned", "subscription-expired"] {
        assert!(outcomes[outcome] > 100, "{outcomes:?}");
    }
}
