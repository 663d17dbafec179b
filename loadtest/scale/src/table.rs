//! The table of `docs/scale.md`: each row with what was measured, its target, and whether it was met.

use crate::results::{Figures, Results};
use crate::{Scale, Stopped, host};

/// One condition of a row: a figure, and the most or least that it may be.
enum Met {
    AtLeast(&'static str, f64),
    AtMost(&'static str, f64),
    /// As `AtMost`, where it can be measured.
    AtMostIfKnown(&'static str, f64),
    /// Not more than so many times another figure.
    Times(&'static str, f64, &'static str),
    /// As another figure: a tenth more, or a millisecond, by which two windows without any disturbance differ here.
    As(&'static str, &'static str),
}
use Met::{As, AtLeast, AtMost, AtMostIfKnown, Times};

struct Row {
    what: &'static str,
    target: &'static str,
    met: &'static [Met],
}

const ROWS: &[Row] = &[
    Row {
        what: "gunzip, parse, validate, XML MB per CPU second",
        target: "≥ 150 MB/s",
        met: &[AtLeast("parse_mb_s", 150.0)],
    },
    Row {
        what: "archive to durable directory, the same",
        target: "≥ 60 MB/s",
        met: &[AtLeast("import_mb_s", 60.0)],
    },
    Row {
        what: "import: known bad records set aside, all others taken",
        target: "exactly",
        met: &[AtMost("import_wrong", 0.0)],
    },
    Row {
        what: "build from directory to signed body, s / peak GiB",
        target: "≤ 600 s, ≤ 6 GiB",
        met: &[AtMost("build_s", 600.0), AtMost("build_peak_gib", 6.0)],
    },
    Row {
        what: "serving node, all pages touched, steady: VmRSS / cgroup, GiB",
        target: "≤ 3 GiB",
        met: &[
            AtMost("resident_gib", 3.0),
            AtMostIfKnown("resident_cgroup_gib", 3.0),
        ],
    },
    Row {
        what: "serving node, peak of a swap: VmHWM / cgroup, GiB",
        target: "≤ 6.5 GiB",
        met: &[
            AtMost("swap_peak_gib", 6.5),
            AtMostIfKnown("swap_peak_cgroup_gib", 6.5),
        ],
    },
    Row {
        what: "look-up with rules, uniform: resident / cold caches, ns",
        target: "≤ 500 / ≤ 5000",
        met: &[AtMost("lookup_ns", 500.0), AtMost("lookup_cold_ns", 5000.0)],
    },
    Row {
        what: "ready after start: warm / cold page cache, s",
        target: "≤ 2 / ≤ 6",
        met: &[AtMost("ready_warm_s", 2.0), AtMost("ready_cold_s", 6.0)],
    },
    Row {
        what: "swap under load: p99 ms, errors",
        target: "≤ 2 × before, none",
        met: &[
            Times("swap_p99_ms", 2.0, "swap_p99_before_ms"),
            AtMost("swap_errors", 0.0),
        ],
    },
    Row {
        what: "change visible after, s; p99 ms, errors",
        target: "≤ 5 s; ≤ 1.1 × before or + 1 ms, none",
        met: &[
            AtMost("overlay_visible_s", 5.0),
            As("overlay_p99_ms", "overlay_p99_before_ms"),
            AtMost("overlay_errors", 0.0),
        ],
    },
    Row {
        what: "import and build beside it (idle priority): p99 ms, errors",
        target: "≤ 2 × before, none",
        met: &[
            Times("beside_p99_ms", 2.0, "beside_p99_before_ms"),
            AtMost("beside_errors", 0.0),
        ],
    },
];

/// Lags of the generator beyond which a run counts for nothing, in milliseconds.
const LAG: f64 = 1.0;

impl Met {
    fn name(&self) -> &'static str {
        match self {
            AtLeast(name, _)
            | AtMost(name, _)
            | AtMostIfKnown(name, _)
            | Times(name, ..)
            | As(name, _) => name,
        }
    }

    /// None without a figure.
    fn holds(&self, all: &Figures) -> Option<bool> {
        let value = match (self, all.get(self.name())) {
            (AtMostIfKnown(..), None) => return Some(true),
            (_, value) => *value?,
        };
        Some(match self {
            AtLeast(_, least) => value >= *least,
            AtMost(_, most) | AtMostIfKnown(_, most) => value <= *most,
            Times(_, times, other) => value <= all.get(*other)? * times,
            As(_, other) => {
                let before = *all.get(*other)?;
                value <= before * 1.1 || value <= before + 1.0
            }
        })
    }
}

/// `pass`, `MISS`, `void` when the generator was late, `none` without a figure.
///
/// An answer counts from the moment at which its question was due, so that a generator that is late makes it longer: what holds
/// all the same holds. Not so before the disturbance, where a longer time would excuse what comes after.
fn verdict(row: &Row, all: &Figures) -> &'static str {
    let late = |window: &str| {
        let phases = row.met.iter().filter_map(|met| met.name().split_once('_'));
        let mut lags = phases.filter_map(|(phase, _)| all.get(&format!("{phase}_{window}")));
        lags.any(|lag| *lag > LAG)
    };
    let holds: Option<Vec<bool>> = row.met.iter().map(|met| met.holds(all)).collect();
    match holds {
        None => "none",
        Some(_) if late("lag_before_p99_ms") => "void",
        Some(all) if all.iter().all(|holds| *holds) => "pass",
        Some(_) if late("lag_p99_ms") => "void",
        Some(_) => "MISS",
    }
}

fn measured(row: &Row, all: &Figures) -> String {
    let figure = |name: &str| all.get(name).map_or_else(|| "–".to_owned(), |v| short(*v));
    row.met
        .iter()
        .map(|met| match met {
            Times(name, _, other) | As(name, other) => {
                format!("{} (before {})", figure(name), figure(other))
            }
            met => figure(met.name()),
        })
        .collect::<Vec<_>>()
        .join(" / ")
}

fn short(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 || v == 0.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Prints the table, as Markdown for the page, and the line of figures. False when a row was missed or has no figures.
pub(crate) fn print(scale: &Scale, results: &Results) -> Result<bool, Stopped> {
    let all = results.all()?;
    let mut text = format!("{} people; {}.\n\n", scale.people, host::machine());
    text.push_str("| what | target | measured | |\n|---|---|---|---|\n");
    let mut fine = true;
    for row in ROWS {
        let verdict = verdict(row, &all);
        fine &= verdict == "pass";
        text.push_str(&format!(
            "| {} | {} | {} | {verdict} |\n",
            row.what,
            row.target,
            measured(row, &all)
        ));
    }
    std::fs::write(scale.dir.join("results/table.md"), &text)?;
    let figure = |name: &str| {
        all.get(name)
            .map_or_else(|| "none".to_owned(), |v| short(*v))
    };
    println!("{text}");
    println!(
        "scale: people={} parse_mb_s={} import_mb_s={} build_s={} peak_gib={} resident_gib={} swap_peak_gib={} ready_warm_s={} ready_cold_s={} lookup_ns={}",
        scale.people,
        figure("parse_mb_s"),
        figure("import_mb_s"),
        figure("build_s"),
        figure("build_peak_gib"),
        figure("resident_gib"),
        figure("swap_peak_gib"),
        figure("ready_warm_s"),
        figure("ready_cold_s"),
        figure("lookup_ns"),
    );
    Ok(fine)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::figures;

    fn row(what: &str) -> &'static Row {
        ROWS.iter().find(|row| row.what.starts_with(what)).unwrap()
    }

    #[test]
    fn rows_pass_miss_are_void_or_have_no_figure() {
        let swap = row("swap under load");
        let run = |p99, errors, [before, lag]: [f64; 2]| {
            figures([
                ("swap_p99_ms", p99),
                ("swap_p99_before_ms", 4.0),
                ("swap_errors", errors),
                ("swap_lag_before_p99_ms", before),
                ("swap_lag_p99_ms", lag),
            ])
        };
        let (in_time, late, late_before) = ([0.2, 0.2], [0.2, 1.5], [1.5, 0.2]);
        assert_eq!(verdict(swap, &run(7.9, 0.0, in_time)), "pass");
        assert_eq!(verdict(swap, &run(7.9, 0.0, late)), "pass");
        assert_eq!(verdict(swap, &run(7.9, 0.0, late_before)), "void");
        assert_eq!(verdict(swap, &run(8.1, 0.0, in_time)), "MISS");
        assert_eq!(verdict(swap, &run(8.1, 0.0, late)), "void");
        assert_eq!(verdict(swap, &run(8.1, 0.0, late_before)), "void");
        assert_eq!(verdict(swap, &run(5.0, 1.0, in_time)), "MISS");
        assert_eq!(verdict(swap, &Figures::new()), "none");
        let mut small = run(0.9, 0.0, in_time);
        small.insert("swap_p99_before_ms".to_owned(), 0.4);
        assert_eq!(verdict(swap, &small), "MISS", "no millisecond is given");
        let steady = row("serving node, all pages touched");
        let mut memory = figures([("resident_gib", 1.0)]);
        assert_eq!(verdict(steady, &memory), "pass", "no cgroup can be made");
        memory.insert("resident_cgroup_gib".to_owned(), 3.1);
        assert_eq!(verdict(steady, &memory), "MISS");
        let build = row("build");
        assert_eq!(
            verdict(
                build,
                &figures([("build_s", 500.0), ("build_peak_gib", 6.1)])
            ),
            "MISS"
        );
        assert_eq!(verdict(build, &figures([("build_s", 500.0)])), "none");
        let parse = row("gunzip");
        assert_eq!(verdict(parse, &figures([("parse_mb_s", 151.0)])), "pass");
    }
}
