//! Words from which people, schools, publishers and resources get their names. All of it is made up by combination;
//! a likeness to anybody is chance.

pub(super) const FAMILY: &[&str] = &[
    "Abadie",
    "Allard",
    "Aubert",
    "Bailly",
    "Barbier",
    "Baron",
    "Ben Salah",
    "Berger",
    "Bertin",
    "Besson",
    "Blanchard",
    "Boucher",
    "Bouvier",
    "Brunet",
    "Carlier",
    "Chevalier",
    "Collet",
    "Cordier",
    "Coulibaly",
    "Courtois",
    "d'Arbois",
    "Da Silva",
    "de La Tour",
    "Delaunay",
    "Delmas",
    "Diallo",
    "Dufour",
    "Dupuis",
    "El Amrani",
    "Étienne",
    "Fabre",
    "Ferrand",
    "Fleury",
    "Garnier",
    "Gauthier",
    "Germain",
    "Gomez",
    "Guérin",
    "Haddad",
    "Hénault",
    "Hoareau",
    "Huet",
    "Jacquet",
    "Joly",
    "Kaci",
    "Kervella",
    "Lacombe",
    "Langlois",
    "Le Goff",
    "Lebreton",
    "Leclercq",
    "Lefèvre",
    "Lenoir",
    "Lopez",
    "Maçon",
    "Mallet",
    "Marchal",
    "Marie-Luce",
    "Masson",
    "Mercier",
    "Moreau",
    "Nguyen",
    "Noël",
    "Œuvrard",
    "Payet",
    "Pelletier",
    "Perrin",
    "Pham",
    "Picard",
    "Poirier",
    "Prévost",
    "Quéméner",
    "Renard",
    "Rivière",
    "Robin",
    "Rousseau",
    "Roux",
    "Saïd",
    "Schmitt",
    "Tessier",
    "Traoré",
    "Vasseur",
    "Vidal",
    "Weber",
    "Yilmaz",
    "Zimmermann",
];

/// Given names with the civility that goes with them: true for `M.`, false for `Mme`.
pub(super) const GIVEN: &[(&str, bool)] = &[
    ("Adam", true),
    ("Adèle", false),
    ("Agathe", false),
    ("Alban", true),
    ("Amina", false),
    ("Anaëlle", false),
    ("Antoine", true),
    ("Baptiste", true),
    ("Bérénice", false),
    ("Camille", false),
    ("Chloé", false),
    ("Clément", true),
    ("Corentin", true),
    ("Daphné", false),
    ("Éléonore", false),
    ("Élise", false),
    ("Eliott", true),
    ("Fatou", false),
    ("Florian", true),
    ("François-Xavier", true),
    ("Gabin", true),
    ("Hélène", false),
    ("Hugo", true),
    ("Inès", false),
    ("Ismaël", true),
    ("Jeanne", false),
    ("Joséphine", false),
    ("Jules", true),
    ("Kenza", false),
    ("Léonie", false),
    ("Loïc", true),
    ("Lou-Anne", false),
    ("Maël", true),
    ("Maëlys", false),
    ("Malik", true),
    ("Marius", true),
    ("Mathéo", true),
    ("Naïm", true),
    ("Noé", true),
    ("Océane", false),
    ("Paul", true),
    ("Rayan", true),
    ("Romane", false),
    ("Sacha", true),
    ("Salomé", false),
    ("Soën", true),
    ("Tom", true),
    ("Valentine", false),
    ("Yanis", true),
    ("Zoé", false),
];

pub(super) const PATRONS: &[&str] = &[
    "Marie Curie",
    "Jean Jaurès",
    "Louise Michel",
    "Jules Ferry",
    "Aimé Césaire",
    "Simone Veil",
    "Émilie du Châtelet",
    "Victor Hugo",
    "Germaine Tillion",
    "Denis Diderot",
    "Olympe de Gouges",
    "Blaise Pascal",
    "Rosa Bonheur",
    "Évariste Galois",
    "Colette",
    "Claude Bernard",
    "Sophie Germain",
    "Jacques Prévert",
    "Ada Lovelace",
    "René Cassin",
];

pub(super) const TOWNS: &[&str] = &[
    "Aigremont-sur-Orne",
    "Bellecombe",
    "Champvallon",
    "Doucerive",
    "Escaillon",
    "Fontclaire",
    "Grandlieu-les-Pins",
    "Hautefage",
    "Isle-Verte",
    "Jonquerolles",
    "Kermoal",
    "La Bréole",
    "Montségur-le-Vieux",
    "Noirlac",
    "Orsenne",
    "Pontarcy",
    "Quatre-Vents",
    "Rochebrune",
    "Saint-Élix",
    "Trémazan",
    "Ussel-la-Forêt",
    "Valmoray",
    "Yvrac",
    "Zonza",
];

/// Identifier and display name of portals (school workspaces), each a made-up region.
pub(super) const PORTALS: &[(&str, &str)] = &[
    ("rivages", "ENT Rivages"),
    ("cimes", "ENT des Cimes"),
    ("bocage", "Mon Bocage numérique"),
    ("fleuve", "L'ENT du Fleuve"),
    ("marais", "ENT des Marais"),
    ("plateaux", "ENT des Plateaux"),
    ("garrigue", "Garrigue connectée"),
    ("dunes", "ENT des Dunes"),
];

/// Identifier and display name of publishers.
pub(super) const PUBLISHERS: &[(&str, &str)] = &[
    ("abaque", "Éditions de l'Abaque"),
    ("boussole", "Boussole & Cie"),
    ("cartable", "Le Cartable Libre"),
    ("dictame", "Dictame, langues vivantes"),
    ("estampe", "Estampe — arts & images"),
    ("fabulette", "La Fabulette"),
    ("grimoire", "Grimoire Presse"),
    ("herbier", "L'Herbier des sciences"),
    ("isocele", "Isocèle"),
    ("jacquard", "Jacquard Numérique"),
    ("kaleido", "Kaléido"),
    ("lanterne", "La Lanterne"),
];

/// A school subject: slug, label, national code of the subject (*matière*).
pub(super) struct Subject {
    pub(super) slug: &'static str,
    pub(super) label: &'static str,
    pub(super) code: &'static str,
}

const fn subject(slug: &'static str, label: &'static str, code: &'static str) -> Subject {
    Subject { slug, label, code }
}

pub(super) const SUBJECTS: &[Subject] = &[
    subject("maths", "Mathématiques", "061300"),
    subject("fr", "Français", "020700"),
    subject("hg", "Histoire-Géographie", "043700"),
    subject("ang", "Anglais", "030201"),
    subject("esp", "Español", "030602"),
    subject("all", "Deutsch", "030101"),
    subject("svt", "SVT", "062900"),
    subject("pc", "Physique-Chimie", "062300"),
    subject("ses", "SES", "045100"),
    subject("emc", "EMC", "043600"),
    subject("techno", "Technologie", "070100"),
    subject("arts", "Arts plastiques", "090100"),
    subject("mus", "Éducation musicale", "080100"),
    subject("eps", "EPS", "100100"),
    subject("lat", "Latin & grec", "020900"),
    subject("nsi", "NSI", "064600"),
];

pub(super) const SHAPES: &[&str] = &[
    "manuel",
    "cahier d'exercices",
    "banque d'exercices",
    "encyclopédie",
    "presse & archives",
    "atelier",
    "dictionnaire",
    "manuel enseignant",
];

/// Lower case without accents or blanks, for mail addresses and path segments.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => out.push(c),
            'à' | 'â' | 'ä' => out.push('a'),
            'ç' => out.push('c'),
            'é' | 'è' | 'ê' | 'ë' => out.push('e'),
            'î' | 'ï' => out.push('i'),
            'ô' | 'ö' => out.push('o'),
            'ù' | 'û' | 'ü' => out.push('u'),
            'ñ' => out.push('n'),
            'œ' => out.push_str("oe"),
            '-' | ' ' | '\'' if !out.is_empty() && !out.ends_with('-') => out.push('-'),
            _ => {}
        }
    }
    out.truncate(out.trim_end_matches('-').len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_fit_a_mail_address() {
        assert_eq!(plain("Œuvrard"), "oeuvrard");
        assert_eq!(plain("de La Tour"), "de-la-tour");
        assert_eq!(plain("presse & archives"), "presse-archives");
        for (given, _) in GIVEN {
            assert!(
                plain(given)
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b == b'-'),
                "{given}"
            );
        }
        for family in FAMILY {
            assert!(!plain(family).is_empty());
        }
    }
}
