//! Writing the trail.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use octroi_saml::Time;
use parking_lot::Mutex;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::entry::{AuditEntry, Line, Outcome};
use super::line::{GENESIS, Hash, LONGEST, Opening, SEGMENT_OPENED, seal};
use super::recover::{self, Recovered};
use crate::config::AuditPolicy;
use crate::http::exchange::TraceId;
use crate::observe::metrics::Metrics;

/// How a trail is kept.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folder of the segments; made with mode 0700 when it is not there.
    pub directory: PathBuf,
    /// What happens when a line cannot be written.
    pub policy: AuditPolicy,
    /// A segment is closed when it is longer.
    pub segment_bytes: u64,
    /// How often written lines are forced to the disk.
    pub sync: Duration,
}

/// Why a trail cannot be opened, or does not take a line.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The folder or a segment.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Another process writes this trail.
    #[error("{}: another process writes this audit trail", .0.display())]
    Locked(PathBuf),
    /// The line would be longer than any line may be.
    #[error("the line is longer than {LONGEST} bytes")]
    TooLong,
}

/// The end of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of the last line; 0 when there is none.
    pub sequence: u64,
    /// Its hash.
    pub hash: Hash,
}

/// The trail. One process writes it; all its threads share this value.
#[derive(Debug)]
pub struct Audit {
    writer: Arc<Mutex<Writer>>,
    policy: AuditPolicy,
    metrics: Arc<Metrics>,
    /// Whether the last line was taken.
    takes_lines: AtomicBool,
    /// Ends the thread when the trail is dropped.
    _syncer: Syncer,
}

/// The thread that forces lines to the disk; it ends with the trail.
#[derive(Debug)]
struct Syncer {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Syncer {
    fn start(writer: &Arc<Mutex<Writer>>, every: Duration) -> io::Result<Self> {
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let writer = Arc::clone(writer);
        let thread = std::thread::Builder::new()
            .name("audit-sync".to_owned())
            .spawn(move || {
                while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(every) {
                    Writer::sync(&writer);
                    Writer::prepare(&writer);
                }
                Writer::sync(&writer);
                let next = writer.lock().next.take();
                // An empty one is of no use to whoever reads the folder.
                drop(next.map(|(_, path)| std::fs::remove_file(path)));
            })?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in there was told by the panic hook.
            let _ = thread.join();
        }
    }
}

#[derive(Debug)]
struct Writer {
    directory: PathBuf,
    segment_bytes: u64,
    file: File,
    path: PathBuf,
    /// Length of the segment as far as whole lines reach.
    length: u64,
    head: Head,
    /// Lines since the last sync.
    unsynced: bool,
    /// Closed segments whose last lines are not forced to the disk, the oldest first.
    closed: Vec<File>,
    /// An empty file for the next segment, made beforehand: no access waits for the disk when a segment is full.
    next: Option<(File, PathBuf)>,
    buffer: Vec<u8>,
    _lock: File,
}

impl Audit {
    /// Opens the trail in its folder, mends a torn end, and goes on with the chain.
    pub fn open(options: &Options, now: Time, metrics: Arc<Metrics>) -> Result<Self, AuditError> {
        let writer = Writer::open(options, now, &metrics)?;
        let writer = Arc::new(Mutex::new(writer));
        let syncer = Syncer::start(&writer, options.sync).map_err(|error| AuditError::Io {
            path: options.directory.clone(),
            error,
        })?;
        Ok(Self {
            writer,
            policy: options.policy,
            metrics,
            takes_lines: AtomicBool::new(true),
            _syncer: syncer,
        })
    }

    /// Writes one line. When this returns `Ok`, the line is the kernel's: it survives the end of this process.
    ///
    /// Under the policy `drop` a line that cannot be written is counted and the answer is `Ok`.
    pub fn record(&self, entry: &AuditEntry<'_>) -> Result<(), AuditError> {
        let started = Instant::now();
        let written = self.writer.lock().record(entry);
        let service = &self.metrics.service;
        service
            .audit_duration
            .observe(started.elapsed().as_secs_f64());
        // A line that is too long says nothing about the next one.
        let takes =
            !matches!(written, Err(AuditError::Io { .. })) || self.policy == AuditPolicy::Drop;
        self.takes_lines.store(takes, Ordering::Relaxed);
        match written {
            Ok(()) => {
                service.audit_lines.inc();
                Ok(())
            }
            Err(error) => {
                service.audit_errors.inc();
                tracing::error!(%error, trace = %entry.trace, "the audit trail does not take a line");
                match self.policy {
                    AuditPolicy::Block => Err(error),
                    AuditPolicy::Drop => {
                        service.audit_lost.inc();
                        Ok(())
                    }
                }
            }
        }
    }

    /// After a line was refused: tries one of its own, so that the gateway becomes ready again by itself.
    pub fn try_again(&self, now: Time) {
        if self.takes_lines() {
            return;
        }
        let _ = self.record(&AuditEntry {
            time: now,
            trace: TraceId::from_bytes([0; 16]),
            event: "trail-tried-again",
            outcome: Outcome::Done,
            code: None,
            endpoint: "none",
            portal: None,
            publisher: None,
            resource: None,
            ent: None,
            person: None,
            pseudonym: None,
            upstream_assertion: None,
            issued_assertion: None,
            generation: 0,
            overlay: 0,
            detail: "",
        });
    }

    /// Whether accesses can go on: the last line was taken, or policy is `drop`.
    #[must_use]
    pub fn takes_lines(&self) -> bool {
        self.takes_lines.load(Ordering::Relaxed)
    }

    /// The end of the chain now.
    #[must_use]
    pub fn head(&self) -> Head {
        self.writer.lock().head
    }

    /// Forces every line to the disk.
    pub fn sync(&self) {
        Writer::sync(&self.writer);
    }
}

impl Writer {
    fn open(options: &Options, now: Time, metrics: &Metrics) -> Result<Self, AuditError> {
        let directory = &options.directory;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(at(directory))?;
        let lock = lock(directory)?;
        let recovered = recover::recover(directory)?;
        let (mut head, reason) = match &recovered {
            Recovered::Empty => (
                Head {
                    sequence: 0,
                    hash: GENESIS,
                },
                None,
            ),
            Recovered::Whole(segment) => (segment.head, None),
            Recovered::Torn {
                segment,
                bytes,
                aside,
            } => {
                tracing::warn!(bytes, aside = %aside.display(), "the audit trail ended in half a line; it was set aside");
                (segment.head, None)
            }
            Recovered::Broken {
                head,
                segment,
                error,
            } => {
                metrics.service.audit_chain_broken.set(1);
                tracing::error!(segment = %segment.display(), %error, "the audit trail was altered: its chain is broken");
                (
                    *head,
                    Some(format!("chain broken in {}", segment.display())),
                )
            }
        };
        let open = match recovered {
            Recovered::Whole(segment) | Recovered::Torn { segment, .. } => Some(segment),
            Recovered::Empty | Recovered::Broken { .. } => None,
        };
        let (file, path, length, fresh) = match open {
            Some(segment) => {
                let file = OpenOptions::new()
                    .write(true)
                    .open(&segment.path)
                    .map_err(at(&segment.path))?;
                (file, segment.path, segment.length, false)
            }
            None => {
                let (file, path) = first_free(directory, &mut head)?;
                (file, path, 0, true)
            }
        };
        let mut writer = Self {
            directory: directory.clone(),
            segment_bytes: options.segment_bytes,
            file,
            path,
            length,
            head,
            unsynced: false,
            closed: Vec::new(),
            next: None,
            buffer: Vec::with_capacity(2048),
            _lock: lock,
        };
        if fresh {
            writer.opening(now, reason)?;
        }
        Ok(writer)
    }

    fn record(&mut self, entry: &AuditEntry<'_>) -> Result<(), AuditError> {
        if self.length >= self.segment_bytes {
            // Until the next segment is there, lines go on into this one.
            if let Err(error) = self.rotate(entry.time) {
                tracing::error!(%error, "the next audit segment cannot be begun");
            }
        }
        let line = Line::new(self.head.sequence.saturating_add(1), entry);
        self.append(&line)
    }

    /// The first line of a segment: the hash that it goes on with.
    fn opening(&mut self, now: Time, reason: Option<String>) -> Result<(), AuditError> {
        let opening = Opening {
            seq: self.head.sequence.saturating_add(1),
            time: now.to_string(),
            event: SEGMENT_OPENED.to_owned(),
            previous: self.head.hash.to_string(),
            reason,
        };
        self.append(&opening)
    }

    fn append(&mut self, line: &impl serde::Serialize) -> Result<(), AuditError> {
        self.buffer.clear();
        serde_json::to_writer(&mut self.buffer, line).map_err(|error| AuditError::Io {
            path: self.path.clone(),
            error: error.into(),
        })?;
        let hash = seal(self.head.hash, &mut self.buffer);
        if self.buffer.len() > LONGEST {
            return Err(AuditError::TooLong);
        }
        // Always at the end of the last whole line: what a failed write left behind is written over.
        if let Err(error) = self.file.write_all_at(&self.buffer, self.length) {
            // A half line must not stay, or the next start would find it. If this fails too, the next line covers it.
            let _ = self.file.set_len(self.length);
            return Err(AuditError::Io {
                path: self.path.clone(),
                error,
            });
        }
        self.length += self.buffer.len() as u64;
        self.head = Head {
            sequence: self.head.sequence.saturating_add(1),
            hash,
        };
        self.unsynced = true;
        Ok(())
    }

    /// Closes this segment and begins the next, or leaves everything as it was.
    fn rotate(&mut self, now: Time) -> Result<(), AuditError> {
        let (file, path) = self.next_file()?;
        let closed = (
            std::mem::replace(&mut self.file, file),
            std::mem::replace(&mut self.path, path),
            self.length,
        );
        let head = self.head;
        self.length = 0;
        if let Err(error) = self.opening(now, None) {
            let _ = std::fs::remove_file(&self.path);
            (self.file, self.path, self.length) = closed;
            return Err(error);
        }
        self.closed.push(closed.0);
        tracing::info!(segment = %closed.1.display(), sequence = head.sequence, head = %head.hash, "audit segment closed");
        Ok(())
    }

    /// The file of the next segment, under its name: the one made beforehand, else one that is made now.
    fn next_file(&mut self) -> Result<(File, PathBuf), AuditError> {
        let sequence = self.head.sequence.saturating_add(1);
        if let Some((file, made)) = self.next.take() {
            let path = self.directory.join(segment_name(sequence));
            // Nothing is written over: after a broken chain a file may stand under any name.
            match renameat_with(CWD, &made, CWD, &path, RenameFlags::NOREPLACE) {
                Ok(()) => return Ok((file, path)),
                Err(_) => drop(std::fs::remove_file(made)),
            }
        }
        self.file.sync_data().map_err(at(&self.path))?;
        create(&self.directory, sequence)
    }

    /// Syncs outside the lock, so that no access waits for the disk.
    fn sync(shared: &Mutex<Self>) {
        let (closed, file, directory) = {
            let mut writer = shared.lock();
            if !writer.unsynced {
                return;
            }
            writer.unsynced = false;
            let closed = std::mem::take(&mut writer.closed);
            (closed, writer.file.try_clone(), writer.directory.clone())
        };
        // In the order of the chain, and names before what stands under them.
        let forced = closed
            .iter()
            .try_for_each(|file| file.sync_data())
            .and_then(|()| match closed.is_empty() {
                true => Ok(()),
                false => File::open(&directory)?.sync_all(),
            })
            .and_then(|()| file?.sync_data());
        if let Err(error) = forced {
            tracing::error!(%error, "the audit trail cannot be forced to the disk");
            let mut writer = shared.lock();
            writer.unsynced = true;
            writer.closed.splice(0..0, closed);
        }
    }

    /// Makes the file of the next segment before it is needed.
    fn prepare(shared: &Mutex<Self>) {
        let directory = {
            let writer = shared.lock();
            if writer.next.is_some() || writer.length < writer.segment_bytes / 2 {
                return;
            }
            writer.directory.clone()
        };
        // One that cannot be made is made, or complained of, when it is needed.
        let path = directory.join(NEXT);
        if let Ok(file) = create_at(&path) {
            shared.lock().next = Some((file, path));
        }
    }
}

/// The name of the segment that begins with this line. Names sort as lines do.
pub(super) fn segment_name(sequence: u64) -> String {
    format!("audit-{sequence:020}.jsonl")
}

/// The file of a segment that has not begun.
pub(super) const NEXT: &str = "next";

fn create_at(path: &Path) -> Result<File, AuditError> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(at(path))
}

fn create(directory: &Path, sequence: u64) -> Result<(File, PathBuf), AuditError> {
    let path = directory.join(segment_name(sequence));
    let file = create_at(&path)?;
    // The name itself must survive too.
    File::open(directory)
        .and_then(|folder| folder.sync_all())
        .map_err(at(directory))?;
    Ok((file, path))
}

/// A new segment; where something stands under its name, after a broken chain, its lines are counted from further on.
fn first_free(directory: &Path, head: &mut Head) -> Result<(File, PathBuf), AuditError> {
    loop {
        match create(directory, head.sequence.saturating_add(1)) {
            Err(AuditError::Io { error, .. })
                if error.kind() == io::ErrorKind::AlreadyExists && head.sequence < u64::MAX =>
            {
                head.sequence += 1;
            }
            done => return done,
        }
    }
}

/// One writer a folder.
fn lock(directory: &Path) -> Result<File, AuditError> {
    let path = directory.join("lock");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(at(&path))?;
    match file.try_lock() {
        Ok(()) => {
            let _ = file
                .set_len(0)
                .and_then(|()| writeln!(file, "{}", std::process::id()));
            Ok(file)
        }
        Err(std::fs::TryLockError::WouldBlock) => Err(AuditError::Locked(directory.to_owned())),
        Err(std::fs::TryLockError::Error(error)) => Err(AuditError::Io { path, error }),
    }
}

pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> AuditError + use<> {
    let path = path.to_owned();
    move |error| AuditError::Io { path, error }
}
