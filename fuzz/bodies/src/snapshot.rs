//! Snapshots behind the hash: the fuzzer's damage gets its checksums repaired, so that the readers meet it.

use octroi_entitlements::{Pseudonymizer, Query, Snapshot, explain, repair_hashes};

/// Whatever the octets, every look-up ends in an answer or a refusal.
pub fn body(octets: &[u8]) {
    let mut octets = octets.to_vec();
    repair_hashes(&mut octets);
    let Ok(snapshot) = Snapshot::from_bytes(octets) else {
        return;
    };
    let _ = snapshot.check();
    let pseudonymizer = Pseudonymizer::new(&[7; 32]).expect("a key long enough");
    for ent in snapshot.ents().take(8) {
        let _ = (ent.name(), ent.current().code());
    }
    let resources: Vec<String> = snapshot
        .publishers()
        .take(8)
        .flat_map(|publisher| snapshot.resources_of(publisher.id()).take(8))
        .map(|resource| resource.id().to_owned())
        .collect();
    for person in ["p1", "p2", "nobody"] {
        for resource in resources
            .iter()
            .map(String::as_str)
            .chain(["ark:/99999/r1"])
        {
            let query = Query {
                ent: "B0",
                person,
                resource,
                school: None,
                at: 1_795_442_400,
            };
            if let Ok(grant) = snapshot.resolve(&query) {
                let pseudonym = pseudonymizer.of(&grant);
                let _ = grant.release(&pseudonym);
                let _ = (
                    grant.until(),
                    grant.subscriptions().count(),
                    grant.schools().count(),
                );
            }
            let _ = explain(&snapshot, &query);
        }
    }
}
