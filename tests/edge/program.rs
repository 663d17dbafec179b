//! The program itself: its subcommands, their exit codes, its signals.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::client::admin;
use crate::place::{Place, SAMPLE, SNAPSHOT};

fn octroi(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_octroi"))
        .args(arguments)
        .output()
        .unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn check_says_what_is_wrong_and_exits_accordingly() {
    let place = Place::new();
    let config = place.config_file();
    let config = config.to_str().unwrap();
    let good = octroi(&["check", "--config", config]);
    assert_eq!(code(&good), 0, "{}", out(&good));
    assert!(
        out(&good).contains("good: 1 portal(s), 1 publisher(s), snapshot 1 with 4 people"),
        "{}",
        out(&good)
    );
    let here = Command::new(env!("CARGO_BIN_EXE_octroi"))
        .args(["check", "--config", "octroi.toml"])
        .current_dir(place.path("config"))
        .output()
        .unwrap();
    assert_eq!(code(&here), 0, "{}", out(&here));
    place.config(
        &SAMPLE
            .replacen("max_hours = 6", "max_hours = 60", 1)
            .replacen("workers = 0", "workerz = 0", 1),
    );
    let bad = octroi(&["check", "--config", config]);
    assert_eq!(code(&bad), 1);
    assert!(
        out(&bad).contains("refused: 2 error(s)") && out(&bad).contains("did you mean `workers`?"),
        "{}",
        out(&bad)
    );
    assert_eq!(code(&octroi(&["check"])), 2);
    assert_eq!(code(&octroi(&["no-such-thing"])), 2);
    assert_eq!(code(&octroi(&["version"])), 0);
}

#[test]
fn a_publisher_gets_its_map_from_old_pseudonyms_to_new_ones() {
    let place = Place::new();
    let paths = ["config/octroi.toml", "tables", "map.tsv"].map(|name| place.path(name));
    let [config, tables, map] = paths.each_ref().map(|path| path.to_str().unwrap());
    let domains = ["push-domain", "push-domain-2"];
    let [old, new] = domains;
    let asked = [
        "snapshot", "rekey", "-c", config, "--old", old, "--new", new, tables, map,
    ];
    let done = octroi(&asked);
    assert_eq!(code(&done), 0, "{}", out(&done));
    // The key of the place, and the people of its tables.
    let key = octroi_entitlements::Pseudonymizer::new(&[0x5a; 64]).unwrap();
    let people = [
        ("B0", "pupil-1"),
        ("B0", "teacher-1"),
        ("B0", "teacher-2"),
        ("C0", "pupil-1"),
    ];
    let mut expected = people.map(|(ent, person)| {
        let [old, new] = domains.map(|domain| key.derive(ent, person, domain).to_string());
        format!("{old}\t{new}\n")
    });
    expected.sort();
    assert_eq!(std::fs::read_to_string(map).unwrap(), expected.concat());
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(map).unwrap());
    assert_eq!(mode & 0o777, 0o600);
    // Never over another file; and no part of a map stays.
    assert_eq!(code(&octroi(&asked)), 2);
    assert_eq!(std::fs::read_to_string(map).unwrap(), expected.concat());
    std::fs::remove_file(map).unwrap();
    std::fs::remove_file(place.path("tables/people.tsv")).unwrap();
    assert_eq!(code(&octroi(&asked)), 2);
    assert!(!paths[2].exists());
}

#[test]
fn snapshots_are_built_checked_shown_and_asked() {
    let place = Place::new();
    let (tables, next) = (place.path("tables"), place.path("next.octroi"));
    let (tables, next) = (tables.to_str().unwrap(), next.to_str().unwrap());
    let built = octroi(&["snapshot", "build", tables, next]);
    assert_eq!(code(&built), 0, "{}", out(&built));
    assert!(
        out(&built).contains("generation 1, 4 people"),
        "{}",
        out(&built)
    );
    let again = octroi(&["snapshot", "build", tables, next, "--json"]);
    assert_eq!(code(&again), 0, "{}", out(&again));
    assert_eq!(code(&octroi(&["snapshot", "check", next])), 0);
    let shown = octroi(&["snapshot", "show", next, "--json"]);
    let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(
        (
            shown["generation"].as_u64(),
            shown["counts"]["people"].as_u64()
        ),
        (Some(2), Some(4))
    );
    assert!(out(&octroi(&["snapshot", "show", next])).contains("people"));

    let ask = |person: &str, more: &[&str]| {
        let mut arguments = vec![
            "explain",
            "--snapshot",
            next,
            "--ent",
            "B0",
            "--person",
            person,
        ];
        arguments.extend([
            "--resource",
            "ark:/99999/push.1",
            "--at",
            "2026-11-23T12:00:00Z",
        ]);
        arguments.extend(more);
        octroi(&arguments)
    };
    assert_eq!(code(&ask("pupil-1", &[])), 0);
    let denied = ask("teacher-2", &["--json"]);
    assert_eq!(code(&denied), 1);
    let denied: serde_json::Value = serde_json::from_slice(&denied.stdout).unwrap();
    assert_eq!(denied["code"], "no-subscription");

    std::fs::write(next, b"not a snapshot").unwrap();
    assert_eq!(code(&octroi(&["snapshot", "check", next])), 1);
    assert_eq!(code(&octroi(&["snapshot", "check", "/nonexistent"])), 2);
    assert_eq!(code(&ask("pupil-1", &[])), 2);
    std::fs::remove_file(place.path("tables/people.tsv")).unwrap();
    assert_ne!(code(&octroi(&["snapshot", "build", tables, next])), 0);
    assert_eq!(
        std::fs::read(next).unwrap(),
        b"not a snapshot",
        "a failed build leaves the file alone"
    );
}

/// The gateway as a process, killed with the test.
struct Process {
    child: Child,
    admin: SocketAddr,
    lines: std::sync::mpsc::Receiver<String>,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    fn start(place: &Place) -> Self {
        Self::spawn(Command::new(env!("CARGO_BIN_EXE_octroi")), place)
    }

    /// Starts through a command that already has what stands before `serve`.
    fn spawn(mut command: Command, place: &Place) -> Self {
        let mut child = command
            .args(["serve", "--config"])
            .arg(place.config_file())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = child.stderr.take().unwrap();
        let (sender, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut process = Self {
            child,
            admin: SocketAddr::from(([127, 0, 0, 1], 0)),
            lines,
        };
        let ready = process.line("ready");
        let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
        process.admin = ready["admin"].as_str().unwrap().parse().unwrap();
        process
    }

    /// The next log line with this message.
    fn line(&self, message: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(20);
        let wanted = format!("\"message\":\"{message}");
        let mut seen = String::new();
        while let Ok(line) = self
            .lines
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            if line.contains(&wanted) {
                return line;
            }
            seen += &line;
        }
        panic!("no line {message:?} in {seen}");
    }

    fn signal(&self, name: &str) {
        let kill = Command::new("kill")
            .args([format!("-{name}"), self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(kill.success());
    }
}

#[tokio::test]
async fn signals_reload_and_stop() {
    let place = Place::new();
    let mut process = Process::start(&place);
    let status = octroi(&["status", "--admin", &process.admin.to_string()]);
    assert_eq!(code(&status), 0, "{}", out(&status));

    place.config(&SAMPLE.replacen("max_hours = 6", "max_hours = 60", 1));
    process.signal("HUP");
    let refused = process.line("reload refused");
    assert!(
        refused.contains("max_hours") && refused.contains("\"level\":\"ERROR\""),
        "{refused}"
    );
    place.config(&SAMPLE.replacen(
        "endpoint.\ndisabled = false",
        "endpoint.\ndisabled = true",
        1,
    ));
    process.signal("HUP");
    process.line("configuration reloaded");
    let (_, metrics) = admin(process.admin, "/metrics").await;
    assert!(metrics.contains("octroi_partners{kind=\"portal\",state=\"disabled\"} 1"));

    process.signal("TERM");
    process.line("stopped");
    let ended = process.child.wait().unwrap();
    assert_eq!(ended.code(), Some(0));
    assert_eq!(
        code(&octroi(&["status", "--admin", &process.admin.to_string()])),
        2
    );
    let trail = place.path("var/audit");
    assert_eq!(
        code(&octroi(&["audit", "verify", trail.to_str().unwrap()])),
        0
    );
}

#[test]
fn systemd_is_told_when_it_is_ready_reloading_and_stopping() {
    let place = Place::new();
    let socket = place.path("notify");
    let told = std::os::unix::net::UnixDatagram::bind(&socket).unwrap();
    told.set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let next = || {
        let mut buffer = [0; 256];
        let length = told.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_octroi"));
    command.env("NOTIFY_SOCKET", &socket);
    let mut process = Process::spawn(command, &place);
    assert_eq!(next(), "READY=1\n");
    process.signal("HUP");
    assert!(next().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    assert_eq!(next(), "READY=1\n");
    process.signal("TERM");
    assert_eq!(next(), "STOPPING=1\n");
    assert_eq!(process.child.wait().unwrap().code(), Some(0));
}

/// Where systemd's tool is installed: a restart with the socket in systemd's hands.
#[tokio::test]
async fn an_inherited_socket_is_served() {
    const TOOL: &str = "systemd-socket-activate";
    if Command::new(TOOL).arg("--version").output().is_err() {
        return;
    }
    let place = Place::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    place.config(&SAMPLE.replacen("0.0.0.0:8443", &format!("127.0.0.1:{port}"), 1));
    let mut command = Command::new(TOOL);
    command.args([
        "-l",
        &format!("127.0.0.1:{port}"),
        env!("CARGO_BIN_EXE_octroi"),
    ]);
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    // The first connection starts the program; it waits in the socket's queue until then.
    let answer = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(300)).await;
        crate::client::get(address, "/robots.txt").await
    });
    let process = tokio::task::spawn_blocking(move || (Process::spawn(command, &place), place))
        .await
        .unwrap();
    assert_eq!(crate::client::status(&answer.await.unwrap()), 200);
    drop(process);
}

#[test]
fn a_killed_gateway_leaves_a_whole_trail_and_starts_again() {
    let place = Place::new();
    let mut process = Process::start(&place);
    process.signal("KILL");
    process.child.wait().unwrap();
    let trail = place.path("var/audit");
    assert_eq!(
        code(&octroi(&["audit", "verify", trail.to_str().unwrap()])),
        0
    );
    let again = Process::start(&place);
    drop(again);
}

#[test]
fn what_cannot_start_says_why_and_exits_with_1() {
    let place = Place::new();
    std::fs::remove_file(place.path(SNAPSHOT)).unwrap();
    let config = place.config_file();
    let output = octroi(&["serve", "--config", config.to_str().unwrap()]);
    assert_eq!(code(&output), 1);
    assert!(
        out(&output).contains("octroi snapshot build"),
        "{}",
        out(&output)
    );
}

#[test]
fn an_altered_trail_is_told_by_segment_and_line() {
    let place = Place::new();
    drop(Process::start(&place));
    let trail = place.path("var/audit");
    let segment = std::fs::read_dir(&trail).unwrap().find_map(|entry| {
        let path = entry.unwrap().path();
        path.extension()
            .is_some_and(|extension| extension == "jsonl")
            .then_some(path)
    });
    let segment = segment.unwrap();
    let text =
        std::fs::read_to_string(&segment)
            .unwrap()
            .replacen("segment-opened", "segment-opensd", 1);
    std::fs::write(&segment, text).unwrap();
    let output = octroi(&["audit", "verify", trail.to_str().unwrap()]);
    assert_eq!(code(&output), 1);
    assert!(
        out(&output).contains(".jsonl:1:") && out(&output).contains("BROKEN"),
        "{}",
        out(&output)
    );
}
