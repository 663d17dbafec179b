//! Segments: read in the order of the old identifiers, written in that of the new. Memory is that of a segment's schools
//! and groups, and of the sorter's buffer.

use std::path::Path;

use octroi_directory::current::{Directory, InForce};
use octroi_directory::{
    AffiliationList, Course, CourseKind, DEFAULT_SORT_BUFFER, Group, GroupKind, Head, Manager,
    NumberList, Person, School, Segment, SegmentWriter, Sorter, TextList,
};
use serde::{Deserialize, Serialize};

use super::pseudonym::Pseudonyms;
use super::schools::Schools;
use super::{AnonymiseError, io_at};

/// After so many people somebody may ask to stop.
const STOP_EVERY: u64 = 4096;

/// The words of `groups.tsv`, so that a code is replaced the same way in tables and segments.
fn word(kind: GroupKind) -> &'static str {
    match kind {
        GroupKind::Division => "division",
        GroupKind::Group => "group",
    }
}

/// Collects the numbers of schools that segments name.
pub(super) fn numbers(
    in_force: &[InForce],
    numbers: &mut Vec<String>,
) -> Result<(), AnonymiseError> {
    for segment in in_force {
        let segment = Segment::open(&segment.path)?;
        numbers.extend(segment.schools().map(|school| school.uai.to_owned()));
    }
    Ok(())
}

/// A person on the way through the sorter, replaced already; the key is the identifier.
#[derive(Serialize, Deserialize)]
struct Passing<'a> {
    civility: &'a str,
    name: String,
    given_name: String,
    mail: String,
    affiliations: Vec<(u32, u16, Vec<u32>, Vec<u32>)>,
}

/// From old to new numbers of a segment's schools and groups.
struct Numbers {
    schools: Vec<u32>,
    groups: Vec<u32>,
}

impl Numbers {
    fn school(&self, old: u32) -> u32 {
        self.schools.get(old as usize).copied().unwrap_or(u32::MAX)
    }

    fn group(&self, old: u32) -> u32 {
        self.groups.get(old as usize).copied().unwrap_or(u32::MAX)
    }
}

/// Writes the segment at `path` anew and puts it in force in `new`. Answers how many people it has.
pub(super) fn write(
    path: &Path,
    new: &Directory,
    names: &Pseudonyms,
    schools: &Schools,
    stop: &dyn Fn() -> bool,
) -> Result<u64, AnonymiseError> {
    let old = Segment::open(path)?;
    let head = old.head();
    let draft = new.draft(&head.ent, head.degree)?;
    let mut writer = SegmentWriter::create(
        &draft,
        Head {
            // What the archive was is production's.
            source: [0; 32],
            ..head.clone()
        },
    )?;
    let numbers = places(&old, &mut writer, names, schools)?;
    let ent = head.ent.as_str();
    let mut sorter = Sorter::new(new.folder(ent)?.as_path(), DEFAULT_SORT_BUFFER);
    let mut people = old.people();
    let mut count = 0u64;
    while let Some(person) = people.next()? {
        let passing = replaced(&person, names, &numbers);
        let octets = postcard::to_allocvec(&passing).unwrap_or_default();
        sorter
            .push(names.person(ent, person.id).as_bytes(), &octets)
            .map_err(io_at(new.root()))?;
        count += 1;
        if count.is_multiple_of(STOP_EVERY) && stop() {
            return Err(AnonymiseError::Stopped);
        }
    }
    let mut sorted = sorter.finish().map_err(io_at(new.root()))?;
    let mut list = AffiliationList::new();
    while let Some((id, octets)) = sorted.next().map_err(io_at(new.root()))? {
        let read: Option<(&str, Passing<'_>)> = std::str::from_utf8(id)
            .ok()
            .zip(postcard::from_bytes(octets).ok());
        let Some((id, passing)) = read else {
            let broken = std::io::Error::from(std::io::ErrorKind::InvalidData);
            return Err(io_at(new.root())(broken));
        };
        list.clear();
        for (school, profiles, groups, codes) in &passing.affiliations {
            list.push(*school, *profiles, groups, codes);
        }
        writer.person(&Person {
            id,
            civility: passing.civility,
            name: &passing.name,
            given_name: &passing.given_name,
            mail: &passing.mail,
            affiliations: list.view(),
        })?;
        if stop() {
            return Err(AnonymiseError::Stopped);
        }
    }
    managers(&old, &mut writer, names, &numbers)?;
    writer.finish()?;
    new.put_in_force(&draft)?;
    Ok(count)
}

fn replaced<'a>(person: &Person<'a>, names: &Pseudonyms, numbers: &Numbers) -> Passing<'a> {
    let mut affiliations: Vec<_> = person
        .affiliations
        .map(|a| {
            let mut groups: Vec<u32> = a.groups.map(|g| numbers.group(g)).collect();
            groups.sort_unstable();
            let school = numbers.school(a.school);
            (school, a.profiles, groups, a.codes.collect::<Vec<u32>>())
        })
        .collect();
    affiliations.sort_unstable();
    Passing {
        civility: person.civility,
        name: names.text("name", person.name),
        given_name: names.text("given name", person.given_name),
        mail: mail(names, person.mail),
        affiliations,
    }
}

fn mail(names: &Pseudonyms, mail: &str) -> String {
    if mail.is_empty() {
        String::new()
    } else {
        names.mail(mail)
    }
}

/// Schools, groups, codes and courses, each in its new order.
fn places(
    old: &Segment,
    writer: &mut SegmentWriter,
    names: &Pseudonyms,
    schools: &Schools,
) -> Result<Numbers, AnonymiseError> {
    let mut order: Vec<(&str, usize, School<'_>)> = old
        .schools()
        .enumerate()
        .map(|(number, school)| (schools.new_of(school.uai), number, school))
        .collect();
    order.sort_unstable_by_key(|(uai, ..)| *uai);
    let mut numbers = Numbers {
        schools: vec![0; order.len()],
        groups: vec![0; old.groups().len()],
    };
    for (new, (uai, number, school)) in (0..).zip(&order) {
        numbers.schools[*number] = new;
        let name = names.text("school", school.name);
        writer.school(&School { uai, name: &name })?;
    }
    let mut groups: Vec<(u32, GroupKind, String, usize, Group<'_>)> = old
        .groups()
        .enumerate()
        .map(|(number, group)| {
            let uai = old.school(group.school).map_or("", |school| school.uai);
            let code = names.group(uai, word(group.kind), group.code);
            (
                numbers.school(group.school),
                group.kind,
                code,
                number,
                group,
            )
        })
        .collect();
    groups.sort_unstable_by(|a, b| (a.0, a.1, &a.2).cmp(&(b.0, b.1, &b.2)));
    let mut list = TextList::new();
    for (new, (school, kind, code, number, group)) in (0..).zip(&groups) {
        numbers.groups[*number] = new;
        let uai = old.school(group.school).map_or("", |school| school.uai);
        list.clear();
        group
            .divisions
            .for_each(|division| list.push(&names.group(uai, word(GroupKind::Division), division)));
        writer.group(&Group {
            school: *school,
            kind: *kind,
            code,
            label: &names.text("label", group.label),
            divisions: list.view(),
        })?;
    }
    for code in old.codes() {
        writer.code(&code)?;
    }
    courses(old, writer, &numbers)?;
    Ok(numbers)
}

fn courses(
    old: &Segment,
    writer: &mut SegmentWriter,
    numbers: &Numbers,
) -> Result<(), AnonymiseError> {
    let mut all: Vec<(u32, CourseKind, String, String)> = Vec::new();
    let mut courses = old.courses();
    while let Some(course) = courses.next()? {
        let school = numbers.school(course.school);
        all.push((
            school,
            course.kind,
            course.code.to_owned(),
            course.level.to_owned(),
        ));
    }
    all.sort_by(|a, b| (a.0, a.1 as u8, &a.2).cmp(&(b.0, b.1 as u8, &b.2)));
    for (school, kind, code, level) in &all {
        writer.course(&Course {
            school: *school,
            kind: *kind,
            code,
            level,
        })?;
    }
    Ok(())
}

fn managers(
    old: &Segment,
    writer: &mut SegmentWriter,
    names: &Pseudonyms,
    numbers: &Numbers,
) -> Result<(), AnonymiseError> {
    struct Kept {
        id: String,
        civility: String,
        name: String,
        given_name: String,
        mails: TextList,
        schools: Vec<u32>,
    }
    let ent = old.head().ent.as_str();
    let mut all = Vec::new();
    let mut managers = old.managers();
    while let Some(manager) = managers.next()? {
        let mut mails = TextList::new();
        manager
            .mails
            .for_each(|address| mails.push(&mail(names, address)));
        let mut schools: Vec<u32> = manager.schools.map(|s| numbers.school(s)).collect();
        schools.sort_unstable();
        all.push(Kept {
            id: names.person(ent, manager.id),
            civility: manager.civility.to_owned(),
            name: names.text("name", manager.name),
            given_name: names.text("given name", manager.given_name),
            mails,
            schools,
        });
    }
    all.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    let mut schools = NumberList::default();
    for kept in &all {
        schools.set(&kept.schools);
        writer.manager(&Manager {
            id: &kept.id,
            civility: &kept.civility,
            name: &kept.name,
            given_name: &kept.given_name,
            mails: kept.mails.view(),
            schools: schools.view(),
        })?;
    }
    Ok(())
}
