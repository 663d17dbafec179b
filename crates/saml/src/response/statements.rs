//! Statements (Core 2.7): how the person was authenticated, and the attributes.

use super::accepted::Attribute;
use super::conditions::has_passed;
use super::expect::Expectations;
use crate::read::{optional_instant, required_instant, sequence, text};
use crate::uri::ns;
use crate::{Check, Refusal, Time};
use octroi_dsig::Verified;
use octroi_xml::Element;

/// How the person was authenticated.
pub(super) struct Authn {
    pub(super) instant: Time,
    pub(super) session_index: Option<String>,
    pub(super) session_not_on_or_after: Option<Time>,
    pub(super) context: Option<String>,
    pub(super) authorities: Vec<String>,
}

/// All statements of an assertion.
#[derive(Default)]
pub(super) struct Statements {
    authn: Option<Authn>,
    pub(super) attributes: Vec<Attribute>,
}

impl Statements {
    /// Takes in one statement. Kinds that say nothing to us (`AuthzDecisionStatement`, extensions) pass.
    pub(super) fn read(
        &mut self,
        statement: &Verified<Element<'_>>,
        expect: &Expectations<'_>,
    ) -> Result<(), Refusal> {
        match (statement.namespace(), statement.local_name()) {
            (ns::ASSERTION, "AuthnStatement") => {
                let read = authn(statement, expect)?;
                if self.authn.replace(read).is_some() {
                    return Err(Refusal::new(Check::AuthnStatementMultiple));
                }
                Ok(())
            }
            (ns::ASSERTION, "AttributeStatement") => self.attributes(statement),
            (ns::ASSERTION, "AuthzDecisionStatement" | "Statement") => Ok(()),
            _ => Err(Refusal::at(Check::StructureInvalid, "Assertion")),
        }
    }

    /// The one authentication statement, which must be there.
    pub(super) fn authn(&mut self) -> Result<Authn, Refusal> {
        self.authn
            .take()
            .ok_or(Refusal::new(Check::AuthnStatementMissing))
    }

    fn attributes(&mut self, statement: &Verified<Element<'_>>) -> Result<(), Refusal> {
        for child in statement.elements() {
            if child.is(ns::ASSERTION, "EncryptedAttribute") {
                // Nobody may encrypt attributes to us by agreement; they stay unread, which cannot grant anything.
                continue;
            }
            if !child.is(ns::ASSERTION, "Attribute") {
                return Err(Refusal::at(Check::StructureInvalid, "AttributeStatement"));
            }
            let read = attribute(&child)?;
            let known = |a: &Attribute| a.name == read.name && a.name_format == read.name_format;
            if self.attributes.iter().any(known) {
                return Err(Refusal::new(Check::AttributeRepeated));
            }
            self.attributes.push(read);
        }
        Ok(())
    }
}

fn authn(statement: &Verified<Element<'_>>, expect: &Expectations<'_>) -> Result<Authn, Refusal> {
    let instant = required_instant(statement, "AuthnInstant")?;
    if expect.is_future(instant) {
        return Err(Refusal::clock(
            Check::AuthnInstantInFuture,
            instant,
            expect.now,
        ));
    }
    let session_end = optional_instant(statement, "SessionNotOnOrAfter")?;
    if let Some(end) = session_end
        && has_passed(end, expect)
    {
        return Err(Refusal::clock(Check::SessionExpired, end, expect.now));
    }
    let mut children = sequence(statement, "AuthnStatement");
    children.optional(ns::ASSERTION, "SubjectLocality");
    let context = children
        .optional(ns::ASSERTION, "AuthnContext")
        .ok_or(Refusal::new(Check::AuthnContextInvalid))?;
    children.end()?;
    let mut parts = sequence(&context, "AuthnContext");
    let class = parts.optional(ns::ASSERTION, "AuthnContextClassRef");
    let declared = parts.optional_if(|part| {
        part.is(ns::ASSERTION, "AuthnContextDecl") || part.is(ns::ASSERTION, "AuthnContextDeclRef")
    });
    if class.is_none() && declared.is_none() {
        return Err(Refusal::new(Check::AuthnContextInvalid));
    }
    let mut authorities = Vec::new();
    while let Some(authority) = parts.optional(ns::ASSERTION, "AuthenticatingAuthority") {
        authorities.push(text(&authority, "AuthenticatingAuthority")?.to_owned());
    }
    parts.end()?;
    Ok(Authn {
        instant,
        session_index: statement.attribute("SessionIndex").map(str::to_owned),
        session_not_on_or_after: session_end,
        context: class
            .map(|class| text(&class, "AuthnContextClassRef").map(str::to_owned))
            .transpose()?,
        authorities,
    })
}

/// An attribute. Values that are plain text are taken whole; `xsi:type` selects nothing (T8).
fn attribute(element: &Verified<Element<'_>>) -> Result<Attribute, Refusal> {
    let name = element.attribute("Name").filter(|name| !name.is_empty());
    let mut read = Attribute {
        name: name
            .ok_or(Refusal::new(Check::AttributeInvalid))?
            .to_owned(),
        name_format: element.attribute("NameFormat").map(str::to_owned),
        friendly_name: element.attribute("FriendlyName").map(str::to_owned),
        values: Vec::new(),
        structured: 0,
    };
    for value in element.elements() {
        if !value.is(ns::ASSERTION, "AttributeValue") {
            return Err(Refusal::at(Check::StructureInvalid, "Attribute"));
        }
        match value.text() {
            Ok(text) => read.values.push(text.to_owned()),
            Err(_) => read.structured += 1,
        }
    }
    Ok(read)
}
