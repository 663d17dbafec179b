//! Low priority on processor and disk (A4).

/// Makes this process nice. Threads that are started afterwards are nice, too.
///
/// The priority on the disk follows from it: as long as nobody has set one, the kernel derives it from the niceness
/// (ioprio_set(2)), and 19 is the lowest of the class *best effort*. The unit in `deploy/` sets the class *idle* besides.
pub fn be_nice(nice: i32) {
    if nice > 0
        && let Err(error) = rustix::process::nice(nice)
    {
        tracing::warn!(%error, "the priority could not be lowered");
    }
}
