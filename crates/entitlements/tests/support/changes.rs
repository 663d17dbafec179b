//! What entries of the overlay mean, read a second time: each rewrites the tables as somebody would edit them by hand,
//! or joins a list of what is forbidden.

use std::collections::BTreeSet;

use octroi_entitlements::SubscriptionKind;
use octroi_entitlements::overlay::{Assignment as Licence, Change, Target};

use super::naive::{Question, Yes, ask};
use super::{Assignment, Country, Subscription, january};

/// Tables, and what is forbidden beside them.
#[derive(Debug, Clone)]
pub struct Edited {
    pub country: Country,
    people: BTreeSet<(String, String)>,
    publishers: BTreeSet<String>,
    resources: BTreeSet<String>,
}

/// The day of January 2026 that begins at an instant.
fn day(at: i64) -> i64 {
    (at - january(1)) / 86_400 + 1
}

impl Edited {
    pub fn new(country: &Country) -> Self {
        Self {
            country: country.clone(),
            people: BTreeSet::new(),
            publishers: BTreeSet::new(),
            resources: BTreeSet::new(),
        }
    }

    /// The project that speaks for another's people; itself where nothing is known of it.
    fn speaker(&self, code: &str) -> String {
        let ent = self.country.ents.iter().find(|ent| ent.code == code);
        match ent {
            Some(ent) if !ent.alias_of.is_empty() => ent.alias_of.clone(),
            _ => code.to_owned(),
        }
    }

    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::SubscriptionPut(put) => {
                let subscriptions = &mut self.country.subscriptions;
                subscriptions.retain(|s| s.id != put.subscription);
                subscriptions.push(Subscription {
                    id: put.subscription.clone(),
                    resource: put.resource.clone(),
                    schools: put.schools.clone(),
                    individual: put.kind == SubscriptionKind::Individual,
                    publics: put.publics.iter().map(|public| public.as_str()).collect(),
                    from: day(put.from),
                    until: day(put.until),
                    ..Subscription::default()
                });
            }
            Change::SubscriptionEnded {
                subscription,
                until,
            } => {
                let subscriptions = &mut self.country.subscriptions;
                for ended in subscriptions.iter_mut().filter(|s| s.id == *subscription) {
                    ended.until = ended.until.min(day(*until));
                    ended.from = ended.from.min(ended.until);
                }
            }
            Change::AssignmentPut(put) => {
                self.take_back(&put.assignment);
                let assignment = Assignment {
                    from: put.from.map(day),
                    until: put.until.map(day),
                    ..self.assignment(&put.assignment)
                };
                self.country.assignments.push(assignment);
            }
            Change::AssignmentEnded(licence) => self.take_back(licence),
            Change::PersonRevoked { ent, person } => {
                self.people.insert((self.speaker(ent), person.clone()));
            }
            Change::PersonRestored { ent, person } => {
                self.people.remove(&(self.speaker(ent), person.clone()));
            }
            Change::PublisherSuspended { publisher } => {
                self.publishers.insert(publisher.clone());
            }
            Change::PublisherResumed { publisher } => {
                self.publishers.remove(publisher);
            }
            Change::ResourceSuspended { resource } => {
                self.resources.insert(resource.clone());
            }
            Change::ResourceResumed { resource } => {
                self.resources.remove(resource);
            }
            other => panic!("{other:?}"),
        }
    }

    /// Takes away whatever this very target has of a licence.
    fn take_back(&mut self, licence: &Licence) {
        let gone = self.assignment(licence);
        let speaker = |ent: &str| self.speaker(ent);
        let kept = self.country.assignments.iter().filter(|a| {
            (
                &a.subscription,
                &a.school,
                a.kind,
                speaker(&a.ent),
                &a.target,
            ) != (
                &gone.subscription,
                &gone.school,
                gone.kind,
                speaker(&gone.ent),
                &gone.target,
            )
        });
        self.country.assignments = kept.cloned().collect();
    }

    fn assignment(&self, licence: &Licence) -> Assignment {
        let (kind, ent, target) = match &licence.target {
            Target::Person { ent, person } => ("person", ent.as_str(), person.as_str()),
            Target::Division { code } => ("division", "", code.as_str()),
            Target::Group { code } => ("group", "", code.as_str()),
            Target::Level { code } => ("level", "", code.as_str()),
            Target::Subject { code } => ("subject", "", code.as_str()),
            Target::Profile { profile } => ("profile", "", profile.as_str()),
        };
        Assignment {
            subscription: licence.subscription.clone(),
            school: licence.school.clone(),
            kind,
            ent: ent.to_owned(),
            target: target.to_owned(),
            ..Assignment::default()
        }
    }

    /// The answer: yes, or the code of the denial. What is forbidden comes first.
    pub fn ask(&self, q: Question<'_>) -> Result<Yes, &'static str> {
        let known = self.country.ents.iter().any(|ent| ent.code == q.ent);
        if known
            && self
                .people
                .contains(&(self.speaker(q.ent), q.person.to_owned()))
        {
            return Err("person-revoked");
        }
        let answer = ask(&self.country, q);
        let resource = self.country.resources.iter().find(|r| r.id == q.resource);
        match (resource, answer) {
            (_, Err("unknown-ent")) => Err("unknown-ent"),
            (Some(r), _) if self.publishers.contains(&r.publisher) => Err("publisher-suspended"),
            (Some(_), Err("publisher-disabled")) => Err("publisher-disabled"),
            (Some(r), _) if self.resources.contains(&r.id) => Err("resource-suspended"),
            (_, answer) => answer,
        }
    }
}
