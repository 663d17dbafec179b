//! A real sshd with `internal-sftp` in front of the drop box, a real sftp client, and the watcher behind it.

use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::archive::{name, portal};
use crate::place::{Place, people, state, sum};

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn sshd() -> Option<PathBuf> {
    ["/usr/sbin/sshd", "/usr/local/sbin/sshd"]
        .iter()
        .map(PathBuf::from)
        .find(|path| path.exists())
}

fn key(path: &Path) {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(path)
        .status()
        .unwrap();
    assert!(made.success());
}

fn user() -> String {
    let id = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(id.stdout).unwrap().trim().to_owned()
}

/// An sshd on an unprivileged port that serves the drop box and nothing else.
fn serve(place: &Place) -> (Killed, u16) {
    let ssh = place.root.join("ssh");
    fs::create_dir_all(&ssh).unwrap();
    fs::set_permissions(&ssh, fs::Permissions::from_mode(0o700)).unwrap();
    key(&ssh.join("host"));
    key(&ssh.join("portal"));
    fs::copy(ssh.join("portal.pub"), ssh.join("authorized")).unwrap();
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let folder = ssh.display();
    // As docs/collect-sftp.md, but for what needs root: no chroot, one user.
    let config = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile none\nStrictModes no\nUsePAM no\n\
         AuthorizedKeysFile {folder}/authorized\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
         PubkeyAuthentication yes\nPermitRootLogin prohibit-password\nAllowTcpForwarding no\nX11Forwarding no\n\
         PermitTTY no\nSubsystem sftp internal-sftp\nForceCommand internal-sftp -d {} -u 0027\n",
        place.drop_box("B0").display()
    );
    fs::write(ssh.join("config"), config).unwrap();
    if user() == "root" {
        // Where sshd as root separates privileges; Debian makes it when the service starts.
        let _ = fs::create_dir_all("/run/sshd");
    }
    let log = fs::File::create(ssh.join("log")).unwrap();
    let child = Command::new(sshd().unwrap())
        .args(["-D", "-e", "-f"])
        .arg(ssh.join("config"))
        .stderr(log)
        .spawn()
        .unwrap();
    let served = Killed(child);
    let until = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(
            Instant::now() < until,
            "{}",
            fs::read_to_string(ssh.join("log")).unwrap()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    (served, port)
}

/// Runs a batch of the sftp client.
fn sftp(place: &Place, port: u16, batch: &str) {
    let ssh = place.root.join("ssh");
    let mut client = Command::new("sftp")
        .args(["-q", "-b", "-", "-P", &port.to_string(), "-F", "none"])
        .args([
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
        ])
        .args(["-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-i"])
        .arg(ssh.join("portal"))
        .arg(format!("{}@127.0.0.1", user()))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    client
        .stdin
        .take()
        .unwrap()
        .write_all(batch.as_bytes())
        .unwrap();
    let done = client.wait_with_output().unwrap();
    let log = fs::read_to_string(ssh.join("log")).unwrap_or_default();
    assert!(
        done.status.success(),
        "{}\n{log}",
        String::from_utf8_lossy(&done.stderr)
    );
}

fn wait_for(what: &str, patience: u64, mut is: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(patience);
    while !is() {
        assert!(Instant::now() < until, "{what} did not come");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn f6_an_upload_by_sftp_is_taken_when_it_has_ended_and_not_before() {
    if sshd().is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "tests/prerequisites.sh test installs openssh-server"
        );
        eprintln!("skipped: no sshd here; `tests/prerequisites.sh test` installs it");
        return;
    }
    let place = Place::new("");
    // The rest is what the test is about. It must be longer than a pause and a sign-in by SFTP take on a busy machine.
    let config = fs::read_to_string(place.config()).unwrap();
    fs::write(
        place.config(),
        config.replace("rest_seconds = 0", "rest_seconds = 6"),
    )
    .unwrap();
    let (_served, port) = serve(&place);
    let watch = place
        .command(&["watch"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _watch = Killed(watch);
    let office = place.office("2026-11-27T03:00:00Z");

    // As exporters do it: the archive under its own name, then its sum.
    let file = name("B0", "20261126_020000", "2D");
    let archive = portal(2, 20).archive("B0", "20261126_020000", "2D");
    fs::write(place.root.join(&file), &archive).unwrap();
    fs::write(place.root.join(format!("{file}.md5")), sum(&archive)).unwrap();
    let local = place.root.display();
    sftp(
        &place,
        port,
        &format!("put {local}/{file} {file}\nput {local}/{file}.md5 {file}.md5\n"),
    );
    wait_for("the delivery", 60, || people(&office, "B0") == 160);
    assert_eq!(fs::read_dir(place.drop_box("B0")).unwrap().count(), 0);

    // In slow pieces, with the sum there already: resumed four times, never taken in between.
    let file = name("B0", "20261127_020000", "2D");
    let archive = portal(2, 21).archive("B0", "20261127_020000", "2D");
    fs::write(place.root.join(format!("{file}.md5")), sum(&archive)).unwrap();
    sftp(
        &place,
        port,
        &format!("put {local}/{file}.md5 {file}.md5\n"),
    );
    for piece in 1..=4 {
        let length = archive.len() * piece / 4;
        let verb = if piece == 1 { "put" } else { "reput" };
        fs::write(place.root.join(&file), &archive[..length]).unwrap();
        sftp(&place, port, &format!("{verb} {local}/{file} {file}\n"));
        assert_eq!(people(&office, "B0"), 160, "piece {piece}");
        std::thread::sleep(Duration::from_millis(900));
        assert_eq!(state(&office, "B0").deliveries.len(), 1, "piece {piece}");
    }
    wait_for("the slow delivery", 60, || people(&office, "B0") == 168);
    assert_eq!(state(&office, "B0").outcomes.get("refused"), None);
}
