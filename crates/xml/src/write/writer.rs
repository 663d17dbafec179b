//! The writer itself: start tags are held back until their content begins, so that they can be put in order.

use std::cmp::Ordering;
use std::ops::Range;

use super::{
    Namespace, WriteError, check_characters, check_name, check_namespace, escape_attribute,
    escape_text, same,
};

/// Writes one element with all that is in it, in exclusive canonical form.
///
/// Namespaces are declared where they are first used and attributes are put in order by the writer, whatever the order of
/// the calls. `'n` is the lifetime of names, usually `'static`; values are copied at once.
///
/// ```
/// use octroi_xml::write::{Namespace, Writer};
///
/// const P: Namespace<'static> = Namespace::new("p", "urn:p");
/// let mut out = Vec::new();
/// let mut writer = Writer::new(&mut out);
/// writer.start(P, "a")?;
/// writer.attribute("z", "1")?;
/// writer.attribute("b", "\"&")?;
/// writer.start(P, "c")?;
/// writer.text("<text>")?;
/// writer.end()?;
/// writer.end()?;
/// writer.finish()?;
/// assert_eq!(out, br#"<p:a xmlns:p="urn:p" b="&quot;&amp;" z="1"><p:c>&lt;text&gt;</p:c></p:a>"#);
/// # Ok::<(), octroi_xml::write::WriteError>(())
/// ```
#[derive(Debug)]
pub struct Writer<'o, 'n> {
    out: &'o mut Vec<u8>,
    open: Vec<Open<'n>>,
    /// What the open elements declare, innermost last.
    declared: Vec<Namespace<'n>>,
    /// The attributes of a start tag that is not written to its end.
    pending: Vec<Pending<'n>>,
    /// Their values, escaped.
    values: Vec<u8>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Before,
    InStartTag,
    Inside,
    After,
}

#[derive(Debug)]
struct Open<'n> {
    prefix: &'n str,
    local_name: &'n str,
    /// How many declarations its ancestors have.
    declared: usize,
}

#[derive(Debug)]
struct Pending<'n> {
    namespace: Namespace<'n>,
    local_name: &'n str,
    value: Range<usize>,
}

impl<'o, 'n> Writer<'o, 'n> {
    /// A writer that appends to `out`.
    pub fn new(out: &'o mut Vec<u8>) -> Self {
        Self {
            out,
            open: Vec::with_capacity(16),
            declared: Vec::with_capacity(8),
            pending: Vec::with_capacity(8),
            values: Vec::with_capacity(256),
            state: State::Before,
        }
    }

    /// Starts an element.
    ///
    /// # Errors
    /// [`WriteError`] when the name or the namespace is not well-formed, or the root element was ended.
    pub fn start(
        &mut self,
        namespace: Namespace<'n>,
        local_name: &'n str,
    ) -> Result<(), WriteError> {
        match self.state {
            State::Before => {}
            State::InStartTag => self.finish_start_tag(),
            State::Inside => {}
            State::After => return Err(WriteError::OutOfPlace),
        }
        check_name(local_name)?;
        let declared = self.declared.len();
        self.open.push(Open {
            prefix: namespace.prefix,
            local_name,
            declared,
        });
        self.out.push(b'<');
        qualified(namespace.prefix, local_name, self.out);
        self.state = State::InStartTag;
        self.declare(namespace)
    }

    /// Adds an attribute in no namespace to the element just started.
    ///
    /// # Errors
    /// [`WriteError`] when the name is not well-formed, the value holds a character that XML does not allow, or there is content already.
    pub fn attribute(&mut self, local_name: &'n str, value: &str) -> Result<(), WriteError> {
        self.attribute_ns(Namespace::NONE, local_name, value)
    }

    /// Adds an attribute in a namespace to the element just started.
    ///
    /// # Errors
    /// As [`Self::attribute`]; also for a namespace without prefix.
    pub fn attribute_ns(
        &mut self,
        namespace: Namespace<'n>,
        local_name: &'n str,
        value: &str,
    ) -> Result<(), WriteError> {
        if self.state != State::InStartTag {
            return Err(WriteError::OutOfPlace);
        }
        check_name(local_name)?;
        check_characters(value)?;
        if !namespace.is_none() {
            if namespace.prefix.is_empty() {
                return Err(WriteError::Namespace);
            }
            self.declare(namespace)?;
        } else if local_name == "xmlns" {
            return Err(WriteError::MalformedName);
        }
        if self.pending.iter().any(|earlier| {
            same(earlier.local_name, local_name) && same(earlier.namespace.uri, namespace.uri)
        }) {
            return Err(WriteError::DuplicateAttribute);
        }
        let start = self.values.len();
        escape_attribute(value, &mut self.values);
        self.pending.push(Pending {
            namespace,
            local_name,
            value: start..self.values.len(),
        });
        Ok(())
    }

    /// Binds a prefix on the element just started though no name there uses it, unless it is bound already: for prefixes
    /// in values. Exclusive canonicalisation keeps such a declaration only if its PrefixList names the prefix.
    ///
    /// # Errors
    /// [`WriteError`] when the namespace is not well-formed or there is content already.
    pub fn namespace(&mut self, namespace: Namespace<'n>) -> Result<(), WriteError> {
        if self.state != State::InStartTag {
            return Err(WriteError::OutOfPlace);
        }
        self.declare(namespace)
    }

    /// Adds text.
    ///
    /// # Errors
    /// [`WriteError`] when it holds a character that XML does not allow, or no element is open.
    pub fn text(&mut self, text: &str) -> Result<(), WriteError> {
        check_characters(text)?;
        self.enter_content()?;
        escape_text(text, self.out);
        Ok(())
    }

    /// Adds octets that are already in canonical form and declare every prefix that they use: a signature, an assertion
    /// written before. Nothing is checked.
    ///
    /// # Errors
    /// [`WriteError::OutOfPlace`] when no element is open.
    pub fn canonical(&mut self, octets: &[u8]) -> Result<(), WriteError> {
        self.enter_content()?;
        self.out.extend_from_slice(octets);
        Ok(())
    }

    /// Ends the innermost open element.
    ///
    /// # Errors
    /// [`WriteError::OutOfPlace`] when none is open.
    pub fn end(&mut self) -> Result<(), WriteError> {
        self.enter_content()?;
        let Some(element) = self.open.pop() else {
            return Err(WriteError::OutOfPlace);
        };
        self.declared.truncate(element.declared);
        self.out.extend_from_slice(b"</");
        qualified(element.prefix, element.local_name, self.out);
        self.out.push(b'>');
        if self.open.is_empty() {
            self.state = State::After;
        }
        Ok(())
    }

    /// Writes an element that holds only text.
    ///
    /// # Errors
    /// As [`Self::start`] and [`Self::text`].
    pub fn text_element(
        &mut self,
        namespace: Namespace<'n>,
        local_name: &'n str,
        text: &str,
    ) -> Result<(), WriteError> {
        self.start(namespace, local_name)?;
        self.text(text)?;
        self.end()
    }

    /// Where the next content goes, as a length of the output; a start tag is written to its end first.
    ///
    /// # Errors
    /// [`WriteError::OutOfPlace`] when no element is open.
    pub fn position(&mut self) -> Result<usize, WriteError> {
        self.enter_content()?;
        Ok(self.out.len())
    }

    /// Checks that the root element was ended.
    ///
    /// # Errors
    /// [`WriteError::OutOfPlace`] when it was not.
    pub fn finish(self) -> Result<(), WriteError> {
        if self.state == State::After {
            Ok(())
        } else {
            Err(WriteError::OutOfPlace)
        }
    }

    fn enter_content(&mut self) -> Result<(), WriteError> {
        match self.state {
            State::InStartTag => {
                self.finish_start_tag();
                Ok(())
            }
            State::Inside => Ok(()),
            State::Before | State::After => Err(WriteError::OutOfPlace),
        }
    }

    /// Declares a namespace on the open start tag unless the ancestors bind the prefix to it.
    fn declare(&mut self, namespace: Namespace<'n>) -> Result<(), WriteError> {
        if namespace == Namespace::XML {
            return Ok(());
        }
        let own = self.open.last().map_or(0, |element| element.declared);
        let bound = self
            .declared
            .iter()
            .rposition(|earlier| same(earlier.prefix, namespace.prefix));
        match bound {
            Some(at) if same(self.declared[at].uri, namespace.uri) => return Ok(()),
            Some(at) if at >= own => return Err(WriteError::Namespace),
            None if namespace.is_none() => return Ok(()),
            _ => {}
        }
        check_namespace(namespace)?;
        self.declared.push(namespace);
        Ok(())
    }

    fn finish_start_tag(&mut self) {
        let own = self.open.last().map_or(0, |element| element.declared);
        let declared = &mut self.declared[own..];
        declared.sort_unstable_by_key(|namespace| namespace.prefix);
        for namespace in declared {
            self.out.extend_from_slice(b" xmlns");
            if !namespace.prefix.is_empty() {
                self.out.push(b':');
                self.out.extend_from_slice(namespace.prefix.as_bytes());
            }
            self.out.extend_from_slice(b"=\"");
            escape_attribute(namespace.uri, self.out);
            self.out.push(b'"');
        }
        self.pending.sort_unstable_by(|a, b| {
            let by_namespace = match (a.namespace.is_none(), b.namespace.is_none()) {
                (true, true) => Ordering::Equal,
                _ => a.namespace.uri.cmp(b.namespace.uri),
            };
            by_namespace.then_with(|| a.local_name.cmp(b.local_name))
        });
        for attribute in self.pending.drain(..) {
            self.out.push(b' ');
            qualified(attribute.namespace.prefix, attribute.local_name, self.out);
            self.out.extend_from_slice(b"=\"");
            self.out.extend_from_slice(&self.values[attribute.value]);
            self.out.push(b'"');
        }
        self.values.clear();
        self.out.push(b'>');
        self.state = State::Inside;
    }
}

fn qualified(prefix: &str, local_name: &str, out: &mut Vec<u8>) {
    if !prefix.is_empty() {
        out.extend_from_slice(prefix.as_bytes());
        out.push(b':');
    }
    out.extend_from_slice(local_name.as_bytes());
}
