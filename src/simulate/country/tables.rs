//! Writes a country as the source directory that `octroi snapshot build` reads (`docs/directory.md`).
//!
//! A stream: what is held in memory is one school at a time. The bytes depend on the shape alone.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use super::Country;
use super::assignment::{Assignee, Assignment};
use super::licence::{Count, Licences};
use super::person::{Attachment, Person};
use super::resource::Delivery;
use super::school::{Kind, School};
use super::subscription::{DEPARTMENTS, Holder, Public, Subscription, is_automatic};
use super::tsv::{Table, list};
use super::validity::{Validity, cell};

/// How many lines were written, for the person who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Lines of `establishments.tsv`.
    pub schools: u64,
    /// Lines of `people.tsv`.
    pub people: u64,
    /// Lines of `resources.tsv`.
    pub resources: u64,
    /// Lines of `subscriptions.tsv`.
    pub subscriptions: u64,
    /// Lines of `assignments.tsv`.
    pub assignments: u64,
}

impl Country {
    /// Writes the ten tables into a directory that exists.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write_tables(&self, directory: &Path) -> io::Result<Counts> {
        let (schools, people) = self.write_people(directory)?;
        Ok(Counts {
            schools,
            people,
            ..self.write_tables_of_rights(directory)?
        })
    }

    /// Writes the tables that say nothing of schools' people: projects, publishers, resources, release, subscriptions
    /// and assignments. People come from portals' archives then.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write_tables_of_rights(&self, directory: &Path) -> io::Result<Counts> {
        self.write_partners(directory)?;
        let resources = self.write_resources(directory)?;
        let (subscriptions, assignments) = self.write_rights(directory)?;
        Ok(Counts {
            resources,
            subscriptions,
            assignments,
            ..Counts::default()
        })
    }

    fn write_partners(&self, directory: &Path) -> io::Result<()> {
        let mut ents = Table::create(directory, "ents.tsv", &["code", "name"])?;
        for portal in &self.portals {
            for ident in portal.idents() {
                ents.row([ident, &portal.name])?;
            }
        }
        ents.finish()?;
        // A publisher that is switched off is so in the gateway's settings only: the directory knows nothing of it.
        let mut publishers = Table::create(
            directory,
            "publishers.tsv",
            &["id", "name", "pseudonym_domain", "from", "until"],
        )?;
        for (index, publisher) in self.publishers.iter().enumerate() {
            let [from, until] = self.publisher_validity(index).cells();
            publishers.row([
                publisher.id.as_str(),
                &publisher.name,
                &publisher.domain,
                &from,
                &until,
            ])?;
        }
        publishers.finish()?;
        Ok(())
    }

    fn write_resources(&self, directory: &Path) -> io::Result<u64> {
        let columns = [
            "id",
            "name",
            "publisher",
            "delivery",
            "access_url",
            "family",
            "disabled",
            "mother",
            "opens_family",
            "from",
            "until",
        ];
        let mut resources = Table::create(directory, "resources.tsv", &columns)?;
        let columns = ["resource", "attribute", "from", "until"];
        let mut release = Table::create(directory, "release.tsv", &columns)?;
        let yes = |yes| if yes { "yes" } else { "" };
        for index in 0..self.shape.resources {
            let resource = self.resource(index);
            let delivery = match resource.delivery {
                Delivery::Push => "push",
                Delivery::Pull => "pull",
            };
            let publisher = self
                .publishers
                .get(resource.publisher)
                .map_or("", |p| p.id.as_str());
            // Who is nobody's member is the mother of its own family, be it a family of one.
            let family = resource
                .mother
                .map_or_else(|| resource.ark.clone(), |mother| self.resource(mother).ark);
            let [from, until] = resource.validity.cells();
            resources.row([
                &resource.ark,
                &resource.title,
                publisher,
                delivery,
                &resource.access_url,
                &family,
                yes(resource.disabled),
                yes(resource.is_mother),
                yes(resource.opens_family),
                &from,
                &until,
            ])?;
            for &attribute in resource.release.attributes() {
                let times = match &resource.dated {
                    Some((dated, times)) if *dated == attribute => times.as_slice(),
                    _ => &[Validity::default()],
                };
                for time in times {
                    let [from, until] = time.cells();
                    release.row([resource.ark.as_str(), attribute, &from, &until])?;
                }
            }
        }
        release.finish()?;
        resources.finish()
    }

    fn write_people(&self, directory: &Path) -> io::Result<(u64, u64)> {
        let mut schools = Table::create(directory, "establishments.tsv", &["uai", "name"])?;
        let mut groups = Table::create(
            directory,
            "groups.tsv",
            &["uai", "kind", "code", "label", "divisions"],
        )?;
        let columns = ["ent", "person", "civility", "name", "given_name", "mail"];
        let mut people = Table::create(directory, "people.tsv", &columns)?;
        let columns = [
            "ent",
            "person",
            "uai",
            "profiles",
            "divisions",
            "groups",
            "p_ms4",
            "p_mat",
        ];
        let mut affiliations = Table::create(directory, "affiliations.tsv", &columns)?;
        for index in 0..self.shape.schools {
            let school = self.school(index);
            schools.row([school.uai.as_str(), &school.name])?;
            for place in 0..school.classes() {
                let class = school.class(place);
                groups.row([
                    school.uai.as_str(),
                    "division",
                    &class.code,
                    &class.label,
                    "",
                ])?;
                if school.kind != Kind::Primary {
                    let group = school.group(place);
                    groups.row([
                        school.uai.as_str(),
                        "group",
                        &group.code,
                        &group.label,
                        &group.division,
                    ])?;
                }
            }
            let ident = self.ident_of(index);
            for person in self.people_of(&school) {
                people.row([
                    ident,
                    &person.id,
                    person.civility.unwrap_or_default(),
                    &person.family_name,
                    &person.given_name,
                    person.mail.as_deref().unwrap_or_default(),
                ])?;
                for attachment in &person.schools {
                    if attachment.school == index {
                        affiliate(&mut affiliations, ident, &person, attachment, &school)?;
                    } else {
                        affiliate(
                            &mut affiliations,
                            ident,
                            &person,
                            attachment,
                            &self.school(attachment.school),
                        )?;
                    }
                }
            }
        }
        groups.finish()?;
        affiliations.finish()?;
        Ok((schools.finish()?, people.finish()?))
    }

    fn write_rights(&self, directory: &Path) -> io::Result<(u64, u64)> {
        let columns = [
            "id",
            "resource",
            "schools",
            "kind",
            "publics",
            "from",
            "until",
            "until_year",
            "licences",
            "licences_pupils",
            "licences_teachers",
            "licences_librarians",
            "licences_other_staff",
            "category",
        ];
        let mut subscriptions = Table::create(directory, "subscriptions.tsv", &columns)?;
        let columns = [
            "subscription",
            "uai",
            "kind",
            "ent",
            "target",
            "from",
            "until",
            "since",
        ];
        let mut assignments = Table::create(directory, "assignments.tsv", &columns)?;
        for department in 0..DEPARTMENTS {
            for kind in [Kind::College, Kind::Lycee] {
                let schools = list(
                    (department..self.shape.schools)
                        .step_by(DEPARTMENTS as usize)
                        .map(|index| self.school(index))
                        .filter(|school| school.kind == kind)
                        .map(|school| school.uai),
                );
                if schools.is_empty() {
                    continue;
                }
                for subscription in self.territory_subscriptions(department, kind) {
                    self.subscribe(&mut subscriptions, &subscription, &schools)?;
                }
            }
        }
        for index in 0..self.shape.schools {
            let school = self.school(index);
            for subscription in self.own_subscriptions(&school) {
                self.subscribe(&mut subscriptions, &subscription, &school.uai)?;
                for assignment in self.assignments(&subscription, &school) {
                    self.assign(&mut assignments, &subscription, &school, assignment)?;
                }
            }
        }
        Ok((subscriptions.finish()?, assignments.finish()?))
    }

    fn subscribe(
        &self,
        table: &mut Table,
        subscription: &Subscription,
        schools: &str,
    ) -> io::Result<()> {
        let year = subscription.until_year;
        // Only the platform says both, and then it is the day that holds.
        let both = matches!(subscription.holder, Holder::School(_, number) if is_automatic(number));
        let until = (year.is_none() || both).then(|| subscription.until.to_string());
        let global = match &subscription.licences {
            Licences::Global(count) => count.cell(),
            Licences::Untold | Licences::ByPublic(_) => String::new(),
        };
        let count = |public| {
            let count = subscription.licences.of(public);
            count.map_or_else(String::new, Count::cell)
        };
        table.row([
            subscription.id.as_str(),
            &self.resource(subscription.resource).ark,
            schools,
            if subscription.individual {
                "INDIV"
            } else {
                "ETABL"
            },
            &list(subscription.publics.iter().map(|p| p.word())),
            &subscription.from.to_string(),
            &until.unwrap_or_default(),
            &year.map_or_else(String::new, |year| format!("{year}-{}", year + 1)),
            &global,
            &count(Public::Pupils),
            &count(Public::Teachers),
            &count(Public::Documentalists),
            &count(Public::OtherStaff),
            subscription.category.unwrap_or_default(),
        ])
    }

    fn assign(
        &self,
        table: &mut Table,
        subscription: &Subscription,
        school: &School,
        assignment: Assignment,
    ) -> io::Result<()> {
        let ident = self.ident_of(school.index);
        let (kind, ent, target) = match assignment.assignee {
            Assignee::Seat(seat) => {
                let Some(person) = self.person(super::person::Seat {
                    school: school.index,
                    seat,
                }) else {
                    return Ok(());
                };
                ("person", ident, person.id)
            }
            Assignee::Class(place) => ("division", "", school.class(place).code),
            Assignee::Group(place) => ("group", "", school.group(place).code),
            Assignee::Level(place) => ("level", "", school.level(place).mefstat4.to_owned()),
            Assignee::Subject(code) => ("subject", "", code.to_owned()),
            Assignee::Profile(profile) => ("profile", "", profile.code().to_owned()),
        };
        let [from, until] = assignment.time.cells();
        table.row([
            subscription.id.as_str(),
            &school.uai,
            kind,
            ent,
            &target,
            &from,
            &until,
            &cell(assignment.since),
        ])
    }
}

fn affiliate(
    table: &mut Table,
    ident: &str,
    person: &Person,
    attachment: &Attachment,
    school: &School,
) -> io::Result<()> {
    let classes: Vec<_> = attachment
        .classes
        .iter()
        .map(|&c| school.class(c))
        .collect();
    let levels: BTreeSet<&str> = classes.iter().map(|c| c.level.mefstat4).collect();
    // Portals write profiles in any case; a share of the made-up ones does too.
    let profile = match person.seat.seat % 7 {
        3 => person
            .profile
            .code()
            .to_uppercase()
            .replace("NATIONAL", "National"),
        _ => person.profile.code().to_owned(),
    };
    table.row([
        ident,
        &person.id,
        &school.uai,
        &profile,
        &list(classes.iter().map(|c| &c.code)),
        &list(attachment.groups.iter().map(|&g| school.group(g).code)),
        &list(levels),
        &list(&person.subjects),
    ])
}
