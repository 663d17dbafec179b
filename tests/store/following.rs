//! What a node takes and what it refuses, step by step.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use octroi::store::SecretKey;
use octroi::store::envelope::seal;
use octroi::store::fetch::{FetchError, body_name, fetch};
use octroi::store::manifest::{Manifest, Why};
use octroi::store::publish::{LATEST, manifest_name};
use octroi_entitlements::{Counts, FIRST_PAGE, Outline, Pace};

use crate::depot::{Depot, Step, follow, look, noon, pair, step};

/// What a store's folder can be made to say.
fn put(depot: &Depot, name: &str, octets: &[u8]) {
    fs::write(depot.object(name), octets).unwrap();
}

fn signed(manifest: &Manifest, key: &SecretKey) -> Vec<u8> {
    seal(manifest, key).unwrap().0
}

#[tokio::test]
async fn a_node_takes_what_is_activated_and_remembers_it() {
    let depot = Depot::new();
    let node = depot.node("node");
    assert!(node.resume().unwrap().snapshot.is_none());
    assert!(step(&node, None).await.taken.is_none(), "an empty store");
    let first = depot.activate(1, 10).await;
    assert_eq!(first.sequence, 1);
    assert_eq!(step(&node, None).await.generation(), Some(1));
    assert!(step(&node, None).await.taken.is_none(), "nothing new");
    // Two at once: the newer one counts.
    depot.activate(2, 10).await;
    depot.activate(3, 10).await;
    assert_eq!(step(&node, None).await.generation(), Some(3));
    drop(node);
    let again = depot.node("node");
    let resumed = again.resume().unwrap();
    assert_eq!(resumed.snapshot.unwrap().generation(), 3);
    assert!(resumed.candidate.is_none());
    assert_eq!(again.seen(), 3);
}

#[tokio::test]
async fn each_manifest_that_must_not_be_followed_is_refused_by_its_code() {
    let depot = Depot::new();
    let key = &depot.publisher.secret;
    let good = depot.activate(1, 10).await;
    let node = depot.node("node");
    step(&node, None).await;
    let next = |change: &dyn Fn(&mut Manifest)| {
        let mut manifest = good.clone();
        manifest.sequence = 2;
        change(&mut manifest);
        manifest
    };
    let same = next(&|_| {});
    let text = String::from_utf8(signed(&same, key)).unwrap();
    let start = text.find("\"signatures\"").unwrap();
    let unsigned = format!("{}\"signatures\":[]}}", &text[..start]);
    let other = SecretKey::from_pem(&pair().0).unwrap();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("unsigned", unsigned.into_bytes()),
        ("wrong-signature", signed(&same, &other)),
        ("malformed", b"{}".to_vec()),
        (
            "other-environment",
            signed(&next(&|one| one.environment = "production".to_owned()), key),
        ),
        (
            "implausible",
            signed(&next(&|one| one.body.root = "../../x".to_owned()), key),
        ),
    ];
    for (code, octets) in cases {
        put(&depot, &manifest_name(2), &octets);
        let found = step(&node, None).await;
        assert!(found.taken.is_none(), "{code}");
        assert_eq!(found.refused, [code]);
        assert!(
            step(&node, None).await.refused.is_empty(),
            "told once: {code}"
        );
        assert_eq!(node.seen(), 1);
        // Who has written that? It is kept as it came, before the store is cleared up.
        let kept = |end| fs::read(depot.place.path(&format!("node/refused/{:020}.{end}", 2)));
        assert_eq!(kept("json").unwrap(), octets);
        assert!(kept("txt").unwrap().starts_with(code.as_bytes()), "{code}");
    }
    // A valid one under that number is followed all the same.
    put(&depot, &manifest_name(2), &signed(&same, key));
    assert_eq!(step(&node, None).await.generation(), Some(1));
    // An old one played back is not, also after a restart.
    put(&depot, LATEST, &signed(&same, key));
    assert!(step(&node, None).await.refused.is_empty());
    put(&depot, LATEST, &signed(&good, key));
    assert!(
        step(&node, None).await.refused.is_empty(),
        "it may lag once"
    );
    assert_eq!(step(&node, None).await.refused, ["sequence-not-higher"]);
    put(&depot, &manifest_name(3), &signed(&good, key));
    drop(node);
    let node = depot.node("node");
    node.resume().unwrap();
    let refused = step(&node, None).await.refused;
    assert_eq!(refused, ["sequence-not-higher"]);
}

#[tokio::test]
async fn each_body_that_is_not_what_was_signed_is_refused_and_kept() {
    let depot = Depot::new();
    let key = &depot.publisher.secret;
    let good = depot.activate(1, 100).await;
    let node = depot.node("node");
    let before = step(&node, None).await.taken.unwrap().counts();
    let body = |root: &str| depot.object(&body_name(root));
    let octets = fs::read(body(&good.body.root)).unwrap();

    // One octet of the content, of a hash, of the first page; cut; prolonged.
    let mut sequence = 1;
    let middle = octets.len() / 2;
    for (at, length) in [
        (middle, octets.len()),
        (octets.len() - 1, octets.len()),
        (30, octets.len()),
        (usize::MAX, middle),
        (usize::MAX, octets.len() + 1),
    ] {
        sequence += 1;
        let facts = depot
            .publisher
            .upload(&depot.body(sequence, 100))
            .await
            .unwrap();
        depot
            .publisher
            .activate(facts.clone(), Why::Build, false, noon())
            .await
            .unwrap();
        let path = body(&facts.root);
        let mut bad = fs::read(&path).unwrap();
        bad.resize(length, 0);
        if let Some(octet) = bad.get_mut(at) {
            *octet ^= 1;
        }
        fs::write(&path, bad).unwrap();
        let found = step(&node, Some(&before)).await;
        assert_eq!(found.refused, ["body-corrupt"], "{at} {length}");
        let kept = depot
            .place
            .path(&format!("node/refused/{sequence:020}.txt"));
        assert!(
            fs::read_to_string(kept)
                .unwrap()
                .starts_with("body-corrupt")
        );
    }

    // A sound body that is not the one that the manifest describes.
    sequence += 1;
    let mut other = good.clone();
    other.sequence = sequence;
    other.body.generation = 9;
    put(&depot, &manifest_name(sequence), &signed(&other, key));
    assert_eq!(step(&node, Some(&before)).await.refused, ["body-mismatch"]);

    // What was in force stays, though the refused manifest named it: the node starts without the store.
    drop(node);
    fs::rename(depot.place.path("store"), depot.place.path("away")).unwrap();
    let node = depot.node("node");
    let resumed = node.resume().unwrap();
    assert_eq!(resumed.snapshot.unwrap().generation(), 1);
    assert!(resumed.candidate.is_none());
    drop(node);
    let _ = fs::remove_dir_all(depot.place.path("store"));
    fs::rename(depot.place.path("away"), depot.place.path("store")).unwrap();
    let node = depot.node("node");
    node.resume().unwrap();
    depot.activate(10, 100).await;
    assert_eq!(step(&node, Some(&before)).await.generation(), Some(10));
}

/// A body of another format version is not damaged: it is for another program, which may be the next one here.
#[tokio::test]
async fn a_body_of_another_format_version_waits_for_the_program_that_reads_it() {
    const VERSION: usize = 8;
    let depot = Depot::new();
    let first = depot.activate(1, 100).await;
    let node = depot.node("node");
    let before = step(&node, None).await.taken.unwrap().counts();

    let mut next = fs::read(depot.body(2, 100)).unwrap();
    next[VERSION] += 1;
    octroi_entitlements::repair_hashes(&mut next);
    let mut manifest = first.clone();
    manifest.sequence = 2;
    manifest.body.generation = 2;
    manifest.body.bytes = next.len() as u64;
    manifest.body.root = root_of(&next);
    put(&depot, &body_name(&manifest.body.root), &next);
    put(
        &depot,
        &manifest_name(2),
        &signed(&manifest, &depot.publisher.secret),
    );
    let found = step(&node, Some(&before)).await;
    assert_eq!((found.refused.len(), found.generation()), (0, None));
    let why = found.later.unwrap();
    assert!(why.contains("snapshot format version"), "{why}");

    // It is fetched once, and still the one to follow after a start with what is in force.
    drop(node);
    fs::remove_file(depot.object(&body_name(&manifest.body.root))).unwrap();
    let node = depot.node("node");
    let resumed = node.resume().unwrap();
    assert_eq!(resumed.snapshot.unwrap().generation(), 1);
    let pending = resumed.candidate.unwrap();
    assert_eq!(pending.manifest.sequence, 2);
    let mut found = step(&node, Some(&before)).await;
    follow(&node, &pending, Some(&before), &mut found).await;
    assert_eq!(found.later, Some(why));

    // The program changed, and what was in force is the one that it does not read: it follows what comes.
    drop(node);
    let mine = depot.place.path("node").join(body_name(&first.body.root));
    let mut octets = fs::read(&mine).unwrap();
    octets[VERSION] -= 1;
    fs::remove_file(&mine).unwrap();
    fs::write(&mine, octets).unwrap();
    fs::set_permissions(&mine, fs::Permissions::from_mode(0o400)).unwrap();
    let node = depot.node("node");
    let resumed = node.resume().unwrap();
    assert!(resumed.snapshot.is_none());
    assert_eq!(resumed.candidate.unwrap().manifest.sequence, 2);
    depot.activate(3, 100).await;
    assert_eq!(step(&node, None).await.generation(), Some(3));
}

fn root_of(body: &[u8]) -> String {
    let length = body.len() as u64;
    let page = body[..FIRST_PAGE as usize].to_vec();
    let tail = Outline::tail(&page, length).unwrap();
    let hashes = body[tail.start as usize..tail.end as usize].to_vec();
    Outline::new(page, hashes, length).unwrap().digest()
}

#[tokio::test]
async fn a_body_that_lost_too_much_is_refused_unless_somebody_approved() {
    let depot = Depot::new();
    depot.activate(1, 100).await;
    let node = depot.node("node");
    let before = step(&node, None).await.taken.unwrap().counts();
    depot.activate(2, 50).await;
    assert_eq!(
        step(&node, Some(&before)).await.refused,
        ["shrunken-people"]
    );
    for (code, counts) in [
        (
            "shrunken-schools",
            Counts {
                establishments: before.establishments * 2,
                ..before
            },
        ),
        (
            "shrunken-subscriptions",
            Counts {
                subscriptions: before.subscriptions * 2,
                ..before
            },
        ),
    ] {
        depot.activate(3, 100).await;
        assert_eq!(step(&node, Some(&counts)).await.refused, [code]);
    }
    let facts = depot.publisher.upload(&depot.body(5, 50)).await.unwrap();
    depot
        .publisher
        .activate(facts.clone(), Why::Build, true, noon())
        .await
        .unwrap();
    assert_eq!(step(&node, Some(&before)).await.generation(), Some(5));
    // Nobody at all is never taken, whoever approves.
    let mut empty = depot
        .publisher
        .activate(facts, Why::Build, true, noon())
        .await
        .unwrap();
    empty.sequence += 1;
    empty.body.counts.people = 0;
    let name = manifest_name(empty.sequence);
    put(&depot, &name, &signed(&empty, &depot.publisher.secret));
    assert_eq!(step(&node, Some(&before)).await.refused, ["empty"]);
}

#[tokio::test]
async fn a_fetch_goes_on_where_it_stopped_and_keeps_nothing_damaged() {
    let depot = Depot::new();
    // Some chunks of one MiB.
    let facts = depot
        .publisher
        .upload(&depot.body(1, 100_000))
        .await
        .unwrap();
    assert!(facts.bytes > 3 << 20, "{}", facts.bytes);
    let whole = fs::read(depot.object(&body_name(&facts.root))).unwrap();
    let part = depot.place.path("part");
    let remote = &depot.publisher.remote;
    fetch(remote, &facts, &part, Pace::Beside).await.unwrap();
    assert!(fs::read(&part).unwrap() == whole);

    // A killed process leaves a part of it, holes, and perhaps garbage.
    let mut torn = whole[..2_500_000].to_vec();
    torn[1_500_000] ^= 1;
    fs::write(&part, &torn).unwrap();
    fetch(remote, &facts, &part, Pace::Whole).await.unwrap();
    assert!(fs::read(&part).unwrap() == whole);

    // The good chunks are not asked for again: the store's copy of one may even be damaged meanwhile.
    let mut damaged = whole.clone();
    damaged[10_000] ^= 1;
    fs::write(depot.object(&body_name(&facts.root)), &damaged).unwrap();
    fetch(remote, &facts, &part, Pace::Whole).await.unwrap();
    assert!(fs::read(&part).unwrap() == whole);
    fs::remove_file(&part).unwrap();
    assert!(matches!(
        fetch(remote, &facts, &part, Pace::Whole).await,
        Err(FetchError::Damaged { .. })
    ));
    fs::remove_file(depot.object(&body_name(&facts.root))).unwrap();
    assert!(matches!(
        fetch(remote, &facts, &part, Pace::Whole).await,
        Err(FetchError::Missing(_))
    ));
}

#[tokio::test]
async fn a_manifest_is_followed_to_its_end_after_a_kill_between_any_two_steps() {
    let depot = Depot::new();
    depot.activate(1, 10).await;
    let node = depot.node("node");
    step(&node, None).await;
    let second = depot.activate(2, 10).await;
    // Killed after the manifest was seen: its number is remembered, its body is not here.
    let candidate = look(&node, false).await.unwrap();
    assert_eq!(candidate.manifest, second);
    drop(node);
    let node = depot.node("node");
    let resumed = node.resume().unwrap();
    assert_eq!(resumed.snapshot.unwrap().generation(), 1);
    let candidate = resumed.candidate.unwrap();
    assert_eq!(candidate.manifest.sequence, 2);
    // Killed after the body was installed and before it was accepted.
    node.prepare(&candidate, crate::depot::THRESHOLDS, None)
        .await
        .unwrap();
    drop(node);
    let node = depot.node("node");
    let candidate = node.resume().unwrap().candidate.unwrap();
    let mut after = step(&node, None).await;
    crate::depot::follow(&node, &candidate, None, &mut after).await;
    assert_eq!(after.generation(), Some(2));
    assert_eq!(node.resume().unwrap().snapshot.unwrap().generation(), 2);
    assert!(
        fs::read_dir(depot.place.path("node/fetching"))
            .unwrap()
            .next()
            .is_none()
    );
}

#[tokio::test]
async fn a_damaged_copy_of_ones_own_is_fetched_again() {
    use std::os::unix::fs::PermissionsExt as _;
    let depot = Depot::new();
    let manifest = depot.activate(1, 10).await;
    let node = depot.node("node");
    step(&node, None).await;
    drop(node);
    let own = depot
        .place
        .path(&format!("node/bodies/{}.octroi", manifest.body.root));
    let mut octets = fs::read(&own).unwrap();
    let middle = octets.len() / 2;
    octets[middle] ^= 1;
    fs::set_permissions(&own, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&own, octets).unwrap();
    let node = depot.node("node");
    let resumed = node.resume().unwrap();
    assert!(resumed.snapshot.is_none());
    let mut after = step(&node, None).await;
    crate::depot::follow(&node, &resumed.again.unwrap(), None, &mut after).await;
    assert_eq!(after.generation(), Some(1));
}

#[tokio::test]
async fn a_publisher_is_not_led_in_a_circle_nor_to_another_environment() {
    let depot = Depot::new();
    depot.activate(1, 10).await;
    let first = depot.object("manifests/00000000000000000001.json");
    let second = depot.object("manifests/00000000000000000002.json");
    fs::copy(&first, &second).unwrap();
    let change = [crate::depot::revoked("p")];
    let append = depot.publisher.append(&change, crate::depot::noon());
    let patience = std::time::Duration::from_secs(20);
    let ended = tokio::time::timeout(patience, append).await;
    assert!(ended.expect("it goes round and round").is_err());
    fs::remove_file(second).unwrap();
    let other = octroi::store::publish::Publisher {
        remote: depot.publisher.remote.clone(),
        keys: depot.publisher.keys.clone(),
        secret: SecretKey::from_pem(&depot.secret_pem()).unwrap(),
        environment: "staging".to_owned(),
    };
    let appended = other.append(&change, crate::depot::noon()).await;
    assert!(appended.is_err());
}

#[tokio::test]
async fn a_newer_manifest_stays_pending_when_an_older_one_is_refused() {
    let depot = Depot::new();
    depot.activate(1, 100).await;
    let node = depot.node("node");
    let before = step(&node, None).await.taken.unwrap().counts();
    depot.activate(2, 10).await;
    let shrunken = look(&node, false).await.unwrap();
    depot.activate(3, 100).await;
    look(&node, false).await.unwrap();
    let mut found = Step::default();
    follow(&node, &shrunken, Some(&before), &mut found).await;
    assert_eq!(found.refused.len(), 1);
    drop(node);
    let resumed = depot.node("node").resume().unwrap();
    assert_eq!(resumed.candidate.unwrap().manifest.sequence, 3);
}

#[tokio::test]
async fn a_refused_rollback_takes_no_body_from_those_that_are_kept() {
    let depot = Depot::new();
    let first = depot.activate(1, 10).await;
    let node = depot.node("node");
    step(&node, None).await;
    depot.activate(2, 100).await;
    let before = step(&node, None).await.taken.unwrap().counts();
    // The body before is here; nobody has approved that so many go.
    let publisher = &depot.publisher;
    let back = publisher.activate(first.body.clone(), Why::Rollback, false, noon());
    back.await.unwrap();
    let found = step(&node, Some(&before)).await;
    assert_eq!(found.refused, ["shrunken-people"]);
    assert!(
        depot
            .place
            .path(&format!("node/{}", body_name(&first.body.root)))
            .exists()
    );
}

#[tokio::test]
async fn a_store_that_lost_its_copy_of_the_newest_manifest_is_mended() {
    let depot = Depot::new();
    for generation in 1..=4 {
        depot.activate(generation, 10).await;
    }
    let publisher = &depot.publisher;
    publisher.collect(1, noon()).await.unwrap();
    assert!(!depot.object(&manifest_name(1)).exists());
    let latest = depot.object(LATEST);
    fs::remove_file(&latest).unwrap();
    // A publisher goes on with the next number, whatever was collected, and does not begin anew.
    assert_eq!(depot.activate(5, 10).await.sequence, 5);
    fs::remove_file(&latest).unwrap();
    assert_eq!(depot.append(&[crate::depot::revoked("p")]).await, 1);
    // A new node does not know where to begin; an old one goes on.
    let fresh = depot.node("fresh");
    assert!(step(&fresh, None).await.taken.is_none());
    publisher.collect(1, noon()).await.unwrap();
    assert_eq!(
        fs::read(&latest).unwrap(),
        fs::read(depot.object(&manifest_name(5))).unwrap()
    );
    assert_eq!(step(&fresh, None).await.generation(), Some(5));
    // Nor does it stay behind when a publisher was killed before it wrote the copy.
    let old = fs::read(&latest).unwrap();
    depot.activate(6, 10).await;
    fs::write(&latest, old).unwrap();
    publisher.collect(2, noon()).await.unwrap();
    let numbered = depot.object(&manifest_name(6));
    assert_eq!(fs::read(&latest).unwrap(), fs::read(numbered).unwrap());
}

#[tokio::test]
async fn what_was_found_stays_found_when_the_store_fails_afterwards() {
    let depot = Depot::new();
    depot.activate(1, 10).await;
    depot.activate(2, 10).await;
    let node = depot.node("node");
    // Whoever writes to the store without a key, or a server that breaks off.
    put(&depot, &manifest_name(3), &vec![b' '; 1 << 20]);
    let mut found = None;
    let looked = node.look(false, &mut found, |_| ()).await;
    assert!(looked.unwrap_err().to_string().contains("longer than"));
    assert_eq!(found.unwrap().manifest.sequence, 2);
    // Without its newest manifest a store is another one, or none.
    fs::remove_file(depot.object(&manifest_name(3))).unwrap();
    fs::remove_file(depot.object(LATEST)).unwrap();
    let mut found = None;
    let looked = node.look(true, &mut found, |_| ()).await;
    assert!(
        looked
            .unwrap_err()
            .to_string()
            .contains("manifest 2 was there")
    );
    // A publisher that has just made the first one has not written the copy yet.
    let fresh = depot.node("fresh");
    assert_eq!(look(&fresh, true).await.unwrap().manifest.sequence, 2);
    fresh.look(false, &mut None, |_| ()).await.unwrap();
    fresh.look(true, &mut None, |_| ()).await.unwrap_err();
    // Then it is asked for at every look, until it is there.
    fresh.look(false, &mut None, |_| ()).await.unwrap_err();
    depot.publisher.collect(2, noon()).await.unwrap();
    fresh.look(false, &mut None, |_| ()).await.unwrap();
}

#[tokio::test]
async fn what_was_begun_of_a_body_that_nobody_waits_for_makes_room() {
    let depot = Depot::new();
    depot.activate(1, 10).await;
    let node = depot.node("node");
    let first = look(&node, false).await.unwrap();
    let second = depot.activate(2, 10).await.body.root;
    look(&node, false).await.unwrap();
    let begun = |root: &str| {
        depot
            .place
            .path("node")
            .join(format!("fetching/{root}.part"))
    };
    fs::write(begun("other"), "half of it").unwrap();
    fs::write(begun(&second), "half of it").unwrap();
    let mut found = Step::default();
    follow(&node, &first, None, &mut found).await;
    assert_eq!(found.generation(), Some(1));
    assert!(!begun("other").exists());
    assert!(begun(&second).exists(), "the next one goes on there");
}
