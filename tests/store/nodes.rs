//! Nodes as they really run: processes with their own folders on one store, killed at bad moments.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use octroi::store::fetch::body_name;

use crate::client::admin;
use crate::command::{done, octroi};
use crate::depot::{Depot, revoked};

/// A gateway as a process, killed with the test.
struct Node {
    child: Child,
    admin: SocketAddr,
    /// What it has said.
    log: Arc<Mutex<String>>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Node {
    /// Starts a node whose admin listener has a port of ours.
    fn start(config: &Path, admin: SocketAddr) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_octroi"))
            .args(["serve", "--config"])
            .arg(config)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = child.stderr.take().unwrap();
        // Somebody must read what it says.
        let log = Arc::new(Mutex::new(String::new()));
        let said = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let mut said = said.lock().unwrap();
                said.push_str(&line);
                said.push('\n');
            }
        });
        Self { child, admin, log }
    }

    fn said(&self, what: &str) -> usize {
        self.log.lock().unwrap().matches(what).count()
    }

    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    async fn ask(&self, path: &str) -> (u16, String) {
        if tokio::net::TcpStream::connect(self.admin).await.is_err() {
            return (0, String::new());
        }
        admin(self.admin, path).await
    }

    async fn metric(&self, name: &str) -> Option<f64> {
        let (_, text) = self.ask("/metrics").await;
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
    }

    /// The section of `/status` about the store.
    async fn store(&self) -> serde_json::Value {
        let (code, text) = self.ask("/status").await;
        assert_eq!(code, 200, "{text}");
        let status: serde_json::Value = serde_json::from_str(&text).unwrap();
        status["store"].clone()
    }

    /// The scheduling class of a thread (proc(5), field 41; comm has at most 15 octets).
    fn scheduling_class(&self, thread: &str) -> Option<u32> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        tasks.map_while(Result::ok).find_map(|task| {
            let stat = fs::read_to_string(task.path().join("stat")).ok()?;
            let (name, fields) = stat.split_once(" (")?.1.rsplit_once(") ")?;
            let class = fields.split(' ').nth(38)?;
            (name == thread).then(|| class.parse().unwrap())
        })
    }

    /// Waits until a metric has a value; how long it took.
    async fn until(&self, name: &str, value: f64) -> Duration {
        let begin = Instant::now();
        while self.metric(name).await != Some(value) {
            assert!(
                begin.elapsed() < Duration::from_secs(60),
                "{name} is {:?}, not {value}",
                self.metric(name).await
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        begin.elapsed()
    }
}

/// A configuration of its own for a node: its folders, its ports.
fn config(depot: &Depot, name: &str) -> (PathBuf, SocketAddr) {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let text = depot
        .node_config(&format!("../var/{name}"))
        .replace("0.0.0.0:8443", "127.0.0.1:0")
        .replace("127.0.0.1:9464", &port.to_string())
        .replace("\"../var/state\"", &format!("\"../var/{name}-state\""))
        .replace("\"../var/audit\"", &format!("\"../var/{name}-audit\""));
    let file = format!("config/{name}.toml");
    depot.place.write(&file, &text);
    (depot.place.path(&file), port)
}

const GENERATION: &str = "octroi_snapshot_generation";
const OVERLAY: &str = "octroi_overlay_sequence";

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_follow_one_store_from_nothing_to_a_rollback() {
    let depot = Depot::new();
    depot.configure();
    let (one, two) = (config(&depot, "one"), config(&depot, "two"));
    let nodes = [Node::start(&one.0, one.1), Node::start(&two.0, two.1)];
    // With nothing: alive, not ready, and it says why.
    for node in &nodes {
        let begin = Instant::now();
        let answer = loop {
            let answer = node.ask("/readyz").await;
            if answer.0 != 0 {
                break answer;
            }
            assert!(begin.elapsed() < Duration::from_secs(30));
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        assert_eq!(answer.0, 503);
        assert!(
            answer.1.contains("waiting for a first snapshot"),
            "{}",
            answer.1
        );
        assert_eq!(node.ask("/livez").await.0, 200);
        let store = node.store().await;
        assert!(store["manifest"].is_null(), "{store}");
        assert_eq!(store["environment"], crate::depot::ENVIRONMENT);
    }
    let body = depot.body(1, 50);
    done(&depot, &["snapshot", "activate"], &[body.to_str().unwrap()]);
    for node in &nodes {
        node.until("octroi_ready", 1.0).await;
        node.until(GENERATION, 1.0).await;
    }

    // A change is durable when the command ends, and on every node within five seconds.
    let change = depot.place.path("change.jsonl");
    fs::write(
        &change,
        serde_json::to_string(&revoked("pupil-1")).unwrap() + "\n",
    )
    .unwrap();
    let told = done(&depot, &["overlay", "append"], &[change.to_str().unwrap()]);
    assert!(told.contains("the last is 1"), "{told}");
    let begin = Instant::now();
    for node in &nodes {
        node.until(OVERLAY, 1.0).await;
    }
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    eprintln!("a change was on both nodes after {took:?}");

    let second = depot.body(2, 50);
    done(
        &depot,
        &["snapshot", "activate"],
        &[second.to_str().unwrap()],
    );
    for node in &nodes {
        node.until(GENERATION, 2.0).await;
    }
    let told = done(&depot, &["snapshot", "rollback"], &[]);
    assert!(told.contains("rollback, generation 1"), "{told}");
    for node in &nodes {
        node.until(GENERATION, 1.0).await;
        node.until("octroi_manifest_sequence", 3.0).await;
        assert_eq!(node.metric(OVERLAY).await, Some(1.0));
        assert_eq!(node.metric("octroi_overlay_stopped").await, Some(0.0));
        let store = node.store().await;
        let manifest = &store["manifest"];
        assert_eq!(
            (&manifest["sequence"], &manifest["reason"]),
            (&3.into(), &"rollback".into())
        );
        assert_eq!(manifest["generation"], 1);
        assert!(manifest["age_seconds"].as_i64().unwrap() < 60, "{store}");
        assert_eq!(store["overlay"]["applied"], 1);
        assert_eq!(store["overlay"]["behind"], 0);
        for asked in [&store["last_check"], &store["overlay"]["last_read"]] {
            assert!(asked["age_seconds"].as_i64().unwrap() < 60, "{store}");
        }
        for trouble in ["trouble", "pending", "last_refused"] {
            assert!(store[trouble].is_null(), "{store}");
        }
    }
    // Explained as it is in force, and on the body that was rolled back.
    let config = depot.place.path("config/one.toml");
    for which in [
        &[][..],
        &["--generation", "2"],
        &["--body", second.to_str().unwrap()],
    ] {
        let asked = [
            &["explain", "--config", config.to_str().unwrap()],
            &[
                "--ent",
                "B0",
                "--person",
                "pupil-1",
                "--resource",
                "ark:/99999/push.1",
            ][..],
            which,
        ];
        let output = octroi(&asked.concat());
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(1), "{which:?} {text}");
        assert!(text.contains("revoked"), "{which:?} {text}");
    }
    assert!(done(&depot, &["overlay", "verify"], &[]).contains("sound: 1 entries"));
    let list = done(&depot, &["overlay", "list"], &[]);
    assert!(
        list.contains("person-revoked") && !list.contains("pupil-1"),
        "{list}"
    );
    let manifests = done(&depot, &["snapshot", "list"], &[]);
    assert_eq!(manifests.lines().count(), 3);
    // An object that is not there is the end of the log, unless somebody knows of more.
    let batch = depot.object(&octroi::store::log::batch_name(1));
    let aside = depot.place.path("batch");
    fs::rename(&batch, &aside).unwrap();
    let config = depot.place.path("config/publisher.toml");
    let verified = octroi(&["overlay", "verify", "--config", config.to_str().unwrap()]);
    let text = String::from_utf8_lossy(&verified.stdout);
    assert_eq!(verified.status.code(), Some(1), "{text}");
    assert!(
        text.contains("sound to entry 0; then ") && text.contains("missing"),
        "{text}"
    );
    fs::rename(&aside, &batch).unwrap();
    done(&depot, &["snapshot", "gc"], &["--keep", "1"]);
    assert_eq!(fs::read_dir(depot.object("bodies")).unwrap().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_killed_at_any_moment_comes_to_the_same_end() {
    let depot = Depot::new();
    depot.configure();
    let (file, admin) = config(&depot, "node");
    let mut expected = depot.activate(1, 60_000).await;
    let mut node = Node::start(&file, admin);
    node.until(GENERATION, 1.0).await;
    for round in 0..8_u64 {
        expected = depot
            .activate(round + 2, 60_000 + 10 * round as usize)
            .await;
        depot.append(&[revoked(&format!("p{round}"))]).await;
        // Somewhere between the poll and the swap.
        tokio::time::sleep(Duration::from_millis(45 * round)).await;
        node.kill();
        node = Node::start(&file, admin);
    }
    node.until("octroi_ready", 1.0).await;
    node.until(GENERATION, 9.0).await;
    node.until(OVERLAY, 8.0).await;
    let folder = depot.place.path("var/node");
    assert!(
        fs::read_dir(folder.join("fetching"))
            .unwrap()
            .next()
            .is_none()
    );
    assert!(
        fs::read_dir(folder.join("refused"))
            .unwrap()
            .next()
            .is_none()
    );
    let own = folder.join(body_name(&expected.body.root));
    assert!(
        fs::read(own).unwrap() == fs::read(depot.object(&body_name(&expected.body.root))).unwrap()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_serves_and_starts_without_the_store() {
    let depot = Depot::new();
    depot.configure();
    let (file, admin) = config(&depot, "node");
    depot.activate(1, 10).await;
    depot.append(&[revoked("pupil-1")]).await;
    let mut node = Node::start(&file, admin);
    node.until(OVERLAY, 1.0).await;
    let last = "octroi_store_last_success_timestamp_seconds";
    assert!(node.metric(last).await.unwrap() > 1.0e9);
    // Not mounted: a folder is there, and nothing in it.
    fs::rename(depot.place.path("store"), depot.place.path("away")).unwrap();
    node.kill();
    let node = Node::start(&file, admin);
    node.until("octroi_ready", 1.0).await;
    assert_eq!(node.metric(GENERATION).await, Some(1.0));
    assert_eq!(node.metric(OVERLAY).await, Some(1.0));
    assert_eq!(node.metric("octroi_manifest_sequence").await, Some(1.0));
    assert_eq!(node.store().await["manifest"]["sequence"], 1);
    let trouble = node.store().await["trouble"]["error"].to_string();
    assert!(trouble.contains("manifest 1 was there"), "{trouble}");
    assert_eq!(node.metric(last).await, Some(0.0), "that is no success");
    // It goes on when the store is back.
    let _ = fs::remove_dir_all(depot.place.path("store"));
    fs::rename(depot.place.path("away"), depot.place.path("store")).unwrap();
    depot.append(&[revoked("p")]).await;
    node.until(OVERLAY, 2.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_counted_and_what_is_in_force_stays() {
    let depot = Depot::new();
    depot.configure();
    let (file, admin) = config(&depot, "node");
    depot.activate(1, 100).await;
    let node = Node::start(&file, admin);
    node.until(GENERATION, 1.0).await;
    depot.activate(2, 10).await;
    node.until(
        "octroi_snapshot_refused_total{reason=\"shrunken-people\"}",
        1.0,
    )
    .await;
    assert_eq!(node.metric(GENERATION).await, Some(1.0));
    let (_, status) = node.ask("/status").await;
    assert!(status.contains("shrunken-people"), "{status}");
    let store = node.store().await;
    assert_eq!(store["last_refused"]["code"], "shrunken-people");
    assert_eq!(store["manifest"]["sequence"], 1);
    assert_eq!(store["highest_seen"], 2);
    assert!(store["pending"].is_null(), "{store}");
    // The publisher's own command refuses it before anybody gets it.
    let config = depot.place.path("config/publisher.toml");
    let body = depot.body(3, 1);
    depot.activate(4, 100).await;
    node.until(GENERATION, 4.0).await;
    let arguments = ["snapshot", "activate", "--config", config.to_str().unwrap()];
    let output = octroi(&[&arguments[..], &[body.to_str().unwrap()]].concat());
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("--approved"));
    // A changed entry of the log is an alarm.
    depot.append(&[revoked("a")]).await;
    node.until(OVERLAY, 1.0).await;
    fs::write(depot.object("overlay/00000000000000000002.json"), "{}").unwrap();
    node.until("octroi_overlay_stopped", 1.0).await;
    assert_eq!(node.metric(OVERLAY).await, Some(1.0));
    let stopped = node.store().await["overlay"]["stopped"].clone();
    assert_eq!(stopped["code"], "overlay-signature");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_between_body_and_log_is_an_alarm_until_a_newer_body_is_here() {
    let depot = Depot::new();
    depot.configure();
    let (file, admin) = config(&depot, "node");
    depot.activate(1, 10).await;
    let mut node = Node::start(&file, admin);
    node.until(GENERATION, 1.0).await;
    node.kill();
    // While it was away: a change, a body that contains it, and the change is collected. The body is lost on the way.
    depot.append(&[revoked("pupil-1")]).await;
    let body = depot.body_with(2, 10, 1);
    done(&depot, &["snapshot", "activate"], &[body.to_str().unwrap()]);
    done(&depot, &["snapshot", "gc"], &["--keep", "1"]);
    fs::rename(depot.object("bodies"), depot.object("gone")).unwrap();
    let node = Node::start(&file, admin);
    node.until("octroi_ready", 1.0).await;
    node.until("octroi_overlay_stopped", 1.0).await;
    // Who was revoked is, all the same; the newer body is waited for.
    node.until(OVERLAY, 1.0).await;
    let store = node.store().await;
    assert_eq!(store["overlay"]["stopped"]["code"], "log-gap", "{store}");
    assert_eq!(store["pending"]["sequence"], 2, "{store}");
    fs::rename(depot.object("gone"), depot.object("bodies")).unwrap();
    node.until(GENERATION, 2.0).await;
    node.until("octroi_overlay_stopped", 0.0).await;
    assert!(node.store().await["overlay"]["stopped"].is_null());
}

#[test]
fn a_difference_names_schools_and_resources_and_nobody() {
    let depot = Depot::new();
    depot.configure();
    let tables = depot.place.path("tables");
    let (one, two) = (
        depot.place.path("one.octroi"),
        depot.place.path("two.octroi"),
    );
    let paths = [&tables, &one, &two].map(|path| path.to_str().unwrap().to_owned());
    let build = ["snapshot", "build", &paths[0], &paths[1]];
    assert!(octroi(&build).status.success());
    // Everybody loses what one subscription gave.
    let table = tables.join("subscriptions.tsv");
    let text = fs::read_to_string(&table).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    fs::write(&table, lines[..lines.len() - 1].join("\n")).unwrap();
    let next = [
        "snapshot",
        "build",
        &paths[0],
        &paths[2],
        "--previous",
        &paths[1],
    ];
    assert!(octroi(&next).status.success());
    let told = octroi(&[
        "snapshot",
        "diff",
        &paths[1],
        &paths[2],
        "--at",
        "2026-11-23T12:00:00Z",
    ]);
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    assert_eq!(
        told.status.code(),
        Some(0),
        "{text}{}",
        String::from_utf8_lossy(&told.stderr)
    );
    assert!(text.contains("4 in both, 0 arrive, 0 go"), "{text}");
    assert!(
        !text.contains("rights: 0 lost") && text.contains("0561622J"),
        "{text}"
    );
    assert!(!text.contains("pupil-1"), "{text}");
    let same = octroi(&["snapshot", "diff", &paths[1], &paths[1]]);
    assert!(String::from_utf8_lossy(&same.stdout).contains("0 schools and 0 resources change"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_told_until_it_is_in_force() {
    const PENDING: &str = "octroi_manifest_pending_sequence";
    let depot = Depot::new();
    depot.configure();
    let first = depot.activate(1, 50).await;
    let one = config(&depot, "one");
    let mut node = Node::start(&one.0, one.1);
    node.until(GENERATION, 1.0).await;
    node.until(PENDING, 0.0).await;
    node.kill();

    let manifest = depot.activate(2, 50).await;
    let body = depot.object(&body_name(&manifest.body.root));
    let aside = depot.place.path("aside");
    fs::rename(&body, &aside).unwrap();
    // What is in force is damaged as well, and the store has it.
    let own = depot.place.path("var/one");
    let mine = own.join(body_name(&first.body.root));
    fs::remove_file(&mine).unwrap();
    fs::write(&mine, "nothing").unwrap();
    fs::set_permissions(&mine, fs::Permissions::from_mode(0o400)).unwrap();
    let node = Node::start(&one.0, one.1);
    node.until(PENDING, 2.0).await;
    node.until(GENERATION, 1.0).await;
    assert_eq!(node.metric(PENDING).await, Some(2.0));
    let waits = node.store().await["pending"]["waits_for"].to_string();
    assert!(waits.contains(&manifest.body.root[..8]), "{waits}");
    // Who swaps is not idle: changes wait for it.
    assert_eq!(node.scheduling_class("store-install"), Some(0));
    fs::rename(&aside, &body).unwrap();
    node.until(GENERATION, 2.0).await;
    node.until(PENDING, 0.0).await;
    assert_eq!(node.scheduling_class("store-install"), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_accepted_is_told_and_tried_again() {
    const PENDING: &str = "octroi_manifest_pending_sequence";
    let depot = Depot::new();
    depot.configure();
    depot.activate(1, 50).await;
    let one = config(&depot, "one");
    let node = Node::start(&one.0, one.1);
    node.until(GENERATION, 1.0).await;
    // Nothing can take the place of a folder.
    let accepted = depot.place.path("var/one/accepted.json");
    fs::remove_file(&accepted).unwrap();
    fs::create_dir(&accepted).unwrap();
    depot.activate(2, 50).await;
    node.until(PENDING, 2.0).await;
    let begin = Instant::now();
    while !node.store().await["pending"]["waits_for"]
        .to_string()
        .contains("accepted.json")
    {
        assert!(begin.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(node.metric(GENERATION).await, Some(1.0));
    fs::remove_dir(&accepted).unwrap();
    node.until(GENERATION, 2.0).await;
    node.until(PENDING, 0.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_collected_and_stands_no_more_is_not_applied_again_and_again() {
    let depot = Depot::new();
    depot.configure();
    depot.activate(1, 50).await;
    depot
        .append(&[revoked("p"), crate::depot::restored("p")])
        .await;
    let body = depot.publisher.upload(&depot.body_with(2, 50, 2)).await;
    let activated = depot.publisher.activate(
        body.unwrap(),
        octroi::store::manifest::Why::Build,
        false,
        crate::depot::noon(),
    );
    activated.await.unwrap();
    depot
        .publisher
        .collect(1, crate::depot::noon())
        .await
        .unwrap();
    let one = config(&depot, "one");
    let node = Node::start(&one.0, one.1);
    node.until(GENERATION, 2.0).await;
    node.until(OVERLAY, 2.0).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let applied = node.said("changes applied");
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(node.said("changes applied"), applied);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_back_before_it_was_ready_is_never_in_force() {
    let depot = Depot::new();
    depot.configure();
    depot.activate(1, 50).await;
    let (file, admin) = config(&depot, "one");
    let store = depot.place.path("store");
    let address = crate::servers::web_server(store.clone());
    let text = fs::read_to_string(&file).unwrap();
    let url = text
        .lines()
        .find(|line| line.starts_with("url = "))
        .unwrap();
    fs::write(
        &file,
        text.replace(url, &format!("url = \"http://{address}\"")),
    )
    .unwrap();
    let node = Node::start(&file, admin);
    node.until(GENERATION, 1.0).await;

    let held = store.join(crate::servers::HELD);
    fs::write(&held, "").unwrap();
    let pending = "octroi_manifest_pending_sequence";
    depot.activate(2, 50).await;
    node.until(pending, 2.0).await;
    let noon = crate::depot::noon();
    let back = depot.publisher.rollback(None, noon).await.unwrap();
    assert_eq!((back.sequence, back.body.generation), (3, 1));
    node.until(pending, 3.0).await;
    fs::remove_file(&held).unwrap();
    node.until("octroi_manifest_sequence", 3.0).await;
    node.until(pending, 0.0).await;
    assert_eq!(node.metric(GENERATION).await, Some(1.0));
    assert_eq!(node.said("snapshot swapped"), 1, "not the second between");
}
