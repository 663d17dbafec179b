//! Logs: one JSON object a line on standard error, without personal data.
//!
//! What may be logged: refusal codes, measured values, ids of partners and resources, trace ids. Never: names,
//! person identifiers, IDO, attributes, cookies, query strings, messages.

//!
//! Lines go through a bounded queue to a thread of their own: a reader that is slow or stuck costs lines, which are
//! counted, and never an access.

use std::sync::OnceLock;

use parking_lot::Mutex;
use tracing::Level;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::reload::{self, Handle};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

/// Lines that may wait to be written.
const QUEUE: usize = 16_384;

static LEVEL: OnceLock<Handle<LevelFilter, Registry>> = OnceLock::new();
static LOST: OnceLock<ErrorCounter> = OnceLock::new();
/// Dropping it writes what is in the queue.
static WRITER: Mutex<Option<WorkerGuard>> = Mutex::new(None);

/// Begins to log at a level. Further calls change nothing.
pub fn init(level: Level) {
    let (writer, guard) = NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(QUEUE)
        .thread_name("log")
        .finish(std::io::stderr());
    let lost = writer.error_counter();
    let (filter, handle) = reload::Layer::new(LevelFilter::from_level(level));
    let lines = fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false);
    let lines = lines.with_writer(writer).with_filter(filter);
    if tracing_subscriber::registry()
        .with(lines)
        .try_init()
        .is_ok()
    {
        let _ = LEVEL.set(handle);
        let _ = LOST.set(lost);
        *WRITER.lock() = Some(guard);
    }
}

/// Writes what is in the queue. What is logged afterwards is lost.
pub fn finish() {
    drop(WRITER.lock().take());
}

/// Lines that were lost because the reader was too slow.
#[must_use]
pub fn lost() -> u64 {
    LOST.get().map_or(0, |lost| {
        u64::try_from(lost.dropped_lines()).unwrap_or(u64::MAX)
    })
}

/// Changes the level while running (A3).
pub fn set_level(level: Level) {
    if let Some(handle) = LEVEL.get() {
        let _ = handle.modify(|filter| *filter = LevelFilter::from_level(level));
    }
}

/// A panic is logged by its place alone: its words may hold data of a request.
pub fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        tracing::error!(
            place,
            "panic: a defect of the gateway, please report the place"
        );
    }));
}
