//! Where a flow stands: the ledger, folded. Everything that is decided or shown is read from here.

use std::collections::BTreeMap;

use octroi_directory::Stamp;
use octroi_saml::Time;
use serde::{Deserialize, Serialize};

use super::event::{Event, Sort, Tally};
use super::moment;
use crate::collect::alarm::Code;
use crate::collect::name::Name;

/// What was turned away is counted for so long, seconds.
const TURNED: i64 = 3_600;

/// How far a delivery has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// In the vault, to be worked on.
    Received,
    /// Waits for an operator.
    Held,
    /// An operator let it pass; to be worked on.
    Approved,
    /// In the directory, or it was until a later one came.
    Taken,
    /// Had nothing to say.
    Empty,
    /// Cannot be taken.
    Refused,
    /// A later one made it pointless.
    Superseded,
}

impl Status {
    /// The word for it, also a label of metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Held => "held",
            Self::Approved => "approved",
            Self::Taken => "taken",
            Self::Empty => "empty",
            Self::Refused => "refused",
            Self::Superseded => "superseded",
        }
    }
}

/// One delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// SHA-256 of its octets, hex digits.
    pub id: String,
    /// The file's name.
    pub file: String,
    /// The date in its name; none when the name was no name.
    pub stamp: Option<Stamp>,
    /// What it is.
    pub sort: Sort,
    /// Its size.
    pub bytes: u64,
    /// When it came.
    #[serde(with = "moment")]
    pub received: Time,
    /// When it and its sum were last changed in the drop box, as far as was looked.
    #[serde(default, with = "moment::option")]
    pub seen: Option<Time>,
    /// When it last became what it is.
    #[serde(with = "moment")]
    pub changed: Time,
    /// How far it is.
    pub status: Status,
    /// Whether it has left the drop box.
    pub cleared: bool,
    /// Whether an operator asked for it to be taken although it was here before.
    pub again: bool,
    /// How often work on it began and did not end.
    pub attempts: u32,
    /// When work on it last began.
    #[serde(with = "moment::option")]
    pub begun: Option<Time>,
    /// Why it was refused, or what it would lose.
    pub words: Vec<String>,
    /// What it would lose that an operator lets pass.
    pub approved: Vec<String>,
    /// What came of it.
    pub tally: Option<Tally>,
    /// When it was last put in force.
    #[serde(with = "moment::option")]
    pub taken: Option<Time>,
}

/// How often something was turned away since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Turned {
    /// When the first was.
    #[serde(with = "moment")]
    pub since: Time,
    /// How many were.
    pub times: u64,
}

/// Where a flow stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowState {
    /// Since when it is watched.
    #[serde(with = "moment::option")]
    pub opened: Option<Time>,
    /// Every delivery that is known, by its id.
    pub deliveries: BTreeMap<String, Delivery>,
    /// The delivery in force.
    pub in_force: Option<String>,
    /// The last change in force since the last full load.
    pub sequence: u64,
    /// Whether differences are refused until a full load comes (F8).
    pub needs_full: bool,
    /// When the last delivery was taken or found empty.
    #[serde(with = "moment::option")]
    pub last_success: Option<Time>,
    /// How deliveries ended, counted over all time.
    pub outcomes: BTreeMap<String, u64>,
    /// Octets received over all time.
    pub bytes: u64,
    /// Alarms over all time.
    pub alarms: BTreeMap<Code, u64>,
    /// The last alarm of each code: when, about what, in words.
    #[serde(with = "moment::alarms")]
    pub last_alarm: BTreeMap<Code, (Time, String, String)>,
    /// Since when records of what is in force are set aside.
    #[serde(with = "moment::option")]
    pub set_aside_since: Option<Time>,
    /// What was refused, here before or too old in the last hour, by the name of the file; what is named as no delivery is
    /// under the empty name.
    pub turned_away: BTreeMap<String, Turned>,
    /// Of all names of deliveries together: what was refused, and what was here before or too old.
    #[serde(default)]
    pub turned_in_all: [Option<Turned>; 2],
}

impl FlowState {
    /// The delivery in force.
    #[must_use]
    pub fn current(&self) -> Option<&Delivery> {
        self.deliveries.get(self.in_force.as_ref()?)
    }

    /// The newest date of a delivery that came whole, whatever was done with it: what the schedule asks for.
    #[must_use]
    pub fn newest(&self) -> Option<Stamp> {
        self.newest_of(|status| status != Status::Refused)
    }

    /// The date that a new delivery must pass. What was held may be sent again, mended, under the same date.
    #[must_use]
    pub fn bar(&self) -> Option<Stamp> {
        let never = [Status::Refused, Status::Held, Status::Superseded];
        self.newest_of(|status| !never.contains(&status))
    }

    fn newest_of(&self, counts: impl Fn(Status) -> bool) -> Option<Stamp> {
        self.deliveries
            .values()
            .filter(|delivery| counts(delivery.status))
            .filter_map(|delivery| delivery.stamp)
            .max()
    }

    /// What is to be worked on, in order of date.
    #[must_use]
    pub fn waiting(&self) -> Vec<&Delivery> {
        let mut waiting: Vec<_> = self
            .deliveries
            .values()
            .filter(|delivery| matches!(delivery.status, Status::Received | Status::Approved))
            .collect();
        waiting.sort_by(|a, b| (a.stamp, &a.id).cmp(&(b.stamp, &b.id)));
        waiting
    }

    /// What waits for an operator.
    pub fn held(&self) -> impl Iterator<Item = &Delivery> {
        self.deliveries
            .values()
            .filter(|delivery| delivery.status == Status::Held)
    }

    /// Whether the last alarm of this code was about the same.
    #[must_use]
    pub fn is_alarmed(&self, code: Code, about: &str) -> bool {
        self.last_alarm
            .get(&code)
            .is_some_and(|(_, last, _)| last == about)
    }

    fn ended(&mut self, outcome: &'static str) {
        *self.outcomes.entry(outcome.to_owned()).or_default() += 1;
    }

    fn become_status(&mut self, now: Time, id: &str, status: Status, words: Vec<String>) {
        if let Some(delivery) = self.deliveries.get_mut(id) {
            delivery.status = status;
            delivery.changed = now;
            delivery.words = words;
        }
        if !matches!(status, Status::Received | Status::Approved) {
            self.ended(status.name());
        }
    }

    pub(super) fn apply(&mut self, now: Time, event: Event) {
        match event {
            Event::Summary { state } => *self = *state,
            Event::Opened => self.opened = self.opened.or(Some(now)),
            Event::Received {
                delivery,
                file,
                stamp,
                sort,
                bytes,
                seen,
            } => {
                self.bytes += bytes;
                self.meet(now, delivery.clone(), file, Some(stamp), sort, bytes);
                if let Some(known) = self.deliveries.get_mut(&delivery) {
                    known.seen = seen;
                }
            }
            Event::Cleared { delivery } => {
                if let Some(known) = self.deliveries.get_mut(&delivery) {
                    known.cleared = true;
                }
            }
            Event::Duplicate { file, .. } => {
                self.ended("duplicate");
                self.turn_away(now, &file, true);
            }
            Event::Older { file, .. } => {
                self.ended("older");
                self.turn_away(now, &file, true);
            }
            Event::Begun { delivery } => {
                if let Some(known) = self.deliveries.get_mut(&delivery) {
                    known.attempts += 1;
                    known.begun = Some(now);
                }
            }
            Event::Refused {
                delivery,
                file,
                reason,
                ..
            } => {
                self.turn_away(now, &file, false);
                if !self.deliveries.contains_key(&delivery) {
                    self.meet(now, delivery.clone(), file, None, Sort::Full, 0);
                }
                self.become_status(now, &delivery, Status::Refused, vec![reason]);
            }
            Event::Held { delivery, findings } => {
                self.become_status(now, &delivery, Status::Held, findings);
            }
            Event::Approved { delivery, .. } => {
                if let Some(known) = self.deliveries.get_mut(&delivery) {
                    known.approved = std::mem::take(&mut known.words);
                }
                self.become_status(now, &delivery, Status::Approved, Vec::new());
            }
            Event::Again { delivery, .. } => {
                if let Some(known) = self.deliveries.get_mut(&delivery) {
                    known.again = true;
                    known.attempts = 0;
                }
                self.become_status(now, &delivery, Status::Received, Vec::new());
            }
            Event::Empty { delivery } => {
                self.last_success = Some(now);
                self.become_status(now, &delivery, Status::Empty, Vec::new());
            }
            Event::Taken {
                delivery,
                sequence,
                tally,
            } => self.taken(now, delivery, sequence, tally),
            Event::Superseded { delivery } => {
                self.become_status(now, &delivery, Status::Superseded, Vec::new());
            }
            Event::Failed { delivery, reason } => {
                self.ended("failed");
                if let Some(known) = self.deliveries.get_mut(&delivery) {
                    known.words = vec![reason];
                }
            }
            Event::Replayed {
                delivery, tally, ..
            } => {
                self.set_aside(now, &tally);
                if let Some(known) = self.deliveries.get_mut(&delivery) {
                    known.tally = Some(tally);
                }
            }
            Event::Purged { .. } => {}
            Event::Compared { .. } => {}
            Event::Alarm { code, about, text } => {
                *self.alarms.entry(code).or_default() += 1;
                self.needs_full |= code == Code::DeltaGap;
                self.last_alarm.insert(code, (now, about, text));
            }
        }
    }

    /// How often files of this name were turned away in the last hour.
    #[must_use]
    pub fn turned_away(&self, now: Time, file: &str) -> u64 {
        let turned = self.turned_away.get(turned_name(file));
        turned
            .filter(|turned| now.seconds_after(turned.since) < TURNED)
            .map_or(0, |turned| turned.times)
    }

    /// How often deliveries of any name were refused in the last hour; with `past`, how often they were here before or too
    /// old.
    #[must_use]
    pub fn turned_in_all(&self, now: Time, past: bool) -> u64 {
        let turned = self.turned_in_all[usize::from(past)];
        turned
            .filter(|turned| now.seconds_after(turned.since) < TURNED)
            .map_or(0, |turned| turned.times)
    }

    fn turn_away(&mut self, now: Time, file: &str, past: bool) {
        let new = Turned {
            since: now,
            times: 0,
        };
        if turned_name(file) == file {
            let in_all = &mut self.turned_in_all[usize::from(past)];
            let lately = in_all.filter(|turned| now.seconds_after(turned.since) < TURNED);
            let mut turned = lately.unwrap_or(new);
            turned.times += 1;
            *in_all = Some(turned);
        }
        self.turned_away
            .retain(|_, turned| now.seconds_after(turned.since) < TURNED);
        let turned = self.turned_away.entry(turned_name(file).to_owned());
        turned.or_insert(new).times += 1;
    }

    fn meet(
        &mut self,
        now: Time,
        id: String,
        file: String,
        stamp: Option<Stamp>,
        sort: Sort,
        bytes: u64,
    ) {
        let delivery = Delivery {
            id: id.clone(),
            file,
            stamp,
            sort,
            bytes,
            received: now,
            seen: None,
            changed: now,
            status: Status::Received,
            cleared: false,
            again: false,
            attempts: 0,
            begun: None,
            words: Vec::new(),
            approved: Vec::new(),
            tally: None,
            taken: None,
        };
        self.deliveries.insert(id, delivery);
    }

    fn taken(&mut self, now: Time, id: String, sequence: u64, tally: Tally) {
        self.last_success = Some(now);
        self.sequence = sequence;
        self.needs_full &= sequence != 0;
        self.set_aside(now, &tally);
        self.become_status(now, &id, Status::Taken, Vec::new());
        if let Some(delivery) = self.deliveries.get_mut(&id) {
            delivery.attempts = 0;
            delivery.again = false;
            delivery.approved = Vec::new();
            delivery.tally = Some(tally);
            delivery.taken = Some(now);
        }
        self.in_force = Some(id);
    }

    fn set_aside(&mut self, now: Time, tally: &Tally) {
        self.set_aside_since = match tally.set_aside_total() {
            0 => None,
            _ => self.set_aside_since.or(Some(now)),
        };
    }
}

fn turned_name(file: &str) -> &str {
    if Name::parse(file).is_some() {
        file
    } else {
        ""
    }
}
