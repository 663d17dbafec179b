//! Low priority on processor and disk: what must not disturb accesses (A4).
//!
//! Niceness alone divides the processor and does not yield it: a thread that is nice keeps the processor for its slice of some
//! milliseconds while an access waits. A thread of the scheduling class `SCHED_IDLE` is put aside at once.

use thread_priority::unix::{
    NormalThreadSchedulePolicy, ThreadSchedulePolicy, thread_native_id, thread_schedule_policy,
};
use thread_priority::{Error, ThreadPriority, set_thread_priority_and_policy};

/// The nicest.
const NICEST: i32 = 19;

/// Makes this thread nice; at 19 it yields the processor at once to whoever else wants it. Threads that it starts
/// afterwards do the same.
///
/// The priority on the disk follows from it: as long as nobody has set one, the kernel derives it from the niceness
/// (ioprio_set(2)), and 19 is the lowest of the class *best effort*, or the class *idle* with `SCHED_IDLE`.
///
/// A system that refuses is told in the log; the work is done all the same.
pub fn lower(nice: i32) {
    if nice >= NICEST
        && let Err(error) = yield_always()
    {
        tracing::warn!(%error, "the scheduling class could not be lowered");
    }
    if nice > 0
        && let Err(error) = rustix::process::nice(nice)
    {
        tracing::warn!(%error, "the priority could not be lowered");
    }
}

/// Puts this thread into the class `SCHED_IDLE`.
fn yield_always() -> Result<(), Error> {
    let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    let set = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle);
    // After the class the crate takes niceness back to 0, which who was made nice before, by a unit, may not do: the class counts.
    match thread_schedule_policy() {
        Ok(class) if class == idle => Ok(()),
        _ => set,
    }
}

/// The lowest priority for this thread and those that it starts: see [`lower`].
pub fn lowest() {
    lower(NICEST);
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Niceness and scheduling class (5 is `SCHED_IDLE`) of the calling thread, from `/proc`.
    pub(crate) fn mine() -> (i32, u32) {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        let fields: Vec<&str> = stat
            .rsplit_once(')')
            .unwrap()
            .1
            .split_whitespace()
            .collect();
        // proc(5): fields 19 and 41; the first two are before the bracket.
        (fields[16].parse().unwrap(), fields[38].parse().unwrap())
    }

    #[test]
    fn the_lowest_is_idle_and_is_handed_down() {
        let of = |nice| {
            let lowered = std::thread::spawn(move || {
                if nice == NICEST {
                    yield_always().unwrap();
                }
                lower(nice);
                (mine(), std::thread::spawn(mine).join().unwrap())
            });
            lowered.join().unwrap()
        };
        assert_eq!(of(0), (mine(), mine()));
        assert_eq!(of(NICEST), ((19, 5), (19, 5)));
        let before = mine();
        if before == (0, 0) {
            assert_eq!(of(7), ((7, 0), (7, 0)));
        }
    }
}
