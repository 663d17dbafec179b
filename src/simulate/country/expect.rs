//! What must come out of an access, worked out from the country's facts alone.
//!
//! This is the second opinion of the demo and the load test about rights: the rules of who may use what (`gar.md` §5),
//! written straight down and slowly, without the gateway's snapshot, indexes or code.

use jiff::civil::Date;

use super::Country;
use super::person::Person;
use super::resource::{Release, Resource};
use super::school::School;
use super::subscription::{Public, Subscription};

/// The one rule that says no, in the order in which an access comes closer to a yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refused {
    /// The resource is switched off.
    ResourceDisabled,
    /// The publisher's validity has not begun.
    PublisherNotYet,
    /// The publisher's validity is over.
    PublisherExpired,
    /// The resource's validity has not begun.
    ResourceNotYet,
    /// The resource's validity is over.
    ResourceExpired,
    /// The school that the tile names is not one of the person's.
    NotInThatSchool,
    /// No school of the person has a subscription to the resource.
    NoSubscription,
    /// There is one, and it is over.
    Expired,
    /// There is one, and it has not begun.
    NotYet,
    /// There is one, for another public.
    OtherPublic,
    /// There is one, individual, and this person has no licence on this day.
    NotAssigned,
}

impl Refused {
    /// The refusal code that the gateway documents for this rule.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::ResourceDisabled => "resource-disabled",
            Self::PublisherNotYet => "publisher-not-yet",
            Self::PublisherExpired => "publisher-expired",
            Self::ResourceNotYet => "resource-not-yet",
            Self::ResourceExpired => "resource-expired",
            Self::NotInThatSchool => "not-in-that-school",
            Self::NoSubscription => "no-subscription",
            Self::Expired => "subscription-expired",
            Self::NotYet => "subscription-not-yet",
            Self::OtherPublic => "public-excluded",
            Self::NotAssigned => "not-assigned",
        }
    }
}

/// What the publisher must be told, as far as the facts say it (the pseudonym is the gateway's own).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// Attribute names and values, without `IDO` and `IDC`; values sorted, attributes without values left out.
    pub attributes: Vec<(&'static str, Vec<String>)>,
}

impl Country {
    /// Whether this person may use this resource on this day, and what the publisher learns then.
    ///
    /// # Errors
    /// The rule that came closest to a yes.
    pub fn expected(
        &self,
        person: &Person,
        resource: &Resource,
        asked_school: Option<&str>,
        day: Date,
    ) -> Result<Released, Refused> {
        self.is_open(resource, day)?;
        let schools: Vec<School> = person
            .schools
            .iter()
            .map(|a| self.school(a.school))
            .collect();
        let considered: Vec<&School> = schools
            .iter()
            .filter(|s| asked_school.is_none_or(|uai| uai == s.uai))
            .collect();
        if considered.is_empty() {
            return Err(Refused::NotInThatSchool);
        }
        let mut closest = Refused::NoSubscription;
        let mut entitling = Vec::new();
        for school in considered {
            let mut opens = false;
            for subscription in self
                .subscriptions_of(school)
                .iter()
                .filter(|s| self.is_for(s, resource))
            {
                match self.opens(subscription, school, person, day) {
                    Ok(()) => opens = true,
                    Err(refused) => closest = closest.max(refused),
                }
            }
            if opens {
                entitling.push(school);
            }
        }
        if entitling.is_empty() {
            return Err(closest);
        }
        Ok(self.released(person, resource, &entitling, day))
    }

    /// Whether resource and publisher are there at all on that day.
    fn is_open(&self, resource: &Resource, day: Date) -> Result<(), Refused> {
        let publisher = self.publisher_validity(resource.publisher);
        let no = [
            (resource.disabled, Refused::ResourceDisabled),
            (publisher.is_to_come(day), Refused::PublisherNotYet),
            (publisher.is_over(day), Refused::PublisherExpired),
            (resource.validity.is_to_come(day), Refused::ResourceNotYet),
            (resource.validity.is_over(day), Refused::ResourceExpired),
        ];
        let no = no.into_iter().find(|(shut, _)| *shut);
        no.map_or(Ok(()), |(_, refused)| Err(refused))
    }

    /// Whether a subscription is for the resource, or for a mother that opens it.
    fn is_for(&self, subscription: &Subscription, resource: &Resource) -> bool {
        subscription.resource == resource.index
            || (resource.mother == Some(subscription.resource)
                && self.resource(subscription.resource).opens_family)
    }

    fn opens(
        &self,
        subscription: &Subscription,
        school: &School,
        person: &Person,
        day: Date,
    ) -> Result<(), Refused> {
        if day > subscription.until {
            return Err(Refused::Expired);
        }
        if day < subscription.from {
            return Err(Refused::NotYet);
        }
        if !subscription.publics.contains(&Public::of(person.profile)) {
            return Err(Refused::OtherPublic);
        }
        if subscription.individual && !self.is_assigned(subscription, school, person, day) {
            return Err(Refused::NotAssigned);
        }
        Ok(())
    }

    fn released(
        &self,
        person: &Person,
        resource: &Resource,
        entitling: &[&School],
        day: Date,
    ) -> Released {
        let places = || {
            entitling.iter().filter_map(|school| {
                person
                    .schools
                    .iter()
                    .find(|a| a.school == school.index)
                    .map(|place| (*school, place))
            })
        };
        let classes =
            || places().flat_map(|(s, place)| place.classes.iter().map(move |&c| s.class(c)));
        let ident = self.ident_of(person.seat.school);
        let mut attributes = Vec::new();
        for name in resource.released_on(day) {
            let mut values: Vec<String> = match name {
                "UAI" => entitling.iter().map(|s| s.uai.clone()).collect(),
                "PRO" => vec![person.profile.code().to_owned()],
                "idENT" => vec![base64::Engine::encode(
                    &base64::prelude::BASE64_STANDARD,
                    ident,
                )],
                "DIV" => classes()
                    .map(|c| format!("{}##{}", c.code, c.label))
                    .collect(),
                "GRO" => places()
                    .flat_map(|(s, place)| place.groups.iter().map(move |&g| s.group(g)))
                    .map(|g| format!("{}##{}##{}", g.code, g.label, g.division))
                    .collect(),
                "P_MS4" => classes().map(|c| c.level.mefstat4.to_owned()).collect(),
                "P_MAT" => person.subjects.iter().map(|&s| s.to_owned()).collect(),
                "LRA" => self.family_urls(resource),
                "NOM" => vec![person.family_name.clone()],
                "PRE" => vec![person.given_name.clone()],
                "CIV" => person.civility.iter().map(|&c| c.to_owned()).collect(),
                "P_MEL" => person.mail.iter().cloned().collect(),
                _ => continue,
            };
            values.sort();
            values.dedup();
            if !values.is_empty() {
                attributes.push((name, values));
            }
        }
        Released { attributes }
    }

    /// Access URLs of the resource's family: the mother's and every member's; of a resource without family, its own.
    fn family_urls(&self, resource: &Resource) -> Vec<String> {
        let mother = resource.mother.unwrap_or(resource.index);
        let (first, count) = self.resources_of(resource.publisher);
        (first..first + count)
            .map(|index| self.resource(index))
            .filter(|r| r.index == mother || r.mother == Some(mother))
            .map(|r| r.access_url)
            .collect()
    }
}

impl Release {
    /// Whether it tells who the person is, so that the message is to be encrypted where it can be.
    #[must_use]
    pub fn names_a_person(self) -> bool {
        self == Self::Named
    }
}
