//! What changed between two segments: one pass over both, memory for schools, groups and codes only.

use std::cmp::Ordering;

use serde::Serialize;

use crate::error::SegmentError;
use crate::read::Segment;
use crate::record::{Affiliation, Manager, Person};

/// What a difference is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// A school; the key is its UAI.
    School,
    /// A class or group; the key is UAI and code.
    Group,
    /// A person; the key is the identifier.
    Person,
    /// An assignment manager; the key is the identifier.
    Manager,
}

/// What happened to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// Only in the newer segment.
    New,
    /// Only in the older segment.
    Gone,
    /// In both, and not the same.
    Changed,
}

/// How many changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Changes {
    /// In the older segment.
    pub before: u64,
    /// In the newer segment.
    pub after: u64,
    /// Only in the newer.
    pub new: u64,
    /// Only in the older.
    pub gone: u64,
    /// In both, and not the same.
    pub changed: u64,
}

/// How many people a school had and has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SchoolChange {
    /// The school.
    pub uai: String,
    /// People in the older segment; 0 for a new school.
    pub before: u64,
    /// People in the newer segment; 0 for a school that is gone.
    pub after: u64,
}

/// What changed between two segments.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Differences {
    /// Schools: UAI and name.
    pub schools: Changes,
    /// Classes and groups: label, classes that a group belongs to.
    pub groups: Changes,
    /// People: names, mail address, schools, profiles, classes, groups, codes.
    pub people: Changes,
    /// Assignment managers.
    pub managers: Changes,
    /// Every school of either segment whose number of people changed, by UAI.
    pub by_school: Vec<SchoolChange>,
}

/// Compares two segments of one portal; `told` hears of each difference with its key.
pub fn compare(
    old: &Segment,
    new: &Segment,
    told: &mut dyn FnMut(Subject, Change, &[&str]),
) -> Result<Differences, SegmentError> {
    let mut differences = Differences::default();
    let mut schools = vec![NONE; old.counts().schools as usize];
    let mut tell = |changes: &mut Changes, subject, change, key: &[&str]| {
        match change {
            Change::New => changes.new += 1,
            Change::Gone => changes.gone += 1,
            Change::Changed => changes.changed += 1,
        }
        told(subject, change, key);
    };

    let changes = &mut differences.schools;
    merge(
        old.schools(),
        new.schools(),
        |a, b| a.uai.cmp(b.uai),
        |met| match met {
            Met::Old(_, a) => tell(changes, Subject::School, Change::Gone, &[a.uai]),
            Met::New(_, b) => tell(changes, Subject::School, Change::New, &[b.uai]),
            Met::Both(at, a, number, b) => {
                schools[at] = number as u32;
                if a.name != b.name {
                    tell(changes, Subject::School, Change::Changed, &[a.uai]);
                }
            }
        },
    );

    let mut groups = vec![NONE; old.counts().groups as usize];
    let uai = |segment: &Segment, school| {
        segment
            .school(school)
            .map_or(String::new(), |s| s.uai.to_owned())
    };
    let changes = &mut differences.groups;
    merge(
        old.groups(),
        new.groups(),
        |a, b| {
            // Numbers of schools compare only through their UAI; most often both are the same school.
            let place = match (schools[a.school as usize], b.school) {
                (same, other) if same == other => Ordering::Equal,
                (NONE, other) => uai(old, a.school).cmp(&uai(new, other)),
                (mine, other) => mine.cmp(&other),
            };
            place.then_with(|| (a.kind, a.code).cmp(&(b.kind, b.code)))
        },
        |met| match met {
            Met::Old(_, a) => tell(
                changes,
                Subject::Group,
                Change::Gone,
                &[&uai(old, a.school), a.code],
            ),
            Met::New(_, b) => tell(
                changes,
                Subject::Group,
                Change::New,
                &[&uai(new, b.school), b.code],
            ),
            Met::Both(at, a, number, b) => {
                groups[at] = number as u32;
                if a.label != b.label || !a.divisions.eq(b.divisions) {
                    tell(
                        changes,
                        Subject::Group,
                        Change::Changed,
                        &[&uai(old, a.school), a.code],
                    );
                }
            }
        },
    );

    let mut codes = vec![NONE; old.counts().codes as usize];
    merge(
        old.codes(),
        new.codes(),
        |a, b| a.key().cmp(&b.key()),
        |met| {
            if let Met::Both(at, _, number, _) = met {
                codes[at] = number as u32;
            }
        },
    );
    let same = Same {
        schools,
        groups,
        codes,
    };

    let (mut before, mut after) = (
        vec![0u64; same.schools.len()],
        vec![0u64; new.counts().schools as usize],
    );
    let (mut olds, mut news) = (old.people(), new.people());
    let (mut a, mut b) = (olds.next()?, news.next()?);
    let changes = &mut differences.people;
    loop {
        let order = match (&a, &b) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => a.id.cmp(b.id),
        };
        if let (Some(a), Ordering::Less | Ordering::Equal) = (&a, order) {
            a.affiliations
                .for_each(|one| before[one.school as usize] += 1);
        }
        if let (Some(b), Ordering::Greater | Ordering::Equal) = (&b, order) {
            b.affiliations
                .for_each(|one| after[one.school as usize] += 1);
        }
        match (order, &a, &b) {
            (Ordering::Less, Some(a), _) => tell(changes, Subject::Person, Change::Gone, &[a.id]),
            (Ordering::Greater, _, Some(b)) => tell(changes, Subject::Person, Change::New, &[b.id]),
            (_, Some(a), Some(b)) if !same.person(a, b) => {
                tell(changes, Subject::Person, Change::Changed, &[a.id]);
            }
            _ => {}
        }
        if order != Ordering::Greater {
            a = olds.next()?;
        }
        if order != Ordering::Less {
            b = news.next()?;
        }
    }

    let (mut olds, mut news) = (old.managers(), new.managers());
    let (mut a, mut b) = (olds.next()?, news.next()?);
    let changes = &mut differences.managers;
    loop {
        let order = match (&a, &b) {
            (None, None) => break,
            (Some(a), None) => {
                tell(changes, Subject::Manager, Change::Gone, &[a.id]);
                Ordering::Less
            }
            (None, Some(b)) => {
                tell(changes, Subject::Manager, Change::New, &[b.id]);
                Ordering::Greater
            }
            (Some(a), Some(b)) => {
                let order = a.id.cmp(b.id);
                let change = match order {
                    Ordering::Less => Some((Change::Gone, a.id)),
                    Ordering::Greater => Some((Change::New, b.id)),
                    Ordering::Equal => (!same.manager(a, b)).then_some((Change::Changed, a.id)),
                };
                if let Some((change, id)) = change {
                    tell(changes, Subject::Manager, change, &[id]);
                }
                order
            }
        };
        if order != Ordering::Greater {
            a = olds.next()?;
        }
        if order != Ordering::Less {
            b = news.next()?;
        }
    }

    let by_school = &mut differences.by_school;
    merge(
        old.schools(),
        new.schools(),
        |a, b| a.uai.cmp(b.uai),
        |met| {
            let (uai, before, after) = match met {
                Met::Old(at, a) => (a.uai, before[at], 0),
                Met::New(at, b) => (b.uai, 0, after[at]),
                Met::Both(at, a, number, _) => (a.uai, before[at], after[number]),
            };
            if before != after {
                let uai = uai.to_owned();
                by_school.push(SchoolChange { uai, before, after });
            }
        },
    );
    let (was, is) = (old.counts(), new.counts());
    let totals = |changes: &mut Changes, before: u64, after: u64| {
        changes.before = before;
        changes.after = after;
    };
    totals(
        &mut differences.schools,
        was.schools.into(),
        is.schools.into(),
    );
    totals(&mut differences.groups, was.groups.into(), is.groups.into());
    totals(&mut differences.people, was.people, is.people);
    totals(
        &mut differences.managers,
        was.managers.into(),
        is.managers.into(),
    );
    Ok(differences)
}

/// Not in the newer segment.
const NONE: u32 = u32::MAX;

/// Where two sorted tables meet: record and its number of each.
enum Met<T> {
    Old(usize, T),
    New(usize, T),
    Both(usize, T, usize, T),
}

fn merge<T: Copy>(
    old: impl Iterator<Item = T>,
    new: impl Iterator<Item = T>,
    order: impl Fn(&T, &T) -> Ordering,
    mut met: impl FnMut(Met<T>),
) {
    let (mut old, mut new) = (old.enumerate().peekable(), new.enumerate().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((_, a)), Some((_, b))) => order(a, b),
        };
        let a = (order != Ordering::Greater).then(|| old.next()).flatten();
        let b = (order != Ordering::Less).then(|| new.next()).flatten();
        match (a, b) {
            (Some((at, a)), None) => met(Met::Old(at, a)),
            (None, Some((number, b))) => met(Met::New(number, b)),
            (Some((at, a)), Some((number, b))) => met(Met::Both(at, a, number, b)),
            (None, None) => return,
        }
    }
}

/// Numbers of the older segment → numbers of the newer.
struct Same {
    schools: Vec<u32>,
    groups: Vec<u32>,
    codes: Vec<u32>,
}

impl Same {
    fn person(&self, a: &Person<'_>, b: &Person<'_>) -> bool {
        a.name == b.name
            && a.given_name == b.given_name
            && a.civility == b.civility
            && a.mail == b.mail
            && a.affiliations.len() == b.affiliations.len()
            && a.affiliations
                .zip(b.affiliations)
                .all(|(a, b)| self.affiliation(a, b))
    }

    /// The tables are in the same order in both segments, so lists of numbers are, too.
    fn affiliation(&self, a: Affiliation<'_>, b: Affiliation<'_>) -> bool {
        self.schools[a.school as usize] == b.school
            && a.profiles == b.profiles
            && a.groups
                .map(|group| self.groups[group as usize])
                .eq(b.groups)
            && a.codes.map(|code| self.codes[code as usize]).eq(b.codes)
    }

    fn manager(&self, a: &Manager<'_>, b: &Manager<'_>) -> bool {
        a.name == b.name
            && a.given_name == b.given_name
            && a.civility == b.civility
            && a.mails.eq(b.mails)
            && a.schools
                .map(|school| self.schools[school as usize])
                .eq(b.schools)
    }
}
