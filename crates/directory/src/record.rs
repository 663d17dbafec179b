//! The records of a segment: how each is written into a block and taken out of one again, checked.
//!
//! References are numbers into the segment's own sorted tables. A record that is handed out holds: its texts are UTF-8
//! and within the bounds below, its numbers exist, its lists ascend.

use crate::kinds::{CodeKind, CourseKind, GroupKind};
use crate::list::{Numbers, Texts};
use crate::varint::{self, Octets};

/// Octets of the longest text of any kind.
pub const MAX_TEXT: usize = 4096;
/// Octets of the longest identifier of a person, a school, a group or a code. 255 characters may be four octets each.
pub const MAX_ID: usize = 1024;
/// Most schools of one person (`docs/directory.md`).
pub const MAX_AFFILIATIONS: u32 = 64;
/// Most classes and groups, or codes, of one person in one school (`docs/directory.md`).
pub const MAX_FACTS: u32 = 1000;
/// Most classes that a group may name, and mail addresses or schools that a manager may have.
pub const MAX_LIST: u32 = 65_536;

/// A school (*établissement*).
#[derive(Debug, Clone, Copy)]
pub struct School<'a> {
    /// UAI, with suffix if the portal gave one.
    pub uai: &'a str,
    /// Usual name.
    pub name: &'a str,
}

/// A class or group of a school.
#[derive(Debug, Clone, Copy)]
pub struct Group<'a> {
    /// Number of its school.
    pub school: u32,
    /// Class or group.
    pub kind: GroupKind,
    /// Its code in that school.
    pub code: &'a str,
    /// Its label.
    pub label: &'a str,
    /// For a group: the codes of the classes to which it belongs.
    pub divisions: Texts<'a>,
}

/// A code that affiliations refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code<'a> {
    /// What it means.
    pub kind: CodeKind,
    /// The code.
    pub code: &'a str,
}

/// What a school says of one of its course codes. A later change that names the code is understood by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course<'a> {
    /// Number of the school.
    pub school: u32,
    /// What the code means.
    pub kind: CourseKind,
    /// The code.
    pub code: &'a str,
    /// For a course of study: its MEFSTAT code, or empty.
    pub level: &'a str,
}

/// A pupil, teacher or other member of the staff.
#[derive(Debug, Clone, Copy)]
pub struct Person<'a> {
    /// `GARPersonIdentifiant`.
    pub id: &'a str,
    /// `M.`, `Mme` or empty.
    pub civility: &'a str,
    /// Name in use.
    pub name: &'a str,
    /// Usual given name.
    pub given_name: &'a str,
    /// Mail address or empty.
    pub mail: &'a str,
    /// What they are in their schools.
    pub affiliations: Affiliations<'a>,
}

/// What a person is in one school.
#[derive(Debug, Clone, Copy)]
pub struct Affiliation<'a> {
    /// Number of the school.
    pub school: u32,
    /// Profiles there: bit *n* is profile *n* of `octroi_entitlements::Profile`.
    pub profiles: u16,
    /// Numbers of classes and groups of that school.
    pub groups: Numbers<'a>,
    /// Numbers of codes.
    pub codes: Numbers<'a>,
}

/// Somebody who assigns licences in schools (*responsable d'affectation*, `GARRespAff`).
#[derive(Debug, Clone, Copy)]
pub struct Manager<'a> {
    /// `GARPersonIdentifiant`.
    pub id: &'a str,
    /// `M.`, `Mme` or empty.
    pub civility: &'a str,
    /// Name.
    pub name: &'a str,
    /// Given name.
    pub given_name: &'a str,
    /// Mail addresses.
    pub mails: Texts<'a>,
    /// Numbers of the schools for which they assign.
    pub schools: Numbers<'a>,
}

/// What a person is in their schools, in ascending order of school.
#[derive(Debug, Clone, Copy, Default)]
pub struct Affiliations<'a> {
    left: u32,
    octets: &'a [u8],
}

impl Affiliations<'_> {
    /// How many are left.
    #[must_use]
    pub fn len(&self) -> usize {
        self.left as usize
    }

    /// Whether none is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.left == 0
    }
}

impl<'a> Iterator for Affiliations<'a> {
    type Item = Affiliation<'a>;

    #[inline]
    fn next(&mut self) -> Option<Affiliation<'a>> {
        self.left = self.left.checked_sub(1)?;
        let mut octets = Octets(self.octets);
        let affiliation = Affiliation::take(&mut octets, |_, _| true, |_| true)?;
        self.octets = octets.0;
        Some(affiliation)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), Some(self.len()))
    }
}

impl<'a> Affiliation<'a> {
    #[inline]
    fn take(
        octets: &mut Octets<'a>,
        group_fits: impl Fn(u32, u32) -> bool,
        code_fits: impl Fn(u32) -> bool,
    ) -> Option<Self> {
        let school = octets.number()?;
        let profiles = u16::try_from(octets.number()?).ok()?;
        let groups = Numbers::take(octets, MAX_FACTS, |group| group_fits(school, group))?;
        let codes = Numbers::take(octets, MAX_FACTS, &code_fits)?;
        Some(Self {
            school,
            profiles,
            groups,
            codes,
        })
    }
}

/// What a person is in their schools, while it is put together; it keeps its memory from one person to the next.
#[derive(Debug, Clone, Default)]
pub struct AffiliationList {
    octets: Vec<u8>,
    count: u32,
}

impl AffiliationList {
    /// An empty list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Empties it.
    pub fn clear(&mut self) {
        self.octets.clear();
        self.count = 0;
    }

    /// Appends what the person is in `school`, which comes after the schools before it. `groups` and `codes` ascend.
    /// What does not ascend, or is more than a segment takes, is refused by [`crate::SegmentWriter::person`].
    pub fn push(&mut self, school: u32, profiles: u16, groups: &[u32], codes: &[u32]) {
        varint::put(&mut self.octets, school);
        varint::put(&mut self.octets, u32::from(profiles));
        let ascend =
            Numbers::put(&mut self.octets, groups) && Numbers::put(&mut self.octets, codes);
        if !ascend {
            // Half a record: the writer's check finds it out.
            self.octets.push(0x80);
        }
        self.count += 1;
    }

    /// The list, as a [`Person`] takes it.
    #[must_use]
    pub fn view(&self) -> Affiliations<'_> {
        Affiliations {
            left: self.count,
            octets: &self.octets,
        }
    }
}

/// What references may point at: the tables that stand before the record.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) schools: u32,
    /// The school of each group.
    pub(crate) group_schools: Vec<u32>,
    pub(crate) codes: u32,
}

fn id<'a>(octets: &mut Octets<'a>) -> Option<&'a str> {
    octets
        .text()
        .filter(|text| (1..=MAX_ID).contains(&text.len()))
}

fn text<'a>(octets: &mut Octets<'a>) -> Option<&'a str> {
    octets.text().filter(|text| text.len() <= MAX_TEXT)
}

impl<'a> School<'a> {
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        varint::put_text(out, self.uai);
        varint::put_text(out, self.name);
    }

    pub(crate) fn take(octets: &mut Octets<'a>) -> Option<Self> {
        Some(Self {
            uai: id(octets)?,
            name: text(octets)?,
        })
    }
}

impl<'a> Group<'a> {
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        varint::put(out, self.school);
        out.push(self.kind as u8);
        varint::put_text(out, self.code);
        varint::put_text(out, self.label);
        self.divisions.put(out);
    }

    pub(crate) fn take(octets: &mut Octets<'a>, tables: &Tables) -> Option<Self> {
        Some(Self {
            school: octets.number().filter(|school| *school < tables.schools)?,
            kind: GroupKind::from_number(octets.octet()?)?,
            code: id(octets)?,
            label: text(octets)?,
            divisions: Texts::take(octets, MAX_LIST, MAX_ID)?,
        })
    }

    /// In this order groups stand in a segment.
    pub(crate) fn key(&self) -> (u32, GroupKind, &'a str) {
        (self.school, self.kind, self.code)
    }
}

impl<'a> Code<'a> {
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        out.push(self.kind as u8);
        varint::put_text(out, self.code);
    }

    pub(crate) fn take(octets: &mut Octets<'a>) -> Option<Self> {
        Some(Self {
            kind: CodeKind::from_number(octets.octet()?)?,
            code: id(octets)?,
        })
    }

    /// In this order codes stand in a segment.
    pub(crate) fn key(&self) -> (CodeKind, &'a str) {
        (self.kind, self.code)
    }
}

impl<'a> Course<'a> {
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        varint::put(out, self.school);
        out.push(self.kind as u8);
        varint::put_text(out, self.code);
        varint::put_text(out, self.level);
    }

    pub(crate) fn take(octets: &mut Octets<'a>, tables: &Tables) -> Option<Self> {
        Some(Self {
            school: octets.number().filter(|school| *school < tables.schools)?,
            kind: CourseKind::from_number(octets.octet()?)?,
            code: id(octets)?,
            level: text(octets)?,
        })
    }

    /// In this order courses stand in a segment.
    pub(crate) fn key(&self) -> (u64, &'a str) {
        (u64::from(self.school) << 8 | self.kind as u64, self.code)
    }
}

impl<'a> Person<'a> {
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        for text in [
            self.id,
            self.civility,
            self.name,
            self.given_name,
            self.mail,
        ] {
            varint::put_text(out, text);
        }
        varint::put(out, self.affiliations.left);
        out.extend_from_slice(self.affiliations.octets);
    }

    #[inline]
    pub(crate) fn take(octets: &mut Octets<'a>, tables: &Tables) -> Option<Self> {
        Some(Self {
            id: id(octets)?,
            civility: text(octets)?,
            name: text(octets)?,
            given_name: text(octets)?,
            mail: text(octets)?,
            affiliations: {
                let left = octets.number().filter(|count| *count <= MAX_AFFILIATIONS)?;
                let whole = octets.0;
                let mut least = 0;
                for _ in 0..left {
                    let in_school = |school: u32, group: u32| {
                        tables.group_schools.get(group as usize) == Some(&school)
                    };
                    let affiliation =
                        Affiliation::take(octets, in_school, |code| code < tables.codes)?;
                    if affiliation.school < least || affiliation.school >= tables.schools {
                        return None;
                    }
                    least = affiliation.school + 1;
                }
                Affiliations {
                    left,
                    octets: &whole[..whole.len() - octets.0.len()],
                }
            },
        })
    }
}

impl<'a> Manager<'a> {
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        for text in [self.id, self.civility, self.name, self.given_name] {
            varint::put_text(out, text);
        }
        self.mails.put(out);
        self.schools.put_again(out);
    }

    pub(crate) fn take(octets: &mut Octets<'a>, tables: &Tables) -> Option<Self> {
        Some(Self {
            id: id(octets)?,
            civility: text(octets)?,
            name: text(octets)?,
            given_name: text(octets)?,
            mails: Texts::take(octets, MAX_LIST, MAX_TEXT)?,
            schools: Numbers::take(octets, MAX_LIST, |school| school < tables.schools)?,
        })
    }
}
