//! People: pupils, teachers, documentalists and other staff, each computed from a school and a seat in it.

use super::Country;
use super::names::{FAMILY, GIVEN, SUBJECTS, plain};
use super::school::{Kind, School};
use crate::simulate::prng::Draw;

/// What a person is in a school.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Profile {
    /// *Élève*.
    Pupil,
    /// *Enseignant*.
    Teacher,
    /// *Documentaliste*.
    Documentalist,
    /// *Direction*.
    Head,
    /// *Vie scolaire*.
    SchoolLife,
}

impl Profile {
    /// The profile as directories write it and `PRO` releases it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Pupil => "National_elv",
            Self::Teacher => "National_ens",
            Self::Documentalist => "National_doc",
            Self::Head => "National_dir",
            Self::SchoolLife => "National_evs",
        }
    }
}

/// Where a person is found: a school, and a seat in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seat {
    /// Index of the school.
    pub school: u32,
    /// Index in the school, below [`School::seats`].
    pub seat: u32,
}

/// One person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Where the person is found again.
    pub seat: Seat,
    /// Index of the portal.
    pub portal: usize,
    /// `GARPersonIdentifiant`: unique in its portal only; two portals may use the same one for two people.
    pub id: String,
    /// The profile, the same in every school of the person.
    pub profile: Profile,
    /// `NOM`.
    pub family_name: String,
    /// `PRE`.
    pub given_name: String,
    /// `CIV`: staff only.
    pub civility: Option<&'static str>,
    /// `P_MEL`: staff only.
    pub mail: Option<String>,
    /// Codes of subjects taught, or studied in a national country.
    pub subjects: Vec<&'static str>,
    /// Schools with the places of the classes that the person is in or teaches there. The first is the seat's.
    pub schools: Vec<Attachment>,
}

/// A person's place in one school.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Index of the school.
    pub school: u32,
    /// Places of classes, for [`School::class`].
    pub classes: Vec<u32>,
    /// Places of classes whose language group the person belongs to, for [`School::group`].
    pub groups: Vec<u32>,
}

/// Codes and labels of the subjects that people of the second degree teach and study.
pub fn subjects() -> impl Iterator<Item = (&'static str, &'static str)> {
    SUBJECTS.iter().map(|s| (s.code, s.label))
}

impl Person {
    /// Given name, then family name.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name)
    }
}

impl Country {
    /// The person in this seat, if the school has that many.
    #[must_use]
    pub fn person(&self, seat: Seat) -> Option<Person> {
        let school = self.school(seat.school);
        (seat.seat < school.seats).then(|| self.person_in(&school, seat.seat))
    }

    /// The person of this rank in the whole country, if there are that many: a pure function of seed and rank, so that
    /// anybody of fifteen million can be acted for without a table.
    #[must_use]
    pub fn person_at(&self, rank: u64) -> Option<Person> {
        self.person(self.seat_at(rank)?)
    }

    /// Everybody whose first school this is, in order.
    pub fn people_of<'a>(&'a self, school: &'a School) -> impl Iterator<Item = Person> + 'a {
        (0..school.seats).map(|seat| self.person_in(school, seat))
    }

    fn person_in(&self, school: &School, seat: u32) -> Person {
        let mut draw = self
            .seeds
            .person
            .at(u64::from(school.index), u64::from(seat));
        let family_name = (*draw.pick(FAMILY).unwrap_or(&"Martin")).to_owned();
        let (given_name, male) = *draw.pick(GIVEN).unwrap_or(&("Claude", true));
        let profile = profile(school, seat);
        let staff = profile != Profile::Pupil;
        let rank = school.first_person + u64::from(seat);
        let portal = self.portals.get(school.portal);
        let domain = portal.map_or("ent.example", |p| p.mail_domain.as_str());
        let mail = staff.then(|| {
            format!(
                "{}.{}{rank}@{domain}",
                plain(given_name),
                plain(&family_name)
            )
        });
        let mut subjects = Vec::new();
        if profile == Profile::Teacher && school.kind != Kind::Primary {
            subjects.extend(draw.pick(SUBJECTS).map(|s| s.code));
        }
        if profile == Profile::Pupil && school.kind != Kind::Primary && self.shape.national {
            subjects.extend(studied(&mut draw));
        }
        let mut schools = vec![self.attachment(school, seat, profile)];
        // One teacher in twenty also works in another school of the same ENT project.
        if profile == Profile::Teacher && draw.chance(50) {
            let range = self.schools_of_project(school.index);
            let other = range.start + draw.place(range.end - range.start);
            if other != school.index {
                schools.push(self.attachment(&self.school(other), seat, profile));
            }
        }
        Person {
            seat: Seat {
                school: school.index,
                seat,
            },
            portal: school.portal,
            id: self.person_id(school.portal, rank),
            profile,
            family_name,
            given_name: given_name.to_owned(),
            civility: staff.then_some(if male { "M." } else { "Mme" }),
            mail,
            subjects,
            schools,
        }
    }

    fn attachment(&self, school: &School, seat: u32, profile: Profile) -> Attachment {
        let mut draw = self
            .seeds
            .classes
            .at(u64::from(school.index), u64::from(seat));
        let mut classes = Vec::new();
        let mut groups = Vec::new();
        match profile {
            Profile::Pupil => {
                let pupil = u64::from(seat.saturating_sub(school.staff()));
                let class = pupil * u64::from(school.classes()) / u64::from(school.pupils().max(1));
                let class = u32::try_from(class).unwrap_or(0);
                classes.push(class);
                if school.kind != Kind::Primary && draw.chance(500) {
                    groups.push(class);
                }
            }
            Profile::Teacher => {
                let wanted = if school.kind == Kind::Primary {
                    1
                } else {
                    2 + draw.below(4)
                };
                for _ in 0..wanted {
                    classes.push(draw.place(school.classes()));
                }
                classes.sort_unstable();
                classes.dedup();
                groups.extend(
                    classes
                        .iter()
                        .copied()
                        .filter(|_| school.kind != Kind::Primary && draw.chance(250)),
                );
            }
            Profile::Documentalist | Profile::Head | Profile::SchoolLife => {}
        }
        Attachment {
            school: school.index,
            classes,
            groups,
        }
    }

    /// Portals number their people in their own ways: version-4-like UUIDs, 26 hexadecimal digits, or plain numbers
    /// from a million on. Two portals with plain numbers use the same ones, as happens.
    fn person_id(&self, portal: usize, rank: u64) -> String {
        match portal % 4 {
            0 => {
                let mut draw = self.seeds.id.at(portal as u64, rank);
                let (a, b) = (draw.bits(), draw.bits());
                format!(
                    "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
                    a >> 32,
                    (a >> 16) & 0xffff,
                    a & 0xfff,
                    0x8000 | ((b >> 48) & 0x3fff),
                    b & 0xffff_ffff_ffff
                )
            }
            1 => {
                let mut draw = self.seeds.id.at(portal as u64, rank);
                format!("{:016x}{:010x}", draw.bits(), draw.bits() >> 24)
            }
            _ => {
                let first = self.schools_of(portal).start;
                (1_000_000 + rank - self.school(first).first_person).to_string()
            }
        }
    }
}

/// What every pupil of the second degree studies, and one or two subjects of choice. Few different sets, as in schools.
fn studied(draw: &mut Draw) -> impl Iterator<Item = &'static str> {
    let chosen = 1 + draw.place(2) as usize;
    let skipped = draw.place((SUBJECTS.len() - CORE) as u32) as usize;
    let own = SUBJECTS.iter().skip(CORE).cycle().skip(skipped);
    SUBJECTS
        .iter()
        .take(CORE)
        .chain(own.take(chosen))
        .map(|s| s.code)
}

/// How many subjects at the head of the list every pupil of the second degree has.
const CORE: usize = 3;

fn profile(school: &School, seat: u32) -> Profile {
    let offices = school.offices();
    if seat >= school.staff() {
        Profile::Pupil
    } else if seat >= offices {
        Profile::Teacher
    } else {
        match (school.kind, seat) {
            (Kind::Primary, _) | (_, 1) => Profile::Head,
            (_, 0) => Profile::Documentalist,
            _ => Profile::SchoolLife,
        }
    }
}
