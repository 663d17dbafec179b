//! One change of the directory between two builds, as the log carries it (JSON, `docs/overlay.md`).
//!
//! Entries name things as the tables do, never by a snapshot's numbers, so that the same log applies to any snapshot.
//! A change that is out of bounds is refused when it is read; whether a snapshot knows what it names is no question
//! here. Entries hold identifiers of people: they are never logged.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::format::MAX_PERSON;
use crate::{Profile, Public, SubscriptionKind, ark};

/// Longest list of schools in one entry.
pub const MAX_SCHOOLS: usize = 65_536;

/// Limits of `docs/directory.md`, octets.
const MAX_ID: usize = 45;
const MAX_NAME: usize = 64;
const MAX_CODE: usize = 255;

/// A change with its place in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Entry {
    /// Place in the log, from 1 on. It only rises; gaps are allowed.
    pub sequence: u64,
    /// When the change was made, Unix seconds: for people and audits, no rule reads it.
    pub at: i64,
    /// What changes.
    pub change: Change,
}

/// What changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Change {
    /// A subscription begins to be, or takes the place of the one with the same id. Assignments to that id stay.
    SubscriptionPut(SubscriptionPut),
    /// A subscription holds no longer from an instant on; an earlier end that it has already stays.
    SubscriptionEnded {
        /// Its id (`idAbonnement`).
        subscription: String,
        /// First second at which it no longer holds, Unix seconds.
        until: i64,
    },
    /// A licence is given. It takes the place of what this very target had of it in this school.
    AssignmentPut(AssignmentPut),
    /// A licence is taken back from this very target.
    AssignmentEnded(Assignment),
    /// A person may use nothing, whatever anything else says.
    PersonRevoked {
        /// Code of the ENT project, or of one merged with it.
        ent: String,
        /// The portal's identifier of the person.
        person: String,
    },
    /// A revocation is lifted.
    PersonRestored {
        /// Code of the ENT project, or of one merged with it.
        ent: String,
        /// The portal's identifier of the person.
        person: String,
    },
    /// No resource of a publisher may be used.
    PublisherSuspended {
        /// Its id in the directory.
        publisher: String,
    },
    /// The suspension is lifted. A publisher that the tables switch off stays off.
    PublisherResumed {
        /// Its id in the directory.
        publisher: String,
    },
    /// A resource may not be used.
    ResourceSuspended {
        /// Its ARK.
        resource: String,
    },
    /// The suspension is lifted. A resource that the tables switch off stays off.
    ResourceResumed {
        /// Its ARK.
        resource: String,
    },
}

/// A subscription as a line of `subscriptions.tsv` has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionPut {
    /// Its id (`idAbonnement`).
    pub subscription: String,
    /// The resource's ARK.
    pub resource: String,
    /// UAIs of the schools that it covers, at least one.
    pub schools: Vec<String>,
    /// ETABL or INDIV.
    #[serde(rename = "type")]
    pub kind: SubscriptionKind,
    /// Target public, at least one.
    pub publics: Vec<Public>,
    /// First second of validity, Unix seconds.
    pub from: i64,
    /// First second after validity, Unix seconds.
    pub until: i64,
}

/// A licence that is given, perhaps for a part of the subscription's time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssignmentPut {
    /// Which, and to whom.
    pub assignment: Assignment,
    /// First second at which it holds, Unix seconds; as the subscription when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<i64>,
    /// First second at which it no longer holds, Unix seconds; as the subscription when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
}

/// A licence of an INDIV subscription in one school.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// The subscription's id.
    pub subscription: String,
    /// UAI of the school in which it holds.
    pub school: String,
    /// To whom it is given.
    pub target: Target,
}

/// To whom a licence is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[allow(missing_docs)] // the names say it; codes are those of `assignments.tsv`
pub enum Target {
    Person { ent: String, person: String },
    Division { code: String },
    Group { code: String },
    Level { code: String },
    Subject { code: String },
    Profile { profile: Profile },
}

/// Why an entry is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EntryError {
    /// Sequences begin at 1.
    #[error("the sequence is 0")]
    Sequence,
    /// A text is empty, too long, or holds a control character.
    #[error("{field} is not 1 to {most} octets without control characters")]
    Text {
        /// Which field.
        field: &'static str,
        /// Longest allowed, octets.
        most: usize,
    },
    /// Not an ARK.
    #[error("resource is not an ARK")]
    NotAnArk,
    /// A list is empty or too long.
    #[error("{field} has not 1 to {most} values")]
    List {
        /// Which field.
        field: &'static str,
        /// Most allowed.
        most: usize,
    },
    /// The validity ends before it begins.
    #[error("until is not after from")]
    EmptyPeriod,
}

/// An entry as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    sequence: u64,
    at: i64,
    change: Change,
}

impl TryFrom<Unchecked> for Entry {
    type Error = EntryError;

    fn try_from(read: Unchecked) -> Result<Self, EntryError> {
        if read.sequence == 0 {
            return Err(EntryError::Sequence);
        }
        read.change.check()?;
        Ok(Self {
            sequence: read.sequence,
            at: read.at,
            change: read.change,
        })
    }
}

impl Change {
    /// Whether the change is never taken into a body and stays applied whatever the body says, until its opposite
    /// comes: revocations and suspensions, and what lifts them.
    #[must_use]
    pub fn is_standing(&self) -> bool {
        match self {
            Self::PersonRevoked { .. }
            | Self::PersonRestored { .. }
            | Self::PublisherSuspended { .. }
            | Self::PublisherResumed { .. }
            | Self::ResourceSuspended { .. }
            | Self::ResourceResumed { .. } => true,
            Self::SubscriptionPut(_)
            | Self::SubscriptionEnded { .. }
            | Self::AssignmentPut(_)
            | Self::AssignmentEnded(_) => false,
        }
    }

    /// Checks bounds, for whoever makes a change; reading an [`Entry`] does it by itself.
    ///
    /// # Errors
    /// [`EntryError`] naming the first field that is out of bounds.
    pub fn check(&self) -> Result<(), EntryError> {
        match self {
            Self::SubscriptionPut(put) => put.check(),
            Self::SubscriptionEnded { subscription, .. } => {
                text("subscription", subscription, MAX_ID)
            }
            Self::AssignmentPut(put) => put.check(),
            Self::AssignmentEnded(assignment) => assignment.check(),
            Self::PersonRevoked { ent, person } | Self::PersonRestored { ent, person } => {
                one_person(ent, person)
            }
            Self::PublisherSuspended { publisher } | Self::PublisherResumed { publisher } => {
                text("publisher", publisher, MAX_NAME)
            }
            Self::ResourceSuspended { resource } | Self::ResourceResumed { resource } => {
                an_ark(resource)
            }
        }
    }
}

impl SubscriptionPut {
    fn check(&self) -> Result<(), EntryError> {
        text("subscription", &self.subscription, MAX_ID)?;
        an_ark(&self.resource)?;
        list("schools", self.schools.len(), MAX_SCHOOLS)?;
        for school in &self.schools {
            text("schools", school, MAX_ID)?;
        }
        list("publics", self.publics.len(), Public::ALL.len())?;
        if self.from < self.until {
            Ok(())
        } else {
            Err(EntryError::EmptyPeriod)
        }
    }
}

impl AssignmentPut {
    fn check(&self) -> Result<(), EntryError> {
        self.assignment.check()?;
        match (self.from, self.until) {
            (Some(from), Some(until)) if from >= until => Err(EntryError::EmptyPeriod),
            _ => Ok(()),
        }
    }
}

impl Assignment {
    fn check(&self) -> Result<(), EntryError> {
        text("subscription", &self.subscription, MAX_ID)?;
        text("school", &self.school, MAX_ID)?;
        match &self.target {
            Target::Person { ent, person } => one_person(ent, person),
            Target::Division { code }
            | Target::Group { code }
            | Target::Level { code }
            | Target::Subject { code } => text("code", code, MAX_CODE),
            Target::Profile { .. } => Ok(()),
        }
    }
}

fn one_person(ent: &str, person: &str) -> Result<(), EntryError> {
    text("ent", ent, MAX_NAME)?;
    text("person", person, MAX_PERSON)
}

fn an_ark(resource: &str) -> Result<(), EntryError> {
    if ark::name(resource).is_some() && !resource.contains(char::is_control) {
        Ok(())
    } else {
        Err(EntryError::NotAnArk)
    }
}

fn text(field: &'static str, text: &str, most: usize) -> Result<(), EntryError> {
    if (1..=most).contains(&text.len()) && !text.contains(char::is_control) {
        Ok(())
    } else {
        Err(EntryError::Text { field, most })
    }
}

fn list(field: &'static str, values: usize, most: usize) -> Result<(), EntryError> {
    if (1..=most).contains(&values) {
        Ok(())
    } else {
        Err(EntryError::List { field, most })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(change: &str) -> Result<Entry, String> {
        let entry = format!(r#"{{"sequence":1,"at":5,"change":{change}}}"#);
        serde_json::from_str(&entry).map_err(|error| error.to_string())
    }

    const PUT: &str = r#"{"kind":"subscription-put","subscription":"s1","resource":"ark:/1/r","schools":["0561622J"],"type":"INDIV","publics":["ELEVE","AUTRE PERSONNEL"],"from":1,"until":2}"#;

    #[test]
    fn every_kind_of_change_is_read_and_written_alike() {
        for change in [
            PUT,
            r#"{"kind":"subscription-ended","subscription":"s1","until":7}"#,
            r#"{"kind":"assignment-put","assignment":{"subscription":"s1","school":"0561622J","target":{"kind":"person","ent":"B0","person":"p1"}},"from":5}"#,
            r#"{"kind":"assignment-ended","subscription":"s1","school":"0561622J","target":{"kind":"division","code":"6A"}}"#,
            r#"{"kind":"assignment-put","assignment":{"subscription":"s1","school":"0561622J","target":{"kind":"profile","profile":"National_ens"}}}"#,
            r#"{"kind":"person-revoked","ent":"B0","person":"p1"}"#,
            r#"{"kind":"person-restored","ent":"B0","person":"p1"}"#,
            r#"{"kind":"publisher-suspended","publisher":"pub-x"}"#,
            r#"{"kind":"publisher-resumed","publisher":"pub-x"}"#,
            r#"{"kind":"resource-suspended","resource":"ark:/1/r"}"#,
            r#"{"kind":"resource-resumed","resource":"ark:/1/r"}"#,
        ] {
            let entry = read(change).unwrap();
            assert_eq!(serde_json::to_string(&entry.change).unwrap(), change);
            let again: Entry =
                serde_json::from_str(&serde_json::to_string(&entry).unwrap()).unwrap();
            assert_eq!(again, entry);
        }
    }

    #[test]
    fn what_is_out_of_bounds_is_refused_by_name() {
        let long = "x".repeat(65);
        for (change, word) in [
            (PUT.replace("\"s1\"", "\"\""), "subscription"),
            (PUT.replace("ark:/1/r", "r"), "ARK"),
            (PUT.replace(r#"["0561622J"]"#, "[]"), "schools"),
            (PUT.replace("0561622J", "a\\u0000b"), "schools"),
            (PUT.replace(r#"["ELEVE","AUTRE PERSONNEL"]"#, "[]"), "publics"),
            (PUT.replace("\"until\":2", "\"until\":1"), "until"),
            (PUT.replace("\"from\"", "\"more\":1,\"from\""), "more"),
            (PUT.replace("ELEVE", "eleve"), "eleve"),
            (
                format!(r#"{{"kind":"person-revoked","ent":"B0","person":"{long}"}}"#),
                "person",
            ),
            (
                r#"{"kind":"person-revoked","ent":"B0","person":"p","school":"x"}"#.into(),
                "school",
            ),
            (r#"{"kind":"person-forgotten","ent":"B0"}"#.into(), "person-forgotten"),
            (
                r#"{"kind":"assignment-ended","subscription":"s1","school":"u","target":{"kind":"level","code":"1","x":2}}"#.into(),
                "x",
            ),
            (
                r#"{"kind":"assignment-put","assignment":{"subscription":"s1","school":"u","target":{"kind":"level","code":"1"}},"from":5,"until":5}"#.into(),
                "until",
            ),
        ] {
            let error = read(&change).unwrap_err();
            assert!(error.contains(word), "{change}: {error}");
        }
        let error =
            serde_json::from_str::<Entry>(&format!(r#"{{"sequence":0,"at":5,"change":{PUT}}}"#));
        assert!(error.unwrap_err().to_string().contains("sequence"));
    }
}
