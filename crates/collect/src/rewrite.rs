//! Writes a record again from what was kept of it: what is set aside after all files were read.
//!
//! Such a record is valid by its schema and says all that the directory would have taken from it. What the directory
//! does not keep (birth dates, further given names) is not there; the schema's demand for all given names is met
//! by the usual one, as its documentation allows.

use octroi_directory::Degree;

use crate::profile;
use crate::schema::namespace;

/// A record that is being written.
#[derive(Debug, Default)]
pub(crate) struct Rewrite {
    out: String,
    root: &'static str,
}

impl Rewrite {
    /// Begins a record.
    pub(crate) fn begin(&mut self, degree: Degree, element: &'static str) -> &mut Self {
        self.out.clear();
        self.root = element;
        self.out.push_str("<men:");
        self.out.push_str(element);
        self.out.push_str(" xmlns:men=\"");
        self.out.push_str(namespace(degree));
        self.out.push_str("\">");
        self
    }

    /// Adds an element with text.
    pub(crate) fn field(&mut self, name: &str, text: &str) -> &mut Self {
        self.tag("<men:", name);
        for character in text.chars() {
            match character {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '\r' => self.out.push_str("&#13;"),
                other => self.out.push(other),
            }
        }
        self.tag("</men:", name);
        self
    }

    /// Adds an element with text, if there is any.
    pub(crate) fn optional(&mut self, name: &str, text: &str) -> &mut Self {
        if text.is_empty() {
            self
        } else {
            self.field(name, text)
        }
    }

    /// Adds the profiles in one school.
    pub(crate) fn profiles(&mut self, uai: &str, profiles: u16) -> &mut Self {
        for name in profile::names(profiles) {
            self.tag("<men:", "GARPersonProfils");
            self.field("GARStructureUAI", uai)
                .field("GARPersonProfil", name);
            self.tag("</men:", "GARPersonProfils");
        }
        self
    }

    /// Ends the record.
    pub(crate) fn end(&mut self) -> &str {
        self.tag("</men:", self.root);
        &self.out
    }

    fn tag(&mut self, begin: &str, name: &str) {
        self.out.push_str(begin);
        self.out.push_str(name);
        self.out.push('>');
    }
}
