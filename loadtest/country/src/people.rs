//! Records of a person: pupil, member of staff or assignment manager, and every relation to classes, groups, levels and
//! subjects, as the schemas of the two degrees want them.

use octroi::simulate::country::Country;
use octroi::simulate::country::person::{Attachment, Person, Profile};
use octroi::simulate::prng::Seed;

use crate::archive::Degree;
use crate::defect::{Defect, Defects};
use crate::places::{Place, degree_of};
use crate::sheet::{Order, Sheet};
use crate::tally::Counts;
use crate::xml::Xml;

/// A school number that no made-up school has: department 989.
const NOBODYS_SCHOOL: &str = "9890001A";

/// The five kinds of files and where the writer stands in them.
pub(crate) struct Sheets {
    pub(crate) degree: Degree,
    pub(crate) etab: Sheet,
    pub(crate) eleve: Sheet,
    pub(crate) enseignant: Sheet,
    pub(crate) groupe: Sheet,
    pub(crate) respaff: Sheet,
    pub(crate) counts: Counts,
    defects: Defects,
    births: Seed,
}

impl Sheets {
    pub(crate) fn new(degree: Degree, order: Order, defects: Defects, seed: u64) -> Self {
        let second = degree == Degree::Second;
        Self {
            degree,
            etab: Sheet::new("Etab", if second { 3 } else { 1 }, Order::Together),
            eleve: Sheet::new("Eleve", if second { 3 } else { 2 }, order),
            enseignant: Sheet::new("Enseignant", 2, order),
            groupe: Sheet::new("Groupe", if second { 4 } else { 2 }, order),
            respaff: Sheet::new("RespAff", 1, Order::Together),
            counts: Counts::default(),
            defects,
            births: Seed::new(seed).domain("birth"),
        }
    }

    /// Everything that an archive of this degree says of a person. `home` is the school of the person's seat.
    pub(crate) fn person(&mut self, country: &Country, home: &Place, person: &Person) {
        let elsewhere: Vec<(Place, &Attachment)> = person
            .schools
            .iter()
            .skip(1)
            .map(|a| (Place::of(country, a.school), a))
            .collect();
        let places = person
            .schools
            .first()
            .map(|a| (home, a))
            .into_iter()
            .chain(elsewhere.iter().map(|(place, a)| (place, *a)));
        let here: Vec<(&Place, &Attachment)> = places
            .filter(|(place, _)| degree_of(&place.school) == self.degree)
            .collect();
        let Some((first, _)) = here.first() else {
            return;
        };
        let schools: Vec<&str> = here.iter().map(|(p, _)| p.school.uai.as_str()).collect();
        let rank = home.school.first_person + u64::from(person.seat.seat);
        let record = Record {
            person,
            id: &person.id,
            name: &person.family_name,
            given_name: &person.given_name,
            profile: profile(person),
            schools: &schools,
            birth: birth(self.births, rank, person.profile),
            degree: self.degree,
        };
        // Bad records come with the archive of the person's own school.
        let defect = (first.school.index == home.school.index)
            .then(|| self.defects.of(rank))
            .flatten();
        let sheet = match person.profile {
            Profile::Pupil => &mut self.eleve,
            _ => &mut self.enseignant,
        };
        self.counts.people += 1;
        sheet.add(0, record.tag(), |xml| record.write(xml));
        if let Some(defect) = defect {
            self.bad(defect, &record);
        }
        for (place, attachment) in here {
            self.relations(place, attachment, person);
        }
        self.manager(home, person);
    }

    /// A record that is wrong, beside the right one.
    fn bad(&mut self, defect: Defect, record: &Record<'_>) {
        let id = format!("{}-x", record.id);
        let long = "Interminable".repeat(42);
        let mut wrong = Record {
            id: &id,
            ..record.clone()
        };
        let bad = &mut self.counts.bad;
        match defect {
            Defect::Duplicate | Defect::Contradiction => {
                if defect == Defect::Duplicate {
                    bad.duplicate += 1;
                } else {
                    bad.contradiction += 1;
                    wrong.given_name = "Autrement";
                }
                wrong.id = record.id;
                let sheet = match record.person.profile {
                    Profile::Pupil => &mut self.eleve,
                    _ => &mut self.enseignant,
                };
                sheet.add_later(wrong.tag(), |xml| wrong.write(xml));
                return;
            }
            Defect::UnknownSchool => {
                bad.unknown_school += 1;
                wrong.schools = &[NOBODYS_SCHOOL];
            }
            Defect::TooLong => {
                bad.too_long += 1;
                wrong.name = &long;
            }
            Defect::BadProfile => {
                bad.bad_profile += 1;
                wrong.profile = "National_xyz".to_owned();
            }
            Defect::StrayRelation => {
                bad.stray_relation += 1;
                let (uai, level) = (record.schools.first().copied().unwrap_or_default(), "9999");
                let (tag, code) = level_tags(self.degree);
                self.eleve
                    .add(1, tag, |xml| relation(xml, uai, &id, code, level));
                return;
            }
        }
        let wrong = &wrong;
        match record.person.profile {
            Profile::Pupil => self.eleve.add(0, wrong.tag(), |xml| wrong.write(xml)),
            _ => self.enseignant.add(0, wrong.tag(), |xml| wrong.write(xml)),
        }
    }

    fn relations(&mut self, place: &Place, attachment: &Attachment, person: &Person) {
        let uai = place.school.uai.as_str();
        let id = person.id.as_str();
        let classes = || {
            attachment
                .classes
                .iter()
                .filter_map(|&c| place.classes.get(c as usize))
        };
        let groups = || {
            attachment
                .groups
                .iter()
                .filter_map(|&g| place.groups.get(g as usize))
        };
        let pupil = person.profile == Profile::Pupil;
        let second = self.degree == Degree::Second;
        // Levels: of the pupil, or taught by the teacher; each once.
        let mut levels: Vec<_> = classes().map(|c| c.level).collect();
        levels.dedup_by_key(|l| l.mef);
        levels.sort_unstable_by_key(|l| l.mef);
        levels.dedup_by_key(|l| l.mef);
        let sheet = if pupil {
            &mut self.eleve
        } else {
            &mut self.enseignant
        };
        let (tag, code) = level_tags(self.degree);
        for level in levels {
            self.counts.relations += 1;
            let value = if second { level.mef } else { level.mefstat4 };
            sheet.add(1, tag, |xml| relation(xml, uai, id, code, value));
        }
        if pupil && second {
            for subject in &person.subjects {
                self.counts.relations += 1;
                self.eleve.add(2, "GAREleveEnseignement", |xml| {
                    relation(xml, uai, id, "GARMatiereCode", subject);
                });
            }
        }
        let taught = !pupil && second && !person.subjects.is_empty();
        let codes = classes()
            .map(|c| (3, "GAREnsClasseMatiere", c.code.as_str()))
            .chain(groups().map(|g| (2, "GAREnsGroupeMatiere", g.code.as_str())));
        for (list, tag, group) in codes {
            self.counts.relations += 1;
            let (list, tag) = if taught {
                (list, tag)
            } else {
                (1, "GARPersonGroupe")
            };
            self.groupe.add(list, tag, |xml| {
                relation(xml, uai, id, "GARGroupeCode", group);
                if taught {
                    person
                        .subjects
                        .iter()
                        .for_each(|s| xml.leaf("GARMatiereCode", s));
                }
            });
        }
    }

    /// The head of a school makes its assignments.
    fn manager(&mut self, home: &Place, person: &Person) {
        let Some(mail) = person
            .mail
            .as_deref()
            .filter(|_| person.profile == Profile::Head && degree_of(&home.school) == self.degree)
        else {
            return;
        };
        self.counts.managers += 1;
        self.respaff.add(0, "GARRespAff", |xml| {
            xml.leaf("GARPersonIdentifiant", &person.id);
            xml.leaf("GARPersonNom", &person.family_name);
            xml.leaf("GARPersonPrenom", &person.given_name);
            if let Some(civility) = person.civility {
                xml.leaf("GARPersonCivilite", civility);
            }
            xml.leaf("GARPersonMail", mail);
            xml.leaf("GARRespAffEtab", &home.school.uai);
        });
    }
}

/// A pupil's or a member of staff's own record.
#[derive(Clone)]
struct Record<'a> {
    person: &'a Person,
    id: &'a str,
    name: &'a str,
    given_name: &'a str,
    profile: String,
    schools: &'a [&'a str],
    birth: String,
    degree: Degree,
}

impl Record<'_> {
    fn tag(&self) -> &'static str {
        match self.person.profile {
            Profile::Pupil => "GAREleve",
            _ => "GAREnseignant",
        }
    }

    fn write(&self, xml: &mut Xml) {
        let person = self.person;
        let staff = person.profile != Profile::Pupil;
        xml.leaf("GARPersonIdentifiant", self.id);
        for uai in self.schools {
            xml.open("GARPersonProfils");
            xml.leaf("GARStructureUAI", uai);
            xml.leaf("GARPersonProfil", &self.profile);
            xml.close("GARPersonProfils");
        }
        xml.leaf("GARPersonNomPatro", self.name);
        xml.leaf("GARPersonNom", self.name);
        xml.leaf("GARPersonPrenom", self.given_name);
        xml.leaf("GARPersonAutresPrenoms", self.given_name);
        if let Some(civility) = person.civility {
            xml.leaf("GARPersonCivilite", civility);
        }
        if let Some(uai) = self.schools.first() {
            xml.leaf("GARPersonStructRattach", uai);
        }
        for uai in self.schools {
            xml.leaf("GARPersonEtab", uai);
        }
        xml.leaf("GARPersonDateNaissance", &self.birth);
        if staff {
            let (posts, code) = match self.degree {
                Degree::Second => ("GAREnsDisciplinesPostes", "GAREnsDisciplinePosteCode"),
                Degree::First => ("GAREnsSpecialitesPostes", "GAREnsSpecialitePosteCode"),
            };
            if let (Some(uai), Some(subject)) = (self.schools.first(), person.subjects.first()) {
                xml.open(posts);
                xml.leaf("GARStructureUAI", uai);
                xml.leaf(code, &format!("L{}", subject.get(..4).unwrap_or(subject)));
                xml.close(posts);
            }
            if let (Degree::Second, Some(mail)) = (self.degree, &person.mail) {
                xml.leaf("GARPersonMail", mail);
            }
        }
    }
}

/// Element and code element of a person's level.
fn level_tags(degree: Degree) -> (&'static str, &'static str) {
    match degree {
        Degree::Second => ("GARPersonMEF", "GARMEFCode"),
        Degree::First => ("GARPersonMEFSTAT4", "GARMEFSTAT4Code"),
    }
}

fn relation(xml: &mut Xml, uai: &str, id: &str, tag: &str, code: &str) {
    xml.leaf("GARStructureUAI", uai);
    xml.leaf("GARPersonIdentifiant", id);
    xml.leaf(tag, code);
}

/// Portals write profiles in any case.
fn profile(person: &Person) -> String {
    let code = person.profile.code();
    match person.seat.seat % 7 {
        3 => code.to_uppercase().replace("NATIONAL", "National"),
        5 => code.to_lowercase(),
        _ => code.to_owned(),
    }
}

/// A birthday that fits a pupil or a grown person. It is in archives, and importers have no use for it.
fn birth(births: Seed, rank: u64, profile: Profile) -> String {
    let mut draw = births.at(rank, 0);
    let (first, years) = match profile {
        Profile::Pupil => (2008, 12),
        _ => (1960, 40),
    };
    format!(
        "{:04}-{:02}-{:02}",
        first + draw.below(years),
        1 + draw.below(12),
        1 + draw.below(28)
    )
}
