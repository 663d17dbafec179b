//! People of all sources in one order: by the project that speaks for them, then by identifier.
//!
//! Every source is sorted by identifier already, so that one person is met at the head of each source that names them.
//! What stands here is bounded by one person of each source and one batch; nothing is kept of a person who has passed.

use octroi_directory::People as SegmentPeople;
use smallvec::SmallVec;

use super::batch::{AFFILIATIONS_FILE, Batch};
use super::held::{Held, Said};
use super::person_lines::Lines;
use super::places::Ents;
use super::report::{BuildError, Fault, Reason};
use super::segments::Opened;
use crate::format::fingerprint::{Domain, Key, fingerprint};
use crate::format::{MAX_FACTS, MAX_SCHOOLS};

/// People in a batch.
const BATCH: usize = 4096;

/// Why a merge ended early.
pub(crate) enum Halt {
    /// A source cannot be read.
    Source(BuildError),
    /// Nobody takes what it gives any more.
    Unwanted,
}

impl From<BuildError> for Halt {
    fn from(error: BuildError) -> Self {
        Self::Source(error)
    }
}

/// Where full batches go; answers an empty one.
pub(crate) type Emit<'e> = dyn FnMut(Batch) -> Result<Batch, Halt> + 'e;

/// One source, and whom it names next.
struct Stream<'s> {
    kind: Kind<'s>,
    held: Held,
    live: bool,
}

enum Kind<'s> {
    Table(Lines),
    Segment(SegmentPeople<'s>, &'s Opened, u16),
}

/// Merges people of all sources.
pub(crate) struct Merge<'s> {
    ents: &'s Ents,
    key: Key,
    batch: Batch,
    /// What is said of one person, brought into order: kept for its memory.
    order: Vec<(u32, usize, usize)>,
    united: Vec<u32>,
}

/// Gives all people of the tables and segments to `emit`.
pub(crate) fn merge(
    table: Lines,
    segments: &[Opened],
    ents: &Ents,
    key: Key,
    emit: &mut Emit<'_>,
) -> Result<(), Halt> {
    let mut merge = Merge {
        ents,
        key,
        batch: Batch::default(),
        order: Vec::new(),
        united: Vec::new(),
    };
    let mut table = Stream {
        kind: Kind::Table(table),
        held: Held::default(),
        live: false,
    };
    merge.advance(&mut table)?;
    for ent in 0..ents.len() {
        if ents.current_number(ent) != ent {
            continue;
        }
        let mut streams = Vec::new();
        for (file, opened) in (AFFILIATIONS_FILE + 1..).zip(segments) {
            if ents.current_number(opened.ent) == ent {
                let mut stream = Stream {
                    kind: Kind::Segment(opened.segment.people(), opened, file),
                    held: Held::of(ent),
                    live: false,
                };
                merge.advance(&mut stream)?;
                streams.push(stream);
            }
        }
        let mut all: Vec<&mut Stream<'_>> = vec![&mut table];
        all.extend(&mut streams);
        merge.project(ent, &mut all, emit)?;
    }
    emit(merge.batch)?;
    Ok(())
}

impl Merge<'_> {
    /// Goes on to the next person of a source.
    fn advance(&mut self, stream: &mut Stream<'_>) -> Result<(), BuildError> {
        let held = &mut stream.held;
        held.clear();
        stream.live = match &mut stream.kind {
            Kind::Table(lines) => lines.next(held)?,
            Kind::Segment(people, opened, file) => held.read(people, opened, *file)?,
        };
        if !stream.live {
            // Nobody follows with whom it could be told.
            self.batch.told(held);
        }
        Ok(())
    }

    /// Everybody for whom one project speaks.
    fn project(
        &mut self,
        ent: u16,
        streams: &mut [&mut Stream<'_>],
        emit: &mut Emit<'_>,
    ) -> Result<(), Halt> {
        loop {
            let heads = || {
                let live = streams.iter().enumerate();
                live.filter(|(_, stream)| stream.live && stream.held.ent == ent)
            };
            let Some((_, least)) = heads().min_by(|a, b| a.1.held.id.cmp(&b.1.held.id)) else {
                return Ok(());
            };
            let same = heads().filter(|(_, stream)| stream.held.id == least.held.id);
            let same: SmallVec<[usize; 4]> = same.map(|(at, _)| at).collect();
            let said: SmallVec<[&Held; 4]> = same.iter().map(|at| &streams[*at].held).collect();
            self.person(&said);
            drop(said);
            for at in same {
                self.advance(streams[at])?;
            }
            if self.batch.len() >= BATCH {
                self.batch = emit(std::mem::take(&mut self.batch))?;
            }
        }
    }

    /// One person, as all sources have them.
    fn person(&mut self, sources: &[&Held]) {
        for held in sources {
            self.batch.told(held);
        }
        let Some(naming) = self.naming(sources) else {
            return;
        };
        let (held, naming) = (sources[naming.0], &sources[naming.0].namings[naming.1]);
        let project = self.ents.current(naming.origin);
        let key = fingerprint(&self.key, Domain::Person, project, &held.id);
        self.batch.person(key, naming, held.texts_of(naming));
        self.affiliations(sources, naming.origin);
    }

    /// The one naming of a person that stands; the others are set aside, or noted where they differ. `None` when
    /// nobody can tell who is meant.
    fn naming(&mut self, sources: &[&Held]) -> Option<(usize, usize)> {
        let all = || {
            sources.iter().enumerate().flat_map(|(at, held)| {
                let namings = held.namings.iter().enumerate();
                namings.map(move |(nth, naming)| (at, nth, *held, naming))
            })
        };
        let first = all().next();
        let one_project =
            first.is_some_and(|(.., first)| all().all(|(.., n)| n.origin == first.origin));
        let batch = &mut self.batch;
        let fault = |reason| Fault {
            column: Some("person"),
            reason,
        };
        match first {
            Some((at, nth, held, naming)) if one_project => {
                for (other_at, _, other_held, other) in all().skip(1) {
                    if other_at == at {
                        batch.aside(other.file, other.line, fault(Reason::Duplicate));
                    } else if other_held.texts_of(other) != held.texts_of(naming) {
                        batch.differs(other.file, other.line);
                    }
                    // The same words from another source are no news.
                }
                Some((at, nth))
            }
            _ => {
                // Nobody can tell whom an assignment means: no line may stand for both.
                for (.., naming) in all() {
                    batch.aside(naming.file, naming.line, fault(Reason::AmbiguousPerson));
                }
                let lines = sources.iter().flat_map(|held| &held.said);
                for said in lines.filter(|said| said.file == AFFILIATIONS_FILE) {
                    batch.aside(said.file, said.line, fault(Reason::Unknown));
                }
                None
            }
        }
    }

    /// What the person is in each school: what all sources say of it adds up.
    fn affiliations(&mut self, sources: &[&Held], origin: u16) {
        let mut order = std::mem::take(&mut self.order);
        order.clear();
        for (at, held) in sources.iter().enumerate() {
            let said = held.said.iter().enumerate();
            order.extend(said.map(|(nth, said)| (said.establishment, at, nth)));
        }
        order.sort_unstable();
        let mut schools = 0;
        for same in order.chunk_by(|a, b| a.0 == b.0) {
            let said = same
                .iter()
                .map(|(_, at, nth)| (sources[*at], &sources[*at].said[*nth]));
            if schools == MAX_SCHOOLS {
                for (_, said) in said {
                    self.leave(said, "uai", Reason::TooMany { max: MAX_SCHOOLS });
                }
                continue;
            }
            let mut profiles = 0;
            self.united.clear();
            for (held, said) in said {
                if said.origin != origin {
                    // Filed under a project that did not name this person.
                    self.leave(said, "person", Reason::AmbiguousPerson);
                } else if !self.unite(held.facts_of(said)) {
                    self.leave(said, "groups", Reason::TooMany { max: MAX_FACTS });
                } else {
                    profiles |= said.profiles;
                }
            }
            if profiles != 0 {
                self.batch.affiliation(same[0].0, profiles, &self.united);
                schools += 1;
            }
        }
        self.order = order;
    }

    /// Adds facts to those at hand, unless they would be too many.
    fn unite(&mut self, facts: &[u32]) -> bool {
        let before = self.united.len();
        if before == 0 {
            self.united.extend_from_slice(facts);
            return facts.len() <= MAX_FACTS;
        }
        let mut united = self.united.clone();
        united.extend_from_slice(facts);
        united.sort_unstable();
        united.dedup();
        let fits = united.len() <= MAX_FACTS;
        if fits {
            self.united = united;
        }
        fits
    }

    fn leave(&mut self, said: &Said, column: &'static str, reason: Reason) {
        let fault = Fault {
            column: Some(column),
            reason,
        };
        self.batch.aside(said.file, said.line, fault);
    }
}
