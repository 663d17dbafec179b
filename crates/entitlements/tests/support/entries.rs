//! Entries of the overlay as the log writes them, on the smallest country, and the answer with its explanation.

use std::sync::Arc;

use octroi_entitlements::overlay::{Change, Entry};
use octroi_entitlements::{Directory, Query, explain};

use super::table::{RESOURCE, SCHOOL};
use super::{Assignment, Country, january};

/// Changes as the log writes them, numbered from 1 on.
pub fn log(changes: &[&str]) -> Vec<Arc<Entry>> {
    (1..)
        .zip(changes)
        .map(|(sequence, change)| {
            let change: Change = serde_json::from_str(change).unwrap();
            change.check().unwrap();
            let at = january(1);
            Arc::new(Entry {
                sequence,
                at,
                change,
            })
        })
        .collect()
}

pub fn code(directory: &Directory, query: &Query<'_>) -> &'static str {
    let code = directory
        .resolve(query)
        .map_or_else(|denied| denied.code(), |_| "granted");
    let explanation = explain(directory, query);
    assert_eq!(explanation.code, code);
    assert_eq!(explanation.overlay, directory.overlay().last_sequence());
    assert!(explanation.to_string().contains(code));
    code
}

pub const REVOKED: &str = r#"{"kind":"person-revoked","ent":"B0","person":"p1"}"#;
pub const RESTORED: &str = r#"{"kind":"person-restored","ent":"B0","person":"p1"}"#;
pub const SUSPENDED: &str = r#"{"kind":"publisher-suspended","publisher":"pub-x"}"#;
pub const RESUMED: &str = r#"{"kind":"publisher-resumed","publisher":"pub-x"}"#;
pub const CLOSED: &str =
    r#"{"kind":"resource-suspended","resource":"http://n2t.net/ark:/99999/r1"}"#;
pub const OPENED: &str = r#"{"kind":"resource-resumed","resource":"ark:/99999/r1"}"#;

pub fn put(id: &str, schools: &str, kind: &str, publics: &str, from: i64, until: i64) -> String {
    format!(
        r#"{{"kind":"subscription-put","subscription":"{id}","resource":"{RESOURCE}","schools":[{schools}],"type":"{kind}","publics":["{publics}"],"from":{},"until":{}}}"#,
        january(from),
        january(until)
    )
}

pub fn ended(id: &str, day: i64) -> String {
    format!(
        r#"{{"kind":"subscription-ended","subscription":"{id}","until":{}}}"#,
        january(day)
    )
}

pub fn given(id: &str, target: &str, more: &str) -> String {
    format!(
        r#"{{"kind":"assignment-put","assignment":{{"subscription":"{id}","school":"{SCHOOL}","target":{target}}}{more}}}"#
    )
}

pub fn taken(id: &str, target: &str) -> String {
    format!(
        r#"{{"kind":"assignment-ended","subscription":"{id}","school":"{SCHOOL}","target":{target}}}"#
    )
}

pub const P1: &str = r#"{"kind":"person","ent":"B0","person":"p1"}"#;
pub const CLASS: &str = r#"{"kind":"division","code":"6A"}"#;
pub const HERE: &str = r#""0561622J""#;

/// A country whose one subscription is assigned to the class of its one person.
pub fn individual() -> Country {
    let mut country = Country::smallest();
    country.subscriptions[0].individual = true;
    country.assignments = vec![Assignment {
        subscription: "s1".into(),
        school: SCHOOL.into(),
        kind: "division",
        ent: String::new(),
        target: "6A".into(),
        ..Assignment::default()
    }];
    country
}

pub fn nothing() -> Country {
    let mut country = Country::smallest();
    country.subscriptions.clear();
    country
}
