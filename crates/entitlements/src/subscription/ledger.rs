//! Counts the people who use the licences of one subscription, so that never more do than there are licences.
//!
//! Assignments are offered in their order of precedence; each is let through whole or not at all. Somebody whom two
//! assignments reach uses one licence. Use has a beginning and an end, and the count holds at every instant. Memory
//! grows with the assignments and people of this one subscription; the work for one use is logarithmic in the number
//! of different instants.

use std::collections::HashMap;

use smallvec::SmallVec;

use super::licences::{Count, Licences};
use crate::Public;

/// From when to when an assignment uses licences, Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Use {
    /// First second.
    pub from: i64,
    /// First second after it.
    pub until: i64,
}

/// The licences of one subscription and who uses them when.
#[derive(Debug)]
pub struct Ledger {
    licences: Licences,
    /// Instants at which a use may begin or end, ascending.
    edges: Vec<i64>,
    /// For each public that has a count of its own, or for everybody: how many use it in each span between edges.
    pools: [Option<Spans>; 4],
    /// The spans in which somebody already uses a licence.
    held: HashMap<u32, Held>,
}

/// Disjoint spans, ascending.
type Held = SmallVec<[(u32, u32); 1]>;

impl Ledger {
    /// Begins to count. `uses` are those that will be offered, all of them.
    #[must_use]
    pub fn new(licences: Licences, uses: impl IntoIterator<Item = Use>) -> Self {
        let mut edges: Vec<i64> = uses.into_iter().flat_map(|u| [u.from, u.until]).collect();
        edges.sort_unstable();
        edges.dedup();
        Self {
            licences,
            edges,
            pools: [const { None }; 4],
            held: HashMap::new(),
        }
    }

    /// Lets an assignment through, if there is a licence for each of its people who has none at that time; or not at
    /// all. A person is a number, and comes with the public as which they use a licence.
    pub fn admit(&mut self, when: Use, people: impl IntoIterator<Item = (u32, Public)>) -> bool {
        let (Ok(first), Ok(last)) = (
            self.edges.binary_search(&when.from),
            self.edges.binary_search(&when.until),
        ) else {
            return false;
        };
        if first >= last {
            return false;
        }
        let span = (first as u32, last as u32);
        let mut taken: Vec<(u32, usize, Held)> = Vec::new();
        for (person, public) in people {
            let held = self.held.entry(person).or_default();
            let free = free(held, span);
            if free.is_empty() {
                continue;
            }
            let (pool, count) = self.licences.pool(public);
            let fits = match count {
                Count::Unlimited => true,
                Count::AtMost(most) => {
                    let spans = self.edges.len() - 1;
                    let used = self.pools[pool].get_or_insert_with(|| Spans::new(spans));
                    for (from, until) in &free {
                        used.add(*from as usize..*until as usize, 1);
                    }
                    let most = i64::from(most);
                    free.iter()
                        .all(|(from, until)| used.most(*from as usize..*until as usize) <= most)
                }
            };
            hold(held, &free);
            taken.push((person, pool, free));
            if !fits {
                self.give_back(&taken);
                return false;
            }
        }
        true
    }

    fn give_back(&mut self, taken: &[(u32, usize, Held)]) {
        for (person, pool, spans) in taken.iter().rev() {
            if let Some(used) = &mut self.pools[*pool] {
                for (from, until) in spans {
                    used.add(*from as usize..*until as usize, -1);
                }
            }
            if let Some(held) = self.held.get_mut(person) {
                let before = std::mem::take(held);
                for part in before {
                    held.extend(cut(part, spans));
                }
            }
        }
    }
}

/// The parts of `span` that are not in `held`.
fn free(held: &Held, span: (u32, u32)) -> Held {
    cut(span, held)
}

/// The parts of `span` outside the ascending, disjoint `holes`.
fn cut(span: (u32, u32), holes: &Held) -> Held {
    let mut parts = Held::new();
    let mut from = span.0;
    for (start, end) in holes.iter().filter(|(s, e)| *s < span.1 && *e > span.0) {
        if from < *start {
            parts.push((from, *start));
        }
        from = from.max(*end);
    }
    if from < span.1 {
        parts.push((from, span.1));
    }
    parts
}

/// Adds spans that `held` does not have.
fn hold(held: &mut Held, spans: &Held) {
    held.extend_from_slice(spans);
    held.sort_unstable();
}

/// A count for each of a row of spans: adding to a range and the most in a range, both in logarithmic time.
#[derive(Debug)]
struct Spans {
    /// A power of two.
    leaves: usize,
    /// For each node, what was added to all of it, and the most in it with that.
    nodes: Vec<(i64, i64)>,
}

impl Spans {
    fn new(count: usize) -> Self {
        let leaves = count.max(1).next_power_of_two();
        Self {
            leaves,
            nodes: vec![(0, 0); 2 * leaves],
        }
    }

    fn add(&mut self, range: std::ops::Range<usize>, change: i64) {
        self.add_below(1, 0..self.leaves, &range, change);
    }

    fn add_below(
        &mut self,
        node: usize,
        covers: std::ops::Range<usize>,
        range: &std::ops::Range<usize>,
        change: i64,
    ) {
        if covers.start >= range.end || covers.end <= range.start {
            return;
        }
        if range.start <= covers.start && covers.end <= range.end {
            self.nodes[node].0 += change;
            self.nodes[node].1 += change;
            return;
        }
        let middle = covers.start.midpoint(covers.end);
        self.add_below(2 * node, covers.start..middle, range, change);
        self.add_below(2 * node + 1, middle..covers.end, range, change);
        let below = self.nodes[2 * node].1.max(self.nodes[2 * node + 1].1);
        self.nodes[node].1 = self.nodes[node].0 + below;
    }

    fn most(&self, range: std::ops::Range<usize>) -> i64 {
        self.most_below(1, 0..self.leaves, &range)
    }

    fn most_below(
        &self,
        node: usize,
        covers: std::ops::Range<usize>,
        range: &std::ops::Range<usize>,
    ) -> i64 {
        if covers.start >= range.end || covers.end <= range.start {
            return i64::MIN;
        }
        if range.start <= covers.start && covers.end <= range.end {
            return self.nodes[node].1;
        }
        let middle = covers.start.midpoint(covers.end);
        let left = self.most_below(2 * node, covers.start..middle, range);
        let right = self.most_below(2 * node + 1, middle..covers.end, range);
        self.nodes[node].0.saturating_add(left.max(right))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const ALL: Use = Use {
        from: 0,
        until: 100,
    };

    fn pupils(numbers: &[u32]) -> Vec<(u32, Public)> {
        numbers.iter().map(|n| (*n, Public::Pupils)).collect()
    }

    #[test]
    fn as_many_people_as_licences_and_not_one_more() {
        let mut ledger = Ledger::new(Licences::Global(Count::AtMost(3)), [ALL]);
        assert!(ledger.admit(ALL, pupils(&[1, 2])));
        assert!(!ledger.admit(ALL, pupils(&[3, 4])), "one too many");
        assert!(ledger.admit(ALL, pupils(&[2, 1, 2])), "they have theirs");
        assert!(
            ledger.admit(ALL, pupils(&[4])),
            "what was refused uses none"
        );
        assert!(!ledger.admit(ALL, pupils(&[3])));
        assert!(ledger.admit(ALL, []), "an empty class costs nothing");
    }

    #[test]
    fn an_ended_use_frees_its_licence() {
        let autumn = Use { from: 0, until: 50 };
        let spring = Use {
            from: 50,
            until: 100,
        };
        let across = Use {
            from: 49,
            until: 51,
        };
        let mut ledger = Ledger::new(
            Licences::Global(Count::AtMost(1)),
            [ALL, autumn, spring, across],
        );
        assert!(ledger.admit(autumn, pupils(&[1])));
        assert!(!ledger.admit(ALL, pupils(&[2])));
        assert!(!ledger.admit(across, pupils(&[2])));
        assert!(ledger.admit(spring, pupils(&[2])));
        assert!(!ledger.admit(spring, pupils(&[3])));
    }

    #[test]
    fn each_public_has_its_own() {
        let counts = [
            Count::AtMost(1),
            Count::Unlimited,
            Count::AtMost(0),
            Count::AtMost(1),
        ];
        let mut ledger = Ledger::new(Licences::ByPublic(counts), [ALL]);
        assert!(ledger.admit(ALL, pupils(&[1])));
        assert!(!ledger.admit(ALL, pupils(&[2])));
        assert!(ledger.admit(ALL, (10..20).map(|n| (n, Public::Teachers))));
        assert!(!ledger.admit(ALL, [(30, Public::Librarians)]));
        assert!(!ledger.admit(ALL, [(40, Public::OtherStaff), (30, Public::Librarians)]));
        assert!(ledger.admit(ALL, [(40, Public::OtherStaff)]));
    }

    fn a_use() -> impl Strategy<Value = Use> {
        (0..12_i64, 1..8_i64).prop_map(|(from, length)| Use {
            from,
            until: from + length,
        })
    }

    proptest! {
        /// The same, instant by instant with sets.
        #[test]
        fn agrees_with_counting_at_every_instant(
            most in 0..4_u32,
            offered in proptest::collection::vec((a_use(), proptest::collection::vec(0..6_u32, 0..4)), 0..20),
        ) {
            let mut ledger = Ledger::new(
                Licences::Global(Count::AtMost(most)),
                offered.iter().map(|(when, _)| *when),
            );
            let mut users: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); 24];
            for (when, people) in &offered {
                let mut after = users.clone();
                for instant in when.from..when.until {
                    after[instant as usize].extend(people);
                }
                let fits = after.iter().all(|users| users.len() <= most as usize);
                prop_assert_eq!(ledger.admit(*when, pupils(people)), fits);
                if fits {
                    users = after;
                }
            }
        }
    }
}
