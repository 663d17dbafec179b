//! Every assertion granted, judged once more by `xmlsec1` with the publisher's eyes.

use std::sync::{Arc, Mutex};

use tokio::task::JoinSet;

use super::drive::Evidence;
use super::setup::World;
use crate::simulate::publisher::Judge;

/// What `xmlsec1` said.
#[derive(Debug, Default)]
pub(super) struct Verified {
    pub(super) count: usize,
    /// Accesses whose assertion it did not verify, and why.
    pub(super) objections: Vec<(usize, String)>,
}

/// Asks about each; a process or two for each, as many at a time as there are processors.
pub(super) async fn verify(world: &Arc<World>, evidence: &[Evidence]) -> Verified {
    let queue: Arc<Mutex<Vec<Evidence>>> = Arc::new(Mutex::new(evidence.to_vec()));
    let at_a_time = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let mut workers = JoinSet::new();
    for _ in 0..at_a_time {
        let (world, queue) = (Arc::clone(world), Arc::clone(&queue));
        workers.spawn_blocking(move || {
            let mut verified = Verified::default();
            while let Some(evidence) = queue.lock().ok().and_then(|mut queue| queue.pop()) {
                match judged(&world, &evidence) {
                    Ok(()) => verified.count += 1,
                    Err(why) => verified.objections.push((evidence.access, why)),
                }
            }
            verified
        });
    }
    let mut all = Verified::default();
    while let Some(Ok(part)) = workers.join_next().await {
        all.count += part.count;
        all.objections.extend(part.objections);
    }
    all
}

fn judged(world: &World, evidence: &Evidence) -> Result<(), String> {
    let judge = Judge::load(&world.loaded, &evidence.publisher, &world.view)
        .map_err(|error| error.to_string())?;
    judge
        .verify(&evidence.xml, &evidence.told, &world.xmlsec1)
        .map_err(|complaint| complaint.to_string())
}
