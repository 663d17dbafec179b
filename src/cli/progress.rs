//! How far a build has come, on standard error: a bar on a terminal, elsewhere a line for each phase that takes a
//! second, and every ten seconds.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use octroi_entitlements::{Phase, Progress};
use parking_lot::Mutex;

use super::complain;

/// Between two lines.
const EVERY: Duration = Duration::from_secs(10);
const COUNTED: &str = "{msg:<10} {wide_bar} {human_pos}/{human_len} {per_sec} {eta}";
const OPEN: &str = "{msg:<10} {spinner} {human_pos} {elapsed}";

/// Shows a build's progress.
pub(super) struct Shown {
    /// Hidden where nobody looks.
    bar: ProgressBar,
    /// The phase at hand, for lines; none on a terminal.
    lines: Option<Mutex<Option<Lines>>>,
}

struct Lines {
    phase: Phase,
    total: Option<u64>,
    began: Instant,
    told: Instant,
    done: u64,
}

impl Shown {
    /// A bar if standard error is a terminal, else lines.
    pub(super) fn new() -> Self {
        let terminal = std::io::stderr().is_terminal();
        let target = if terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        Self {
            bar: ProgressBar::with_draw_target(None, target),
            lines: (!terminal).then(Mutex::default),
        }
    }

    /// Takes the bar away and tells how long the last phase took.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
        if let Some(lines) = &self.lines {
            let last = lines.lock().take();
            last.iter().filter_map(Lines::ended).for_each(complain);
        }
    }
}

impl Progress for Shown {
    fn begin(&self, phase: Phase, total: Option<u64>) {
        let template = if total.is_some() { COUNTED } else { OPEN };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
        self.bar.reset();
        self.bar.set_message(phase.as_str());
        match total {
            Some(total) => self.bar.set_length(total),
            None => self.bar.unset_length(),
        }
        if let Some(lines) = &self.lines {
            let now = Instant::now();
            let next = Lines {
                phase,
                total,
                began: now,
                told: now,
                done: 0,
            };
            let last = lines.lock().replace(next);
            last.iter().filter_map(Lines::ended).for_each(complain);
        }
    }

    fn done(&self, _: Phase, done: u64) {
        self.bar.set_position(done);
        if let Some(lines) = &self.lines
            && let Some(lines) = lines.lock().as_mut()
        {
            lines.done = done;
            if lines.told.elapsed() >= EVERY {
                lines.told = Instant::now();
                complain(lines.so_far(lines.began.elapsed()));
            }
        }
    }
}

impl Lines {
    /// How long a phase took, if anybody had to wait for it.
    fn ended(&self) -> Option<String> {
        let seconds = self.began.elapsed().as_secs_f64();
        let phase = self.phase.as_str();
        let all = match self.done {
            0 => String::new(),
            done => format!(", {done} in all"),
        };
        (seconds >= 1.0).then(|| format!("build: {phase} done in {seconds:.1} s{all}"))
    }

    /// How many, how fast, and how long it will take at that speed.
    fn so_far(&self, elapsed: Duration) -> String {
        let rate = self.done as f64 / elapsed.as_secs_f64().max(0.001);
        let mut line = format!("build: {} {}", self.phase.as_str(), self.done);
        if let Some(total) = self.total {
            let left = total.saturating_sub(self.done) as f64 / rate.max(1.0);
            let _ = write!(line, " of {total}, {rate:.0} a second, {left:.0} s left");
        } else {
            let _ = write!(line, ", {rate:.0} a second");
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_tell_rate_and_what_is_left() {
        let now = Instant::now();
        let lines = Lines {
            phase: Phase::People,
            total: Some(15_000_000),
            began: now,
            told: now,
            done: 5_000_000,
        };
        assert_eq!(
            lines.so_far(Duration::from_secs(20)),
            "build: people 5000000 of 15000000, 250000 a second, 40 s left"
        );
        let open = Lines {
            total: None,
            ..lines
        };
        assert_eq!(
            open.so_far(Duration::from_secs(20)),
            "build: people 5000000, 250000 a second"
        );
    }
}
