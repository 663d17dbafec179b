//! What operators are shown: where each flow stands, what waits, reports, drift. Words for them, no names of people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use octroi_directory::{Degree, Differences};
use serde_json::{Value, json};

use super::batch::Ended;
use super::desk::{Desk, DeskError, Office, at};
use super::ledger::{Delivery, FlowState, Status, Tally};
use super::operator::drifted;
use super::schedule::Schedule;
use crate::config::{CollectPortal, paris};

/// Where portals stand.
#[derive(Debug)]
pub struct Overview {
    flows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    ent: String,
    name: String,
    flow: String,
    overdue: Option<String>,
    /// The state, or why it cannot be read.
    state: Result<Box<FlowState>, String>,
}

impl Overview {
    /// Reads the ledgers; one that cannot be read is shown as such.
    #[must_use]
    pub fn of(office: &Office, portals: &[&CollectPortal]) -> Self {
        let now = paris(office.clock.now());
        let mut flows = Vec::new();
        for portal in portals {
            let row = |flow: &str, overdue, state| Row {
                ent: portal.ent.value.clone(),
                name: portal.name.clone(),
                flow: flow.to_owned(),
                overdue,
                state,
            };
            match office.peek(portal) {
                Err(error) => flows.push(row("", None, Err(error.to_string()))),
                Ok(states) => {
                    for (degree, state) in states {
                        let schedule = Schedule::new(portal, &office.settings.periods);
                        let overdue = state.opened.and_then(|opened| {
                            schedule.overdue(&now, &paris(opened), state.newest())
                        });
                        let overdue = overdue.map(|due| due.to_string());
                        flows.push(row(degree.as_str(), overdue, Ok(Box::new(state))));
                    }
                }
            }
        }
        Self { flows }
    }

    /// Whether somebody should look.
    #[must_use]
    pub fn ended(&self) -> Ended {
        let of = |row: &Row| match &row.state {
            Err(_) => Ended::Error,
            Ok(state) => {
                let looked = row.overdue.is_some()
                    || state.needs_full
                    || state.held().next().is_some()
                    || !state.waiting().is_empty();
                if looked { Ended::Warning } else { Ended::Ok }
            }
        };
        self.flows.iter().map(of).max().unwrap_or(Ended::Ok)
    }

    /// For a program.
    #[must_use]
    pub fn json(&self) -> String {
        let rows: Vec<Value> = self.flows.iter().map(Row::json).collect();
        format!("{:#}\n", json!({ "flows": rows }))
    }

    /// For a person.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!(
            "{:<12} {:<4} {:<16} {:>10} {:>8} {:>9} {:>5}  {}\n",
            "portal", "flow", "in force", "people", "schools", "set aside", "held", "last success"
        );
        for row in &self.flows {
            row.text(&mut text);
        }
        text
    }
}

impl Row {
    fn json(&self) -> Value {
        let state = match &self.state {
            Ok(state) => state,
            Err(error) => return json!({ "portal": self.ent, "error": error }),
        };
        let current = state.current();
        let tally = current.and_then(|current| current.tally.as_ref());
        let alarms: BTreeMap<&str, Value> = state
            .last_alarm
            .iter()
            .map(|(code, (at, about, text))| {
                (
                    code.name(),
                    json!({ "at": at.to_string(), "about": about, "text": text }),
                )
            })
            .collect();
        json!({
            "portal": self.ent, "name": self.name, "flow": self.flow,
            "in_force": current.map(|current| &current.file),
            "sequence": state.sequence,
            "counts": tally.map(|tally| tally.counts),
            "set_aside": tally.map(|tally| &tally.set_aside),
            "last_success": state.last_success.map(|at| at.to_string()),
            "overdue": self.overdue,
            "needs_full": state.needs_full,
            "held": state.held().map(held).collect::<Vec<_>>(),
            "waiting": state.waiting().iter().map(|waiting| &waiting.file).collect::<Vec<_>>(),
            "outcomes": state.outcomes,
            "alarms": alarms,
        })
    }

    fn text(&self, text: &mut String) {
        let state = match &self.state {
            Ok(state) => state,
            Err(error) => {
                let _ = writeln!(text, "{:<12} {error}", self.ent);
                return;
            }
        };
        let current = state.current();
        let tally = current.and_then(|current| current.tally.as_ref());
        let stamp = current.and_then(|current| current.stamp);
        let _ = writeln!(
            text,
            "{:<12} {:<4} {:<16} {:>10} {:>8} {:>9} {:>5}  {}",
            self.ent,
            self.flow,
            stamp.map_or_else(|| "-".to_owned(), |stamp| stamp.to_string()),
            tally.map_or(0, |tally| tally.counts.people),
            tally.map_or(0, |tally| tally.counts.schools),
            tally.map_or(0, Tally::set_aside_total),
            state.held().count(),
            state
                .last_success
                .map_or_else(|| "never".to_owned(), |at| at.to_string()),
        );
        if let Some(due) = &self.overdue {
            let _ = writeln!(text, "    overdue: due on {}", due.replace('T', " at "));
        }
        if state.needs_full {
            let _ = writeln!(
                text,
                "    differences are refused until a full load comes: ask the portal, or octroi collect compare {} FILE --mend",
                self.ent
            );
        }
        for delivery in state.held() {
            let _ = writeln!(
                text,
                "    held: {} ({})",
                delivery.file,
                short(&delivery.id)
            );
            for finding in &delivery.words {
                let _ = writeln!(text, "        {finding}");
            }
            let _ = writeln!(
                text,
                "        octroi collect approve {} {}",
                self.ent, delivery.file
            );
        }
        for delivery in state.waiting() {
            let _ = writeln!(
                text,
                "    waits: {}, {} attempt(s)",
                delivery.file, delivery.attempts
            );
        }
    }
}

fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

fn held(delivery: &Delivery) -> Value {
    json!({ "file": delivery.file, "delivery": delivery.id, "findings": delivery.words })
}

/// The report of a delivery; that of the last one that was taken when none is named.
///
/// # Errors
/// [`DeskError::Asked`] when there is none.
pub fn report(
    office: &Office,
    portal: &CollectPortal,
    archive: Option<&str>,
    json: bool,
) -> Result<String, DeskError> {
    let mut found: Option<(Degree, Delivery)> = None;
    for (degree, state) in office.peek(portal)? {
        let is_meant = |delivery: &&Delivery| match archive {
            Some(archive) => {
                delivery.file == archive || archive.len() >= 8 && delivery.id.starts_with(archive)
            }
            None => delivery.status == Status::Taken,
        };
        let last = state
            .deliveries
            .values()
            .filter(is_meant)
            .max_by_key(|delivery| delivery.changed);
        if let Some(last) = last
            && found
                .as_ref()
                .is_none_or(|(_, other)| other.changed < last.changed)
        {
            found = Some((degree, last.clone()));
        }
    }
    let Some((degree, delivery)) = found else {
        let states = office.peek(portal)?;
        let known = states.values().flat_map(|state| state.deliveries.values());
        return Err(unknown(&portal.ent.value, archive, known));
    };
    if !matches!(delivery.status, Status::Taken | Status::Empty) {
        return Ok(not_loaded(&delivery, json));
    }
    let stem = Desk::stem_of(degree, &delivery);
    let ending = if json { "json" } else { "txt" };
    let path = office
        .folder(&portal.ent)
        .join("reports")
        .join(format!("{stem}.{ending}"));
    std::fs::read_to_string(&path).map_err(at(&path))
}

/// Nobody knows the delivery that was asked for: which ones are known.
pub(super) fn unknown<'d>(
    ent: &str,
    archive: Option<&str>,
    known: impl Iterator<Item = &'d Delivery>,
) -> DeskError {
    let mut known: Vec<&Delivery> = known.collect();
    known.sort_by_key(|delivery| std::cmp::Reverse(delivery.received));
    let names: Vec<String> = known
        .iter()
        .take(5)
        .map(|delivery| format!("{} ({})", delivery.file, delivery.status.name()))
        .collect();
    let wanted = archive.map_or_else(
        || "no delivery was taken yet".to_owned(),
        |archive| format!("no delivery {archive} is known"),
    );
    DeskError::Asked(if names.is_empty() {
        format!("{ent}: {wanted}; none has come")
    } else {
        format!("{ent}: {wanted}; the last are {}", names.join(", "))
    })
}

/// The page of a delivery that is not in the directory, and so has no report of a load.
fn not_loaded(delivery: &Delivery, json: bool) -> String {
    if json {
        let told = json!({
            "source": delivery.file, "sha256": delivery.id, "status": delivery.status.name(),
            "packed_octets": delivery.bytes, "reasons": delivery.words,
        });
        return format!("{told:#}\n");
    }
    let status = match delivery.status {
        Status::Held => {
            "RETENUE : un opérateur doit l'approuver / HELD: an operator must approve it"
        }
        Status::Refused => "REFUSÉE : à renvoyer / REFUSED: to be sent again",
        Status::Superseded => {
            "REMPLACÉE par une livraison plus récente / SUPERSEDED by a later one"
        }
        Status::Received | Status::Approved => "EN ATTENTE / WAITING",
        Status::Taken | Status::Empty => "CHARGÉE / LOADED",
    };
    let mut text = String::new();
    for (label, value) in [
        ("Archive / Archive", delivery.file.as_str()),
        ("Résultat / Result", status),
    ] {
        let _ = writeln!(text, "{label:<64} {value}");
    }
    if !delivery.words.is_empty() {
        text.push_str("\nMotifs / Reasons\n");
        for words in &delivery.words {
            let _ = writeln!(text, "  {words}");
        }
    }
    text
}

/// Drift in words: what the full load has and the directory lacks, the reverse, and what is not the same.
#[must_use]
pub fn drift(drift: &Differences) -> String {
    if drifted(drift) == 0 {
        return "no drift: the directory is what the portal has\n".to_owned();
    }
    let mut text = format!(
        "{:<12} {:>10} {:>10} {:>10} {:>10}\n",
        "", "directory", "missing", "surplus", "different"
    );
    for (kind, changes) in [
        ("schools", drift.schools),
        ("groups", drift.groups),
        ("people", drift.people),
        ("managers", drift.managers),
    ] {
        let _ = writeln!(
            text,
            "{kind:<12} {:>10} {:>10} {:>10} {:>10}",
            changes.before, changes.new, changes.gone, changes.changed
        );
    }
    for school in &drift.by_school {
        let _ = writeln!(
            text,
            "{:<12} {:>10} people, the portal has {}",
            school.uai, school.before, school.after
        );
    }
    text
}
