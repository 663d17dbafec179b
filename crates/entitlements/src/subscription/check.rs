//! Rules RG1 to RG13: from the texts of a subscription to its terms.

use super::automatic::{Automatic, PREFIX};
use super::field::{Expected, Field, RuleBroken};
use super::licences::{Category, Count, Licences};
use crate::validity::Calendar;
use crate::{Public, PublicSet, SubscriptionKind};

/// Most years, or school years, that a subscription lasts (RG7, RG8).
const MAX_YEARS: i16 = 10;
/// Identifiers that the web service's addresses need (RG12).
const RESERVED: [&str; 2] = ["abonnements", "categorie"];
/// The count of each public, in the order of [`Public::ALL`].
const BY_PUBLIC: [Field; 4] = [
    Field::LicencesPupils,
    Field::LicencesTeachers,
    Field::LicencesLibrarians,
    Field::LicencesOtherStaff,
];

/// Who hands a subscription in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    /// A publisher, through the web service: every field that it asks for must be there, and `AUTO_` is not theirs.
    Publisher,
    /// The directory itself, by its tables. The fields that only commerce needs may be empty; no count at all is
    /// `ILLIMITE`, no category is `transferable`. The platform's own `AUTO_` subscriptions come this way.
    Directory,
}

/// What the rules need to know besides the fields.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// Who hands it in.
    pub maker: Maker,
    /// Whether a school that it would cover is a first-degree one (*premier degré*).
    pub first_degree: bool,
}

/// A subscription as texts; an empty text is a field that is not there.
#[derive(Debug, Clone, Copy, Default)]
#[allow(missing_docs)] // named as in [`Field`]
pub struct Fields<'f> {
    pub id: &'f str,
    pub comment: &'f str,
    pub distributor: &'f str,
    pub resource_type: &'f str,
    pub label: &'f str,
    pub from: &'f str,
    pub until: &'f str,
    pub until_year: &'f str,
    pub schools: &'f [&'f str],
    pub natures: &'f [&'f str],
    pub category: &'f str,
    pub kind: &'f str,
    pub licences: &'f str,
    /// In the order of [`Public::ALL`].
    pub licences_by_public: [&'f str; 4],
    pub publics: PublicSet,
    pub project: &'f str,
}

/// What a subscription that keeps the rules says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// First second of validity, Unix seconds.
    pub from: i64,
    /// First second after validity, Unix seconds.
    pub until: i64,
    /// ETABL or INDIV.
    pub kind: SubscriptionKind,
    /// Target public.
    pub publics: PublicSet,
    /// How many licences.
    pub licences: Licences,
    /// Whether they pass on.
    pub category: Category,
    /// Whether the platform made it (`AUTO_`).
    pub automatic: bool,
}

/// Checks subscriptions.
#[derive(Debug, Clone)]
pub struct Checker {
    calendar: Calendar,
}

impl Checker {
    /// `None` only if this program's time zones lack Europe/Paris.
    #[must_use]
    pub fn new() -> Option<Self> {
        Calendar::new().map(|calendar| Self { calendar })
    }

    /// Checks every rule.
    ///
    /// # Errors
    /// Every broken rule, in the order of the rules' subjects: identifier, texts, time, schools, type, counts.
    pub fn check(&self, fields: &Fields<'_>, context: Context) -> Result<Checked, Vec<RuleBroken>> {
        let mut broken = Broken(Vec::new());
        let automatic = identifier(fields, context.maker, &mut broken);
        texts(fields, context.maker, &mut broken);
        let period = self.period(fields, automatic.is_some(), &mut broken);
        if fields.schools.is_empty() == fields.natures.is_empty() {
            let field = if fields.natures.is_empty() {
                Field::Schools
            } else {
                Field::Nature
            };
            broken.tell(RuleBroken::Rg2 { field });
        }
        let kind = kind(fields.kind);
        if kind.is_none() {
            broken.tell(RuleBroken::Rg4 { field: Field::Kind });
        }
        let category = match (fields.category, context.maker) {
            ("", Maker::Directory) => Some(Category::Transferable),
            (word, _) => Category::parse(word),
        };
        if category.is_none() {
            let field = Field::Category;
            broken.tell(RuleBroken::Rg4 { field });
        }
        if fields.publics.is_empty() {
            broken.malformed(Field::Publics, Expected::Value);
        }
        let licences = licences(fields, kind, context.maker, &mut broken);
        if context.first_degree && fields.publics.contains(Public::Librarians) {
            let field = Field::Publics;
            broken.tell(RuleBroken::Rg11 { field });
        }
        if let (Some(automatic), Some(kind), Some(licences)) = (automatic, kind, licences) {
            platform(fields, automatic, kind, licences, &mut broken);
        }
        match (period, kind, category, licences) {
            (Some((from, until)), Some(kind), Some(category), Some(licences))
                if broken.0.is_empty() =>
            {
                Ok(Checked {
                    from,
                    until,
                    kind,
                    publics: fields.publics,
                    licences,
                    category,
                    automatic: automatic.is_some(),
                })
            }
            _ => Err(broken.0),
        }
    }

    /// Beginning and end (RG7 to RG10).
    fn period(
        &self,
        fields: &Fields<'_>,
        automatic: bool,
        broken: &mut Broken,
    ) -> Option<(i64, i64)> {
        let both = !fields.until.is_empty() && !fields.until_year.is_empty();
        // The platform writes both, and moves the end without touching the year.
        if (both && !automatic) || (fields.until.is_empty() && fields.until_year.is_empty()) {
            let field = if both { Field::UntilYear } else { Field::Until };
            broken.tell(RuleBroken::Rg9 { field });
        }
        let from = self.calendar.from(fields.from);
        if from.is_none() {
            broken.malformed(Field::From, Expected::Instant);
        }
        let school_year = match fields.until_year {
            "" => None,
            text => {
                let year = school_year(text);
                if year.is_none() {
                    broken.malformed(Field::UntilYear, Expected::SchoolYear);
                }
                Some(year?)
            }
        };
        let (field, until) = if fields.until.is_empty() {
            (
                Field::UntilYear,
                self.calendar.end_of_school_year(school_year?),
            )
        } else {
            (Field::Until, self.calendar.until(fields.until))
        };
        let (from, until) = match (from, until) {
            (Some(from), Some(until)) => (from, until),
            (_, None) => {
                broken.malformed(field, Expected::Instant);
                return None;
            }
            _ => return None,
        };
        if from >= until {
            broken.malformed(field, Expected::LaterEnd);
            return None;
        }
        let too_long = if field == Field::Until {
            self.calendar
                .years_after(from, MAX_YEARS)
                .is_none_or(|last| until > last)
        } else {
            self.calendar.school_year_of(from).is_none_or(|first| {
                school_year.is_none_or(|last| last.saturating_sub(first) >= MAX_YEARS)
            })
        };
        if too_long {
            broken.tell(if field == Field::Until {
                RuleBroken::Rg8 { field }
            } else {
                RuleBroken::Rg7 { field }
            });
        }
        Some((from, until))
    }
}

/// What is broken so far.
struct Broken(Vec<RuleBroken>);

impl Broken {
    fn tell(&mut self, rule: RuleBroken) {
        self.0.push(rule);
    }

    fn malformed(&mut self, field: Field, expected: Expected) {
        self.tell(RuleBroken::Rg10 { field, expected });
    }
}

/// RG12, RG13, and who may use `AUTO_`.
fn identifier<'f>(fields: &Fields<'f>, maker: Maker, broken: &mut Broken) -> Option<Automatic<'f>> {
    let (id, field) = (fields.id, Field::Id);
    if RESERVED.contains(&id) {
        broken.tell(RuleBroken::Rg12 { field });
    }
    if id.starts_with('_') {
        broken.tell(RuleBroken::Rg13 { field });
    }
    if !id.starts_with(PREFIX) {
        return None;
    }
    let automatic = Automatic::parse(id).filter(|_| maker == Maker::Directory);
    if automatic.is_none() {
        broken.tell(RuleBroken::Auto { field });
    }
    automatic
}

/// RG3, and the lengths of RG10.
fn texts(fields: &Fields<'_>, maker: Maker, broken: &mut Broken) {
    let publisher = maker == Maker::Publisher;
    for (field, text, needed, most) in [
        (Field::Id, fields.id, true, 45),
        (Field::Comment, fields.comment, false, 255),
        (Field::Label, fields.label, publisher, 255),
        (Field::ResourceType, fields.resource_type, publisher, 50),
        (Field::Project, fields.project, false, 50),
    ] {
        if needed && text.is_empty() {
            broken.malformed(field, Expected::Value);
        }
        if text.len() > most {
            broken.malformed(field, Expected::AtMost(most));
        }
    }
    let kind = fields.resource_type;
    if !kind.is_empty() && !kind.eq_ignore_ascii_case("ark") {
        broken.malformed(Field::ResourceType, Expected::Ark);
    }
    let needed = publisher || !fields.distributor.is_empty();
    if needed && !is_distributor(fields.distributor) {
        let field = Field::Distributor;
        broken.tell(RuleBroken::Rg3 { field });
    }
}

/// RG1, RG5 and RG6.
fn licences(
    fields: &Fields<'_>,
    kind: Option<SubscriptionKind>,
    maker: Maker,
    broken: &mut Broken,
) -> Option<Licences> {
    let mut read = |text, field| {
        let count = Count::parse(text, field);
        count.inspect_err(|rule| broken.tell(*rule)).ok()
    };
    let global = read(fields.licences, Field::Licences);
    let mut by_public = [None; 4];
    for (at, field) in BY_PUBLIC.into_iter().enumerate() {
        by_public[at] = read(fields.licences_by_public[at], field)?;
    }
    let global = global?;
    let given = |at: &usize| by_public[*at].is_some();
    let first = (0..by_public.len()).find(given).map(|at| BY_PUBLIC[at]);
    for (public, field) in Public::ALL.into_iter().zip(BY_PUBLIC) {
        if given(&(public as usize)) && !fields.publics.contains(public) {
            broken.tell(RuleBroken::Rg5 { field });
        }
    }
    match (global, first) {
        (Some(_), Some(field)) => broken.tell(RuleBroken::Rg1 { field }),
        (None, Some(field)) if kind == Some(SubscriptionKind::WholeSchool) => {
            broken.tell(RuleBroken::Rg6 { field });
        }
        (None, Some(_)) => {
            let none = Count::AtMost(0);
            let counts = by_public.map(|count| count.unwrap_or(none));
            return Some(Licences::ByPublic(counts));
        }
        (Some(global), None) => return Some(Licences::Global(global)),
        (None, None) => {
            let nothing = fields.licences.is_empty()
                && fields.licences_by_public.iter().all(|text| text.is_empty());
            if nothing && maker == Maker::Directory {
                return Some(Licences::Global(Count::Unlimited));
            }
            let field = Field::Licences;
            broken.tell(RuleBroken::Rg1 { field });
        }
    }
    None
}

/// What the platform's own subscriptions are.
fn platform(
    fields: &Fields<'_>,
    automatic: Automatic<'_>,
    kind: SubscriptionKind,
    licences: Licences,
    broken: &mut Broken,
) {
    if kind != SubscriptionKind::WholeSchool {
        broken.tell(RuleBroken::Auto { field: Field::Kind });
    }
    if licences != Licences::Global(Count::Unlimited) {
        let field = Field::Licences;
        broken.tell(RuleBroken::Auto { field });
    }
    if fields.schools != [automatic.school] {
        let field = Field::Schools;
        broken.tell(RuleBroken::Auto { field });
    }
}

/// The first year of `2023-2024`.
fn school_year(text: &str) -> Option<i16> {
    let (first, second) = text.split_once('-')?;
    let year = |text: &str| {
        let plain = text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
        if plain {
            text.parse::<i16>().ok()
        } else {
            None
        }
    };
    let (first, second) = (year(first)?, year(second)?);
    (second == first + 1).then_some(first)
}

/// Nine digits (SIREN), `_`, sixteen digits (ISNI).
fn is_distributor(text: &str) -> bool {
    let digits =
        |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    text.split_once('_')
        .is_some_and(|(siren, isni)| digits(siren, 9) && digits(isni, 16))
}

fn kind(word: &str) -> Option<SubscriptionKind> {
    [SubscriptionKind::WholeSchool, SubscriptionKind::Individual]
        .into_iter()
        .find(|kind| kind.as_str() == word)
}
