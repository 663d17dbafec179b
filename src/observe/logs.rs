//! Logs: one JSON object a line on standard error, without personal data.
//!
//! What may be logged: refusal codes, measured values, ids of partners and resources, trace ids. Never: names,
//! person identifiers, IDO, attributes, cookies, query strings, messages.

use std::sync::OnceLock;

use tracing::Level;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::reload::{self, Handle};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

static LEVEL: OnceLock<Handle<LevelFilter, Registry>> = OnceLock::new();

/// Begins to log at a level. Further calls change nothing.
pub fn init(level: Level) {
    let (filter, handle) = reload::Layer::new(LevelFilter::from_level(level));
    let lines = fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false);
    let lines = lines.with_writer(std::io::stderr).with_filter(filter);
    if tracing_subscriber::registry()
        .with(lines)
        .try_init()
        .is_ok()
    {
        let _ = LEVEL.set(handle);
    }
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
