//! Subscriptions and assignments: which school may use which resource, for whom, from when to when.
//!
//! Two sorts. A school's own, a handful each. A territory's: a local authority that subscribes for every *collège* or
//! every *lycée* of a department. About a third are individual (INDIV) and have assignments.

use jiff::civil::Date;

use super::Country;
use super::person::{Person, Profile};
use super::prng::Draw;
use super::school::{Kind, School};

/// How many departments a country has; schools are dealt out over them.
pub const DEPARTMENTS: u32 = 10;
/// How many subscriptions each department has for its *collèges*, and for its *lycées*.
const TERRITORY_EACH: u32 = 2;

/// `publicCible`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Public {
    /// `ELEVE`.
    Pupils,
    /// `ENSEIGNANT`.
    Teachers,
    /// `DOCUMENTALISTE`.
    Documentalists,
    /// `AUTRE PERSONNEL`.
    OtherStaff,
}

impl Public {
    /// As subscriptions write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pupils => "ELEVE",
            Self::Teachers => "ENSEIGNANT",
            Self::Documentalists => "DOCUMENTALISTE",
            Self::OtherStaff => "AUTRE PERSONNEL",
        }
    }

    /// The public that a profile belongs to.
    #[must_use]
    pub fn of(profile: Profile) -> Self {
        match profile {
            Profile::Pupil => Self::Pupils,
            Profile::Teacher => Self::Teachers,
            Profile::Documentalist => Self::Documentalists,
            Profile::Head | Profile::SchoolLife => Self::OtherStaff,
        }
    }
}

/// Whose subscription this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Holder {
    /// One school, and the number of the subscription there.
    School(u32, u32),
    /// The schools of a kind in a department, and the number of the subscription there.
    Territory(u32, Kind, u32),
}

/// One subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// `idAbonnement`.
    pub id: String,
    /// Whose it is.
    pub holder: Holder,
    /// Index of the resource.
    pub resource: u32,
    /// For whom.
    pub publics: Vec<Public>,
    /// INDIV when true, ETABL otherwise.
    pub individual: bool,
    /// First day.
    pub from: Date,
    /// Last day, included.
    pub until: Date,
}

/// To whom a licence of an individual subscription is assigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Assignee {
    /// A class of the school, by place.
    Class(u32),
    /// The language group of a class, by the class's place.
    Group(u32),
    /// The level of a class, by the class's place.
    Level(u32),
    /// Everybody of a profile.
    Profile(Profile),
    /// The person in this seat of the school.
    Seat(u32),
}

impl Country {
    /// The subscriptions that a school has itself.
    pub fn own_subscriptions<'a>(
        &'a self,
        school: &'a School,
    ) -> impl Iterator<Item = Subscription> + 'a {
        let count = 6 + self
            .seeds
            .subscription
            .at(u64::from(school.index), u64::MAX)
            .below(14);
        (0..u32::try_from(count).unwrap_or(0)).map(|number| {
            let draw = self
                .seeds
                .subscription
                .at(u64::from(school.index), u64::from(number));
            let day = self.shape.day;
            let id = if number % 5 == 4 {
                // The platform's own form: AUTO_{UAI}_{n}_{epoch in milliseconds}.
                let epoch = 1_693_526_400_000 + u64::from(school.index) * 1000;
                format!("AUTO_{}_{number}_{epoch}", school.uai)
            } else {
                format!("ABO-{}-{number:03}", school.uai)
            };
            let mut made = self.subscription(
                id,
                Holder::School(school.index, number),
                school.kind,
                draw,
                day,
            );
            // What the platform makes by itself is for the whole school.
            made.individual &= number % 5 != 4;
            made
        })
    }

    /// The subscriptions that a territory has for all its schools of a kind.
    pub fn territory_subscriptions(
        &self,
        department: u32,
        kind: Kind,
    ) -> impl Iterator<Item = Subscription> + '_ {
        let each = if kind == Kind::Primary {
            0
        } else {
            TERRITORY_EACH
        };
        (0..each).map(move |number| {
            let draw = self
                .seeds
                .territory
                .at(u64::from(department), u64::from(number) * 3 + kind as u64);
            let letter = if kind == Kind::College { 'C' } else { 'L' };
            let id = format!("TERR-{}-{letter}-{number}", 990 + department);
            let mut made = self.subscription(
                id,
                Holder::Territory(department, kind, number),
                kind,
                draw,
                self.shape.day,
            );
            made.individual = false;
            made
        })
    }

    /// Every subscription that covers the school.
    #[must_use]
    pub fn subscriptions_of(&self, school: &School) -> Vec<Subscription> {
        self.own_subscriptions(school)
            .chain(self.territory_subscriptions(school.index % DEPARTMENTS, school.kind))
            .collect()
    }

    fn subscription(
        &self,
        id: String,
        holder: Holder,
        kind: Kind,
        mut draw: Draw,
        day: Date,
    ) -> Subscription {
        let resource = draw.place(self.shape.resources);
        let mut publics = match draw.weighted(&[45, 20, 20, 15]) {
            0 => vec![
                Public::Pupils,
                Public::Teachers,
                Public::Documentalists,
                Public::OtherStaff,
            ],
            1 => vec![Public::Pupils, Public::Teachers],
            2 => vec![Public::Teachers, Public::Documentalists],
            _ => vec![Public::Pupils],
        };
        if kind == Kind::Primary {
            publics.retain(|p| *p != Public::Documentalists);
        }
        let individual = draw.chance(350);
        let days = |n: i64| jiff::Span::new().try_days(n).unwrap_or_default();
        let shift = |n: i64| day.checked_add(days(n)).unwrap_or(day);
        let (from, until) = match draw.weighted(&[78, 10, 3, 4, 3, 2]) {
            0 => (shift(-90), shift(200)),
            1 => (shift(-450), shift(-85)),
            // The edges that a bare, inclusive date makes: ended yesterday, ends today, begins today, begins tomorrow.
            2 => (shift(-200), shift(-1)),
            3 => (shift(-200), day),
            4 => (day, shift(365)),
            _ => (shift(1), shift(366)),
        };
        Subscription {
            id,
            holder,
            resource,
            publics,
            individual,
            from,
            until,
        }
    }

    /// To whom the licences of an individual subscription are assigned in a school: some classes whole, some people.
    #[must_use]
    pub fn assignees(&self, subscription: &Subscription, school: &School) -> Vec<Assignee> {
        let Holder::School(index, number) = subscription.holder else {
            return Vec::new();
        };
        if !subscription.individual || index != school.index {
            return Vec::new();
        }
        let mut draw = self
            .seeds
            .assignment
            .at(u64::from(index), u64::from(number));
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
            add(Assignee::Profile(Profile::Teacher));
        }
        for _ in 0..=draw.place(1 + school.seats / 10) {
            add(Assignee::Seat(draw.place(school.seats)));
        }
        assignees
    }

    /// Whether an individual subscription is assigned to the person in that school.
    #[must_use]
    pub fn is_assigned(
        &self,
        subscription: &Subscription,
        school: &School,
        person: &Person,
    ) -> bool {
        let Some(here) = person.schools.iter().find(|a| a.school == school.index) else {
            return false;
        };
        let level = |place| school.class(place).level;
        self.assignees(subscription, school)
            .into_iter()
            .any(|assignee| match assignee {
                Assignee::Class(place) => here.classes.contains(&place),
                Assignee::Group(place) => here.groups.contains(&place),
                Assignee::Level(place) => here.classes.iter().any(|&c| level(c) == level(place)),
                Assignee::Profile(profile) => person.profile == profile,
                Assignee::Seat(seat) => {
                    person.seat.school == school.index && person.seat.seat == seat
                }
            })
    }
}
