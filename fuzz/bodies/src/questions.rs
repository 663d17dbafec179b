//! Every question that the seeds' country has, and what must be true of each answer.

use std::collections::BTreeSet;

use octroi_entitlements::{Directory, Grant, Profile, Pseudonymizer, Public, Query, explain};

/// People of the seeds' country.
pub const PEOPLE: [&str; 4] = ["p1", "p2", "p3", "p4"];
const ENTS: [&str; 3] = ["B0", "C0", "Z9"];
const RESOURCES: [&str; 5] = [
    "ark:/99999/r1",
    "ark:/99999/r2",
    "ark:/99999/r3",
    "ark:/99999/r4",
    "ark:/99999/none",
];
const SCHOOLS: [Option<&str>; 4] = [None, Some("0561622J"), Some("0350042F-X"), Some("")];
/// Days of January 2026: before, in and after the seeds' subscriptions.
const INSTANTS: [i64; 3] = [1_767_225_600, 1_768_003_200, 1_769_731_200];

/// A question and whether it was a yes.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The ENT project.
    pub ent: &'static str,
    /// The person.
    pub person: &'static str,
    /// The resource.
    pub resource: &'static str,
    /// When.
    pub at: i64,
    /// The answer.
    pub granted: bool,
}

/// Asks every question without a school, and each again narrowed to one. Always in the same order.
#[must_use]
pub fn ask_everything(directory: &Directory) -> Vec<Asked> {
    let pseudonymizer = Pseudonymizer::new(&[7; 32]).expect("a key long enough");
    // In a body whose index of offers contradicts its offers, the two ways to the same right part.
    let sound = directory.snapshot().check().is_ok();
    let mut all = Vec::new();
    for ent in ENTS {
        for person in PEOPLE.into_iter().chain(["nobody"]) {
            for resource in RESOURCES {
                for at in INSTANTS {
                    let mut somewhere = None;
                    for school in SCHOOLS {
                        let query = Query {
                            ent,
                            person,
                            resource,
                            school,
                            at,
                        };
                        let answer = directory.resolve(&query);
                        if let Ok(grant) = &answer {
                            justified(grant, &query, &pseudonymizer);
                        }
                        let explanation = explain(directory, &query);
                        assert_eq!(explanation.granted, answer.is_ok());
                        let granted = answer.is_ok();
                        // A school narrows and never adds.
                        assert!(!sound || !granted || somewhere != Some(Err("denied")));
                        if school.is_none() {
                            somewhere = Some(match answer {
                                Ok(_) => Ok(()),
                                Err(denied) if denied.code() == "snapshot-corrupt" => {
                                    Err("snapshot-corrupt")
                                }
                                Err(_) => Err("denied"),
                            });
                            all.push(Asked {
                                ent,
                                person,
                                resource,
                                at,
                                granted,
                            });
                        }
                    }
                }
            }
        }
    }
    all
}

/// What any yes says of itself, read from the grant alone.
fn justified(grant: &Grant<'_>, query: &Query<'_>, pseudonymizer: &Pseudonymizer) {
    assert_eq!(grant.resource().id(), query.resource, "another resource");
    let resource = grant.resource();
    assert!(
        !resource.disabled() && !resource.publisher().disabled(),
        "switched off"
    );
    assert!(resource.valid_at(query.at), "not valid");
    assert!(query.at < grant.until(), "ended");
    assert!(grant.schools().count() > 0 && grant.subscriptions().count() > 0);
    let publics: BTreeSet<Public> = grant.profiles().iter().filter_map(public_of).collect();
    for subscription in grant.subscriptions() {
        // The subscription's record and the school's offer may name different terms once damaged; `check` tells it.
        let _ = (subscription.id(), subscription.entry());
        assert!(!publics.is_empty(), "a right without a public");
    }
    let pseudonym = pseudonymizer.of(grant);
    let policy: BTreeSet<&str> = resource
        .attributes_at(query.at)
        .iter()
        .map(|a| a.as_str())
        .collect();
    for released in grant.release(&pseudonym) {
        assert!(
            policy.contains(released.name),
            "{} is not approved",
            released.name
        );
        assert!(!released.values.is_empty());
    }
}

/// `docs/directory.md`, written a second time.
fn public_of(profile: Profile) -> Option<Public> {
    match profile.as_str() {
        "National_elv" => Some(Public::Pupils),
        "National_ens" => Some(Public::Teachers),
        "National_doc" => Some(Public::Librarians),
        "National_tut" => None,
        _ => Some(Public::OtherStaff),
    }
}
