//! A store with its publisher, and nodes that follow it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use octroi::store::follow::{Candidate, Node, NotReady, Options, Refused};
use octroi::store::manifest::{Manifest, Why};
use octroi::store::publish::Publisher;
use octroi::store::{Keys, Remote, SecretKey, Thresholds};
use octroi_entitlements::overlay::Change;
use octroi_entitlements::{Counts, Snapshot};
use octroi_saml::Time;

use crate::place::{Place, SAMPLE, SNAPSHOT};

pub const ENVIRONMENT: &str = "test";

pub const THRESHOLDS: Thresholds = Thresholds {
    people: 20,
    schools: 10,
    subscriptions: 30,
};

pub fn noon() -> Time {
    Time::from_unix_seconds(crate::NOON)
}

/// A key pair as PEM: secret, public.
pub fn pair() -> (String, String) {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    (key.serialize_pem(), key.public_key_pem())
}

pub struct Depot {
    pub place: Place,
    pub publisher: Publisher,
    pub url: String,
    public: String,
    secret: String,
}

impl Depot {
    /// A store in a folder.
    pub fn new() -> Self {
        let place = Place::new();
        let url = place.path("store").to_str().unwrap().to_owned();
        Self::at(place, &url)
    }

    /// A store elsewhere.
    pub fn at(place: Place, url: &str) -> Self {
        let (secret, public) = pair();
        let mut keys = Keys::default();
        keys.add_pem(&public).unwrap();
        let publisher = Publisher {
            remote: Remote::open(url, Path::new("/")).unwrap(),
            keys,
            secret: SecretKey::from_pem(&secret).unwrap(),
            environment: ENVIRONMENT.to_owned(),
        };
        Self {
            place,
            publisher,
            url: url.to_owned(),
            public,
            secret,
        }
    }

    /// Builds a body with so many people more.
    pub fn body(&self, generation: u64, more: usize) -> PathBuf {
        self.place.snapshot(generation, more);
        let body = self.place.path(&format!("body-{generation}.octroi"));
        let _ = std::fs::remove_file(&body);
        std::fs::copy(self.place.path(SNAPSHOT), &body).unwrap();
        body
    }

    /// Builds a body that says it contains the changes up to `overlay`.
    pub fn body_with(&self, generation: u64, more: usize, overlay: u64) -> PathBuf {
        let body = self.body(generation, more);
        let mut octets = std::fs::read(&body).unwrap();
        octets[40..48].copy_from_slice(&overlay.to_le_bytes());
        octroi_entitlements::repair_hashes(&mut octets);
        std::fs::remove_file(&body).unwrap();
        std::fs::write(&body, octets).unwrap();
        body
    }

    pub fn secret_pem(&self) -> String {
        self.secret.clone()
    }

    /// Builds, uploads and activates.
    pub async fn activate(&self, generation: u64, more: usize) -> Manifest {
        let facts = self
            .publisher
            .upload(&self.body(generation, more))
            .await
            .unwrap();
        self.publisher
            .activate(facts, Why::Build, false, noon())
            .await
            .unwrap()
    }

    pub async fn append(&self, changes: &[Change]) -> u64 {
        self.publisher.append(changes, noon()).await.unwrap()
    }

    /// Where an object of a store in a folder stands.
    pub fn object(&self, name: &str) -> PathBuf {
        self.place.path("store").join(name)
    }

    /// Writes the configuration of the gateway and the one of the publisher.
    pub fn configure(&self) {
        self.place
            .write("config/keys/store-2026.pub.pem", &self.public);
        self.place
            .secret("config/keys/store-2026.key.pem", &self.secret);
        self.place.config(&self.node_config("../var/store"));
        let publisher = format!(
            "[store]\nurl = \"{}\"\nenvironment = \"{ENVIRONMENT}\"\n\
             public_keys = [\"keys/store-2026.pub.pem\"]\nprivate_key = \"keys/store-2026.key.pem\"\n\
             directory = \"../var/store\"\n",
            self.url
        );
        self.place.write("config/publisher.toml", &publisher);
    }

    /// The configuration of a node with its own folder.
    pub fn node_config(&self, directory: &str) -> String {
        let mut text = SAMPLE.to_owned();
        for (from, to) in [
            (
                "#url = \"/srv/octroi/store\"",
                format!("url = \"{}\"", self.url),
            ),
            (
                "#environment = \"production\"",
                format!("environment = \"{ENVIRONMENT}\""),
            ),
            (
                "#public_keys = [\"keys/store-2026.pub.pem\"]",
                "public_keys = [\"keys/store-2026.pub.pem\"]".to_owned(),
            ),
            (
                "#directory = \"../var/store\"",
                format!("directory = \"{directory}\""),
            ),
            (
                "#poll_milliseconds = 2000",
                "poll_milliseconds = 100".to_owned(),
            ),
        ] {
            assert!(text.contains(from), "{from}");
            text = text.replacen(from, &to, 1);
        }
        text
    }

    /// A node without a gateway, with its own folder.
    pub fn node(&self, name: &str) -> Node {
        let options = Options {
            environment: ENVIRONMENT.to_owned(),
            keys: self.publisher.keys.clone(),
            keep: 2,
        };
        let remote = Remote::open(&self.url, Path::new("/")).unwrap();
        Node::open(remote, &self.place.path(name), options).unwrap()
    }
}

/// What one step of a node has found, as `run::store` takes it.
#[derive(Default)]
pub struct Step {
    pub refused: Vec<&'static str>,
    pub taken: Option<Arc<Snapshot>>,
    pub later: Option<String>,
}

impl Step {
    pub fn generation(&self) -> Option<u64> {
        self.taken.as_ref().map(|snapshot| snapshot.generation())
    }
}

/// One poll: the log, a newer manifest, its body.
pub async fn step(node: &Node, before: Option<&Counts>) -> Step {
    node.read_log(true, 0).await.unwrap();
    let mut refused = Vec::new();
    let mut found = None;
    node.look(true, &mut found, |why: &Refused| refused.push(why.code))
        .await
        .unwrap();
    let mut step = Step {
        refused,
        taken: None,
        later: None,
    };
    if let Some(candidate) = found {
        follow(node, &candidate, before, &mut step).await;
    }
    step
}

/// A newer manifest, if there is one.
pub async fn look(node: &Node, thorough: bool) -> Option<Candidate> {
    let mut found = None;
    node.look(thorough, &mut found, |_| ()).await.unwrap();
    found
}

pub async fn follow(node: &Node, candidate: &Candidate, before: Option<&Counts>, step: &mut Step) {
    match node.prepare(candidate, THRESHOLDS, before).await {
        Ok(snapshot) => {
            node.accept(candidate).unwrap();
            node.prune(candidate).unwrap();
            step.taken = Some(snapshot);
        }
        Err(NotReady::Refused(why)) => {
            node.put_aside(candidate, &why);
            step.refused.push(why.code);
        }
        Err(NotReady::Later(why)) => step.later = Some(why),
    }
}

pub fn revoked(person: &str) -> Change {
    Change::PersonRevoked {
        ent: "B0".to_owned(),
        person: person.to_owned(),
    }
}

pub fn restored(person: &str) -> Change {
    Change::PersonRestored {
        ent: "B0".to_owned(),
        person: person.to_owned(),
    }
}
