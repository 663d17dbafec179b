//! The log of changes: durable, chained, replayed on whatever body comes, collected without letting anybody back in.

use std::fs;

use octroi::store::log::{BASE, batch_name, load};
use octroi_entitlements::overlay::Change;
use octroi_entitlements::{Directory, Query};

use crate::depot::{Depot, ENVIRONMENT, look, noon, restored, revoked, step};

const PUPIL: Query<'static> = Query {
    ent: "B0",
    person: "pupil-1",
    resource: "ark:/99999/push.1",
    school: None,
    at: crate::NOON,
};

#[tokio::test]
async fn entries_are_numbered_and_chained_also_when_two_append_at_once() {
    let depot = Depot::new();
    let other = Depot::at(crate::place::Place::new(), &depot.url);
    // The same key on two machines.
    let other = octroi::store::publish::Publisher {
        secret: octroi::store::SecretKey::from_pem(&depot.secret_pem()).unwrap(),
        keys: depot.publisher.keys.clone(),
        ..other.publisher
    };
    let (one, two) = tokio::join!(
        async {
            for number in 0..20 {
                depot.append(&[revoked(&format!("a{number}"))]).await;
            }
        },
        async {
            for number in 0..20 {
                let changes = [revoked(&format!("b{number}")), restored("b")];
                other.append(&changes, noon()).await.unwrap();
            }
        }
    );
    let ((), ()) = (one, two);
    let log = load(&depot.publisher.remote, &depot.publisher.keys, ENVIRONMENT)
        .await
        .unwrap();
    assert_eq!(log.end().sequence, 60);
    assert!(
        log.entries()
            .iter()
            .zip(1..)
            .all(|(entry, number)| entry.sequence == number)
    );
}

#[tokio::test]
async fn a_changed_missing_or_foreign_batch_stops_the_log_at_the_last_good_entry() {
    let depot = Depot::new();
    for number in 0..3 {
        depot.append(&[revoked(&format!("p{number}"))]).await;
    }
    let second = depot.object(&batch_name(2));
    let good = fs::read(&second).unwrap();
    let third = fs::read(depot.object(&batch_name(3))).unwrap();
    let mut changed = good.clone();
    changed[100] ^= 1;
    for (bad, code) in [
        (changed, "overlay-signature"),
        (third, "overlay-chain"),
        (b"".to_vec(), "overlay-signature"),
        (vec![b' '; 17 << 20], "overlay-signature"),
    ] {
        fs::write(&second, bad).unwrap();
        let node = depot.node("node");
        let error = node.read_log(true, 0).await.unwrap_err();
        assert_eq!(error.code(), code);
        assert_eq!(node.log_end().sequence, 1, "{code}");
        let error = node.read_log(true, 0).await.unwrap_err();
        assert_eq!(error.code(), code, "never skipped");
    }
    fs::remove_file(&second).unwrap();
    let node = depot.node("node");
    node.read_log(true, 0).await.unwrap();
    assert_eq!(node.log_end().sequence, 1, "nothing after a gap");
    fs::write(&second, good).unwrap();
    node.read_log(true, 0).await.unwrap();
    assert_eq!(node.log_end().sequence, 3);
}

#[tokio::test]
async fn a_node_has_its_own_copy_of_the_log() {
    let depot = Depot::new();
    depot.activate(1, 10).await;
    depot.append(&[revoked("pupil-1"), revoked("x")]).await;
    let node = depot.node("node");
    step(&node, None).await;
    drop(node);
    fs::rename(depot.place.path("store"), depot.place.path("away")).unwrap();
    let node = depot.node("node");
    let resumed = node.resume().unwrap();
    assert_eq!(node.log_end().sequence, 2);
    let directory = Directory::new(resumed.snapshot.unwrap(), &node.entries());
    assert_eq!(directory.overlay().last_sequence(), 2);
}

#[tokio::test]
async fn a_node_whose_own_log_lacks_what_its_manifest_demands_waits_for_the_store() {
    let depot = Depot::new();
    depot.append(&[revoked("pupil-1")]).await;
    depot.activate(1, 10).await;
    let node = depot.node("node");
    step(&node, None).await;
    drop(node);
    fs::remove_file(depot.place.path("node").join(batch_name(1))).unwrap();
    let node = depot.node("node");
    let resumed = node.resume().unwrap();
    assert!(resumed.snapshot.is_none(), "somebody revoked would come in");
    let candidate = resumed.again.unwrap();
    let mut after = step(&node, None).await;
    crate::depot::follow(&node, &candidate, None, &mut after).await;
    assert_eq!(after.generation(), Some(1));
    let directory = Directory::new(after.taken.unwrap(), &node.entries());
    assert!(directory.resolve(&PUPIL).is_err());
}

#[tokio::test]
async fn a_change_that_no_node_would_hold_is_not_taken() {
    let depot = Depot::new();
    let many = vec![revoked("p"); octroi::store::log::MOST_ENTRIES + 1];
    let error = depot.publisher.append(&many, noon()).await.unwrap_err();
    assert!(error.to_string().contains("collect"), "{error}");
    assert!(!depot.object(&batch_name(1)).exists());
}

#[tokio::test]
async fn a_body_from_before_what_was_collected_is_not_activated() {
    let depot = Depot::new();
    depot.append(&[revoked("a"), revoked("b")]).await;
    for generation in 2..=3 {
        let body = depot.body_with(generation, 10, 2);
        let facts = depot.publisher.upload(&body).await.unwrap();
        let why = octroi::store::Why::Build;
        let publisher = &depot.publisher;
        publisher.activate(facts, why, false, noon()).await.unwrap();
    }
    depot.publisher.collect(1, noon()).await.unwrap();
    let body = depot.body_with(4, 10, 1);
    let facts = depot.publisher.upload(&body).await.unwrap();
    let why = octroi::store::Why::Build;
    let refused = depot.publisher.activate(facts, why, false, noon()).await;
    assert!(refused.unwrap_err().to_string().contains("build anew"));
}

#[tokio::test]
async fn nobody_revoked_comes_back_by_a_rollback() {
    let depot = Depot::new();
    depot.activate(1, 10).await;
    let node = depot.node("node");
    let first = step(&node, None).await.taken.unwrap();
    assert!(
        Directory::new(first, &node.entries())
            .resolve(&PUPIL)
            .is_ok()
    );
    depot.append(&[revoked("pupil-1")]).await;
    depot.activate(2, 10).await;
    step(&node, None).await;
    let back = depot.publisher.rollback(None, noon()).await.unwrap();
    assert_eq!((back.sequence, back.body.generation), (3, 1));
    assert_eq!(back.log.sequence, 1);
    let old = step(&node, None).await.taken.unwrap();
    assert_eq!(old.generation(), 1);
    let directory = Directory::new(old, &node.entries());
    assert!(directory.resolve(&PUPIL).is_err());
    // Nor at a node that has never seen the log before it sees the rollback: the manifest says how far to read.
    let fresh = depot.node("fresh");
    let candidate = look(&fresh, true).await.unwrap();
    let early = fresh
        .prepare(&candidate, crate::depot::THRESHOLDS, None)
        .await;
    assert!(matches!(
        early,
        Err(octroi::store::follow::NotReady::Later(_))
    ));
    fresh.read_log(true, 0).await.unwrap();
    let snapshot = fresh
        .prepare(&candidate, crate::depot::THRESHOLDS, None)
        .await
        .unwrap();
    let directory = Directory::new(snapshot, &fresh.entries());
    assert!(directory.resolve(&PUPIL).is_err());
}

#[tokio::test]
async fn a_log_that_differs_from_what_the_manifest_signed_is_refused() {
    let depot = Depot::new();
    depot.append(&[revoked("p")]).await;
    depot.activate(1, 10).await;
    // Another history under the same number, signed by the same key.
    fs::remove_file(depot.object(&batch_name(1))).unwrap();
    let log = Depot::at(crate::place::Place::new(), &depot.url);
    let fork = octroi::store::publish::Publisher {
        secret: octroi::store::SecretKey::from_pem(&depot.secret_pem()).unwrap(),
        keys: depot.publisher.keys.clone(),
        ..log.publisher
    };
    fs::rename(depot.object("manifests"), depot.object("hidden")).unwrap();
    fork.append(&[restored("p")], noon()).await.unwrap();
    fs::remove_dir_all(depot.object("manifests")).ok();
    fs::rename(depot.object("hidden"), depot.object("manifests")).unwrap();
    let node = depot.node("node");
    assert_eq!(step(&node, None).await.refused, ["log-differs"]);
}

#[tokio::test]
async fn collecting_keeps_what_is_needed_and_every_standing_revocation() {
    let depot = Depot::new();
    depot.activate(1, 10).await;
    let old = depot.node("old");
    step(&old, None).await;
    depot
        .append(&[revoked("pupil-1"), revoked("x"), restored("x")])
        .await;
    depot.append(&[revoked("late")]).await;
    // The next bodies contain the changes up to 3.
    for generation in 2..=4 {
        let body = depot.body_with(generation, 10, 3);
        let facts = depot.publisher.upload(&body).await.unwrap();
        depot
            .publisher
            .activate(facts, octroi::store::Why::Build, false, noon())
            .await
            .unwrap();
    }
    let done = depot.publisher.collect(2, noon()).await.unwrap();
    assert_eq!(done.kept.len(), 2);
    assert_eq!(done.log_begins_after, 3);
    let bodies = fs::read_dir(depot.object("bodies")).unwrap().count();
    assert_eq!(bodies, 2);
    assert!(!depot.object(&batch_name(1)).exists());
    assert!(depot.object(BASE).exists() && depot.object(&batch_name(4)).exists());
    // Again: nothing more to do, and nothing breaks.
    let again = depot.publisher.collect(2, noon()).await.unwrap();
    assert_eq!(again.removed, Vec::<String>::new());

    let persons = |entries: Vec<std::sync::Arc<octroi_entitlements::overlay::Entry>>| {
        entries
            .iter()
            .map(|entry| match &entry.change {
                Change::PersonRevoked { person, .. } => person.clone(),
                other => panic!("{other:?}"),
            })
            .collect::<Vec<_>>()
    };
    // Nothing has the number 3 any more, and a node is as far as that.
    let aside = depot.object("aside");
    fs::rename(depot.object(&batch_name(4)), &aside).unwrap();
    let bare = depot.node("bare");
    bare.read_log(true, 0).await.unwrap();
    assert_eq!((bare.entries().len(), bare.applied(1)), (1, 3));
    fs::rename(aside, depot.object(&batch_name(4))).unwrap();
    // A new node, an old one that was away, and that one after a restart agree.
    let fresh = depot.node("fresh");
    assert_eq!(step(&fresh, None).await.generation(), Some(4));
    assert_eq!(persons(fresh.entries()), ["pupil-1", "late"]);
    let snapshot = step(&old, None).await.taken.unwrap();
    assert_eq!(persons(old.entries()), ["pupil-1", "late"]);
    let directory = Directory::new(snapshot, &old.entries());
    assert!(directory.resolve(&PUPIL).is_err());
    drop(old);
    let old = depot.node("old");
    old.resume().unwrap();
    assert_eq!(persons(old.entries()), ["pupil-1", "late"]);
    assert_eq!(old.log_end(), fresh.log_end());
    // Appending goes on.
    assert_eq!(depot.append(&[revoked("after")]).await, 5);
    old.read_log(false, 3).await.unwrap();
    assert_eq!(old.log_end().sequence, 5);
}

/// A change that a body would contain.
fn ended(subscription: &str) -> Change {
    Change::SubscriptionEnded {
        subscription: subscription.to_owned(),
        until: crate::NOON - 1,
    }
}

fn sequences(node: &octroi::store::follow::Node) -> Vec<u64> {
    let entries = node.entries();
    entries.iter().map(|entry| entry.sequence).collect()
}

/// A body that contains the changes up to `sequence`, in force.
async fn activate_with(depot: &Depot, generation: u64, sequence: u64) -> octroi::store::Manifest {
    let body = depot.body_with(generation, 10, sequence);
    let facts = depot.publisher.upload(&body).await.unwrap();
    let why = octroi::store::Why::Build;
    let activated = depot.publisher.activate(facts, why, false, noon()).await;
    activated.unwrap()
}

#[tokio::test]
async fn a_body_that_does_not_reach_the_log_is_refused() {
    let depot = Depot::new();
    depot.append(&[ended("a")]).await;
    depot.append(&[revoked("x"), ended("b")]).await;
    let good = activate_with(&depot, 1, 3).await;
    depot.publisher.collect(1, noon()).await.unwrap();
    let node = depot.node("node");
    let before = step(&node, None).await.taken.unwrap().counts();
    // Signed all the same, by a publisher that does not ask: change 3 would be undone.
    let mut gap = good.clone();
    gap.sequence = 2;
    let body = depot.body_with(2, 10, 1);
    gap.body = depot.publisher.upload(&body).await.unwrap();
    let (octets, _) = octroi::store::envelope::seal(&gap, &depot.publisher.secret).unwrap();
    let name = octroi::store::publish::manifest_name(2);
    fs::write(depot.object(&name), octets).unwrap();
    let found = step(&node, Some(&before)).await;
    assert!(found.taken.is_none());
    assert_eq!(found.refused, [octroi::store::follow::LOG_GAP]);
    drop(node);
    let resumed = depot.node("node").resume().unwrap();
    assert_eq!(resumed.snapshot.unwrap().generation(), 1, "it stays");
}

#[tokio::test]
async fn a_node_that_was_away_while_changes_were_collected_loses_none_that_it_had() {
    let depot = Depot::new();
    depot.activate(1, 10).await;
    depot.append(&[ended("a"), revoked("lifted")]).await;
    let node = depot.node("node");
    step(&node, None).await;
    // Away: more changes, a body that contains them, and they are collected.
    depot
        .append(&[ended("b"), restored("lifted"), revoked("pupil-1")])
        .await;
    activate_with(&depot, 2, 5).await;
    depot.publisher.collect(1, noon()).await.unwrap();
    depot.append(&[ended("c")]).await;
    // Back, and the body is not here yet: what ended stays so, what was revoked is, what was lifted is not.
    node.read_log(true, 0).await.unwrap();
    assert_eq!(sequences(&node), [1, 5, 6]);
    assert_eq!(node.log_begins_after(), 5, "2 to 4 are not here: an alarm");
    drop(node);
    // Killed there, it does not serve the old body: change 1 is only in the new one.
    let node = depot.node("node");
    assert!(node.resume().unwrap().snapshot.is_none());
    assert_eq!(step(&node, None).await.generation(), Some(2));
    assert_eq!(sequences(&node), [5, 6]);
    assert_eq!([4, 5, 6].map(|last| node.applied(last)), [4, 5, 6]);
    drop(node);
    let resumed = depot.node("node").resume().unwrap();
    assert_eq!(resumed.snapshot.unwrap().generation(), 2);
}

#[tokio::test]
async fn a_change_that_a_build_would_set_aside_is_not_appended() {
    let depot = Depot::new();
    let change = |text: &str| serde_json::from_str::<Change>(text).unwrap();
    let put = change(
        r#"{"kind":"subscription-put","subscription":"s9","resource":"ark:/99999/push.1","schools":["0561622J"],"type":"ETABL","publics":["ELEVE"],"from":1788213600,"until":1819749600}"#,
    );
    let given = change(
        r#"{"kind":"assignment-put","assignment":{"subscription":"s9","school":"0561622J","target":{"kind":"division","code":"3EME2"}}}"#,
    );
    let changes = [put.clone(), given];
    let refused = depot.publisher.append(&changes, noon());
    let error = refused.await.unwrap_err().to_string();
    assert!(
        error.starts_with("change 2:") && error.contains("ETABL"),
        "{error}"
    );
    assert!(!depot.object(&batch_name(1)).exists(), "nothing at all");
    assert_eq!(depot.append(&[put, ended("s9")]).await, 2);
}
