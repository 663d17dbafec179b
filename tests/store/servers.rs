//! Stores that are no folder: a plain web server that nodes only read, and S3 where a server for it is installed.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::depot::{Depot, revoked, step};
use crate::place::Place;

/// As long as a file of this name is in the folder, nobody gets a body.
pub const HELD: &str = "held";

/// Serves the files of a folder: GET and HEAD, with ranges, and nothing else.
pub fn web_server(folder: PathBuf) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let folder = folder.clone();
            std::thread::spawn(move || serve(stream, &folder));
        }
    });
    address
}

fn serve(stream: TcpStream, folder: &Path) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut out = stream;
    loop {
        let Some(Ok(request)) = lines.next() else {
            return;
        };
        let mut range = None;
        while let Some(Ok(line)) = lines.next() {
            if line.is_empty() {
                break;
            }
            let line = line.to_ascii_lowercase();
            if let Some(bounds) = line.strip_prefix("range: bytes=") {
                let (from, to) = bounds.split_once('-').unwrap();
                range = Some((from.parse::<usize>().unwrap(), to.parse::<usize>().unwrap()));
            }
        }
        let mut words = request.split(' ');
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        while path.contains("/bodies/") && folder.join(HELD).exists() {
            std::thread::sleep(Duration::from_millis(20));
        }
        let file = fs::read(folder.join(path.trim_start_matches('/')));
        let (status, content, more) = match (method, file, range) {
            ("GET" | "HEAD", Ok(file), None) => ("200 OK", file, String::new()),
            ("GET" | "HEAD", Ok(file), Some((from, to))) => {
                let to = to.min(file.len() - 1);
                let more = format!("Content-Range: bytes {from}-{to}/{}\r\n", file.len());
                ("206 Partial Content", file[from..=to].to_vec(), more)
            }
            ("GET" | "HEAD", Err(_), _) => ("404 Not Found", Vec::new(), String::new()),
            _ => ("405 Method Not Allowed", Vec::new(), String::new()),
        };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\n{more}\r\n",
            content.len()
        );
        if out.write_all(head.as_bytes()).is_err()
            || (method != "HEAD" && out.write_all(&content).is_err())
        {
            return;
        }
    }
}

#[tokio::test]
async fn a_node_follows_a_plain_web_server() {
    let depot = Depot::new();
    depot.activate(1, 40_000).await;
    depot.append(&[revoked("pupil-1")]).await;
    let address = web_server(depot.place.path("store"));
    let mut reader = Depot::at(Place::new(), &format!("http://{address}"));
    reader.publisher.keys = depot.publisher.keys.clone();
    let node = reader.node("node");
    assert_eq!(step(&node, None).await.generation(), Some(1));
    assert_eq!(node.log_end().sequence, 1);
    depot.activate(2, 40_000).await;
    assert_eq!(step(&node, None).await.generation(), Some(2));
    // It can only be read.
    let changes = [revoked("x")];
    let appended = reader
        .publisher
        .append(&changes, crate::depot::noon())
        .await;
    assert!(appended.is_err());
}

/// A server that speaks S3, killed with the test: `moto_server`, from `OCTROI_MOTO_SERVER` or the path.
struct S3 {
    child: Child,
    address: SocketAddr,
}

impl Drop for S3 {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl S3 {
    /// `None` when none is installed.
    fn start() -> Option<Self> {
        let program = std::env::var("OCTROI_MOTO_SERVER").unwrap_or("moto_server".to_owned());
        let address = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let child = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", &address.port().to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let begin = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(begin.elapsed() < Duration::from_secs(60));
            std::thread::sleep(Duration::from_millis(100));
        }
        let mut stream = TcpStream::connect(address).unwrap();
        let request = format!(
            "PUT /depot HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).unwrap();
        assert!(answer.contains(" 200 "), "{answer}");
        Some(Self { child, address })
    }
}

/// In a process of its own, because credentials and endpoint come from the environment.
#[test]
fn everything_works_on_s3() {
    if std::env::var_os("OCTROI_S3_TEST").is_some() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        return runtime.block_on(on_s3());
    }
    let Some(server) = S3::start() else {
        eprintln!(
            "skipped: no moto_server (pip install 'moto[server]', OCTROI_MOTO_SERVER names it)"
        );
        return;
    };
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "servers::everything_works_on_s3", "--nocapture"])
        .env("OCTROI_S3_TEST", "1")
        .env("AWS_ENDPOINT", format!("http://{}", server.address))
        .env("AWS_ALLOW_HTTP", "true")
        .env("AWS_REGION", "eu-west-3")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .status()
        .unwrap();
    assert!(status.success());
}

async fn on_s3() {
    let depot = Depot::at(Place::new(), "s3://depot/octroi/test");
    // A body of several parts of an upload.
    depot.activate(1, 300_000).await;
    assert_eq!(depot.append(&[revoked("pupil-1")]).await, 1);
    let node = depot.node("node");
    assert_eq!(step(&node, None).await.generation(), Some(1));
    assert_eq!(node.log_end().sequence, 1);
    // A number is given once there, too.
    let remote = &depot.publisher.remote;
    assert!(
        !remote
            .create("overlay/00000000000000000001.json", b"x".to_vec())
            .await
            .unwrap()
    );
    depot.activate(2, 300_000).await;
    assert_eq!(step(&node, None).await.generation(), Some(2));
    let back = depot
        .publisher
        .rollback(None, crate::depot::noon())
        .await
        .unwrap();
    assert_eq!(back.sequence, 3);
    assert_eq!(step(&node, None).await.generation(), Some(1));
    let done = depot
        .publisher
        .collect(1, crate::depot::noon())
        .await
        .unwrap();
    assert_eq!(done.kept.len(), 1);
    assert_eq!(remote.list("bodies").await.unwrap().len(), 1);
}
