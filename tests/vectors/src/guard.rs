//! One row, guarded: a panic, too much CPU time or too much heap is an outcome of its own (a critical break).
//!
//! An abort or a hang takes the worker process with it; `supervisor` sees to those.

use std::cell::RefCell;
use std::fs;
use std::panic::{self, AssertUnwindSafe};

use crate::HEAP;
use crate::outcome::Outcome;

/// Heap that one message may take (security.md P2).
const HEAP_LIMIT: usize = 64 << 20;
/// CPU time that one message may take, in milliseconds (security.md P2).
const MESSAGE_MILLISECONDS: u64 = 1_000;
/// CPU time for a file of known-answer tests, which holds hundreds of signatures.
const FILE_MILLISECONDS: u64 = 120_000;

/// What a row cost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    pub(crate) milliseconds: u64,
    pub(crate) kibibytes: u64,
}

thread_local! {
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps panics off stderr and remembers what they said.
pub(crate) fn quiet_panics() {
    panic::set_hook(Box::new(|info| {
        PANIC.with(|text| *text.borrow_mut() = info.to_string());
    }));
}

/// Runs one row. `many` is set for files that hold many tests.
pub(crate) fn guarded(many: bool, row: impl FnOnce() -> Outcome) -> (Outcome, Cost) {
    let heap_before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    let time_before = cpu_nanoseconds();
    let outcome = panic::catch_unwind(AssertUnwindSafe(row)).unwrap_or_else(|_| {
        Outcome::crashed(format!(
            "panic: {}",
            PANIC.with(|text| text.borrow().clone())
        ))
    });
    let heap = HEAP.peak_usage().saturating_sub(heap_before);
    let milliseconds = cpu_nanoseconds().saturating_sub(time_before) / 1_000_000;
    let cost = Cost {
        milliseconds,
        kibibytes: u64::try_from(heap / 1024).unwrap_or(u64::MAX),
    };
    let allowed = if many {
        FILE_MILLISECONDS
    } else {
        MESSAGE_MILLISECONDS
    };
    let outcome = if outcome.verdict == crate::outcome::Verdict::Crashed {
        outcome
    } else if heap > HEAP_LIMIT {
        Outcome::crashed(format!("heap: {} KiB", cost.kibibytes))
    } else if milliseconds > allowed {
        Outcome::crashed(format!("time: {milliseconds} ms"))
    } else {
        outcome
    };
    (outcome, cost)
}

/// CPU time of this thread (Linux); 0 where it is not told, and then only the supervisor's deadline holds.
fn cpu_nanoseconds() -> u64 {
    fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split_ascii_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::guarded;
    use crate::outcome::{Outcome, Verdict};

    #[test]
    fn a_panic_and_a_glutton_are_crashes() {
        let (outcome, _) = guarded(false, || panic!("out of bounds"));
        assert_eq!(outcome.verdict, Verdict::Crashed);
        let (outcome, cost) = guarded(false, || {
            let much = vec![1_u8; 80 << 20];
            Outcome::accepted(much.len().to_string())
        });
        assert_eq!(outcome.verdict, Verdict::Crashed, "{cost:?}");
        let (outcome, cost) = guarded(false, || Outcome::refused("x"));
        assert_eq!(outcome, Outcome::refused("x"));
        assert!(cost.kibibytes < 1024);
    }

    #[test]
    fn a_slow_row_is_a_crash() {
        let (outcome, cost) = guarded(false, || {
            let mut sum = 0_u64;
            for i in 0..u64::MAX {
                sum = std::hint::black_box(sum.wrapping_add(i));
                if i % 10_000_000 == 0 && super::cpu_nanoseconds() > 3_000_000_000 {
                    break;
                }
            }
            Outcome::accepted(sum.to_string())
        });
        assert_eq!(outcome.verdict, Verdict::Crashed, "{cost:?}");
    }
}
