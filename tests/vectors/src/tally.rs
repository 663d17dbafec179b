//! Counts marks by layer and class, and prints them.

use std::collections::BTreeMap;

use crate::manifest::Label;
use crate::outcome::Line;

/// What a row's outcome means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mark {
    /// Accepted, rightly.
    Accepted,
    /// Refused, rightly.
    Refused,
    /// Valid, but outside the SAML profile, and refused for that.
    Profile,
    /// Valid and refused: somebody out there cannot connect.
    Loss,
    /// Accepted although invalid.
    Break,
    /// An identity that nobody signed, or a crash.
    Critical,
}

const MARKS: [Mark; 6] = [
    Mark::Accepted,
    Mark::Refused,
    Mark::Profile,
    Mark::Loss,
    Mark::Break,
    Mark::Critical,
];

impl Mark {
    const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Profile => "by-profile",
            Self::Loss => "interop-loss",
            Self::Break => "break",
            Self::Critical => "critical",
        }
    }
}

/// The counts of a run.
#[derive(Default)]
pub(crate) struct Tally {
    classes: BTreeMap<(String, String), [usize; 6]>,
    /// Reasons of by-profile refusals, by layer.
    profile: BTreeMap<(String, String), usize>,
    lines: Vec<String>,
    totals: [usize; 6],
}

impl Tally {
    /// Counts one row.
    pub(crate) fn add(
        &mut self,
        label: &Label,
        line: &Line,
        (mark, reason): (Mark, String),
        argued: &BTreeMap<String, String>,
    ) {
        let index = MARKS.iter().position(|m| *m == mark).unwrap_or(0);
        self.totals[index] += 1;
        let class = (label.layer.clone(), label.class().to_owned());
        self.classes.entry(class).or_default()[index] += 1;
        match mark {
            Mark::Profile => {
                *self
                    .profile
                    .entry((label.layer.clone(), reason))
                    .or_default() += 1;
            }
            Mark::Loss => {
                let why = argued.get(&label.path).map_or("NOT ARGUED", String::as_str);
                self.lines
                    .push(format!("interop-loss: {}: {reason} ({why})", label.path));
            }
            Mark::Break | Mark::Critical => self.lines.push(format!(
                "{}: {} [{}]: {reason}; {} ms, {} KiB",
                mark.name(),
                label.path,
                label.layer,
                line.milliseconds,
                line.kibibytes
            )),
            Mark::Accepted | Mark::Refused => {}
        }
    }

    /// Whether nothing is broken.
    pub(crate) fn sound(&self) -> bool {
        self.totals[4] == 0 && self.totals[5] == 0
    }

    /// Prints the table, each loss and break, and the last line.
    pub(crate) fn print(&self) {
        println!(
            "{:<22} {:<28} {:>6} {:>8} {:>8} {:>10} {:>12} {:>6} {:>8}",
            "layer",
            "class",
            "rows",
            "accepted",
            "refused",
            "by-profile",
            "interop-loss",
            "break",
            "critical"
        );
        for ((layer, class), [a, r, p, l, b, c]) in &self.classes {
            let rows = a + r + p + l + b + c;
            println!(
                "{layer:<22} {class:<28} {rows:>6} {a:>8} {r:>8} {p:>10} {l:>12} {b:>6} {c:>8}"
            );
        }
        for ((layer, reason), count) in &self.profile {
            println!("by-profile: {layer}: {reason}: {count}");
        }
        for line in &self.lines {
            println!("{line}");
        }
        let [accepted, refused, profile, loss, broken, critical] = self.totals;
        println!(
            "vectors: rows={} accepted={accepted} refused={refused} by-profile={profile} interop-loss={loss} break={broken} critical={critical}",
            self.totals.iter().sum::<usize>()
        );
    }
}
