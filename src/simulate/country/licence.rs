//! How many licences a subscription has, and which assignments find one.
//!
//! Counts are made so that this module can decide alone, from one school, what comes of them: a subscription's licences
//! run out only among pupils, who are of one school each. Every other count is larger than whoever may come, colleagues
//! from other schools with them, of whom there are one or two. [`Country::let_through`] is the rule of who comes first,
//! written straight down: day by day, with sets of people.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::Country;
use super::assignment::Assignment;
use super::person::{Person, Profile};
use super::school::School;
use super::subscription::{Public, Subscription};
use crate::simulate::prng::Draw;

/// One licence count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Count {
    /// `ILLIMITE`.
    Unlimited,
    /// So many people.
    AtMost(u32),
}

impl Count {
    /// As tables write it.
    #[must_use]
    pub fn cell(self) -> String {
        match self {
            Self::Unlimited => "ILLIMITE".to_owned(),
            Self::AtMost(number) => number.to_string(),
        }
    }

    /// A number as it is sold: rounded up, and one at least.
    fn sold(people: u32, step: u32) -> Self {
        Self::AtMost(people.max(1).div_ceil(step) * step)
    }
}

/// The licences of a subscription.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Licences {
    /// Nothing is said: as many as wanted.
    Untold,
    /// `nbLicenceGlobale`.
    Global(Count),
    /// A count for each of the target publics.
    ByPublic(Vec<(Public, Count)>),
}

impl Licences {
    /// The count of a public of its own, where counts are by public.
    #[must_use]
    pub fn of(&self, public: Public) -> Option<Count> {
        match self {
            Self::ByPublic(counts) => counts.iter().find(|c| c.0 == public).map(|c| c.1),
            Self::Untold | Self::Global(_) => None,
        }
    }

    /// Draws those of a whole school's subscription: the number is what was sold, and often smaller than the school.
    pub(super) fn of_school(draw: &mut Draw, seats: u32) -> Self {
        match draw.weighted(&[30, 40, 30]) {
            0 => Self::Untold,
            1 => Self::Global(Count::Unlimited),
            _ => {
                let percent = 20 + draw.place(100);
                let people = u64::from(seats) * u64::from(percent) / 100;
                Self::Global(Count::sold(u32::try_from(people).unwrap_or(seats), 10))
            }
        }
    }

    /// Draws those of an individual subscription.
    pub(super) fn individual(draw: &mut Draw, publics: &[Public], school: &School) -> Self {
        match draw.weighted(&[15, 35, 20, 15, 15]) {
            0 => Self::Untold,
            1 => Self::Global(Count::Unlimited),
            2 => Self::Global(Count::sold(2 * school.seats, 100)),
            // As many as there are.
            3 => Self::ByPublic(publics.iter().map(|&p| (p, enough(p, school))).collect()),
            // Too few, perhaps.
            _ => {
                let percent = 15 + draw.place(60);
                let few = u64::from(school.pupils()) * u64::from(percent) / 100;
                let few = Count::sold(u32::try_from(few).unwrap_or(1), 5);
                let of = |public| match public {
                    Public::Pupils => few,
                    _ => Count::Unlimited,
                };
                match publics {
                    [Public::Pupils] => Self::Global(few),
                    _ => Self::ByPublic(publics.iter().map(|&p| (p, of(p))).collect()),
                }
            }
        }
    }
}

/// A count that everybody of a public of the school fits into.
fn enough(public: Public, school: &School) -> Count {
    match public {
        Public::Pupils => Count::sold(school.pupils(), 1),
        Public::Teachers => Count::sold(2 * school.staff(), 50),
        Public::Documentalists | Public::OtherStaff => Count::sold(school.offices(), 5),
    }
}

impl Subscription {
    /// How many pupils may use it at once, if they are counted. Nobody else's licences ever run out.
    #[must_use]
    pub fn pupils_at_most(&self) -> Option<u32> {
        let count = match &self.licences {
            Licences::Global(count) if self.publics == [Public::Pupils] => Some(*count),
            licences => licences.of(Public::Pupils),
        };
        match count {
            Some(Count::AtMost(number)) if self.individual => Some(number),
            _ => None,
        }
    }
}

/// An assignment that was let through: pupils, and the first and last day on which each of them uses a licence.
struct InUse {
    pupils: BTreeSet<u32>,
    from: Date,
    until: Date,
}

impl Country {
    /// Which of a subscription's assignments in its school are let through: in the order in which they were made, each
    /// for all its people or not at all, as long as there are licences on every day.
    #[must_use]
    pub fn let_through(
        &self,
        subscription: &Subscription,
        school: &School,
        assignments: &[Assignment],
    ) -> Vec<bool> {
        let most = subscription.pupils_at_most();
        let Some(most) = most.filter(|most| *most < school.pupils()) else {
            return vec![true; assignments.len()];
        };
        let pupils: Vec<Person> = self
            .people_of(school)
            .filter(|p| p.profile == Profile::Pupil)
            .collect();
        let mut order: Vec<usize> = (0..assignments.len()).collect();
        order.sort_by_key(|&at| {
            let made = assignments[at].since.or(assignments[at].time.from);
            made.unwrap_or(subscription.from)
        });
        let mut let_through = vec![false; assignments.len()];
        let mut in_use: Vec<InUse> = Vec::new();
        for at in order {
            let Assignment { assignee, time, .. } = &assignments[at];
            let new = InUse {
                pupils: pupils
                    .iter()
                    .filter(|p| assignee.reaches(school, p))
                    .map(|p| p.seat.seat)
                    .collect(),
                from: subscription.from.max(time.from.unwrap_or(Date::MIN)),
                until: match time.until {
                    Some(until) if !subscription.keeps_licences => until.min(subscription.until),
                    _ => subscription.until,
                },
            };
            if fits(&in_use, &new, most) {
                in_use.push(new);
                let_through[at] = true;
            }
        }
        let_through
    }
}

/// Whether no more than so many would use a licence, on any day. Their number grows only on days on which a use begins.
fn fits(in_use: &[InUse], new: &InUse, most: u32) -> bool {
    let days = in_use.iter().map(|u| u.from).chain([new.from]);
    days.filter(|day| (new.from..=new.until).contains(day))
        .all(|day| {
            let mut people = new.pupils.clone();
            for other in in_use.iter().filter(|u| (u.from..=u.until).contains(&day)) {
                people.extend(&other.pupils);
            }
            people.len() <= most as usize
        })
}
