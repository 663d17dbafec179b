//! Reading typed values from elements, in the schema's order and no other (C2).
//!
//! The readers work on [`Source`]: verified content, or bare elements where a message may be unsigned by
//! policy. Whoever asks for `Verified` in a signature gets it; nothing here turns one into the other.

use crate::response::{CLOCK_RESOLUTION, MAX_SKEW};
use crate::uri::{format, ns};
use crate::{Check, NameId, Refusal, Time, check_id};
use octroi_dsig::{AlgorithmPolicy, DecryptionKey, Verified, decrypt};
use octroi_xml::{Element, Limits, NotText, parse_in_context};
use std::time::Duration;

/// An element to read from.
pub(crate) trait Source<'d>: Copy {
    /// Whether namespace and local name are these.
    fn is(&self, namespace: &str, local_name: &str) -> bool;
    /// The attribute without namespace of this name.
    fn attribute(&self, local_name: &str) -> Option<&'d str>;
    /// Child elements; of verified content those that were digested.
    fn children(&self) -> impl Iterator<Item = Self>;
    /// The whole text (T1).
    fn text(&self) -> Result<&'d str, NotText>;
    /// The `NameID` inside this `EncryptedID`.
    fn decrypted(&self, keys: &[DecryptionKey], policy: &AlgorithmPolicy) -> Option<NameId>;
}

impl<'d> Source<'d> for Element<'d> {
    fn is(&self, namespace: &str, local_name: &str) -> bool {
        Element::is(*self, namespace, local_name)
    }
    fn attribute(&self, local_name: &str) -> Option<&'d str> {
        Element::attribute(*self, local_name)
    }
    fn children(&self) -> impl Iterator<Item = Self> {
        self.elements()
    }
    fn text(&self) -> Result<&'d str, NotText> {
        Element::text(*self)
    }
    fn decrypted(&self, keys: &[DecryptionKey], policy: &AlgorithmPolicy) -> Option<NameId> {
        let data = self.first_child(ns::XENC, "EncryptedData")?;
        let octets = decrypt(data, keys, policy).ok()?;
        let document =
            parse_in_context(&octets, &Limits::default(), &data.namespaces_in_scope()).ok()?;
        decrypted_name_id(&document.root())
    }
}

impl<'d> Source<'d> for Verified<Element<'d>> {
    fn is(&self, namespace: &str, local_name: &str) -> bool {
        Verified::is(self, namespace, local_name)
    }
    fn attribute(&self, local_name: &str) -> Option<&'d str> {
        Verified::attribute(self, local_name)
    }
    fn children(&self) -> impl Iterator<Item = Self> {
        self.elements()
    }
    fn text(&self) -> Result<&'d str, NotText> {
        Verified::text(self)
    }
    fn decrypted(&self, keys: &[DecryptionKey], policy: &AlgorithmPolicy) -> Option<NameId> {
        let data = self.first_child(ns::XENC, "EncryptedData")?;
        let document = data.decrypt(keys, policy, &Limits::default()).ok()?;
        decrypted_name_id(&document.root())
    }
}

fn decrypted_name_id<'d, S: Source<'d>>(root: &S) -> Option<NameId> {
    if root.is(ns::ASSERTION, "NameID") {
        name_id(root).ok()
    } else {
        None
    }
}

/// The child elements of one element, taken in the schema's order.
pub(crate) struct Sequence<S, I: Iterator<Item = S>> {
    next: Option<S>,
    rest: I,
    place: &'static str,
}

/// The children of `parent`; `place` names it in refusals.
pub(crate) fn sequence<'d, S: Source<'d>>(
    parent: &S,
    place: &'static str,
) -> Sequence<S, impl Iterator<Item = S>> {
    let mut rest = parent.children();
    Sequence {
        next: rest.next(),
        rest,
        place,
    }
}

impl<'d, S: Source<'d>, I: Iterator<Item = S>> Sequence<S, I> {
    /// The next child, if it has this name.
    pub(crate) fn optional(&mut self, namespace: &str, local_name: &str) -> Option<S> {
        self.optional_if(|child| child.is(namespace, local_name))
    }

    /// The next child, if it meets `condition`.
    pub(crate) fn optional_if(&mut self, condition: impl Fn(&S) -> bool) -> Option<S> {
        let found = self.next.take_if(|child| condition(child))?;
        self.next = self.rest.next();
        Some(found)
    }

    /// Whatever child is next.
    pub(crate) fn any(&mut self) -> Option<S> {
        self.optional_if(|_| true)
    }

    /// There must be no further child.
    pub(crate) fn end(self) -> Result<(), Refusal> {
        match self.next {
            None => Ok(()),
            Some(_) => Err(Refusal::at(Check::StructureInvalid, self.place)),
        }
    }
}

/// The text of an element that decides something.
pub(crate) fn text<'d, S: Source<'d>>(
    element: &S,
    place: &'static str,
) -> Result<&'d str, Refusal> {
    element
        .text()
        .map_err(|NotText| Refusal::at(Check::TextAmbiguous, place))
}

/// `Version`, `ID` and `IssueInstant`, which every message and assertion has.
pub(crate) fn head<'d, S: Source<'d>>(element: &S) -> Result<(&'d str, Time), Refusal> {
    if element.attribute("Version") != Some("2.0") {
        return Err(Refusal::new(Check::VersionUnsupported));
    }
    let id = element
        .attribute("ID")
        .and_then(|id| check_id(id).ok())
        .ok_or(Refusal::new(Check::IdInvalid))?;
    Ok((id, required_instant(element, "IssueInstant")?))
}

/// A request's age: not from the future, not older than `max_age`, skew granted.
pub(crate) fn fresh(
    issued: Time,
    now: Time,
    skew: Duration,
    max_age: Duration,
) -> Result<(), Refusal> {
    let skew = skew.min(MAX_SKEW);
    if issued >= now.plus(skew).plus(CLOCK_RESOLUTION) || now >= issued.plus(max_age).plus(skew) {
        return Err(Refusal::clock(Check::RequestExpired, issued, now));
    }
    Ok(())
}

/// An attribute that must hold an instant.
pub(crate) fn required_instant<'d, S: Source<'d>>(
    element: &S,
    name: &'static str,
) -> Result<Time, Refusal> {
    optional_instant(element, name)?.ok_or(Refusal::at(Check::TimeMalformed, name))
}

/// An attribute that may hold an instant.
pub(crate) fn optional_instant<'d, S: Source<'d>>(
    element: &S,
    name: &'static str,
) -> Result<Option<Time>, Refusal> {
    element
        .attribute(name)
        .map(Time::parse)
        .transpose()
        .map_err(|_| Refusal::at(Check::TimeMalformed, name))
}

/// An `xs:boolean` attribute; absent means false.
pub(crate) fn boolean<'d, S: Source<'d>>(
    element: &S,
    name: &'static str,
) -> Result<Option<bool>, Refusal> {
    match element.attribute(name) {
        None => Ok(None),
        Some("true" | "1") => Ok(Some(true)),
        Some("false" | "0") => Ok(Some(false)),
        Some(_) => Err(Refusal::at(Check::StructureInvalid, name)),
    }
}

/// A non-negative number in an attribute, at most what fits.
pub(crate) fn number<'d, S: Source<'d>, N: std::str::FromStr>(
    element: &S,
    name: &'static str,
) -> Result<Option<N>, Refusal> {
    let Some(text) = element.attribute(name) else {
        return Ok(None);
    };
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse() {
        Ok(number) if digits => Ok(Some(number)),
        _ => Err(Refusal::at(Check::StructureInvalid, name)),
    }
}

/// An attribute that holds text of the partner's choice.
pub(crate) fn optional_text_attribute<'d, S: Source<'d>>(
    element: &S,
    name: &str,
) -> Option<String> {
    element.attribute(name).map(str::to_owned)
}

/// An Issuer's entityID: plain text, of the entity format or none, not qualified (Core 8.3.6).
pub(crate) fn issuer<'d, S: Source<'d>>(element: &S) -> Result<&'d str, Refusal> {
    let format_is_entity = element
        .attribute("Format")
        .is_none_or(|f| f == format::ENTITY);
    let qualified = ["NameQualifier", "SPNameQualifier", "SPProvidedID"]
        .into_iter()
        .any(|name| element.attribute(name).is_some());
    if !format_is_entity || qualified {
        return Err(Refusal::new(Check::IssuerFormat));
    }
    text(element, "Issuer")
}

/// A `NameID`; empty or white space alone names nobody.
pub(crate) fn name_id<'d, S: Source<'d>>(element: &S) -> Result<NameId, Refusal> {
    let value = text(element, "NameID")?;
    if value.trim_ascii().is_empty() {
        return Err(Refusal::new(Check::NameIdInvalid));
    }
    Ok(NameId {
        value: value.to_owned(),
        format: optional_text_attribute(element, "Format"),
        name_qualifier: optional_text_attribute(element, "NameQualifier"),
        sp_name_qualifier: optional_text_attribute(element, "SPNameQualifier"),
    })
}

/// Whether this is one of the three ways to name a subject.
pub(crate) fn is_identifier<'d, S: Source<'d>>(element: &S) -> bool {
    ["BaseID", "NameID", "EncryptedID"]
        .into_iter()
        .any(|name| element.is(ns::ASSERTION, name))
}
