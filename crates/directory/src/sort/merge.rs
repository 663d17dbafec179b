//! Several runs, merged in one pass.

use std::cmp::Ordering;
use std::io;

use super::record::parts;
use super::run::{CHUNK, Cursor, Run};

/// The least octets that are read at once from a run.
const LEAST: usize = 8 << 10;

/// Several runs, merged. The cursors form a heap with the least record on top.
#[derive(Debug)]
pub(super) struct Merge {
    cursors: Vec<Cursor>,
    /// Indices of cursors; an earlier run is less at equal keys.
    heap: Vec<usize>,
    started: bool,
}

impl Merge {
    /// Takes about `memory` octets for all runs together.
    pub(super) fn new(runs: Vec<Run>, memory: usize) -> io::Result<Self> {
        let chunk = (memory / runs.len().max(1)).clamp(LEAST, CHUNK);
        let mut cursors = Vec::with_capacity(runs.len());
        for run in runs {
            let mut cursor = Cursor::new(run, chunk);
            if cursor.advance()? {
                cursors.push(cursor);
            }
        }
        let mut merge = Self {
            heap: (0..cursors.len()).collect(),
            cursors,
            started: false,
        };
        for at in (0..merge.heap.len() / 2).rev() {
            merge.sink(at);
        }
        Ok(merge)
    }

    /// The next record, whole.
    pub(super) fn next_whole(&mut self) -> io::Result<Option<&[u8]>> {
        if self.started
            && let Some(&top) = self.heap.first()
        {
            if !self.cursors[top].advance()? {
                self.heap.swap_remove(0);
            }
            self.sink(0);
        }
        self.started = true;
        Ok(self.heap.first().map(|top| self.cursors[*top].record()))
    }

    fn less(&self, a: usize, b: usize) -> bool {
        let (one, other) = (&self.cursors[a], &self.cursors[b]);
        let order = one
            .prefix
            .cmp(&other.prefix)
            .then_with(|| parts(one.record()).0.cmp(parts(other.record()).0))
            .then(a.cmp(&b));
        order == Ordering::Less
    }

    fn sink(&mut self, mut at: usize) {
        loop {
            let (left, right) = (2 * at + 1, 2 * at + 2);
            let mut least = at;
            for child in [left, right] {
                if child < self.heap.len() && self.less(self.heap[child], self.heap[least]) {
                    least = child;
                }
            }
            if least == at {
                return;
            }
            self.heap.swap(at, least);
            at = least;
        }
    }
}
