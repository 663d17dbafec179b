//! The log of a batch, in one fixed format (F10).
//!
//! Every batch has a line with `step` = `start` and one with `step` = `end`; between them `progress`, `warning` and
//! `error`. All carry `batch` (what it is), `ent` and `run` (eight digits that join the lines of one run). The last one
//! carries `result` (`ok`, `warning` or `error`), `warnings`, `errors` and `milliseconds`. No line names a person.

use std::time::Instant;

/// How a batch ended; also its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ended {
    /// Everything is as it should be: 0.
    Ok,
    /// It is done, and somebody should look: 1.
    Warning,
    /// It is not done, or not all of it: 2.
    Error,
}

impl Ended {
    /// The word of the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// The exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Error => 2,
        }
    }
}

/// One run of a batch for one portal. Dropped without [`Batch::end`], as after a panic, it tells that too.
#[derive(Debug)]
pub struct Batch {
    what: &'static str,
    ent: String,
    run: String,
    begun: Instant,
    warnings: u64,
    errors: u64,
    quiet: bool,
    ended: bool,
}

impl Batch {
    /// Begins a batch.
    #[must_use]
    pub fn start(what: &'static str, ent: &str, run: [u8; 4]) -> Self {
        let mut batch = Self::quiet(what, ent, run);
        batch.speak();
        batch
    }

    /// A batch that says nothing until there is something to say: a look into an empty drop box is none.
    #[must_use]
    pub fn quiet(what: &'static str, ent: &str, run: [u8; 4]) -> Self {
        Self {
            what,
            ent: ent.to_owned(),
            run: super::hex(&run),
            begun: Instant::now(),
            warnings: 0,
            errors: 0,
            quiet: true,
            ended: false,
        }
    }

    fn told(&self) {
        tracing::info!(batch = self.what, ent = %self.ent, run = %self.run, step = "start", "batch");
    }

    fn speak(&mut self) {
        if std::mem::take(&mut self.quiet) {
            self.told();
        }
    }

    /// Tells how far it is.
    pub fn progress(&mut self, text: &str) {
        self.speak();
        tracing::info!(batch = self.what, ent = %self.ent, run = %self.run, step = "progress", "{text}");
    }

    /// Tells that somebody should look.
    pub fn warning(&mut self, text: &str) {
        self.speak();
        self.warnings += 1;
        tracing::warn!(batch = self.what, ent = %self.ent, run = %self.run, step = "warning", "{text}");
    }

    /// Tells what failed.
    pub fn error(&mut self, text: &str) {
        self.speak();
        self.errors += 1;
        tracing::error!(batch = self.what, ent = %self.ent, run = %self.run, step = "error", "{text}");
    }

    /// How it stands.
    #[must_use]
    pub fn stands(&self) -> Ended {
        match (self.errors, self.warnings) {
            (0, 0) => Ended::Ok,
            (0, _) => Ended::Warning,
            _ => Ended::Error,
        }
    }

    /// Ends the batch.
    pub fn end(mut self) -> Ended {
        self.ended = true;
        let ended = self.stands();
        self.tell_end(ended);
        ended
    }

    fn tell_end(&self, ended: Ended) {
        if self.quiet {
            return;
        }
        let milliseconds = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            batch = self.what, ent = %self.ent, run = %self.run, step = "end", result = ended.name(),
            warnings = self.warnings, errors = self.errors, milliseconds, "batch"
        );
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        if !self.ended {
            self.tell_end(Ended::Error);
        }
    }
}
