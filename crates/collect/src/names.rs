//! Names of elements and the namespace that they are in: what a prefix is bound to, and which attributes an element has.
//!
//! Of namespaces, only the schema's is of interest. The root binds it to a prefix, a record may bind it to another; what is in
//! no namespace or in another is no name of ours.

use quick_xml::events::BytesStart;

use crate::check::Check;
use crate::rule::Rule;

/// Most attributes of one element.
const MAX_ATTRIBUTES: usize = 64;

/// The schema's namespace, and what the root of a file binds to it.
pub(crate) struct Names {
    /// The namespace.
    pub(crate) uri: &'static str,
    /// The prefix of the root with its colon, or empty.
    pub(crate) bound: String,
}

impl Names {
    pub(crate) fn new(uri: &'static str) -> Self {
        Self {
            uri,
            bound: String::new(),
        }
    }

    /// The local name of an element in the schema's namespace. Attributes are none, except what XML itself uses.
    #[inline]
    pub(crate) fn local<'w>(
        &self,
        name: &'w str,
        start: &BytesStart<'_>,
        own: Option<&str>,
        check: &mut Check<'w>,
    ) -> Option<&'w str> {
        let plain = start.attributes_raw().is_empty();
        let strip = |prefix: &str| {
            name.strip_prefix(prefix)
                .filter(|local| !local.contains(':'))
        };
        if plain {
            return strip(&self.bound).or_else(|| own.and_then(strip));
        }
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let mut bound = None;
        for (number, attribute) in start.attributes().enumerate() {
            let Ok(attribute) = attribute else {
                check.fault(Rule::WellFormed, || {
                    "an attribute that is not well-formed".to_owned()
                });
                return None;
            };
            let key = attribute.key.into_inner();
            if number == MAX_ATTRIBUTES {
                check.fault(Rule::Attribute, || {
                    format!("more than {MAX_ATTRIBUTES} attributes")
                });
                return None;
            }
            if key == "xmlns" || key.starts_with("xmlns:") {
                if key
                    .strip_prefix("xmlns")
                    .is_some_and(|rest| rest.trim_start_matches(':') == prefix)
                {
                    bound = Some(attribute.value.as_ref() == self.uri);
                }
            } else if !key.ends_with(":schemaLocation")
                && !key.ends_with(":noNamespaceSchemaLocation")
            {
                check.fault(Rule::Attribute, || {
                    "an attribute that is not in the schema".to_owned()
                });
                return None;
            }
        }
        match bound {
            Some(ours) => ours.then_some(local),
            None => strip(&self.bound).or_else(|| own.and_then(strip)),
        }
    }
}

/// A prefix with its colon, or empty.
pub(crate) fn prefix_of(name: &str) -> String {
    if name.is_empty() {
        String::new()
    } else {
        format!("{name}:")
    }
}

/// What an element binds `prefix` to.
pub(crate) fn binding(start: &BytesStart<'_>, prefix: &str) -> Result<Option<String>, ()> {
    let mut bound = None;
    for (number, attribute) in start.attributes().enumerate() {
        let attribute = attribute.map_err(|_| ())?;
        let key = attribute.key.into_inner();
        if number == MAX_ATTRIBUTES {
            return Err(());
        }
        let names = match key.strip_prefix("xmlns:") {
            Some(name) => name == prefix,
            None => key == "xmlns" && prefix.is_empty(),
        };
        if names {
            bound = Some(attribute.value.into_owned());
        }
    }
    Ok(bound)
}

/// The name of the element with which a record that stands alone begins.
pub(crate) fn record_name(raw: &str) -> (&str, &str) {
    let name = raw
        .trim_start()
        .strip_prefix('<')
        .and_then(|rest| rest.split(['>', '/', ' ', '\t', '\r', '\n']).next())
        .unwrap_or_default();
    name.split_once(':').unwrap_or(("", name))
}
