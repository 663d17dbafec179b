//! Reads subscriptions; [`crate::subscription`] says which are good.

use std::collections::HashMap;

use super::Work;
use super::places::MAX_UAI;
use super::pool::KeyMap;
use super::report::{BuildError, Fault, Reason};
use super::school_kinds::MAX_NATURE;
use super::source::{Row, Stop, Table, optional, required};
use crate::format::fingerprint::{Domain, fingerprint};
use crate::format::records;
use crate::rules;
use crate::subscription::{Category, Checked, Checker, Context, Field, Fields, Licences, Maker};
use crate::{Public, PublicSet, SubscriptionKind};

/// Columns stand in the order of [`Field::ALL`], so that a broken rule finds its column.
pub(crate) const SUBSCRIPTIONS: Table<20> = Table {
    file: "subscriptions.tsv",
    columns: [
        required("id"),
        optional("comment"),
        optional("distributor"),
        required("resource"),
        optional("resource_type"),
        optional("label"),
        required("from"),
        optional("until"),
        optional("until_year"),
        optional("schools"),
        optional("nature"),
        optional("category"),
        required("kind"),
        optional("licences_teachers"),
        optional("licences_pupils"),
        optional("licences_librarians"),
        optional("licences_other_staff"),
        optional("licences"),
        required("publics"),
        optional("project"),
    ],
};

/// A subscription that was taken. Its place in the list is its number.
pub(crate) struct SubscriptionRow {
    pub(crate) line: u32,
    pub(crate) id: String,
    pub(crate) record: records::Subscription,
    /// Schools that it covers, ascending.
    pub(crate) schools: Vec<u32>,
    /// INDIV with a count that can run out.
    pub(crate) limited: Option<Box<Licences>>,
    pub(crate) category: Category,
}

/// Subscriptions in the order of their identifiers, and what they say.
pub(crate) struct Subscriptions {
    pub(crate) rows: Vec<SubscriptionRow>,
    pub(crate) terms: TermsTable,
}

impl Subscriptions {
    /// What a subscription says.
    pub(crate) fn terms(&self, number: usize) -> rules::Terms {
        self.terms.get(self.rows[number].record.terms)
    }
}

/// The section of terms, each different one once.
#[derive(Default)]
pub(crate) struct TermsTable {
    numbers: HashMap<(i64, i64, u16, u16), u32>,
    all: Vec<rules::Terms>,
}

impl TermsTable {
    /// Number of these terms.
    pub(crate) fn number(&mut self, work: &mut Work<'_>, terms: rules::Terms) -> u32 {
        let kind = terms.kind as u16;
        let key = (terms.from, terms.until, terms.publics.0, kind);
        *self.numbers.entry(key).or_insert_with(|| {
            work.sections.push(&records::Terms {
                from: terms.from,
                until: terms.until,
                publics: terms.publics.0,
                kind,
                reserved: 0,
            });
            self.all.push(terms);
            self.all.len() as u32 - 1
        })
    }

    /// The terms with a number.
    pub(crate) fn get(&self, number: u32) -> rules::Terms {
        self.all[number as usize]
    }
}

/// Reads the subscriptions.
pub(crate) fn subscriptions(work: &mut Work<'_>) -> Result<Subscriptions, BuildError> {
    let checker = Checker::new().ok_or(BuildError::NoTimeZone)?;
    let mut rows: Vec<SubscriptionRow> = Vec::new();
    let mut terms = TermsTable::default();
    let mut seen = KeyMap::default();
    work.read(&SUBSCRIPTIONS, |row, work| {
        let resource = work.resource(row, Field::Resource as usize)?;
        let schools = Schools::read(row, work);
        let checked = check(row, work, &checker, &schools)?;
        let id = row.key(Field::Id as usize, usize::MAX)?.into_owned();
        work.unique(
            &mut seen,
            Domain::Subscription,
            "",
            &id,
            fault(row, Field::Id, Reason::Duplicate),
        )?;
        if schools.numbers.is_empty() {
            return Err(fault(row, schools.column(), Reason::Empty).into());
        }
        let number = terms.number(
            work,
            rules::Terms {
                from: checked.from,
                until: checked.until,
                publics: checked.publics,
                kind: checked.kind,
            },
        );
        let limited = checked.kind == SubscriptionKind::Individual && checked.licences.limited();
        rows.push(SubscriptionRow {
            line: row.line,
            record: records::Subscription {
                id_text: work.texts.intern(&id)?,
                resource,
                terms: number,
                reserved: 0,
            },
            id,
            schools: schools.numbers,
            limited: limited.then(|| Box::new(checked.licences)),
            category: checked.category,
        });
        Ok(())
    })?;
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(Subscriptions { rows, terms })
}

/// What a line says of the schools that it covers.
#[derive(Default)]
struct Schools {
    /// As named, known or not.
    named: Vec<String>,
    /// Natures as named, known or not.
    natures: Vec<String>,
    /// Known schools that are named or of a named nature, ascending.
    numbers: Vec<u32>,
}

impl Schools {
    fn read(row: &Row<'_, 20>, work: &mut Work<'_>) -> Self {
        let mut all = Self::default();
        let (key, schools) = (work.fingerprint_key, &work.schools);
        let named = row.list(Field::Schools as usize, MAX_UAI, &mut work.log, |uai| {
            all.named.push(uai.to_owned());
            let key = fingerprint(&key, Domain::Establishment, "", uai);
            schools.get(&key).copied().ok_or(Reason::Unknown)
        });
        all.numbers.extend(named);
        let kinds = &work.school_kinds;
        let of_nature = row.list(
            Field::Nature as usize,
            MAX_NATURE,
            &mut work.log,
            |nature| {
                all.natures.push(nature.to_owned());
                kinds.of_nature(nature).ok_or(Reason::Unknown)
            },
        );
        all.numbers.extend(of_nature.into_iter().flatten());
        all.numbers.sort_unstable();
        all.numbers.dedup();
        all
    }

    fn column(&self) -> Field {
        if self.natures.is_empty() {
            Field::Schools
        } else {
            Field::Nature
        }
    }
}

/// Applies the rules to a line; the first broken one sets it aside.
fn check(
    row: &Row<'_, 20>,
    work: &mut Work<'_>,
    checker: &Checker,
    schools: &Schools,
) -> Result<Checked, Stop> {
    let publics = row.list(Field::Publics as usize, 32, &mut work.log, |word| {
        Public::parse(word).ok_or(Reason::NotAWord)
    });
    let publics: PublicSet = publics.into_iter().collect();
    let text = |field: Field| row.text(field as usize, usize::MAX);
    let named: Vec<&str> = schools.named.iter().map(String::as_str).collect();
    let natures: Vec<&str> = schools.natures.iter().map(String::as_str).collect();
    let fields = Fields {
        id: &text(Field::Id)?,
        comment: &text(Field::Comment)?,
        distributor: &text(Field::Distributor)?,
        resource_type: &text(Field::ResourceType)?,
        label: &text(Field::Label)?,
        from: &text(Field::From)?,
        until: &text(Field::Until)?,
        until_year: &text(Field::UntilYear)?,
        schools: &named,
        natures: &natures,
        category: &text(Field::Category)?,
        kind: &text(Field::Kind)?,
        licences: &text(Field::Licences)?,
        licences_by_public: [
            &text(Field::LicencesPupils)?,
            &text(Field::LicencesTeachers)?,
            &text(Field::LicencesLibrarians)?,
            &text(Field::LicencesOtherStaff)?,
        ],
        publics,
        project: &text(Field::Project)?,
    };
    let kinds = &work.school_kinds;
    let context = Context {
        maker: Maker::Directory,
        first_degree: schools.numbers.iter().any(|n| kinds.is_first_degree(*n)),
    };
    checker.check(&fields, context).map_err(|broken| {
        let rule = broken.first().copied();
        rule.map_or(Stop::Line(Reason::Empty.into()), |rule| {
            fault(row, rule.field(), Reason::RuleBroken(rule)).into()
        })
    })
}

fn fault(row: &Row<'_, 20>, field: Field, reason: Reason) -> Fault {
    row.fault(field as usize, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_in_the_order_of_fields() {
        for (column, field) in SUBSCRIPTIONS.columns.iter().zip(Field::ALL) {
            assert_eq!(column.name, field.column());
        }
        assert_eq!(SUBSCRIPTIONS.columns.len(), Field::ALL.len());
    }
}
