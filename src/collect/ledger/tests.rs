//! Torn tails, damage, and the moments at which a ledger is made short.

use super::*;
use crate::collect::alarm::Code;

fn now() -> Time {
    Time::from_unix_seconds(1_800_000_000)
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("octroi-ledger-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn written(path: &Path) -> Vec<u8> {
    let mut ledger = Ledger::open(path).unwrap();
    for delivery in ["a", "b", "c"] {
        let event = Event::Duplicate {
            delivery: delivery.repeat(64),
            file: "B0.tar.gz".to_owned(),
        };
        ledger.append(now(), event).unwrap();
    }
    std::fs::read(path).unwrap()
}

#[test]
fn a_tail_cut_at_every_octet_loses_at_most_the_torn_line() {
    let folder = folder("torn");
    let path = folder.join("ledger.jsonl");
    let whole = written(&path);
    let ends: Vec<usize> = (0..whole.len())
        .filter(|at| whole[*at] == b'\n')
        .map(|at| at + 1)
        .collect();
    for cut in 0..=whole.len() {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let kept = ends.iter().filter(|end| **end <= cut).count() as u64;
        let mut ledger = Ledger::open(&path).unwrap();
        assert_eq!(ledger.sequence, kept, "cut at {cut}");
        let event = Event::Cleared {
            delivery: "d".repeat(64),
        };
        ledger.append(now(), event).unwrap();
        assert_eq!(Ledger::open(&path).unwrap().sequence, kept + 1);
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_ledger_that_is_too_long_is_told_and_not_cut() {
    let folder = folder("long");
    let path = folder.join("ledger.jsonl");
    written(&path);
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(LONGEST_LEDGER + 1).unwrap();
    assert!(matches!(
        Ledger::open(&path),
        Err(LedgerError::Damaged { .. })
    ));
    assert_eq!(file.metadata().unwrap().len(), LONGEST_LEDGER + 1);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn zeros_behind_the_last_line_are_a_torn_tail_and_any_other_change_is_damage() {
    let folder = folder("damage");
    let path = folder.join("ledger.jsonl");
    let whole = written(&path);
    let mut zeros = whole.clone();
    zeros.extend_from_slice(&[0; 512]);
    std::fs::write(&path, &zeros).unwrap();
    assert_eq!(Ledger::open(&path).unwrap().sequence, 3);
    let second = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for at in 0..second {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        std::fs::write(&path, &changed).unwrap();
        assert!(
            matches!(Ledger::open(&path), Err(LedgerError::Damaged { .. })),
            "octet {at}"
        );
    }
    std::fs::write(&path, &whole[second..]).unwrap();
    let error = Ledger::open(&path).unwrap_err().to_string();
    assert!(error.contains(":1: the number"), "{error}");
    std::fs::remove_dir_all(folder).unwrap();
}

/// A ledger with something of everything, of so many nights.
fn long(path: &Path, nights: u64) -> FlowState {
    let mut ledger = Ledger::open(path).unwrap();
    let mut append = |night: u64, event| {
        let at = now().plus(std::time::Duration::from_secs(night * 86_400));
        ledger.append(at, event).unwrap();
    };
    append(0, Event::Opened);
    for night in 0..nights {
        let delivery = format!("{night:064x}");
        let file = format!("B0_GAR-ENT_Complet_2027{:04}_020000_2D.tar.gz", night + 101);
        let minute = 20_200_101_000_000 + night / 60 * 100 + night % 60;
        let stamp = octroi_directory::Stamp::from_number(minute).unwrap();
        append(
            night,
            Event::Received {
                delivery: delivery.clone(),
                file: file.clone(),
                stamp,
                sort: event::Sort::Full,
                bytes: 7,
                seen: None,
            },
        );
        append(
            night,
            Event::Begun {
                delivery: delivery.clone(),
            },
        );
        let tally = Tally {
            set_aside: [("length".to_owned(), night)].into(),
            ..Tally::default()
        };
        append(
            night,
            match night % 5 {
                0 => Event::Held {
                    delivery: delivery.clone(),
                    findings: vec!["people: 7 before".to_owned()],
                },
                1 => Event::Refused {
                    delivery: delivery.clone(),
                    file: file.clone(),
                    code: Code::Unreadable,
                    reason: "cut off".to_owned(),
                },
                _ => Event::Taken {
                    delivery: delivery.clone(),
                    sequence: 0,
                    tally,
                },
            },
        );
        append(
            night,
            Event::Alarm {
                code: Code::Held,
                about: file,
                text: "it is held".to_owned(),
            },
        );
        append(night, Event::Cleared { delivery });
    }
    ledger.state().clone()
}

#[test]
fn a_long_ledger_becomes_one_line_that_says_the_same_and_goes_on() {
    let folder = folder("compact");
    let path = folder.join("ledger.jsonl");
    let state = long(&path, 220);
    let before = std::fs::read(&path).unwrap();
    assert_eq!(
        Ledger::peek(&path).unwrap(),
        state,
        "reading alone changes nothing"
    );
    let mut ledger = Ledger::open(&path).unwrap();
    assert_eq!((ledger.sequence, ledger.state()), (1101, &state));
    assert_eq!(
        std::fs::read(folder.join("ledger.jsonl.before")).unwrap(),
        before
    );
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 1);
    assert!(
        text.len() < before.len(),
        "{} of {}",
        text.len(),
        before.len()
    );
    let at = now().plus(std::time::Duration::from_secs(220 * 86_400));
    let event = || Event::Cleared {
        delivery: "d".repeat(64),
    };
    ledger.append(at, event()).unwrap();
    let again = Ledger::open(&path).unwrap();
    assert_eq!((again.sequence, again.state()), (1102, &state));
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 2);
    // A summary is a first line and nothing else, and is as well guarded as any other.
    let twice = [&text[..], &text[..]].concat();
    std::fs::write(&path, twice).unwrap();
    assert!(matches!(
        Ledger::open(&path),
        Err(LedgerError::Damaged { line: 2, .. })
    ));
    std::fs::write(&path, text.replacen("\"held\"", "\"taken\"", 1) + "{}\n").unwrap();
    assert!(matches!(
        Ledger::open(&path),
        Err(LedgerError::Damaged { line: 1, .. })
    ));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn whoever_is_killed_while_a_ledger_is_made_short_finds_it_whole() {
    let folder = folder("killed");
    let path = folder.join("ledger.jsonl");
    let state = long(&path, 220);
    let old = std::fs::read(&path).unwrap();
    drop(Ledger::open(&path).unwrap());
    let new = std::fs::read(&path).unwrap();
    let (half, link, kept) = (
        folder.join("ledger.jsonl.new"),
        folder.join("ledger.jsonl.before.new"),
        folder.join("ledger.jsonl.before"),
    );
    // Every state of the folder that a kill can leave: the new file cut anywhere, the link made, renamed, the ledger replaced.
    let cuts = (0..=new.len()).step_by(9_973).chain([new.len()]);
    for (cut, step) in cuts
        .map(|cut| (cut, 0))
        .chain([(new.len(), 1), (new.len(), 2), (0, 3)])
    {
        for file in [&half, &link, &kept] {
            let _ = std::fs::remove_file(file);
        }
        std::fs::write(&path, if step == 3 { &new } else { &old }).unwrap();
        if step < 3 {
            std::fs::write(&half, &new[..cut]).unwrap();
        }
        if step == 1 {
            std::fs::hard_link(&path, &link).unwrap();
        }
        if step >= 2 {
            std::fs::write(&kept, &old).unwrap();
        }
        assert_eq!(
            Ledger::peek(&path).unwrap(),
            state,
            "cut {cut}, step {step}"
        );
        let ledger = Ledger::open(&path).unwrap();
        assert_eq!((ledger.sequence, ledger.state()), (1101, &state));
        assert_eq!(std::fs::read(&path).unwrap(), new, "cut {cut}, step {step}");
        assert_eq!(std::fs::read(&kept).unwrap(), old);
        assert!(!half.exists() && !link.exists());
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_ended_long_ago_is_forgotten_and_what_decides_is_not() {
    let folder = folder("forget");
    let path = folder.join("ledger.jsonl");
    let state = long(&path, 600);
    let kept = Ledger::open(&path).unwrap().state().clone();
    let held = |state: &FlowState| state.held().count();
    assert_eq!(held(&kept), held(&state), "what waits for somebody stays");
    assert_eq!((kept.newest(), kept.bar()), (state.newest(), state.bar()));
    assert_eq!(kept.current(), state.current());
    assert_eq!(
        (&kept.outcomes, &kept.alarms),
        (&state.outcomes, &state.alarms)
    );
    let ended = |state: &FlowState| {
        let ended = state.deliveries.values();
        ended.filter(|known| known.status != Status::Held).count()
    };
    assert_eq!(ended(&state), 480);
    assert_eq!(ended(&kept), 321, "those of the last 400 nights");
    std::fs::remove_dir_all(folder).unwrap();
}
