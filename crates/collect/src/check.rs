//! The check of one record against its schema, element by element as they are read.
//!
//! The first thing that is wrong is kept and the rest of the record is only read to its end.

use crate::rule::Rule;
use crate::schema::{Field, Holds};
use crate::values::Values;
use crate::window::SUBSTITUTE;

/// What is wrong with a record.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) rule: Rule,
    pub(crate) reason: String,
}

/// Elements inside one another, counted from the record. The schemas have three.
pub(crate) const MAX_DEPTH: usize = 16;

/// Where a check stands in a sequence of fields.
#[derive(Debug, Clone, Copy)]
struct Place {
    fields: &'static [Field],
    at: usize,
    seen: bool,
}

/// The check of the record at hand.
#[derive(Debug)]
pub(crate) struct Check<'w> {
    places: [Place; 2],
    /// How many of the places are in use.
    depth: usize,
    /// The field whose text is being read.
    field: Option<&'static Field>,
    pub(crate) values: Values<'w>,
    pub(crate) fault: Option<Fault>,
}

const NOWHERE: Place = Place {
    fields: &[],
    at: 0,
    seen: false,
};

impl<'w> Check<'w> {
    pub(crate) fn new() -> Self {
        Self {
            places: [NOWHERE; 2],
            depth: 0,
            field: None,
            values: Values::default(),
            fault: None,
        }
    }

    /// Begins a record.
    pub(crate) fn begin(&mut self, fields: &'static [Field]) {
        self.values.clear();
        self.fault = None;
        self.field = None;
        self.places[0] = Place { fields, ..NOWHERE };
        self.depth = 1;
    }

    /// Keeps the first fault.
    pub(crate) fn fault(&mut self, rule: Rule, reason: impl FnOnce() -> String) {
        if self.fault.is_none() {
            self.fault = Some(Fault {
                rule,
                reason: reason(),
            });
        }
    }

    /// An element begins; `local` is its name if it is in the schema's namespace.
    #[inline]
    pub(crate) fn start(&mut self, local: Option<&str>) {
        if self.fault.is_some() {
            return;
        }
        if let Some(field) = self.field {
            return self.fault(Rule::UnexpectedElement, || {
                format!("an element inside {}", field.name)
            });
        }
        let Some(local) = local else {
            return self.fault(Rule::UnexpectedElement, || {
                "an element of another namespace".to_owned()
            });
        };
        match self.places[self.depth - 1].find(local) {
            Ok(field) => match field.holds {
                Holds::Fields(fields) => {
                    self.places[1] = Place { fields, ..NOWHERE };
                    self.depth = 2;
                }
                Holds::Text(_) | Holds::Date => {
                    self.field = Some(field);
                    self.values.open();
                }
            },
            Err(fault) => self.fault = Some(fault),
        }
    }

    /// An element of the record ends, or the record itself.
    #[inline]
    pub(crate) fn end(&mut self) {
        if self.fault.is_some() {
            return;
        }
        if let Some(field) = self.field.take() {
            let text = self.values.current();
            if let Some(fault) = wrong(field, text) {
                self.fault = Some(fault);
            } else {
                self.values.close(field.means);
            }
            return;
        }
        if let Some(fault) = self.places[self.depth - 1].unfinished() {
            self.fault = Some(fault);
        }
        self.depth = self.depth.saturating_sub(1).max(1);
    }

    /// Text.
    #[inline]
    pub(crate) fn text(&mut self, text: &'w str) {
        if self.fault.is_some() {
            return;
        }
        if self.field.is_none() {
            if !text.bytes().all(|octet| octet.is_ascii_whitespace()) {
                self.fault(Rule::Text, || "text between elements".to_owned());
            }
            return;
        }
        if text.bytes().any(|octet| octet < b' ') {
            if let Some(fault) = unprintable(text) {
                self.fault = Some(fault);
            } else if text.contains('\r') {
                self.values
                    .append(&text.replace("\r\n", "\n").replace('\r', "\n"));
            } else {
                self.values.piece(text);
            }
            return;
        }
        self.values.piece(text);
    }

    /// A character that was written as a reference.
    pub(crate) fn character(&mut self, character: char) {
        let legal = matches!(character, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
        if !legal {
            return self.fault(Rule::WellFormed, || {
                "a reference to a character that XML does not allow".to_owned()
            });
        }
        if self.field.is_none() && !character.is_ascii_whitespace() {
            return self.fault(Rule::Text, || "text between elements".to_owned());
        }
        self.values.append(character.encode_utf8(&mut [0; 4]));
    }
}

impl Place {
    /// Goes on to the field `name`.
    #[inline]
    fn find(&mut self, name: &str) -> Result<&'static Field, Fault> {
        let from = self.at;
        while let Some(field) = self.fields.get(self.at) {
            if field.name == name {
                if self.seen && !field.many {
                    break;
                }
                self.seen = true;
                return Ok(field);
            }
            if field.required && !self.seen {
                break;
            }
            self.at += 1;
            self.seen = false;
        }
        Err(self.unexpected(name, from))
    }

    /// Why `name` cannot stand here.
    #[cold]
    fn unexpected(&self, name: &str, from: usize) -> Fault {
        let fault = |rule, reason| Fault { rule, reason };
        let Some(known) = self.fields.iter().position(|field| field.name == name) else {
            let expected = self
                .fields
                .get(self.at)
                .map_or("the end", |field| field.name);
            let reason =
                format!("an element that is not in the schema, where {expected} may stand");
            return fault(Rule::UnexpectedElement, reason);
        };
        let missing = self
            .fields
            .get(self.at)
            .filter(|field| field.required && !self.seen);
        match missing {
            Some(missing) if known > self.at => fault(
                Rule::MissingElement,
                format!("no {} before {name}", missing.name),
            ),
            _ if known == from && !self.fields[known].many => {
                fault(Rule::RepeatedElement, format!("{name} twice"))
            }
            _ => fault(Rule::UnexpectedElement, format!("{name} out of order")),
        }
    }

    /// What is missing at the end.
    fn unfinished(&self) -> Option<Fault> {
        let done = self.at + usize::from(self.seen);
        let missing = self.fields.iter().skip(done).find(|field| field.required)?;
        Some(Fault {
            rule: Rule::MissingElement,
            reason: format!("no {}", missing.name),
        })
    }
}

/// What is wrong with the value of a field.
#[inline]
fn wrong(field: &Field, text: &str) -> Option<Fault> {
    match field.holds {
        Holds::Text(max) => {
            // A character is at most four octets and at least one.
            if text.len() > max && text.chars().count() > max {
                return Some(Fault {
                    rule: Rule::Length,
                    reason: format!("{} has more than {max} characters", field.name),
                });
            }
            if text.is_empty() && field.is_key() {
                return Some(Fault {
                    rule: Rule::EmptyKey,
                    reason: format!("{} is empty", field.name),
                });
            }
            None
        }
        Holds::Date => (!is_date(text)).then(|| Fault {
            rule: Rule::Date,
            reason: format!("{} is not a date (yyyy-MM-dd)", field.name),
        }),
        Holds::Fields(_) => None,
    }
}

#[cold]
fn unprintable(text: &str) -> Option<Fault> {
    let bad = text
        .chars()
        .find(|character| *character < ' ' && !matches!(character, '\t' | '\n' | '\r'))?;
    let reason = if bad == SUBSTITUTE {
        "octets that are no characters in the file's encoding".to_owned()
    } else {
        format!("the control character U+{:04X}", bad as u32)
    };
    Some(Fault {
        rule: Rule::Encoding,
        reason,
    })
}

/// Whether a text is an `xs:date`: a year of four digits or more, month and day that exist, perhaps an offset.
fn is_date(text: &str) -> bool {
    let text = text.trim_matches([' ', '\t', '\n', '\r']);
    let digits = |text: &str| -> Option<u32> {
        (!text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit()))
            .then(|| text.parse().ok())
            .flatten()
    };
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let Some((year, rest)) = unsigned.split_once('-') else {
        return false;
    };
    let (Some(date), Some(zone)) = (rest.get(..5), rest.get(5..)) else {
        return false;
    };
    let Some((month, day)) = date.split_once('-') else {
        return false;
    };
    let (Some(year_number), Some(month), Some(day)) = (digits(year), digits(month), digits(day))
    else {
        return false;
    };
    let year_fits = year.len() == 4 || (year.len() > 4 && !year.starts_with('0'));
    let leap = year_number % 4 == 0 && (year_number % 100 != 0 || year_number % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let offset = |zone: &str| -> bool {
        let Some((hours, minutes)) = zone.split_once(':') else {
            return false;
        };
        let two = |text: &str| digits(text).filter(|_| text.len() == 2);
        matches!((two(hours), two(minutes)), (Some(h), Some(m)) if (h < 14 && m < 60) || (h == 14 && m == 0))
    };
    let zone_fits = match zone.strip_prefix(['+', '-']) {
        Some(zone) => offset(zone),
        None => zone.is_empty() || zone == "Z",
    };
    year_fits
        && year_number > 0
        && (1..=12).contains(&month)
        && (1..=days).contains(&day)
        && zone_fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_the_schema() {
        for good in [
            "2011-02-28",
            "2012-02-29",
            " 2011-12-31\n",
            "2011-01-01Z",
            "2011-01-01+02:00",
            "12011-01-01",
            "-0044-03-15",
        ] {
            assert!(is_date(good), "{good}");
        }
        for bad in [
            "",
            "2011",
            "2011-1-1",
            "2011-02-29",
            "2011-13-01",
            "2011-00-10",
            "2011-04-31",
            "01/02/2011",
            "2011-01-01T00:00:00",
            "2011-01-01+15:00",
            "2011-01-01+2:00",
            "02011-01-01",
            "0000-01-01",
            "2011-01-é1",
            "2011-01-0é",
            "99999999999-01-01",
        ] {
            assert!(!is_date(bad), "{bad}");
        }
    }
}
