//! Says yes by which subscription, or no by which rule, for operators.
//!
//! The verdict is that of the look-up itself and the candidates are walked by the same code, so that an explanation
//! cannot drift from what happens. The person's identifier and names are not repeated in it.

mod unassigned;

use std::fmt;

use serde::Serialize;

pub use self::unassigned::Unassigned;
use crate::validity::Calendar;
use crate::{Denied, Public, Query, Subscription, SubscriptionKind, View};

/// Why the answer is what it is. Printable ([`fmt::Display`]) and serialisable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Whether the person may use the resource.
    pub granted: bool,
    /// `granted`, or the code of the denial.
    pub code: &'static str,
    /// The same in words, with the times that were compared.
    pub text: String,
    /// Generation of the snapshot that was asked.
    pub generation: u64,
    /// Last entry of the overlay that was asked with it; 0 for none.
    pub overlay: u64,
    /// The entry that revoked or suspended, where that is the reason.
    pub entry: Option<u64>,
    /// Instant of the question, Unix seconds.
    pub at: i64,
    /// The ENT project that speaks for the person, when known.
    pub ent: Option<String>,
    /// The resource, when known.
    pub resource: Option<String>,
    /// Its publisher, when known.
    pub publisher: Option<String>,
    /// The person's schools, when known.
    pub schools: Vec<String>,
    /// The school that was asked for.
    pub school: Option<String>,
    /// When the right ends, Unix seconds, if there is one.
    pub until: Option<i64>,
    /// Each subscription to the resource in each school that counts.
    pub candidates: Vec<Candidate>,
}

/// One subscription to the resource in one school that counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// Its id (`idAbonnement`).
    pub subscription: String,
    /// The overlay's entry that made it what it is, if one did.
    pub entry: Option<u64>,
    /// The school.
    pub school: String,
    /// ETABL or INDIV.
    pub kind: SubscriptionKind,
    /// Target public, as the subscription service spells it.
    pub publics: Vec<&'static str>,
    /// First second of validity, Unix seconds.
    pub from: i64,
    /// First second after validity, Unix seconds.
    pub until: i64,
    /// Whether it entitles.
    pub entitles: bool,
    /// `entitles`, or the code of the rule that said no.
    pub code: &'static str,
    /// The same in words.
    pub text: String,
    /// What there is of licences, where none reaches the person (`not-assigned`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unassigned: Option<Unassigned>,
}

/// Says yes by which subscription, or no by which rule for each candidate subscription. Asks a [`crate::Directory`],
/// or a [`crate::Snapshot`] by itself.
#[must_use]
pub fn explain<'s>(directory: impl Into<View<'s>>, query: &Query<'s>) -> Explanation {
    let view = directory.into();
    let snapshot = view.snapshot;
    let times = Times(Calendar::new());
    let mut entry = None;
    let (code, text, until) = match view.resolve(query) {
        Ok(grant) => {
            let text = format!("granted until {} inclusive", times.last(grant.until()));
            ("granted", text, Some(grant.until()))
        }
        Err(denied) => {
            entry = deciding_entry(view, query, denied);
            (denied.code(), times.words(denied), None)
        }
    };
    let resource = snapshot.resource(query.resource);
    let mut explanation = Explanation {
        granted: until.is_some(),
        code,
        text,
        generation: snapshot.generation(),
        overlay: view.overlay.last_sequence(),
        entry,
        at: query.at,
        ent: snapshot
            .ent(query.ent)
            .map(|ent| ent.current().code().to_owned()),
        resource: resource.map(|resource| resource.id().to_owned()),
        publisher: resource.map(|resource| resource.publisher().id().to_owned()),
        schools: Vec::new(),
        school: query.school.map(str::to_owned),
        until,
        candidates: Vec::new(),
    };
    let anywhere = Query {
        school: None,
        ..*query
    };
    if let Ok(subject) = view.subject(&anywhere) {
        explanation.schools = subject.schools().map(str::to_owned).collect();
    }
    if let Ok(subject) = view.subject(query) {
        let schools: Vec<&str> = subject.schools().collect();
        // Damage on the way is already the verdict above; what was judged before it is still shown.
        let _ = subject.each_offer(query.at, |judged| {
            let school = schools.get(judged.position).copied();
            let mut candidate = Candidate::new(view, &judged, school.unwrap_or_default(), &times);
            if judged.verdict == Err(Denied::NotAssigned)
                && let Ok(unassigned) = Unassigned::of(&subject, &judged, query.at)
            {
                candidate.text = format!("{}: {}", candidate.text, unassigned.words(&times));
                candidate.unassigned = Some(unassigned);
            }
            explanation.candidates.push(candidate);
        });
    }
    explanation
}

/// The entry behind a denial that only the overlay makes.
fn deciding_entry(view: View<'_>, query: &Query<'_>, denied: Denied) -> Option<u64> {
    let effects = &view.overlay.effects;
    let resource = || view.snapshot.resource(query.resource);
    match denied {
        Denied::PersonRevoked => {
            let ent = view.snapshot.ent(query.ent)?.current();
            effects.revoked(view.person_fingerprint(ent.code(), query.person)?)
        }
        Denied::PublisherSuspended => effects.publisher_suspended(resource()?.publisher().number),
        Denied::ResourceSuspended => effects.resource_suspended(resource()?.number),
        _ => None,
    }
}

impl Candidate {
    fn new(
        view: View<'_>,
        judged: &crate::snapshot::Judged<'_>,
        school: &str,
        times: &Times,
    ) -> Self {
        let terms = judged.terms;
        let subscription = Subscription::new(view, judged.subscription).ok();
        Self {
            subscription: subscription.map_or_else(String::new, |s| s.id().to_owned()),
            entry: subscription.and_then(|s| s.entry()),
            school: school.to_owned(),
            kind: terms.kind,
            publics: terms.publics.iter().map(Public::as_str).collect(),
            from: terms.from,
            until: terms.until,
            entitles: judged.verdict.is_ok(),
            code: judged.verdict.map_or_else(Denied::code, |_| "entitles"),
            text: match judged.verdict {
                Ok(until) => format!("entitles until {} inclusive", times.last(until)),
                Err(denied) => times.words(denied),
            },
            unassigned: None,
        }
    }
}

/// Instants for people: in Paris time, or plain seconds should the zone be missing.
struct Times(Option<Calendar>);

impl Times {
    fn at(&self, at: i64) -> String {
        self.0
            .as_ref()
            .map_or_else(|| format!("{at} s"), |calendar| calendar.show(at))
    }

    fn last(&self, until: i64) -> String {
        self.at(until.saturating_sub(1))
    }

    fn words(&self, denied: Denied) -> String {
        match denied {
            Denied::SubscriptionExpired { ended }
            | Denied::ResourceExpired { ended }
            | Denied::PublisherExpired { ended } => {
                format!("{denied}: its last second was {}", self.last(ended))
            }
            Denied::SubscriptionNotYet { starts }
            | Denied::ResourceNotYet { starts }
            | Denied::PublisherNotYet { starts } => {
                format!("{denied}: it begins at {}", self.at(starts))
            }
            _ => denied.to_string(),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unknown = || "(unknown)".to_owned();
        writeln!(
            f,
            "{}: {}",
            if self.granted { "YES" } else { "NO" },
            self.text
        )?;
        writeln!(f, "  code        {}", self.code)?;
        writeln!(f, "  generation  {}", self.generation)?;
        if self.overlay > 0 {
            writeln!(f, "  overlay     up to entry {}", self.overlay)?;
        }
        if let Some(entry) = self.entry {
            writeln!(f, "  decided by  overlay entry {entry}")?;
        }
        writeln!(f, "  asked at    {}", Times(Calendar::new()).at(self.at))?;
        writeln!(
            f,
            "  ENT         {}",
            self.ent.clone().unwrap_or_else(unknown)
        )?;
        writeln!(
            f,
            "  resource    {}",
            self.resource.clone().unwrap_or_else(unknown)
        )?;
        writeln!(
            f,
            "  publisher   {}",
            self.publisher.clone().unwrap_or_else(unknown)
        )?;
        writeln!(f, "  schools     {}", self.schools.join(" "))?;
        if let Some(school) = &self.school {
            writeln!(f, "  narrowed to {school}")?;
        }
        for candidate in &self.candidates {
            writeln!(
                f,
                "  {} {} {} in {} for {}{}: {}",
                if candidate.entitles { "+" } else { "-" },
                candidate.kind.as_str(),
                candidate.subscription,
                candidate.school,
                candidate.publics.join(", "),
                candidate
                    .entry
                    .map_or_else(String::new, |entry| format!(" (overlay entry {entry})")),
                candidate.text,
            )?;
        }
        Ok(())
    }
}
