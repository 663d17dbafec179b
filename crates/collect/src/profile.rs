//! Profiles by name, in any case. Their bits are those of `octroi_entitlements::Profile`, which a segment's readers use.

/// The spelling of each profile, in the order of its bit.
pub(crate) const PROFILES: [&str; 9] = [
    "National_elv",
    "National_ens",
    "National_doc",
    "National_dir",
    "National_evs",
    "National_eta",
    "National_aca",
    "National_col",
    "National_tut",
];

/// The bit of pupils.
pub(crate) const PUPIL: u16 = 1;

/// The bit of a profile.
pub(crate) fn parse(text: &str) -> Option<u16> {
    let number = PROFILES
        .iter()
        .position(|name| name.eq_ignore_ascii_case(text))?;
    Some(1 << number)
}

/// The spellings of a set of profiles.
pub(crate) fn names(profiles: u16) -> impl Iterator<Item = &'static str> {
    (0..)
        .zip(PROFILES)
        .filter(move |(bit, _)| profiles & 1 << bit != 0)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_case() {
        assert_eq!(parse("National_ELV"), Some(1));
        assert_eq!(parse("national_tut"), Some(1 << 8));
        for bad in [
            "",
            "elv",
            "National_xyz",
            "National_é",
            "National_elv ",
            "Nationalxelv",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert_eq!(
            names(0b101).collect::<Vec<_>>(),
            ["National_elv", "National_doc"]
        );
    }
}
