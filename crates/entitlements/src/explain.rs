//! Explains an answer: public shape first.

use std::fmt;

use serde::Serialize;

use crate::{Query, Snapshot, SubscriptionKind};

/// Why the answer is what it is.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// Whether the person may use the resource.
    pub granted: bool,
    /// `granted` or the code of the denial.
    pub code: &'static str,
    /// The same in words.
    pub text: String,
    /// Each subscription that was considered.
    pub candidates: Vec<Candidate>,
}

/// One subscription that was considered.
#[derive(Debug, Clone, Serialize)]
pub struct Candidate {
    /// Its id.
    pub subscription: String,
    /// The school through which it was considered.
    pub school: String,
    /// ETABL or INDIV.
    pub kind: SubscriptionKind,
    /// `entitles` or the code of the rule that said no.
    pub code: &'static str,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Says yes by which subscription, or no by which rule.
#[must_use]
pub fn explain(snapshot: &Snapshot, query: &Query<'_>) -> Explanation {
    let (code, text) = match snapshot.resolve(query) {
        Ok(_) => ("granted", "granted".to_owned()),
        Err(denied) => (denied.code(), denied.to_string()),
    };
    Explanation {
        granted: code == "granted",
        code,
        text,
        candidates: Vec::new(),
    }
}
