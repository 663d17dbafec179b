//! The names of archives and of their members (`gar.md` §3), read exactly.

use std::fmt;

use octroi_directory::{Degree, Stamp, is_ent_code};
use serde::Serialize;

/// What the name of an archive says: `{idENT}_GAR-ENT_Complet_{yyyyMMdd_HHmmss}_{2D|1D}.tar.gz`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArchiveName {
    /// Code of the ENT project.
    pub ent: String,
    /// When the portal made it.
    pub delivered: Stamp,
    /// Of which flow it is.
    pub degree: Degree,
}

impl ArchiveName {
    /// Reads the name of a file, without its folder.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::stem(name.strip_suffix(".tar.gz")?)
    }

    fn stem(stem: &str) -> Option<Self> {
        let (ent, rest) = stem.split_once("_GAR-ENT_Complet_")?;
        let (delivered, degree) = rest.rsplit_once('_')?;
        Some(Self {
            ent: is_ent_code(ent).then(|| ent.to_owned())?,
            delivered: delivered.parse().ok()?,
            degree: Degree::parse(degree)?,
        })
    }
}

impl fmt::Display for ArchiveName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ent, delivered, degree) = (&self.ent, self.delivered, self.degree);
        write!(f, "{ent}_GAR-ENT_Complet_{delivered}_{degree}.tar.gz")
    }
}

/// What a member holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum FileKind {
    /// Schools, courses of study, subjects.
    Etab,
    /// Pupils.
    Eleve,
    /// Teachers and other staff.
    Enseignant,
    /// Classes, groups and who is in them.
    Groupe,
    /// Assignment managers.
    RespAff,
}

impl FileKind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Etab,
        Self::Eleve,
        Self::Enseignant,
        Self::Groupe,
        Self::RespAff,
    ];

    /// As in names of members and roots of documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Etab => "Etab",
            Self::Eleve => "Eleve",
            Self::Enseignant => "Enseignant",
            Self::Groupe => "Groupe",
            Self::RespAff => "RespAff",
        }
    }
}

/// What the name of a member says beyond that of its archive: `…_{Etab|Eleve|Enseignant|Groupe|RespAff}_{NNNN}.xml`.
pub(crate) fn member(name: &str, archive: &ArchiveName) -> Option<FileKind> {
    let (rest, number) = name.strip_suffix(".xml")?.rsplit_once('_')?;
    let digits = (4..=9).contains(&number.len()) && number.bytes().all(|o| o.is_ascii_digit());
    let (stem, kind) = rest.rsplit_once('_')?;
    let kind = FileKind::ALL
        .into_iter()
        .find(|known| known.as_str() == kind)?;
    // The time of a member may be a little later than that of the archive; portal and degree are the archive's.
    let of = ArchiveName::stem(stem)?;
    (digits && of.ent == archive.ent && of.degree == archive.degree).then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_archives() {
        let name = "B0_GAR-ENT_Complet_20261127_031500_2D.tar.gz";
        let parsed = ArchiveName::parse(name).unwrap();
        assert_eq!((parsed.ent.as_str(), parsed.degree), ("B0", Degree::Second));
        assert_eq!(parsed.to_string(), name);
        for bad in [
            "",
            "B0_GAR-ENT_Complet_20261127_031500_2D.tar",
            "B0_GAR-ENT_Complet_20261127_031500_2d.tar.gz",
            "B0_GAR-ENT_Complet_20261127_031500_3D.tar.gz",
            "B0_GAR-ENT_Complet_20261327_031500_2D.tar.gz",
            "B0_GAR-ENT_Partiel_20261127_031500_2D.tar.gz",
            "_GAR-ENT_Complet_20261127_031500_2D.tar.gz",
            "../B0_GAR-ENT_Complet_20261127_031500_2D.tar.gz",
            "B0_GAR-ENT_Complet_20261127_031500_2D.tar.gz.md5",
        ] {
            assert_eq!(ArchiveName::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn names_of_members() {
        let archive = ArchiveName::parse("B0_GAR-ENT_Complet_20261127_031500_2D.tar.gz").unwrap();
        let of = |name: &str| member(name, &archive);
        for kind in FileKind::ALL {
            let name = format!(
                "B0_GAR-ENT_Complet_20261127_031501_2D_{}_0000.xml",
                kind.as_str()
            );
            assert_eq!(of(&name), Some(kind));
        }
        for bad in [
            "B0_GAR-ENT_Complet_20261127_031500_2D_Eleve_0.xml",
            "B0_GAR-ENT_Complet_20261127_031500_2D_Eleve_000x.xml",
            "B0_GAR-ENT_Complet_20261127_031500_2D_Eleves_0000.xml",
            "B0_GAR-ENT_Complet_20261127_031500_1D_Eleve_0000.xml",
            "C0_GAR-ENT_Complet_20261127_031500_2D_Eleve_0000.xml",
            "B0_GAR-ENT_Complet_20261127_031500_2D_Eleve_0000.xml.bak",
            "x/B0_GAR-ENT_Complet_20261127_031500_2D_Eleve_0000.xml",
        ] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }
}
