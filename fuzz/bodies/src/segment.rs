//! Segments of the directory behind their hashes: the fuzzer's damage gets its checksums repaired, so that the readers meet it.

use octroi_directory::{Segment, compare, repair_hashes};

/// Whatever the octets, reading ends in records that hold or in an error.
pub fn body(octets: &[u8]) {
    let mut octets = octets.to_vec();
    repair_hashes(&mut octets);
    let path = crate::scratch("segment");
    std::fs::write(&path, &octets).expect("a temporary file");
    let Ok(segment) = Segment::open(&path) else {
        return;
    };
    for group in segment.groups() {
        assert!(segment.school(group.school).is_some());
    }
    let mut people = segment.people();
    while let Ok(Some(person)) = people.next() {
        for affiliation in person.affiliations {
            assert!(segment.school(affiliation.school).is_some());
            for group in affiliation.groups {
                let group = segment.group(group).expect("a group that exists");
                assert_eq!(group.school, affiliation.school);
            }
            for code in affiliation.codes {
                assert!(segment.code(code).is_some());
            }
        }
    }
    if segment.check().is_ok() {
        let differences =
            compare(&segment, &segment, &mut |_, _, _| {}).expect("a segment that holds");
        assert_eq!(
            differences.people.changed + differences.people.new + differences.people.gone,
            0
        );
    }
}
