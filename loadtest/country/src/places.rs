//! Records of a school: the school itself, its levels and subjects, its classes and groups.

use octroi::simulate::country::Country;
use octroi::simulate::country::person::subjects;
use octroi::simulate::country::school::{Class, Group, Kind, Level, School};

use crate::archive::Degree;
use crate::sheet::Sheet;
use crate::tally::Counts;

/// A school with what its people's records refer to.
pub(crate) struct Place {
    pub(crate) school: School,
    pub(crate) classes: Vec<Class>,
    /// One for each class, in the second degree.
    pub(crate) groups: Vec<Group>,
}

impl Place {
    pub(crate) fn of(country: &Country, index: u32) -> Self {
        let school = country.school(index);
        let classes = (0..school.classes()).map(|c| school.class(c)).collect();
        let groups = match degree_of(&school) {
            Degree::First => Vec::new(),
            Degree::Second => (0..school.classes()).map(|c| school.group(c)).collect(),
        };
        Self {
            school,
            classes,
            groups,
        }
    }

    /// The levels taught, each once.
    fn levels(&self) -> Vec<Level> {
        let mut levels: Vec<Level> = Vec::new();
        for class in &self.classes {
            if !levels.contains(&class.level) {
                levels.push(class.level);
            }
        }
        levels
    }

    /// The school's records.
    pub(crate) fn write(&self, etab: &mut Sheet, groupe: &mut Sheet, counts: &mut Counts) {
        let uai = self.school.uai.as_str();
        let degree = degree_of(&self.school);
        counts.schools += 1;
        etab.add(0, "GAREtab", |xml| {
            xml.leaf("GARStructureUAI", uai);
            xml.leaf("GARStructureNomCourant", &self.school.name);
            xml.leaf("GARStructureContrat", "PU");
            xml.leaf("GARStructureTelephone", "+33199000000");
            xml.leaf(
                "GARStructureEmail",
                &format!("ce.{}@ecole.example", uai.to_lowercase()),
            );
        });
        if degree == Degree::Second {
            for level in self.levels() {
                counts.relations += 1;
                etab.add(1, "GARMEF", |xml| {
                    xml.leaf("GARStructureUAI", uai);
                    xml.leaf("GARMEFCode", level.mef);
                    xml.leaf("GARMEFLibelle", level.label);
                    xml.leaf("GARMEFRattach", level.mef);
                    xml.leaf("GARMEFSTAT11", &mefstat11(&level));
                });
            }
            for (code, label) in subjects() {
                counts.relations += 1;
                etab.add(2, "GARMatiere", |xml| {
                    xml.leaf("GARStructureUAI", uai);
                    xml.leaf("GARMatiereCode", code);
                    xml.leaf("GARMatiereLibelle", label);
                });
            }
        }
        for class in &self.classes {
            counts.groups += 1;
            groupe.add(0, "GARGroupe", |xml| {
                xml.leaf("GARGroupeCode", &class.code);
                xml.leaf("GARStructureUAI", uai);
                xml.leaf("GARGroupeLibelle", &class.label);
                xml.leaf("GARGroupeStatut", "DIVISION");
            });
        }
        for group in &self.groups {
            counts.groups += 1;
            groupe.add(0, "GARGroupe", |xml| {
                xml.leaf("GARGroupeCode", &group.code);
                xml.leaf("GARStructureUAI", uai);
                xml.leaf("GARGroupeLibelle", &group.label);
                xml.leaf("GARGroupeStatut", "GROUPE");
                xml.leaf("GARGroupeDivAppartenance", &group.division);
            });
        }
    }
}

/// The degree to whose archives a school belongs.
pub(crate) fn degree_of(school: &School) -> Degree {
    match school.kind {
        Kind::Primary => Degree::First,
        Kind::College | Kind::Lycee => Degree::Second,
    }
}

/// MEF STAT 11: its first four digits are the MEF STAT 4.
fn mefstat11(level: &Level) -> String {
    format!("{}0010001", level.mefstat4)
}
