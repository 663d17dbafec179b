//! Reads typed values out of a TOML table and goes on after each error.
//!
//! Why not `#[derive(Deserialize)]`: serde stops at the first error, and an operator who mends a file of
//! two hundred partners one error at a time mends it badly. Here each key is asked for once, with its
//! type, bounds and default; what was never asked for is an unknown key.

use std::cell::RefCell;
use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::{Range, RangeInclusive};
use std::path::Path;

use jiff::civil::Date;
use toml::de::{DeArray, DeTable, DeValue};

use super::place::{At, Lines, Place};
use super::problem::Problems;
use super::suggest::closest;

/// No string of the configuration is longer.
const LONGEST: usize = 4096;

/// One text being read: its lines, and what was wrong so far.
#[derive(Debug)]
pub(super) struct Reader<'t> {
    lines: Lines<'t>,
    problems: RefCell<Problems>,
    /// Every key that was asked for, in order: the schema, drawn from the code that reads it.
    asked: RefCell<Vec<(String, &'static str)>>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(file: &Path, text: &'t str) -> Self {
        Self {
            lines: Lines::new(text),
            problems: RefCell::new(Problems::new(file)),
            asked: RefCell::default(),
        }
    }

    pub(super) fn syntax_error(&self, span: Option<Range<usize>>, message: &str) {
        let place = span.map(|span| self.lines.place(&span)).unwrap_or_default();
        let message: String = message.split_whitespace().collect::<Vec<_>>().join(" ");
        self.error(
            place,
            format!("not TOML here: {message}"),
            "see https://toml.io for the syntax",
        );
    }

    pub(super) fn error(&self, place: Place, what: impl Into<String>, remedy: impl Into<String>) {
        self.problems.borrow_mut().error(place, what, remedy);
    }

    pub(super) fn finish(self) -> (Problems, Vec<(String, &'static str)>) {
        let mut problems = self.problems.into_inner();
        problems.sort();
        (problems, self.asked.into_inner())
    }
}

/// One table of the file. An absent table reads as an empty one.
#[derive(Debug)]
pub(super) struct Section<'r, 't> {
    reader: &'r Reader<'t>,
    table: Option<&'r DeTable<'t>>,
    name: String,
    place: Place,
    known: RefCell<Vec<&'static str>>,
}

impl<'r, 't> Section<'r, 't> {
    pub(super) fn root(reader: &'r Reader<'t>, table: &'r DeTable<'t>) -> Self {
        Self {
            reader,
            table: Some(table),
            name: String::new(),
            place: Place::default(),
            known: RefCell::default(),
        }
    }

    /// Whether the file has the table.
    pub(super) fn is_present(&self) -> bool {
        self.table.is_some()
    }

    /// Keys that may be there and are somebody else's.
    pub(super) fn pass_over(&self, keys: &[&'static str]) {
        self.known.borrow_mut().extend(keys);
    }

    /// Where the table begins.
    pub(super) fn place(&self) -> Place {
        self.place
    }

    pub(super) fn error(&self, place: Place, what: impl Into<String>, remedy: impl Into<String>) {
        self.reader.error(place, what, remedy);
    }

    pub(super) fn warning(&self, place: Place, what: impl Into<String>, remedy: impl Into<String>) {
        self.reader
            .problems
            .borrow_mut()
            .warning(place, what, remedy);
    }

    fn child(&self, key: &str, table: Option<&'r DeTable<'t>>, place: Place) -> Self {
        let name = if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.name)
        };
        Section {
            reader: self.reader,
            table,
            name,
            place,
            known: RefCell::default(),
        }
    }

    fn raw(&self, key: &'static str) -> Option<(&'r DeValue<'t>, Place)> {
        self.known.borrow_mut().push(key);
        self.reader
            .asked
            .borrow_mut()
            .push((self.name.clone(), key));
        let value = self.table?.get(key)?;
        Some((value.get_ref(), self.reader.lines.place(&value.span())))
    }

    fn mistyped(&self, key: &str, value: &DeValue<'_>, place: Place, wanted: impl Display) {
        self.error(
            place,
            format!("`{key}` is of the type {}", value.type_str()),
            format!("write {wanted}"),
        );
    }

    fn missing(&self, key: &str, example: &str) {
        let section = if self.name.is_empty() {
            "the file".to_owned()
        } else {
            format!("[{}]", self.name)
        };
        self.error(
            self.place,
            format!("{section} lacks `{key}`"),
            format!("add `{key} = {example}`"),
        );
    }

    /// `[key]`
    pub(super) fn section(&self, key: &'static str) -> Section<'r, 't> {
        match self.raw(key) {
            Some((DeValue::Table(table), place)) => self.child(key, Some(table), place),
            Some((value, place)) => {
                self.mistyped(key, value, place, format!("a table: [{key}]"));
                self.child(key, None, place)
            }
            None => self.child(key, None, self.place),
        }
    }

    /// `[[key]]`
    pub(super) fn sections(&self, key: &'static str) -> Vec<Section<'r, 't>> {
        let Some((value, place)) = self.raw(key) else {
            return Vec::new();
        };
        let DeValue::Array(array) = value else {
            self.mistyped(key, value, place, format!("one or more tables: [[{key}]]"));
            return Vec::new();
        };
        let mut sections = Vec::new();
        for item in array.iter() {
            let place = self.reader.lines.place(&item.span());
            match item.get_ref() {
                DeValue::Table(table) => sections.push(self.child(key, Some(table), place)),
                other => self.mistyped(key, other, place, format!("one or more tables: [[{key}]]")),
            }
        }
        sections
    }

    pub(super) fn string(&self, key: &'static str) -> Option<At<String>> {
        let (value, place) = self.raw(key)?;
        self.text(key, value, place)
    }

    fn text(&self, key: &str, value: &DeValue<'_>, place: Place) -> Option<At<String>> {
        let DeValue::String(text) = value else {
            self.mistyped(key, value, place, "a string between double quotes");
            return None;
        };
        if text.is_empty() || text.len() > LONGEST || text.chars().any(char::is_control) {
            self.error(
                place,
                format!("`{key}` is empty, longer than {LONGEST} bytes or has a control character"),
                "write a plain string or take the key out",
            );
            return None;
        }
        Some(At::new(text.as_ref().to_owned(), place))
    }

    /// A string that must be there. Where it is not, the answer is empty and the error is told.
    pub(super) fn required(&self, key: &'static str, example: &str) -> At<String> {
        if self.table.and_then(|table| table.get(key)).is_none() {
            self.missing(key, example);
        }
        self.string(key)
            .unwrap_or_else(|| At::new(String::new(), self.place))
    }

    /// A list of strings, where it is there.
    pub(super) fn strings(&self, key: &'static str) -> Option<Vec<At<String>>> {
        self.table?.get(key).map_or_else(
            || {
                self.raw(key);
                None
            },
            |_| Some(self.required_strings(key, "[…]")),
        )
    }

    /// A list of strings that must be there and hold something.
    pub(super) fn required_strings(&self, key: &'static str, example: &str) -> Vec<At<String>> {
        let Some((value, place)) = self.raw(key) else {
            self.missing(key, example);
            return Vec::new();
        };
        let Some(array) = self.array(key, value, place) else {
            return Vec::new();
        };
        if array.is_empty() {
            self.error(
                place,
                format!("`{key}` is empty"),
                format!("write such as `{key} = {example}`"),
            );
        }
        array
            .iter()
            .filter_map(|item| {
                self.text(key, item.get_ref(), self.reader.lines.place(&item.span()))
            })
            .collect()
    }

    fn array<'a>(
        &self,
        key: &str,
        value: &'a DeValue<'t>,
        place: Place,
    ) -> Option<&'a DeArray<'t>> {
        if let DeValue::Array(array) = value {
            return Some(array);
        }
        self.mistyped(key, value, place, r#"a list of strings: ["…", "…"]"#);
        None
    }

    pub(super) fn boolean(&self, key: &'static str, default: bool) -> bool {
        match self.raw(key) {
            None => default,
            Some((DeValue::Boolean(value), _)) => *value,
            Some((value, place)) => {
                self.mistyped(key, value, place, "true or false");
                default
            }
        }
    }

    pub(super) fn integer(
        &self,
        key: &'static str,
        default: u64,
        bounds: RangeInclusive<u64>,
    ) -> u64 {
        let Some((value, place)) = self.raw(key) else {
            return default;
        };
        let DeValue::Integer(number) = value else {
            self.mistyped(
                key,
                value,
                place,
                format!("a whole number, {} to {}", bounds.start(), bounds.end()),
            );
            return default;
        };
        match u64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) if bounds.contains(&number) => number,
            _ => {
                self.error(
                    place,
                    format!("`{key}` is out of bounds: {}", number.as_str()),
                    format!(
                        "write a whole number from {} to {} (default {default})",
                        bounds.start(),
                        bounds.end()
                    ),
                );
                default
            }
        }
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(
        &self,
        key: &'static str,
        default: T,
        words: &[(&'static str, T)],
    ) -> T {
        let Some(text) = self.string(key) else {
            return default;
        };
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text.value) {
            return *value;
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let hint = closest(&text, &known)
            .map(|word| format!("did you mean \"{word}\"? "))
            .unwrap_or_default();
        self.error(
            text.place,
            format!("`{key}` does not know the word \"{}\"", text.value),
            format!("{hint}one of: {}", known.join(", ")),
        );
        default
    }

    /// A day, as a TOML date or as a string.
    pub(super) fn date(&self, key: &'static str) -> Option<At<Date>> {
        let (value, place) = self.raw(key)?;
        let text = match value {
            DeValue::String(text) => text.as_ref().to_owned(),
            DeValue::Datetime(date) => date.to_string(),
            other => {
                self.mistyped(key, other, place, "a day: \"2027-06-30\"");
                return None;
            }
        };
        // jiff would also take a date with a time and drop the time: only the ten characters of a day pass.
        match text.parse::<Date>() {
            Ok(date) if text.len() == 10 => Some(At::new(date, place)),
            _ => {
                self.error(
                    place,
                    format!("`{key}` is no day: {text}"),
                    "write year-month-day, such as \"2027-06-30\"; that day is still in (Europe/Paris)",
                );
                None
            }
        }
    }

    /// `address:port`
    pub(super) fn socket(&self, key: &'static str, default: SocketAddr) -> At<SocketAddr> {
        let Some(text) = self.string(key) else {
            return At::new(default, self.place);
        };
        match text.parse() {
            Ok(address) => At::new(address, text.place),
            Err(_) => {
                self.error(
                    text.place,
                    format!("`{key}` is no address and port: \"{}\"", text.value),
                    "write such as \"0.0.0.0:8443\" or \"[::]:8443\"; names are not looked up",
                );
                At::new(default, text.place)
            }
        }
    }

    /// Ends the section: every key that nobody asked for is an error.
    pub(super) fn finish(self) {
        let Some(table) = self.table else { return };
        let known = self.known.into_inner();
        for key in table.keys() {
            let name = key.get_ref().as_ref();
            if known.contains(&name) {
                continue;
            }
            let section = if self.name.is_empty() {
                "the file".to_owned()
            } else {
                format!("[{}]", self.name)
            };
            let remedy = match closest(name, &known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known here: {}", known.join(", ")),
            };
            let shown: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
            self.reader.error(
                self.reader.lines.place(&key.span()),
                format!("{section} has no key `{shown}`"),
                remedy,
            );
        }
    }
}

/// Parses the text; a syntax error is told and reading goes on with what could be parsed.
pub(super) fn parse<'t>(reader: &Reader<'t>, text: &'t str) -> DeTable<'t> {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        reader.syntax_error(error.span(), error.message());
    }
    table.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str, read: impl Fn(&Section<'_, '_>)) -> Vec<String> {
        let reader = Reader::new(Path::new("t.toml"), text);
        let table = parse(&reader, text);
        let root = Section::root(&reader, &table);
        read(&root);
        root.finish();
        reader.finish().0.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_error_of_a_text_is_told() {
        let told = problems(
            "a = 1\nb = \"x\"\nc = \"2027-02-30\"\nd = 99\nzz = 1\n",
            |section| {
                section.string("a");
                section.boolean("b", false);
                section.date("c");
                section.integer("d", 5, 1..=10);
                section.required("e", "\"…\"");
            },
        );
        assert_eq!(told.len(), 6, "{told:#?}");
        assert!(told.iter().any(|line| {
            line.starts_with("t.toml:1:5: `a` is of the type integer; write a string")
        }));
        assert!(
            told.iter()
                .any(|line| line.starts_with("t.toml:3:5: `c` is no day: 2027-02-30;"))
        );
        assert!(
            told.iter()
                .any(|line| line.contains("`d` is out of bounds: 99"))
        );
        assert!(told.iter().any(|line| line.contains("has no key `zz`")));
        assert!(told.iter().any(|line| line.contains("lacks `e`")));
    }

    #[test]
    fn several_syntax_errors_are_told_at_once() {
        let told = problems("a = \nb = [1,\nc = 'x'\n", |section| {
            section.string("a");
            section.string("c");
            section.required_strings("b", "[]");
        });
        assert!(
            told.iter().any(|line| line.starts_with("t.toml:1:")),
            "{told:#?}"
        );
        assert!(told.len() >= 2, "{told:#?}");
    }

    #[test]
    fn dates_are_days_only() {
        for bad in [
            "\"2027-06-30T00:00:00\"",
            "2027-06-30T00:00:00Z",
            "\"30/06/2027\"",
            "20270630",
        ] {
            assert_eq!(
                problems(&format!("d = {bad}"), |s| assert!(s.date("d").is_none())).len(),
                1,
                "{bad}"
            );
        }
        for good in ["2027-06-30", "\"2027-06-30\""] {
            assert!(
                problems(&format!("d = {good}"), |s| assert!(s.date("d").is_some())).is_empty(),
                "{good}"
            );
        }
    }
}
