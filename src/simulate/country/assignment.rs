//! To whom licences of individual subscriptions are assigned, and for what time.

use jiff::civil::Date;

use super::Country;
use super::names::SUBJECTS;
use super::person::{Person, Profile};
use super::school::{Kind, School};
use super::subscription::{Holder, Subscription};
use super::validity::{Validity, days_from};
use crate::simulate::prng::Draw;

/// Whom an assignment names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Assignee {
    /// A class of the school, by place.
    Class(u32),
    /// The language group of a class, by the class's place.
    Group(u32),
    /// The level of a class, by the class's place.
    Level(u32),
    /// A subject, by its code.
    Subject(&'static str),
    /// Everybody of a profile.
    Profile(Profile),
    /// The person in this seat of the school.
    Seat(u32),
}

impl Assignee {
    /// Whether it reaches the person in that school.
    #[must_use]
    pub fn reaches(self, school: &School, person: &Person) -> bool {
        let Some(here) = person.schools.iter().find(|a| a.school == school.index) else {
            return false;
        };
        match self {
            Self::Class(place) => here.classes.contains(&place),
            Self::Group(place) => here.groups.contains(&place),
            Self::Level(place) => {
                let level = school.level(place);
                here.classes.iter().any(|&c| school.level(c) == level)
            }
            Self::Subject(code) => person.subjects.contains(&code),
            Self::Profile(profile) => person.profile == profile,
            Self::Seat(seat) => person.seat.school == school.index && person.seat.seat == seat,
        }
    }
}

/// One assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assignment {
    /// To whom.
    pub assignee: Assignee,
    /// For what time, within the subscription's.
    pub time: Validity,
    /// When it was made, for who comes first.
    pub since: Option<Date>,
}

impl Country {
    /// The assignments of an individual subscription in a school, in the order of the table.
    #[must_use]
    pub fn assignments(&self, subscription: &Subscription, school: &School) -> Vec<Assignment> {
        let Holder::School(index, number) = subscription.holder else {
            return Vec::new();
        };
        if !subscription.individual || index != school.index {
            return Vec::new();
        }
        let at = (u64::from(index), u64::from(number));
        let draw = self.seeds.assignment.at(at.0, at.1);
        let mut times = self.seeds.time.at(at.0, at.1);
        assignees(draw, school)
            .into_iter()
            .map(|assignee| Assignment {
                assignee,
                time: self.time(&mut times, subscription),
                since: times
                    .chance(250)
                    .then(|| days_from(subscription.from, i64::from(times.place(60)))),
            })
            .collect()
    }

    /// Seven in eight hold as long as the subscription.
    fn time(&self, draw: &mut Draw, subscription: &Subscription) -> Validity {
        if !draw.chance(120) {
            return Validity::default();
        }
        let (first, last) = (subscription.from, subscription.until);
        let day = |days| Some(days_from(self.shape.day, days));
        let (from, until) = match draw.below(7) {
            // The edges: until yesterday, until today, from today on, from tomorrow on.
            0 => (Some(first), day(-1)),
            1 => (Some(first), day(0)),
            2 => (day(0), Some(last)),
            3 => (day(1), Some(last)),
            4 => (day(-30), day(60)),
            5 => (day(-20), None),
            _ => (None, day(90)),
        };
        let time = Validity { from, until };
        let empty = from.zip(until).is_some_and(|(from, until)| from > until);
        if empty || !time.meets(first, last) {
            return Validity::default();
        }
        time
    }

    /// Whether an individual subscription is assigned to the person in that school on that day, by an assignment for
    /// which there was a licence.
    #[must_use]
    pub fn is_assigned(
        &self,
        subscription: &Subscription,
        school: &School,
        person: &Person,
        day: Date,
    ) -> bool {
        let assignments = self.assignments(subscription, school);
        let reaches =
            |this: &Assignment| this.time.holds(day) && this.assignee.reaches(school, person);
        // Whom nothing reaches needs no counting.
        assignments.iter().any(reaches)
            && self
                .let_through(subscription, school, &assignments)
                .into_iter()
                .zip(&assignments)
                .any(|(let_through, this)| let_through && reaches(this))
    }
}

/// Some classes whole, some groups, levels, subjects and profiles, some people.
fn assignees(mut draw: Draw, school: &School) -> Vec<Assignee> {
    let mut assignees = Vec::new();
    let mut add = |assignee| {
        if !assignees.contains(&assignee) {
            assignees.push(assignee);
        }
    };
    for place in 0..school.classes() {
        match draw.below(20) {
            0..=4 => add(Assignee::Class(place)),
            5 if school.kind != Kind::Primary => add(Assignee::Group(place)),
            _ => {}
        }
    }
    if draw.chance(100) {
        add(Assignee::Level(draw.place(school.classes())));
    }
    if draw.chance(100) {
        let profiles = [
            Profile::Teacher,
            Profile::Teacher,
            Profile::Head,
            Profile::Pupil,
        ];
        let drawn = draw.pick(&profiles).copied();
        add(Assignee::Profile(drawn.unwrap_or(Profile::Teacher)));
    }
    if school.kind != Kind::Primary && draw.chance(150) {
        draw.pick(SUBJECTS)
            .into_iter()
            .for_each(|s| add(Assignee::Subject(s.code)));
    }
    for _ in 0..=draw.place(1 + school.seats / 10) {
        add(Assignee::Seat(draw.place(school.seats)));
    }
    assignees
}
