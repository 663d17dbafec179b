#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a test suite"
)]
//! The external sorter against the standard library's stable sort, in memory and over many runs.

mod support;

use octroi_directory::{NoRoom, Room, Sorter};
use proptest::prelude::*;
use support::Folder;

type Records = Vec<(Vec<u8>, Vec<u8>)>;

fn sorted(folder: &Folder, buffer: usize, records: &Records) -> Records {
    let mut sorter = Sorter::new(&folder.0, buffer);
    for (key, payload) in records {
        sorter.push(key, payload).unwrap();
    }
    assert_eq!(sorter.len(), records.len() as u64);
    assert_eq!(
        std::fs::read_dir(&folder.0).unwrap().count(),
        0,
        "temporary files have no name"
    );
    let mut sorted = sorter.finish().unwrap();
    let mut out = Records::new();
    while let Some((key, payload)) = sorted.next().unwrap() {
        out.push((key.to_vec(), payload.to_vec()));
    }
    assert!(sorted.next().unwrap().is_none());
    out
}

#[test]
fn runs_of_runs_are_merged_in_order_and_keep_the_order_of_equal_keys() {
    let folder = Folder::new("sorter-runs");
    // 64 KiB of buffer and 12 MB of records: more runs than are merged at once.
    let mut state = 1u64;
    let records: Records = (0..60_000u32)
        .map(|n| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let key = format!("person-{:05}", (state >> 33) % 20_000);
            (
                key.into_bytes(),
                [&n.to_le_bytes()[..], &[b'x'; 180]].concat(),
            )
        })
        .collect();
    let mut expected = records.clone();
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(sorted(&folder, 64 << 10, &records), expected);
}

#[test]
fn a_record_longer_than_the_buffer_is_an_error() {
    let folder = Folder::new("sorter-long");
    let mut sorter = Sorter::new(&folder.0, 64 << 10);
    assert!(sorter.push(b"k", &vec![0; 64 << 10]).is_err());
    assert!(sorter.push(b"k", &vec![0; 60 << 10]).is_ok());
    assert!(sorter.push(b"k", &vec![1; 60 << 10]).is_ok());
    let mut sorted = sorter.finish().unwrap();
    assert_eq!(sorted.next().unwrap().unwrap().1[0], 0);
    assert_eq!(sorted.next().unwrap().unwrap().1[0], 1);
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let folder = Folder::new("sorter-nowhere");
    let mut sorter = Sorter::new(&folder.0.join("nowhere"), 0);
    let failed = (0..2000).any(|_| sorter.push(&[1; 16], &[0; 64]).is_err());
    assert!(failed);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_records_are_sorted(records in prop::collection::vec((prop::collection::vec(0u8..3, 0..12), prop::collection::vec(any::<u8>(), 0..600)), 0..500)) {
        let folder = Folder::new("sorter-any");
        let mut expected = records.clone();
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        prop_assert_eq!(sorted(&folder, 64 << 10, &records), expected);
    }
}

#[test]
fn temporary_files_stay_within_their_room_which_comes_back_when_they_go() {
    let folder = Folder::new("sorter-room");
    let room = Room::of(300 << 10);
    let fill = |records: u32| {
        let mut sorter = Sorter::new(&folder.0, 64 << 10).within(&room);
        (0..records)
            .try_for_each(|n| sorter.push(&n.to_be_bytes(), &[b'x'; 180]))
            .map(|()| sorter)
    };
    // 200 KB and 200 KB of records: each has room, not both at once.
    let first = fill(1_000).unwrap();
    let error = fill(1_000).unwrap_err();
    assert_eq!(NoRoom::of(&error), Some(NoRoom { limit: 300 << 10 }));
    drop(first);
    let mut sorted = fill(1_000).unwrap().finish().unwrap();
    let mut count = 0;
    while sorted.next().unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, 1_000);
    // What fits the buffer needs no room at all.
    let nothing = Room::of(0);
    let mut sorter = Sorter::new(&folder.0, 64 << 10).within(&nothing);
    sorter.push(b"key", b"payload").unwrap();
    assert!(sorter.finish().is_ok());
}
