//! Compares outcomes with verdicts. Calls no code of the product: it knows only the manifest's labels, the files that
//! labels point into, and what `run` wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::expectation::{ATTACKER, Expectation};
use crate::manifest::{self, Label};
use crate::outcome::{Line, Outcome, Verdict};
use crate::ranges;
use crate::supervisor::RunError;
use crate::tally::{Mark, Tally};

/// Layers whose rows may lie outside the SAML profile. A SAML message never does.
const PROFILE_LAYERS: [&str; 7] = [
    "xml-wf",
    "dsig",
    "dsig-element",
    "xmlenc",
    "c14n-expected",
    "c14n-kat",
    "crypto-kat",
];

/// Layers in which an accepted value is the identity of a person.
const IDENTITY_LAYERS: [&str; 2] = ["saml-response", "saml-assertion"];

/// Grades and prints; true when nothing is broken.
pub(crate) fn grade(manifest: &Path, out: &Path, argued: Option<&Path>) -> Result<bool, RunError> {
    let io = |path: &Path| {
        let path = path.to_path_buf();
        move |error| RunError::Io(path, error)
    };
    let labels = manifest::labels(manifest)?;
    let text = fs::read_to_string(out).map_err(io(out))?;
    let lines: Vec<Line> = text.lines().filter_map(Line::read).collect();
    if lines.len() != labels.len() || text.lines().count() != labels.len() {
        return Err(RunError::Mismatch(format!(
            "{}: {} lines for {} rows",
            out.display(),
            text.lines().count(),
            labels.len()
        )));
    }
    let argued: BTreeMap<String, String> = match argued {
        Some(path) => fs::read_to_string(path)
            .map_err(io(path))?
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_once('\t'))
            .map(|(path, reason)| (path.to_owned(), reason.to_owned()))
            .collect(),
        None => BTreeMap::new(),
    };
    let base = manifest.parent().unwrap_or(Path::new("."));
    let mut tally = Tally::default();
    for (label, line) in labels.iter().zip(&lines) {
        if label.path != line.path {
            return Err(RunError::Mismatch(format!(
                "row {} has the outcome of {}",
                label.path, line.path
            )));
        }
        tally.add(label, line, judge(base, label, line), &argued);
    }
    tally.print();
    Ok(tally.sound())
}

/// The mark of one row, and why.
fn judge(base: &Path, label: &Label, line: &Line) -> (Mark, String) {
    for outcome in [&line.default, &line.legacy] {
        if outcome.verdict == Verdict::Crashed {
            return (Mark::Critical, outcome.code.clone());
        }
        if outcome.verdict == Verdict::Profile && !PROFILE_LAYERS.contains(&label.layer.as_str()) {
            return (Mark::Loss, format!("no profile for {}", label.layer));
        }
    }
    if label.verdict == "per-test" {
        return per_test(base, label, &line.default);
    }
    let legacy_only = label.default_policy.starts_with("invalid(");
    let default_verdict = match label.default_policy.as_str() {
        "" => label.verdict.as_str(),
        _ if legacy_only => "invalid",
        other => other,
    };
    // The legacy policy is a verdict's business only where the manifest says that the default one refuses for its sake,
    // or says nothing. Elsewhere weak algorithms may be accepted under it, but never the attacker.
    let legacy_verdict = if legacy_only || label.default_policy.is_empty() {
        label.verdict.as_str()
    } else {
        "any"
    };
    for (policy, verdict, outcome) in [
        ("default", default_verdict, &line.default),
        ("legacy", legacy_verdict, &line.legacy),
    ] {
        if outcome.verdict == Verdict::Accepted
            && let Some(wrong) = wrongly_accepted(base, label, verdict, outcome)
        {
            return (
                wrong,
                format!("accepted under the {policy} policy: {}", outcome.value),
            );
        }
    }
    if label.verdict != "valid" {
        let mark = if line.default.verdict == Verdict::Accepted
            || legacy_verdict != "any" && line.legacy.verdict == Verdict::Accepted
        {
            Mark::Accepted
        } else {
            Mark::Refused
        };
        return (mark, String::new());
    }
    // Valid: by the policy that the manifest states; where it states none, by either.
    let outcome = if label.default_policy == "valid" {
        &line.default
    } else {
        &line.legacy
    };
    match outcome.verdict {
        Verdict::Accepted => (Mark::Accepted, String::new()),
        Verdict::Profile => (Mark::Profile, outcome.code.clone()),
        _ => (Mark::Loss, outcome.code.clone()),
    }
}

/// Whether an acceptance is a break, and how bad.
fn wrongly_accepted(base: &Path, label: &Label, verdict: &str, outcome: &Outcome) -> Option<Mark> {
    let identity = IDENTITY_LAYERS.contains(&label.layer.as_str());
    let unsigned = matches!(label.sig_verdict.as_str(), "invalid" | "none" | "no");
    let expectation = Expectation::read(&label.expect);
    let attacker =
        outcome.value == ATTACKER && expectation != Expectation::Exactly(ATTACKER.into());
    if identity && attacker {
        return Some(Mark::Critical);
    }
    match verdict {
        "any" => None,
        "invalid" if identity && unsigned => Some(Mark::Critical),
        "invalid" => Some(Mark::Break),
        "unknown" if identity && unsigned => Some(Mark::Critical),
        _ if !expectation.allows(&outcome.value) => Some(if identity {
            Mark::Critical
        } else {
            Mark::Break
        }),
        _ if label.layer.starts_with("c14n-") => {
            (outcome.value != digest(base, label)).then_some(Mark::Break)
        }
        _ => None,
    }
}

/// The SHA-256 of the file that holds the expected octets.
fn digest(base: &Path, label: &Label) -> String {
    let octets = fs::read(base.join(&label.path)).unwrap_or_default();
    crate::encoding::hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &octets).as_ref())
}

#[derive(Deserialize)]
struct KatFile {
    #[serde(rename = "testGroups")]
    groups: Vec<KatGroup>,
}

#[derive(Deserialize)]
struct KatGroup {
    tests: Vec<KatTest>,
}

#[derive(Deserialize)]
struct KatTest {
    #[serde(rename = "tcId")]
    id: u64,
    result: String,
}

/// A file of known-answer tests: each test has its own label.
fn per_test(base: &Path, label: &Label, outcome: &Outcome) -> (Mark, String) {
    match outcome.verdict {
        Verdict::Profile => return (Mark::Profile, outcome.code.clone()),
        Verdict::Accepted => {}
        _ => return (Mark::Loss, outcome.code.clone()),
    }
    let file = fs::read(base.join(&label.path))
        .ok()
        .and_then(|text| serde_json::from_slice::<KatFile>(&text).ok());
    let Some(file) = file else {
        return (Mark::Accepted, "not a file of known-answer tests".into());
    };
    let accepted = ranges::read(&outcome.value);
    let (mut wrong, mut lost, mut known) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for test in file.groups.iter().flat_map(|group| &group.tests) {
        known.insert(test.id);
        match (test.result.as_str(), accepted.contains(&test.id)) {
            ("invalid", true) => wrong.insert(test.id),
            ("valid", false) => lost.insert(test.id),
            _ => false,
        };
    }
    if !wrong.is_empty() || !accepted.is_subset(&known) {
        (
            Mark::Break,
            format!("accepted tests {}", ranges::write(&wrong)),
        )
    } else if !lost.is_empty() {
        (
            Mark::Loss,
            format!("refused tests {}", ranges::write(&lost)),
        )
    } else {
        (Mark::Accepted, String::new())
    }
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::manifest::Label;
    use crate::outcome::{Line, Outcome};
    use crate::tally::Mark;
    use std::path::Path;

    fn mark(verdict: &str, policy: &str, layer: &str, default: Outcome, legacy: Outcome) -> Mark {
        let label = Label {
            path: "p".into(),
            layer: layer.into(),
            verdict: verdict.into(),
            default_policy: policy.into(),
            expect: "nameid=alice@example.org".into(),
            ..Label::default()
        };
        let line = Line {
            path: "p".into(),
            default,
            legacy,
            milliseconds: 0,
            kibibytes: 0,
        };
        judge(Path::new("."), &label, &line).0
    }

    #[test]
    fn each_combination_has_its_mark() {
        let alice = || Outcome::accepted("alice@example.org");
        let admin = || Outcome::accepted("admin@example.org");
        let bob = || Outcome::accepted("bob@example.org");
        let no = || Outcome::refused("x");
        let out = || Outcome::profile("x");
        let r = "saml-response";
        for (verdict, policy, layer, default, legacy, expected) in [
            ("valid", "valid", r, alice(), alice(), Mark::Accepted),
            ("valid", "valid", r, bob(), bob(), Mark::Critical),
            ("valid", "valid", r, no(), alice(), Mark::Loss),
            ("valid", "valid", r, out(), out(), Mark::Loss),
            ("valid", "valid", "dsig", out(), out(), Mark::Profile),
            (
                "valid",
                "invalid(legacy-alg)",
                r,
                no(),
                alice(),
                Mark::Accepted,
            ),
            (
                "valid",
                "invalid(legacy-alg)",
                r,
                alice(),
                alice(),
                Mark::Break,
            ),
            ("valid", "invalid(legacy-alg)", r, no(), no(), Mark::Loss),
            ("invalid", "invalid", r, no(), no(), Mark::Refused),
            ("invalid", "invalid", r, alice(), no(), Mark::Break),
            ("invalid", "invalid", r, no(), admin(), Mark::Critical),
            ("invalid", "invalid", r, no(), alice(), Mark::Refused),
            ("invalid", "", "metadata", no(), alice(), Mark::Break),
            ("invalid", "invalid", "xml-wf", out(), out(), Mark::Refused),
            ("unknown", "unknown", r, alice(), no(), Mark::Accepted),
            ("unknown", "unknown", r, bob(), no(), Mark::Critical),
            ("unknown", "unknown", r, no(), no(), Mark::Refused),
            ("valid", "", r, no(), alice(), Mark::Accepted),
            (
                "invalid",
                "invalid",
                r,
                Outcome::crashed("panic"),
                no(),
                Mark::Critical,
            ),
        ] {
            let note = format!("{verdict} {policy} {layer} {default:?} {legacy:?}");
            assert_eq!(
                mark(verdict, policy, layer, default, legacy),
                expected,
                "{note}"
            );
        }
    }
}
