//! `octroi check` of a node, of a publisher and of an importer: what an operator reads before a restart.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use octroi::store::fetch::body_name;
use octroi::store::log::batch_name;

use crate::command::octroi;
use crate::depot::{Depot, pair, revoked, step};

/// Exit code and everything that was said.
fn check(file: &Path, more: &[&str]) -> (i32, String) {
    let file = file.to_str().unwrap();
    let output = octroi(&[&["check", "--config", file], more].concat());
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (output.status.code().unwrap(), said)
}

fn says(file: &Path, code: i32, words: &[&str]) -> String {
    let (ended, said) = check(file, &[]);
    assert_eq!(ended, code, "{said}");
    for word in words {
        assert!(said.contains(word), "{word}: {said}");
    }
    said
}

/// A file that is written by nobody, changed all the same.
fn change(file: &Path, change: impl Fn(&mut Vec<u8>)) {
    let mut octets = fs::read(file).unwrap();
    change(&mut octets);
    let mode = fs::metadata(file).unwrap().permissions();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(file, octets).unwrap();
    fs::set_permissions(file, mode).unwrap();
}

#[tokio::test]
async fn the_copies_that_a_node_starts_from_are_checked() {
    let depot = Depot::new();
    depot.configure();
    let config = depot.place.config_file();
    fs::remove_dir(depot.place.path("store")).unwrap();
    let words = [
        "no folder is there",
        "no copy of a snapshot yet",
        "/readyz 503",
    ];
    says(&config, 0, &words);
    assert!(!depot.place.path("store").exists(), "nothing is made");

    fs::create_dir(depot.place.path("store")).unwrap();
    says(&config, 0, &["nothing was ever activated"]);
    depot.append(&[revoked("p")]).await;
    let manifest = depot.activate(1, 10).await;
    let own = depot.place.path("var/store");
    let follow = async || {
        let node = depot.node("var/store");
        let mut resumed = node.resume().unwrap();
        let mut found = step(&node, None).await;
        if let Some(candidate) = resumed.candidate.take().or(resumed.again.take()) {
            crate::depot::follow(&node, &candidate, None, &mut found).await;
        }
    };
    follow().await;
    says(
        &config,
        0,
        &["good: 1 portal(s), 1 publisher(s), manifest 1, snapshot 1 with 14 people"],
    );

    // The store away: what is here is enough.
    let (store, away) = (depot.place.path("store"), depot.place.path("away"));
    fs::rename(&store, &away).unwrap();
    says(
        &config,
        0,
        &["warning", "nobody can be revoked", "snapshot 1"],
    );

    // Each copy that a start would not serve is an error that says so, with the store here or not.
    let body = own.join(body_name(&manifest.body.root));
    let batch = own.join(batch_name(1));
    change(&body, |octets| octets[5000] ^= 1);
    says(
        &config,
        1,
        &["var/store", "does not match", "do not restart it before"],
    );
    assert_eq!(check(&config, &["--without-snapshot"]).0, 0);
    change(&body, |octets| octets[5000] ^= 1);
    let kept = fs::read(&batch).unwrap();
    fs::remove_file(&batch).unwrap();
    says(
        &config,
        1,
        &["ends at change 0, the manifest in force demands 1"],
    );
    fs::write(&batch, b"{}").unwrap();
    says(
        &config,
        1,
        &["refused: 1 error(s)", "do not restart it before"],
    );
    fs::write(&batch, kept).unwrap();
    says(&config, 0, &["snapshot 1 with"]);
    change(&own.join("accepted.json"), |octets| octets[60] ^= 1);
    says(&config, 1, &["accepted.json"]);
    fs::rename(&away, &store).unwrap();
}

#[tokio::test]
async fn keys_that_do_not_fit_the_store_are_told_before_a_night_does() {
    let depot = Depot::new();
    depot.configure();
    depot.activate(1, 10).await;
    let publisher = depot.place.path("config/publisher.toml");
    says(
        &publisher,
        0,
        &["good: manifest 1 with 14 people, publishes, 0 warning(s)"],
    );
    // Somebody else's half, and a secret that everybody may read.
    let (secret, public) = pair();
    depot.place.write("config/keys/store-2026.pub.pem", &public);
    let said = says(
        &publisher,
        1,
        &[
            "belongs to none of public_keys",
            "no trusted key has signed it",
        ],
    );
    assert!(said.contains("publisher.toml:5:"), "{said}");
    depot
        .place
        .secret("config/keys/store-2026.key.pem", &secret);
    let key = depot.place.path("config/keys/store-2026.key.pem");
    fs::set_permissions(key, fs::Permissions::from_mode(0o644)).unwrap();
    says(&publisher, 1, &["chmod 0600"]);
    let text = fs::read_to_string(&publisher).unwrap();
    depot.place.write(
        "config/publisher.toml",
        &text.replace("environment", "enviroment"),
    );
    says(&publisher, 1, &["did you mean `environment`?"]);
    says(Path::new("/nonexistent.toml"), 2, &["/nonexistent.toml"]);
}

#[test]
fn a_file_with_only_collect_is_checked_as_what_it_is() {
    let depot = Depot::new();
    let place = &depot.place;
    let text = "[collect]\ndirectory = \"../var/directory\"\nstate = \"../var/collect\"\nvault = \"../var/vault\"\n\
                vault_key = \"keys/vault.key\"\naudit = \"../var/collect-audit\"\n\
                [[collect.portal]]\nent = \"B0\"\nname = \"Exemple\"\ndrop_boxes = [\"../drop\"]\n";
    place.write("config/collect.toml", text);
    let file = place.path("config/collect.toml");
    says(
        &file,
        1,
        &[
            "vault.key",
            "nothing is taken in without it",
            "no folder is there",
        ],
    );
    place.secret("config/keys/vault.key", &"5a".repeat(32));
    fs::create_dir(place.path("drop")).unwrap();
    says(&file, 0, &["good: 1 portal(s) deliver, 0 warning(s)"]);
    assert!(!place.path("var/vault").exists(), "nothing is made");
    place.write(
        "config/collect.toml",
        &text.replace("vault_key", "vault_keys"),
    );
    says(&file, 1, &["did you mean `vault_key`?"]);
}
