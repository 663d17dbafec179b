//! Subscriptions: which school may use which resource, for whom, from when to when.
//!
//! Two sorts. A school's own, a handful each, some of them made by the platform. A territory's: a local authority that
//! subscribes for every *collège* or every *lycée* of a department. About a third are individual (INDIV) and have
//! [assignments](super::assignment) and [licences](super::licence) that are counted.

use jiff::civil::Date;

use super::Country;
use super::licence::{Count, Licences};
use super::person::Profile;
use super::prng::Draw;
use super::school::{Kind, School};
use super::validity::days_from;

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
    /// `anneeFinValidite`, the school year that begins in this year: `until` is its 15 August, or, of what the
    /// platform makes, is said as well and holds.
    pub until_year: Option<i16>,
    /// How many licences.
    pub licences: Licences,
    /// `categorieAffectation`, where it is said: whether a licence passes on.
    pub category: Option<&'static str>,
    /// Whether a licence stays in use until the subscription ends.
    pub keeps_licences: bool,
}

/// Whether the platform made a school's subscription of this number.
pub(super) fn is_automatic(number: u32) -> bool {
    number % 5 == 4
}

/// The year in which the school year of a day began: it begins on the 16th of August.
fn school_year(day: Date) -> i16 {
    day.year() - i16::from((day.month(), day.day()) < (8, 16))
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
            let id = if is_automatic(number) {
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
            let mut draw = self
                .seeds
                .licence
                .at(u64::from(school.index), u64::from(number));
            if is_automatic(number) {
                // What the platform makes by itself is for the whole school, without a count.
                made.individual = false;
                made.licences = Licences::Global(Count::Unlimited);
                made.until_year = draw.chance(500).then(|| school_year(day));
                return made;
            }
            made.licences = if made.individual {
                Licences::individual(&mut draw, &made.publics, school)
            } else {
                Licences::of_school(&mut draw, school.seats)
            };
            made.keeps_licences = draw.chance(200);
            made.category = match (made.keeps_licences, draw.chance(500)) {
                (true, _) => Some("non transferable"),
                (false, true) => Some("transferable"),
                (false, false) => None,
            };
            // The platform's own way to end one, of those that run on the day.
            if made.from < day && day < made.until && draw.chance(250) {
                let year = school_year(day);
                made.until_year = Some(year);
                made.until = Date::new(year + 1, 8, 15).unwrap_or(made.until);
            }
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
        let shift = |n: i64| days_from(day, n);
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
            until_year: None,
            licences: Licences::Global(Count::Unlimited),
            category: None,
            keeps_licences: false,
        }
    }
}
