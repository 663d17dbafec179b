//! What the publisher may be told: the attributes of the resource's release policy, and nothing else.
//!
//! What is said of schools, profiles, classes and codes comes from the schools that entitle and from no other. A value
//! that cannot be read is left out; none is invented.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Grant;
use super::resolve::{facts, profiles};
use crate::format::fact::{Fact, FactKind};
use crate::format::records::{self, CODE_KINDS, GROUP_KINDS};
use crate::{Attribute, ProfileSet, Pseudonym};

/// One attribute for the publisher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleasedAttribute<'g> {
    /// Bare name (`UAI`).
    pub name: &'static str,
    /// At least one value, unescaped, each once.
    pub values: Vec<Cow<'g, str>>,
}

impl<'s> Grant<'s> {
    /// What the publisher may be told: the attributes of the resource's policy at the instant of the question that have a
    /// value, in the order of [`Attribute`].
    ///
    /// `pseudonym` is the publisher's, from [`crate::Pseudonymizer::of`].
    #[must_use]
    pub fn release<'g>(&'g self, pseudonym: &'g Pseudonym) -> Vec<ReleasedAttribute<'g>> {
        let policy = self.resource.attributes_at(self.at);
        let mut released = Vec::with_capacity(policy.0.count_ones() as usize);
        for attribute in policy.iter() {
            let values = self.values(attribute, pseudonym);
            if !values.is_empty() {
                released.push(ReleasedAttribute {
                    name: attribute.as_str(),
                    values,
                });
            }
        }
        released
    }

    fn values<'g>(&'g self, attribute: Attribute, pseudonym: &'g Pseudonym) -> Vec<Cow<'g, str>> {
        match attribute {
            Attribute::Ido => vec![pseudonym.as_str().into()],
            Attribute::Idc => vec![
                [self.resource.id(), "_", pseudonym.as_str()]
                    .concat()
                    .into(),
            ],
            Attribute::Uai => self.schools().map(|school| school.uai().into()).collect(),
            Attribute::Pro => self.profiles().iter().map(|p| p.as_str().into()).collect(),
            Attribute::Div | Attribute::Gro => self.groups(attribute),
            Attribute::PMs4 | Attribute::PMat | Attribute::EMs1 => self.codes(attribute),
            Attribute::Civ => self.personal(|person| person.civility_text),
            Attribute::Nom => self.personal(|person| person.name_text),
            Attribute::Pre => self.personal(|person| person.given_name_text),
            Attribute::PMel => self.personal(|person| person.mail_text),
            Attribute::Lra => self.resource.family_urls().map(Cow::from).collect(),
            Attribute::IdEnt => vec![STANDARD.encode(self.ent.code()).into()],
        }
    }

    /// Profiles in the schools that entitle.
    #[must_use]
    pub fn profiles(&self) -> ProfileSet {
        self.entitling()
            .filter_map(|affiliation| profiles(&affiliation).ok())
            .fold(ProfileSet::EMPTY, ProfileSet::union)
    }

    fn personal(&self, text: impl Fn(&records::Person) -> u32) -> Vec<Cow<'s, str>> {
        let body = &self.snapshot.body;
        let person = body.record::<records::Person>(self.known.person);
        match person.and_then(|person| body.text(text(&person))) {
            Ok("") | Err(_) => Vec::new(),
            Ok(text) => vec![text.into()],
        }
    }

    /// Facts of one kind in the schools that entitle.
    fn facts(&self, wanted: FactKind) -> impl Iterator<Item = u32> {
        self.entitling()
            .filter_map(|affiliation| facts(self.snapshot, &affiliation).ok())
            .flat_map(|facts| facts.iter())
            .filter_map(move |fact| match Fact(fact).split() {
                Ok((kind, number)) if kind == wanted => Some(number),
                _ => None,
            })
    }

    fn groups(&self, attribute: Attribute) -> Vec<Cow<'s, str>> {
        let body = &self.snapshot.body;
        let mut values = Vec::new();
        for number in self.facts(FactKind::Group) {
            let Ok(group) = body.record::<records::Group>(number) else {
                continue;
            };
            if GROUP_KINDS.get(group.kind as usize) != Some(&attribute) {
                continue;
            }
            let Ok(texts) = body.list(group.values_list) else {
                continue;
            };
            for text in texts.iter() {
                push_once(&mut values, body.text(text).unwrap_or_default());
            }
        }
        values
    }

    fn codes(&self, attribute: Attribute) -> Vec<Cow<'s, str>> {
        let body = &self.snapshot.body;
        let mut values = Vec::new();
        for number in self.facts(FactKind::Code) {
            let Ok(code) = body.record::<records::Code>(number) else {
                continue;
            };
            if CODE_KINDS.get(code.kind as usize) == Some(&attribute) {
                push_once(&mut values, body.text(code.code_text).unwrap_or_default());
            }
        }
        values
    }
}

/// Adds a value that is not there yet. Two schools may have classes of the same code and label.
fn push_once<'s>(values: &mut Vec<Cow<'s, str>>, value: &'s str) {
    if !value.is_empty() && !values.iter().any(|present| present == value) {
        values.push(value.into());
    }
}
