//! One file, from the drop box into the vault: whether it is whole, and new (F2, F3, F5).
//!
//! A delivery is read once: summed, hashed and sealed in one pass. It leaves the drop box when the vault has it and the
//! ledger says so, in this order, so that whoever is killed in between finds it again and does the rest. What is not
//! taken leaves the drop box too: whatever lies there still has to be looked at.

use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use md5::{Digest, Md5};
use octroi_directory::{Degree, Stamp};
use octroi_saml::Time;

use super::alarm::Code;
use super::batch::Batch;
use super::desk::{Desk, DeskError, at, flow_name, random};
use super::dropbox::{self, Lying};
use super::ledger::event::Sort;
use super::ledger::{Delivery, Event, Status};
use super::name::Name;
use super::schedule::Schedule;
use super::vault::{EntryName, Kind};
use crate::config::paris;

/// No delivery is longer.
const LONGEST: u64 = 64 << 30;
const BLOCK: usize = 1 << 16;
/// No delivery is dated later than so long from now: everything after it would be older.
const AHEAD: Duration = Duration::from_secs(86_400);

impl<'o> Desk<'o> {
    /// Answers whether a new delivery came. No more than `most` octets of it are read: it may grow meanwhile.
    pub(super) fn take_one(
        &mut self,
        batch: &mut Batch,
        lying: &Lying,
        most: u64,
    ) -> Result<bool, TakeError> {
        let (Some(path), Some(sum)) = (&lying.delivery, &lying.sum) else {
            return Ok(false);
        };
        let file = dropbox::file_name(path);
        let degree = self.degree_of(&file);
        // Received before and not written since: it only has to go, and is not read again.
        let lies = |known: &&Delivery| {
            let same = known.file == file && known.bytes == lying.octets;
            same && !known.cleared && lying.changed < known.received
        };
        let known = self.state(degree)?.deliveries.values().find(lies);
        if let Some(id) = known.map(|known| known.id.clone()) {
            self.clear(degree, lying, &id)?;
            return Ok(false);
        }
        let stated = dropbox::sum(sum).map_err(TakeError::File)?;
        let sealed = self.seal(degree, path, most)?;
        let id = sealed.id.clone();
        let came = match self.judge(degree, &file, stated, &sealed)? {
            Judged::New(name) => {
                let bytes = sealed.bytes;
                sealed.putting.finish(&id, Kind::Delivery)?;
                self.receive(batch, degree, (&id, &file), &name, bytes, lying.changed)?;
                true
            }
            Judged::Known(known) => {
                drop(sealed.putting);
                // One that is not cleared is no second one: the process was killed between ledger and drop box.
                if known.cleared {
                    self.twice(batch, degree, &file, &known)?;
                }
                false
            }
            Judged::Older => {
                sealed.putting.finish(&id, Kind::Refused)?;
                let text = format!("{file} is not later than the last delivery; not taken");
                batch.warning(&text);
                let event = Event::Older {
                    delivery: id.clone(),
                    file: file.clone(),
                };
                self.note(degree, event)?;
                self.alarm(degree, Code::Older, &file, text)?;
                false
            }
            Judged::Wrong(code, reason) => {
                sealed.putting.finish(&id, Kind::Refused)?;
                self.refuse(batch, degree, &id, &file, code, &reason)?;
                false
            }
        };
        self.clear(degree, lying, &id)?;
        Ok(came)
    }

    fn judge(
        &self,
        degree: Degree,
        file: &str,
        stated: Option<[u8; 16]>,
        sealed: &Sealed<'_>,
    ) -> Result<Judged, DeskError> {
        let state = self.state(degree)?;
        if let Some(known) = state.deliveries.get(&sealed.id)
            && known.status != Status::Refused
        {
            return Ok(Judged::Known(Box::new(known.clone())));
        }
        let wrong_sum = |reason: &str| Ok(Judged::Wrong(Code::WrongSum, reason.to_owned()));
        let name = match self.judge_name(file) {
            Ok(name) => name,
            Err(reason) => return Ok(Judged::Wrong(Code::WrongName, reason)),
        };
        let latest = stamp_at(self.office.clock.now().plus(AHEAD));
        if latest.is_some_and(|latest| name.stamp > latest) {
            let reason = "dated more than a day ahead: all that follows would be older".to_owned();
            return Ok(Judged::Wrong(Code::WrongName, reason));
        }
        if name.sort == Sort::Delta && !self.portal.delta {
            let reason = "this portal sends no differences ([[collect.portal]] delta)".to_owned();
            return Ok(Judged::Wrong(Code::DeltaForm, reason));
        }
        match stated {
            None => return wrong_sum("the .md5 is not 32 hex digits"),
            Some(stated) if stated != sealed.sum => {
                return wrong_sum("the sum is not that of the file: cut off or changed on its way");
            }
            Some(_) => {}
        }
        if state.bar().is_some_and(|bar| name.stamp <= bar) {
            return Ok(Judged::Older);
        }
        Ok(Judged::New(name))
    }

    /// The delivery is in the vault: writes it down, and tells what is missing before it (F2).
    fn receive(
        &mut self,
        batch: &mut Batch,
        degree: Degree,
        (id, file): (&str, &str),
        name: &Name,
        bytes: u64,
        seen: Time,
    ) -> Result<(), DeskError> {
        // The same content may have been refused before, for its name or the sum beside it.
        self.office.vault.remove(&EntryName {
            flow: flow_name(&self.portal.ent, degree),
            delivery: id.to_owned(),
            kind: Kind::Refused,
        })?;
        let last = self.state(degree)?.newest();
        let event = Event::Received {
            delivery: id.to_owned(),
            file: file.to_owned(),
            stamp: name.stamp,
            sort: name.sort,
            bytes,
            seen: Some(seen),
        };
        self.note(degree, event)?;
        batch.progress(&format!("{file}: received, {bytes} bytes"));
        let Some(last) = last else { return Ok(()) };
        let schedule = Schedule::new(self.portal, &self.office.settings.periods);
        let missed: Vec<String> = schedule
            .missed(last, name.stamp)
            .iter()
            .map(|due| due.date().to_string())
            .collect();
        if missed.is_empty() {
            return Ok(());
        }
        let text = format!("before {file} nothing came for {}", missed.join(", "));
        batch.warning(&text);
        self.alarm(degree, Code::Gap, file, text)
    }

    fn judge_name(&self, file: &str) -> Result<Name, String> {
        let ent = &self.portal.ent.value;
        let name = Name::parse(file)
            .ok_or_else(|| format!("not named {ent}_GAR-ENT_Complet_yyyyMMdd_HHmmss_2D.tar.gz"))?;
        if name.ent != *ent {
            return Err(format!("of another portal than {ent}"));
        }
        if !self.portal.flows.contains(&name.degree) {
            return Err(format!("{ent} delivers no {}", name.degree));
        }
        Ok(name)
    }

    fn twice(
        &mut self,
        batch: &mut Batch,
        degree: Degree,
        file: &str,
        known: &Delivery,
    ) -> Result<(), DeskError> {
        let text = format!("{file} is the same as {}; not taken again", known.file);
        batch.warning(&text);
        let event = Event::Duplicate {
            delivery: known.id.clone(),
            file: file.to_owned(),
        };
        self.note(degree, event)?;
        self.alarm(degree, Code::Duplicate, file, text)
    }

    /// Writes a refusal down and tells it. The entry in the vault is the caller's.
    pub(super) fn refuse(
        &mut self,
        batch: &mut Batch,
        degree: Degree,
        id: &str,
        file: &str,
        code: Code,
        reason: &str,
    ) -> Result<(), DeskError> {
        batch.error(&format!("{file}: refused: {reason}"));
        let event = Event::Refused {
            delivery: id.to_owned(),
            file: file.to_owned(),
            code,
            reason: reason.to_owned(),
        };
        self.note(degree, event)?;
        self.alarm(degree, code, file, format!("{file}: refused: {reason}"))
    }

    fn clear(&mut self, degree: Degree, lying: &Lying, id: &str) -> Result<(), TakeError> {
        lying.clear().map_err(TakeError::File)?;
        let open = |known: &Delivery| !known.cleared;
        if self.state(degree)?.deliveries.get(id).is_some_and(open) {
            self.note(
                degree,
                Event::Cleared {
                    delivery: id.to_owned(),
                },
            )?;
        }
        Ok(())
    }

    /// Reads a file once, no more than `most` octets of it: into the vault, with both sums.
    pub(super) fn seal(
        &self,
        degree: Degree,
        path: &Path,
        most: u64,
    ) -> Result<Sealed<'o>, TakeError> {
        let from = dropbox::open(path).map_err(TakeError::File)?;
        let flow = flow_name(&self.portal.ent, degree);
        let now = self.office.clock.now();
        let office = self.office;
        let mut putting = office.vault.put(&flow, None, now, random()?)?;
        let (mut sum, mut id) = (Md5::new(), Context::new(&SHA256));
        let mut bytes = 0;
        let mut block = vec![0; BLOCK];
        let mut from = from.take(most.min(LONGEST));
        loop {
            let read = match from.read(&mut block) {
                Ok(0) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read.map_err(TakeError::File)?,
            };
            sum.update(&block[..read]);
            id.update(&block[..read]);
            putting
                .write_all(&block[..read])
                .map_err(at(office.vault.directory()))?;
            bytes += read as u64;
        }
        Ok(Sealed {
            id: super::hex(id.finish().as_ref()),
            sum: sum.finalize().into(),
            bytes,
            putting,
        })
    }
}

/// Why a file is not taken in.
#[derive(Debug)]
pub(super) enum TakeError {
    /// It cannot be read or removed: the others go on.
    File(io::Error),
    /// Nothing else can be done either.
    Desk(DeskError),
}

impl<E: Into<DeskError>> From<E> for TakeError {
    fn from(error: E) -> Self {
        Self::Desk(error.into())
    }
}

impl TakeError {
    /// As an error of the one file that was asked for.
    pub(super) fn of(self, path: &Path) -> DeskError {
        match self {
            Self::File(error) => at(path)(error),
            Self::Desk(error) => error,
        }
    }
}

/// The date that a delivery would bear which was made at this moment.
fn stamp_at(moment: Time) -> Option<Stamp> {
    let text = paris(moment).strftime("%Y%m%d%H%M%S").to_string();
    Stamp::from_number(text.parse().ok()?)
}

/// A file that is in the vault but for its name.
pub(super) struct Sealed<'v> {
    /// SHA-256, hex digits: what the delivery is known by.
    pub(super) id: String,
    /// MD5.
    pub(super) sum: [u8; 16],
    /// Its size.
    pub(super) bytes: u64,
    /// The entry.
    pub(super) putting: super::vault::Putting<'v>,
}

/// What a file in the drop box turned out to be.
enum Judged {
    New(Name),
    Known(Box<Delivery>),
    Older,
    Wrong(Code, String),
}
