//! What the demo prints: steps as they pass, one table, where to click, and one last line.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::Path;
use std::time::{Duration, Instant};

use super::drive::{Done, Driven};
use super::kind::Kind;
use super::setup::World;
use super::verify::Verified;

/// Differences shown in full.
const SHOWN: usize = 12;

/// The figures of a run.
#[derive(Debug)]
pub(super) struct Report {
    rows: Vec<Row>,
    accesses: usize,
    as_expected: usize,
    granted: usize,
    verified: usize,
    answer: Figures,
    before: Figures,
    cpu: Duration,
    elapsed: Duration,
    troubles: Vec<String>,
}

#[derive(Debug)]
struct Row {
    words: String,
    refused: bool,
    count: usize,
    granted: usize,
    as_expected: usize,
    figures: Figures,
}

/// Half of the answers are faster than `p50`, all but one in a hundred faster than `p99`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Figures {
    p50: Duration,
    p99: Duration,
}

impl Figures {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        // The nearest rank: the smallest time that at least this share does not pass.
        let rank = |per_cent: usize| {
            times
                .get((times.len() * per_cent).div_ceil(100).saturating_sub(1))
                .copied()
        };
        Self {
            p50: rank(50).unwrap_or_default(),
            p99: rank(99).unwrap_or_default(),
        }
    }
}

fn ms(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}

/// Colours on a terminal, none in a file.
fn paint(code: &str, text: &str) -> String {
    if std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

/// A line that says what is done now, and since when.
pub(super) fn step(start: Instant, words: &str) -> String {
    format!(
        "{} {words}",
        paint("2", &format!("{:6.1} s", start.elapsed().as_secs_f64()))
    )
}

impl Report {
    pub(super) fn new(driven: &Driven, verified: &Verified) -> Self {
        let rows = Kind::all()
            .into_iter()
            .map(|(kind, _)| Row::of(kind, &driven.done))
            .collect();
        let mut troubles: Vec<String> = driven
            .done
            .iter()
            .filter_map(|done| {
                done.difference
                    .as_ref()
                    .map(|why| format!("{}: {why}", done.kind.words()))
            })
            .collect();
        troubles.extend(
            verified
                .objections
                .iter()
                .map(|(access, why)| format!("access {access}: {why}")),
        );
        Self {
            rows,
            accesses: driven.done.len(),
            as_expected: driven
                .done
                .iter()
                .filter(|done| done.difference.is_none())
                .count(),
            granted: driven.done.iter().filter(|done| done.granted).count(),
            verified: verified.count,
            answer: Figures::of(driven.done.iter().map(|done| done.took).collect()),
            before: Figures::of(
                driven
                    .done
                    .iter()
                    .flat_map(|done| done.before.iter().copied())
                    .collect(),
            ),
            cpu: driven.cpu_per_access,
            elapsed: driven.elapsed,
            troubles,
        }
    }

    /// Whether the demo shows what it is to show.
    pub(super) fn as_it_must_be(&self) -> bool {
        self.as_expected == self.accesses
            && self.verified == self.granted
            && 2 * self.granted >= self.accesses
    }

    pub(super) fn print(&self) {
        println!("{}", self.table());
        if !self.troubles.is_empty() {
            println!("{}", paint("31;1", "Not as expected:"));
            for trouble in self.troubles.iter().take(SHOWN) {
                println!("  {trouble}");
            }
            if self.troubles.len() > SHOWN {
                println!("  … and {} more", self.troubles.len() - SHOWN);
            }
            println!();
        }
        println!(
            "Answers timed in the browser: to the portal's Response p50 {} ms, p99 {} ms; to what comes before it, TLS handshake\n\
             included, p50 {} ms, p99 {} ms. The gateway used {} µs of processor time for each access, all its requests together.",
            ms(self.answer.p50),
            ms(self.answer.p99),
            ms(self.before.p50),
            ms(self.before.p99),
            self.cpu.as_micros(),
        );
        println!(
            "{} accesses in {:.1} s.",
            self.accesses,
            self.elapsed.as_secs_f64()
        );
    }

    fn table(&self) -> String {
        let width = self
            .rows
            .iter()
            .map(|row| row.words.chars().count())
            .max()
            .unwrap_or(0);
        let rule = "─".repeat(width + 55);
        let head = format!(
            "{:width$}  {:>6} {:>8} {:>8} {:>12}  {:>6} {:>6}",
            "flow", "count", "granted", "refused", "as expected", "p50", "p99"
        );
        let mut table = format!("\n{}\n{rule}\n", paint("1", &head));
        let mut refused = false;
        for row in &self.rows {
            if row.refused && !refused {
                let _ = writeln!(table, "{rule}");
                refused = true;
            }
            let fine = row.as_expected == row.count;
            let mark = if fine {
                paint("32", "✓")
            } else {
                paint("31;1", "✗")
            };
            let _ = writeln!(
                table,
                "{:width$}  {:>6} {:>8} {:>8} {:>10} {mark}  {:>6} {:>6}",
                row.words,
                row.count,
                row.granted,
                row.count - row.granted,
                row.as_expected,
                ms(row.figures.p50),
                ms(row.figures.p99),
            );
        }
        let _ = writeln!(
            table,
            "{rule}\n{:width$}  {:>6} {:>8} {:>8} {:>10}    {:>6} {:>6}",
            "all",
            self.accesses,
            self.granted,
            self.accesses - self.granted,
            self.as_expected,
            ms(self.answer.p50),
            ms(self.answer.p99),
        );
        table
    }

    /// The line that programs read.
    pub(super) fn last_line(&self) -> String {
        format!(
            "demo: accesses={} as-expected={} granted={} verified={} p50_ms={} p99_ms={} cpu_us_per_access={}",
            self.accesses,
            self.as_expected,
            self.granted,
            self.verified,
            ms(self.answer.p50),
            ms(self.answer.p99),
            self.cpu.as_micros()
        )
    }
}

impl Row {
    fn of(kind: Kind, done: &[Done]) -> Self {
        let own: Vec<&Done> = done.iter().filter(|done| done.kind == kind).collect();
        Self {
            words: kind.words(),
            refused: kind.is_refused(),
            count: own.len(),
            granted: own.iter().filter(|done| done.granted).count(),
            as_expected: own.iter().filter(|done| done.difference.is_none()).count(),
            figures: Figures::of(own.iter().map(|done| done.took).collect()),
        }
    }
}

/// Where to click.
pub(super) fn invitation(world: &World, out: &Path) -> String {
    let mut text = format!(
        "\n{}\n",
        paint("1", "It stays up. Click through it in a browser:")
    );
    for portal in &world.country.portals {
        let off = if portal.disabled {
            "  (switched off at the gateway)"
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "  portal     {:34} {}/{off}",
            portal.name, portal.origin
        );
    }
    for publisher in &world.country.publishers {
        let off = if publisher.disabled {
            "  (switched off at the gateway)"
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "  publisher  {:34} {}/{off}",
            publisher.name, publisher.origin
        );
    }
    let hosts = &world.country.shape().hosts;
    let _ = write!(
        text,
        "  gateway    metrics http://127.0.0.1:{}/metrics   log {}\n\
         Import {} into the browser, or accept its warning once for each name.\nCtrl-C ends it.",
        hosts.admin,
        out.join("gateway.log").display(),
        out.join("pki/ca/ca.pem").display(),
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_nearest_ranks() {
        let times = |n: u64| Figures::of((1..=n).rev().map(Duration::from_millis).collect());
        assert_eq!(
            times(100),
            Figures {
                p50: Duration::from_millis(50),
                p99: Duration::from_millis(99)
            }
        );
        assert_eq!(
            times(1),
            Figures {
                p50: Duration::from_millis(1),
                p99: Duration::from_millis(1)
            }
        );
        assert_eq!(times(0).p50, Duration::ZERO);
    }

    fn report(as_expected: usize, granted: usize, verified: usize) -> Report {
        Report {
            rows: Vec::new(),
            accesses: 1000,
            as_expected,
            granted,
            verified,
            answer: Figures::of(vec![Duration::from_micros(2_340)]),
            before: Figures::of(Vec::new()),
            cpu: Duration::from_micros(812),
            elapsed: Duration::from_secs(9),
            troubles: Vec::new(),
        }
    }

    #[test]
    fn it_fails_on_one_difference_one_objection_or_too_little_granted() {
        assert!(report(1000, 700, 700).as_it_must_be());
        assert!(!report(999, 700, 700).as_it_must_be());
        assert!(!report(1000, 700, 699).as_it_must_be());
        assert!(!report(1000, 499, 499).as_it_must_be());
        assert_eq!(
            report(1000, 700, 700).last_line(),
            "demo: accesses=1000 as-expected=1000 granted=700 verified=700 p50_ms=2.3 p99_ms=2.3 cpu_us_per_access=812"
        );
    }
}
