//! Changes that a body contains: built in from the log, collected from it, replayed where an older body lacks them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use octroi::store::follow::Node;
use octroi::store::log::{BASE, batch_name};
use octroi_entitlements::overlay::{Change, SubscriptionPut};
use octroi_entitlements::{Denied, Directory, Public, Query, Snapshot, SubscriptionKind};

use crate::command::{done, octroi};
use crate::country::PUSHED;
use crate::depot::{Depot, revoked, step};

/// Has a right by the table's subscription.
const PUPIL: Query<'static> = Query {
    ent: "B0",
    person: "pupil-1",
    resource: PUSHED,
    school: None,
    at: crate::NOON,
};
/// Has none: of a school without subscription.
const TEACHER: Query<'static> = Query {
    person: "teacher-2",
    ..PUPIL
};

fn subscribed() -> Change {
    Change::SubscriptionPut(SubscriptionPut {
        subscription: "new".to_owned(),
        resource: PUSHED.to_owned(),
        schools: vec!["0650499P".to_owned()],
        kind: SubscriptionKind::WholeSchool,
        publics: vec![Public::Teachers],
        from: crate::NOON - 3600,
        until: crate::NOON + 3600,
    })
}

fn ended() -> Change {
    Change::SubscriptionEnded {
        subscription: "new".to_owned(),
        until: crate::NOON - 60,
    }
}

fn append(depot: &Depot, changes: &[Change]) {
    let lines: String = changes
        .iter()
        .map(|change| serde_json::to_string(change).unwrap() + "\n")
        .collect();
    depot.place.write("changes.jsonl", &lines);
    let file = depot.place.path("changes.jsonl");
    done(depot, &["overlay", "append"], &[file.to_str().unwrap()]);
}

/// Builds from the tables and the log.
fn build(depot: &Depot, generation: &str, more: &[&str]) -> (PathBuf, Snapshot) {
    let body = depot.place.path(&format!("built-{generation}.octroi"));
    let tables = depot.place.path("tables");
    let arguments = [tables.to_str().unwrap(), body.to_str().unwrap()];
    let more = [&arguments, &["--generation", generation], more].concat();
    let told = done(depot, &["snapshot", "build"], &more);
    let snapshot = Snapshot::open(&body).unwrap();
    let head = format!("changes to {}", snapshot.overlay_sequence());
    assert!(told.contains(&head), "{told}");
    (body, snapshot)
}

/// Why `snapshot build` refuses.
fn refused(depot: &Depot, more: &[&str]) -> String {
    let paths = ["config/publisher.toml", "tables", "never.octroi"].map(|p| depot.place.path(p));
    let [config, tables, body] = paths.each_ref().map(|path| path.to_str().unwrap());
    let arguments = [&["snapshot", "build", "-c", config, tables, body], more].concat();
    let output = octroi(&arguments);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(!paths[2].exists());
    String::from_utf8(output.stderr).unwrap()
}

fn activate(depot: &Depot, body: &Path) {
    done(depot, &["snapshot", "activate"], &[body.to_str().unwrap()]);
}

/// What a node has after it has followed: the body, and the directory of body and log.
async fn served(node: &Node) -> (Arc<Snapshot>, Directory) {
    let snapshot = step(node, None).await.taken.unwrap();
    (snapshot.clone(), Directory::new(snapshot, &node.entries()))
}

fn is_revoked(directory: &Directory) -> bool {
    matches!(directory.resolve(&PUPIL), Err(Denied::PersonRevoked))
}

#[tokio::test]
async fn a_body_takes_the_log_in_and_what_it_contains_is_collected() {
    let depot = Depot::new();
    depot.configure();
    let node = depot.node("node");
    let (first, before) = build(&depot, "1", &[]);
    assert_eq!(before.overlay_sequence(), 0);
    assert!(before.resolve(&PUPIL).is_ok() && before.resolve(&TEACHER).is_err());
    activate(&depot, &first);
    served(&node).await;

    append(&depot, &[subscribed(), revoked("pupil-1")]);
    let (second, body) = build(&depot, "2", &[]);
    assert_eq!(body.overlay_sequence(), 2);
    let grant = body.resolve(&TEACHER).unwrap();
    assert_eq!(grant.subscriptions().next().unwrap().id(), "new");
    assert!(
        body.resolve(&PUPIL).is_ok(),
        "a revocation is never built in"
    );
    activate(&depot, &second);
    let (_, directory) = served(&node).await;
    assert!(directory.resolve(&TEACHER).is_ok() && is_revoked(&directory));

    // The older body does not have them; the log gives them on it.
    done(&depot, &["snapshot", "rollback"], &[]);
    let (body, directory) = served(&node).await;
    assert_eq!((body.generation(), body.overlay_sequence()), (1, 0));
    assert!(body.resolve(&TEACHER).is_err());
    assert!(directory.resolve(&TEACHER).is_ok() && is_revoked(&directory));

    append(&depot, &[ended()]);
    let (third, body) = build(&depot, "3", &[]);
    assert_eq!(body.overlay_sequence(), 3);
    assert!(body.resolve(&TEACHER).is_err());
    activate(&depot, &third);
    // The first body is kept, and needs the whole log.
    done(&depot, &["snapshot", "gc"], &["--keep", "2"]);
    assert!(depot.object(&batch_name(1)).exists() && !depot.object(BASE).exists());
    activate(&depot, &second);
    activate(&depot, &third);
    let told = done(&depot, &["snapshot", "gc"], &["--keep", "2"]);
    assert!(told.contains("the log begins after entry 2"), "{told}");
    assert!(!depot.object(&batch_name(1)).exists() && depot.object(&batch_name(3)).exists());

    // What is left: the end of the subscription, which the second body lacks; and the revocation.
    done(&depot, &["snapshot", "rollback"], &[]);
    for node in [&node, &depot.node("fresh")] {
        let (body, directory) = served(node).await;
        assert_eq!(body.generation(), 2);
        assert!(body.resolve(&TEACHER).is_ok());
        assert!(directory.resolve(&TEACHER).is_err() && is_revoked(&directory));
    }
}

#[test]
fn a_build_over_a_body_of_another_format_says_what_to_do() {
    let depot = Depot::new();
    depot.configure();
    let (body, _) = build(&depot, "1", &[]);
    let mut foreign = std::fs::read(&body).unwrap();
    foreign[8] -= 1;
    let other = depot.place.path("other.octroi");
    std::fs::write(&other, foreign).unwrap();
    let tables = depot.place.path("tables");
    let paths = [&tables, &other].map(|path| path.to_str().unwrap());
    let output = octroi(&["snapshot", "build", paths[0], paths[1]]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("move it away and give --generation"),
        "{told}"
    );
}

#[test]
fn a_build_never_goes_without_entries_that_it_should_have() {
    let depot = Depot::new();
    depot.configure();
    append(&depot, &[subscribed()]);
    append(&depot, &[revoked("pupil-1")]);
    let (body, _) = build(&depot, "1", &[]);
    activate(&depot, &body);
    assert!(refused(&depot, &["--contained", "3"]).contains("ends at entry 2"));

    // Somebody withholds the end of the log: the manifest has signed how far it was.
    let last = depot.object(&batch_name(2));
    let octets = std::fs::read(&last).unwrap();
    std::fs::remove_file(&last).unwrap();
    assert!(refused(&depot, &[]).contains("the log at entry 2"));
    std::fs::write(&last, &octets[1..]).unwrap();
    assert!(refused(&depot, &[]).contains("overlay-signature"));
    std::fs::write(&last, octets).unwrap();

    // Collected, and nobody says that the tables have it: the subscription would be gone without a word.
    done(&depot, &["snapshot", "gc"], &["--keep", "1"]);
    assert!(!depot.object(&batch_name(1)).exists());
    assert!(refused(&depot, &["--contained", "1"]).contains("--contained 2"));
    let (_, snapshot) = build(&depot, "2", &["--contained", "2"]);
    assert_eq!(snapshot.overlay_sequence(), 2);
    append(&depot, &[subscribed()]);
    let (_, snapshot) = build(&depot, "3", &["--contained", "2"]);
    assert_eq!(snapshot.overlay_sequence(), 3);
    assert!(snapshot.resolve(&TEACHER).is_ok());
}

#[test]
fn a_subscription_that_breaks_a_rule_is_not_appended_nor_what_comes_with_it() {
    let depot = Depot::new();
    depot.configure();
    for (id, years, told) in [
        ("abonnements", 1, "change 2: id: RG12"),
        ("_new", 1, "change 2: id: RG13"),
        ("new", 11, "change 2: until: RG8"),
        ("AUTO_new", 1, "change 2: id: AUTO_"),
    ] {
        let Change::SubscriptionPut(mut put) = subscribed() else {
            unreachable!()
        };
        put.subscription = id.to_owned();
        put.until = put.from + years * 365 * 24 * 3600;
        let lines = [revoked("pupil-1"), Change::SubscriptionPut(put)]
            .map(|change| serde_json::to_string(&change).unwrap())
            .join("\n");
        depot.place.write("changes.jsonl", &lines);
        let paths = ["config/publisher.toml", "changes.jsonl"].map(|p| depot.place.path(p));
        let [config, file] = paths.each_ref().map(|path| path.to_str().unwrap());
        let output = octroi(&["overlay", "append", "-c", config, file]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(told), "{error}");
        assert!(!depot.object(&batch_name(1)).exists(), "{id}");
    }
}
