//! Crash-safe at every octet: the import is killed at random points and run again; the result is the same.

use std::fs;
use std::time::{Duration, Instant};

use octroi::collect::ledger::Status;

use crate::archive::portal;
use crate::place::{Place, people, root, state};

/// A small generator, so that a failure can be run again.
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

fn two_nights(place: &Place) {
    let mut first = portal(6, 30);
    first.lost = 5;
    place.deliver("B0", "20261126_020000", &first);
    place.deliver("B0", "20261127_020000", &portal(6, 31));
}

/// What the same deliveries give when nobody is killed, and how long that takes.
fn undisturbed() -> ([u8; 32], Duration) {
    let place = Place::new("");
    two_nights(&place);
    let began = Instant::now();
    assert_eq!(place.program(&["import"]).status.code(), Some(1));
    let took = began.elapsed();
    (root(&place.office("2026-11-27T03:00:00Z"), "B0"), took)
}

/// Rounds that are run in any case, and kills that must land while the import works.
const ROUNDS: usize = 12;
const KILLS: u64 = 21;
/// By then they have landed on the busiest machine, or something is wrong.
const MOST_ROUNDS: usize = 48;

#[test]
fn a_killed_import_run_again_gives_the_same() {
    let (wanted, took) = undisturbed();
    let mut random = Random(0x5eed_cafe);
    let mut killed = 0;
    // How late a kill may come. A busy machine measures too long or too short a time; what lands corrects it.
    let mut latest = u64::try_from(took.as_micros()).unwrap().max(1000);
    for round in 0..MOST_ROUNDS {
        if round >= ROUNDS && killed >= KILLS {
            break;
        }
        let place = Place::new("");
        two_nights(&place);
        // Several kills in a row, then a run that may end.
        for _ in 0..4 {
            let mut child = place
                .command(&["import"])
                .stderr(std::process::Stdio::null())
                .spawn()
                .unwrap();
            let wait = random.below(latest);
            std::thread::sleep(Duration::from_micros(wait));
            child.kill().unwrap();
            if child.wait().unwrap().code().is_none() {
                killed += 1;
                latest += latest / 8;
            } else {
                latest = (latest - latest / 4).max(1000);
            }
            tear(&place, &mut random);
        }
        let last = place.program(&["import"]);
        assert_ne!(last.status.code(), Some(2), "round {round}: {last:?}");
        let office = place.office("2026-11-27T03:00:00Z");
        assert_eq!(root(&office, "B0"), wanted, "round {round}");
        assert_eq!(people(&office, "B0"), 744);
        let state = state(&office, "B0");
        assert_eq!(
            state.outcomes.get("duplicate"),
            None,
            "round {round}: a rest of a killed run is no second delivery"
        );
        assert_eq!(state.deliveries.len(), 2);
        assert!(
            state
                .deliveries
                .values()
                .all(|delivery| delivery.status == Status::Taken && delivery.cleared)
        );
        assert_eq!(fs::read_dir(place.drop_box("B0")).unwrap().count(), 0);
        let hidden = fs::read_dir(place.root.join("vault/B0-2D")).unwrap();
        let hidden = hidden.filter(|entry| {
            entry
                .as_ref()
                .unwrap()
                .file_name()
                .to_string_lossy()
                .starts_with('.')
        });
        assert_eq!(hidden.count(), 0, "nothing half written stays");
        let again = place.program(&["import"]);
        assert_eq!(again.status.code(), Some(0), "round {round}: {again:?}");
    }
    assert!(
        killed >= KILLS,
        "only {killed} were killed while they worked in {MOST_ROUNDS} rounds"
    );
}

/// What a machine that lost power may leave of the line that was being written.
fn tear(place: &Place, random: &mut Random) {
    let path = place.root.join("state/B0/2D.ledger.jsonl");
    let Ok(mut ledger) = fs::read(&path) else {
        return;
    };
    let half = b"{\"seq\":99,\"at\":\"2026-11-27T02:00:00Z\",\"event\":\"taken\",\"delivery\":\"00";
    match random.below(3) {
        0 => ledger.extend_from_slice(&half[..random.below(half.len() as u64) as usize]),
        1 => ledger.extend_from_slice(&[0; 64]),
        _ => return,
    }
    fs::write(&path, ledger).unwrap();
}

/// The last whole line lost: the deed is done and the ledger does not know it.
#[test]
fn a_ledger_that_lost_its_last_lines_comes_to_the_same_end() {
    let (wanted, _) = undisturbed();
    let place = Place::new("");
    two_nights(&place);
    place.program(&["import"]);
    let path = place.root.join("state/B0/2D.ledger.jsonl");
    let whole = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    // Back to before the second delivery was taken.
    let begun = lines
        .iter()
        .rposition(|line| line.contains("\"begun\""))
        .unwrap();
    for keep in begun..lines.len() {
        fs::write(&path, lines[..keep].concat()).unwrap();
        let done = place.program(&["import"]);
        assert_ne!(done.status.code(), Some(2), "{keep} lines: {done:?}");
        let office = place.office("2026-11-27T03:00:00Z");
        assert_eq!(root(&office, "B0"), wanted, "{keep} lines");
        let state = state(&office, "B0");
        assert_eq!(state.outcomes["taken"], 2, "{keep} lines");
    }
}
