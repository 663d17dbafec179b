//! What lies in a portal's drop boxes: which of it is taken in, in which order, and what is told of the rest (F1, F6).
//!
//! A file that cannot be read, has no room or comes again and again stops nothing but what has to come after it. What is
//! not taken in is told once, all that lie there for the same reason together.

use std::collections::BTreeMap;
use std::time::Duration;

use octroi_directory::Degree;

use super::alarm::Code;
use super::batch::Batch;
use super::desk::{Desk, DeskError, at};
use super::dropbox::{self, Lying};
use super::intake::TakeError;
use super::ledger::event::Sort;
use super::ledger::{Event, Status};
use super::name::Name;
use super::room::NoRoom;

/// So many files of one name are turned away in an hour, and so many that are named as no delivery; the next ones stay where they
/// are until it is over, so that neither ledger nor vault grows with them.
const MOST_TURNED: u64 = 10;
const MOST_STRANGERS: u64 = 100;
/// So many of all names together that are refused, and so many that were here before or are too old: names are free.
const MOST_IN_ALL: u64 = 200;
/// Files that an alarm names; more are counted.
const LISTED: usize = 20;

impl Desk<'_> {
    /// Takes in everything in the portal's drop boxes that may be taken in. Answers how many deliveries came.
    ///
    /// `rest` is how long files must have kept still.
    ///
    /// # Errors
    /// [`DeskError`]: what was not done is done next time.
    pub fn take_in(&mut self, batch: &mut Batch, rest: Duration) -> Result<u64, DeskError> {
        let mut came = 0;
        let mut failed = None;
        let mut told = Told::default();
        for folder in &self.portal.drop_boxes {
            let folder = self.office.base.join(&folder.value);
            let seen = match dropbox::look(&folder, &self.portal.ent) {
                Ok(seen) => seen,
                // The portal may have others.
                Err(error) => {
                    failed.get_or_insert(at(&folder)(error));
                    continue;
                }
            };
            if seen.more {
                let why = "more files than are looked at: what is no delivery must go".to_owned();
                let degree = self.degree_of("");
                let crowded = told.crowded.entry(degree).or_default();
                crowded.push((folder.display().to_string(), why));
            }
            for lying in &seen.lying {
                came += u64::from(self.look_at(batch, lying, rest, &mut told)?);
            }
        }
        self.tell(batch, told)?;
        if let Some(failed) = failed {
            return Err(failed);
        }
        self.forget_cleared()?;
        Ok(came)
    }

    /// Takes in what is ripe and readable and has room; notes what is not. Answers whether a new delivery came.
    fn look_at(
        &mut self,
        batch: &mut Batch,
        lying: &Lying,
        rest: Duration,
        told: &mut Told,
    ) -> Result<bool, DeskError> {
        let now = self.office.clock.now();
        let (name, degree) = (lying.name(), self.degree_of(&lying.name()));
        if !lying.is_ripe(now, rest) {
            if let Some(missing) = missing(lying)
                && lying.rests(now, self.office.settings.incomplete)
            {
                let why = format!("lies in the drop box without {missing}");
                told.halves.entry(degree).or_default().push((name, why));
            }
            return Ok(false);
        }
        // Not past one that waits for room, and no differences past one that cannot be read: they have an order.
        let unread = told.unread.get_mut(&degree);
        let waiting = match unread.filter(|unread| self.is_behind(degree, &name, unread)) {
            None => told.no_room.get_mut(&degree),
            unread => unread,
        };
        if let Some(waiting) = waiting {
            waiting.push((name, "behind it".to_owned()));
            return Ok(false);
        }
        let state = self.state(degree)?;
        let parsed = Name::parse(&name);
        let turned = state.turned_away(now, &name);
        // What is later than all before must not wait for old ones that come again, nor these for what is refused.
        let past = parsed
            .as_ref()
            .is_some_and(|name| state.bar().is_some_and(|bar| name.stamp <= bar));
        let in_all = state.turned_in_all(now, past);
        let most = parsed.as_ref().map_or(MOST_STRANGERS, |_| MOST_TURNED);
        let why = if turned >= most {
            Some(format!("{turned} of this name were turned away in an hour"))
        } else if parsed.is_some() && in_all >= MOST_IN_ALL {
            Some(format!("{in_all} of this flow were turned away in an hour"))
        } else {
            None
        };
        if let Some(why) = why {
            told.insistent.entry(degree).or_default().push((name, why));
            return Ok(false);
        }
        let most = match self.room(lying.octets)? {
            Ok(most) => most,
            Err(NoRoom(why)) => {
                told.no_room.entry(degree).or_default().push((name, why));
                return Ok(false);
            }
        };
        match self.take_one(batch, lying, most) {
            Ok(came) => Ok(came),
            Err(TakeError::Desk(error)) => Err(error),
            Err(TakeError::File(error)) => {
                let unread = told.unread.entry(degree).or_default();
                unread.push((name, error.to_string()));
                Ok(false)
            }
        }
    }

    /// Whether differences of this name come after one that could not be read, and no full load has come since.
    fn is_behind(&self, degree: Degree, name: &str, unread: &[(String, String)]) -> bool {
        let Some(name) = Name::parse(name).filter(|name| name.sort == Sort::Delta) else {
            return false;
        };
        let Ok(state) = self.state(degree) else {
            return false;
        };
        let full = state.deliveries.values().filter(|known| {
            known.sort == Sort::Full && known.status != Status::Refused && known.stamp.is_some()
        });
        let full = full.filter_map(|known| known.stamp).max();
        let mut unread = unread
            .iter()
            .filter_map(|(unread, _)| Name::parse(unread))
            .map(|unread| unread.stamp);
        unread.any(|unread| unread < name.stamp && full.is_none_or(|full| full <= unread))
    }

    /// Tells what was not taken in.
    fn tell(&mut self, batch: &mut Batch, told: Told) -> Result<(), DeskError> {
        for (degree, half) in told.halves {
            self.lying(degree, Code::Incomplete, &half)?;
        }
        for (code, lists, what) in [
            (
                Code::NoRoom,
                told.no_room,
                "wait(s) in the drop box for room",
            ),
            (
                Code::NotReadable,
                told.unread,
                "cannot be read or removed in the drop box, or wait(s) behind one",
            ),
            (Code::Crowded, told.crowded, "drop box(es) too full"),
            (
                Code::Insistent,
                told.insistent,
                "turned away too often: looked at again within an hour",
            ),
        ] {
            for (degree, list) in lists {
                if self.lying(degree, code, &list)? {
                    batch.warning(&format!("{} {what}", list.len()));
                }
            }
        }
        Ok(())
    }

    /// What lies in the drop box and is not taken in is told: all that lie there together, or each would be news after the
    /// other. Answers whether it is news.
    fn lying(
        &mut self,
        degree: Degree,
        code: Code,
        lying: &[(String, String)],
    ) -> Result<bool, DeskError> {
        let mut about: Vec<&str> = lying.iter().map(|(name, _)| name.as_str()).collect();
        let mut told: Vec<String> = lying
            .iter()
            .map(|(name, why)| format!("{name}: {why}"))
            .take(LISTED)
            .collect();
        about.truncate(LISTED);
        let more = lying.len() - told.len();
        let mut about = about.join(", ");
        if more > 0 {
            about += &format!(" and {more} more");
            told.push(format!("and {more} more"));
        }
        let news = !self.state(degree)?.is_alarmed(code, &about);
        self.alarm_once(degree, code, &about, told.join("; "))?;
        Ok(news)
    }

    /// The flow that a file belongs to; a file without a name of ours is told in the portal's first.
    pub(super) fn degree_of(&self, file: &str) -> Degree {
        Name::parse(file)
            .map(|name| name.degree)
            .filter(|degree| self.portal.flows.contains(degree))
            .or_else(|| self.portal.flows.first().copied())
            .unwrap_or(Degree::Second)
    }

    /// What is not in any drop box any more has been cleared: the process was killed before it could say so.
    fn forget_cleared(&mut self) -> Result<(), DeskError> {
        let mut open = Vec::new();
        for (degree, ledger) in &self.ledgers {
            for known in ledger
                .state()
                .deliveries
                .values()
                .filter(|known| !known.cleared)
            {
                let lies = |folder: &str| self.office.base.join(folder).join(&known.file).exists();
                if !self
                    .portal
                    .drop_boxes
                    .iter()
                    .any(|folder| lies(&folder.value))
                {
                    open.push((*degree, known.clone()));
                }
            }
        }
        for (degree, known) in open {
            // The process was killed between the two files.
            for folder in &self.portal.drop_boxes {
                let folder = self.office.base.join(&folder.value);
                if let Some(seen) = known.seen {
                    dropbox::clear_sum(&folder, &known.file, seen).map_err(at(&folder))?;
                }
            }
            let delivery = known.id;
            self.note(degree, Event::Cleared { delivery })?;
        }
        Ok(())
    }
}

/// Files in the drop box, with why they are not taken in.
type List = BTreeMap<Degree, Vec<(String, String)>>;

/// What was not taken in, by why.
#[derive(Default)]
struct Told {
    halves: List,
    no_room: List,
    unread: List,
    crowded: List,
    insistent: List,
}

/// What a delivery lacks, or a sum.
fn missing(lying: &Lying) -> Option<&'static str> {
    match (&lying.delivery, &lying.sum) {
        (_, None) => Some("its .md5"),
        (None, _) => Some("its archive"),
        _ => None,
    }
}
