//! The rules of `docs/directory.md`, read a second time: slow, obvious, over the source's own words.

use std::collections::{BTreeMap, BTreeSet};

use super::{Affiliation, Assignment, Country, Person, Resource, Subscription, january};

/// What is asked, as in `octroi_entitlements::Query`.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    pub ent: &'q str,
    pub person: &'q str,
    pub resource: &'q str,
    pub school: Option<&'q str>,
    pub at: i64,
}

/// A yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Yes {
    pub origin_ent: String,
    pub schools: BTreeSet<String>,
    pub subscriptions: BTreeSet<String>,
    pub until: i64,
    /// Attribute and value, apart from what needs the pseudonym.
    pub released: BTreeSet<(String, String)>,
}

fn current<'c>(country: &'c Country, code: &str) -> Option<&'c str> {
    let ent = country.ents.iter().find(|ent| ent.code == code)?;
    Some(if ent.alias_of.is_empty() {
        &ent.code
    } else {
        &ent.alias_of
    })
}

/// Places in the table of the assignments for which there is no licence: each in turn, by when it was made, is let
/// through if at no instant more people than licences would use one.
pub fn exhausted(country: &Country) -> BTreeSet<usize> {
    let mut out = BTreeSet::new();
    for subscription in country.subscriptions.iter().filter(|s| s.individual) {
        let mut theirs: Vec<(i64, usize)> = (0..)
            .zip(&country.assignments)
            .filter(|(_, a)| a.subscription == subscription.id)
            .map(|(at, a)| (a.since.or(a.from).unwrap_or(subscription.from), at))
            .collect();
        theirs.sort_unstable();
        // For each day, everybody who uses a licence, and as which public.
        let mut users: Vec<BTreeMap<&Person, &str>> = vec![BTreeMap::new(); 40];
        for (_, at) in theirs {
            let assignment = &country.assignments[at];
            let (from, mut until) = period(assignment, subscription);
            if subscription.category == "non transferable" {
                until = subscription.until;
            }
            let mut after = users.clone();
            for day in from..until {
                for (person, public) in reached(country, assignment, subscription) {
                    after[day as usize].entry(person).or_insert(public);
                }
            }
            if after.iter().all(|users| enough(subscription, users)) {
                users = after;
            } else {
                out.insert(at);
            }
        }
    }
    out
}

/// Days on which an assignment holds.
fn period(assignment: &Assignment, subscription: &Subscription) -> (i64, i64) {
    (
        assignment.from.unwrap_or(0).max(subscription.from),
        assignment.until.unwrap_or(99).min(subscription.until),
    )
}

/// Whom an assignment reaches, and as which public they use a licence; who is none of the target public uses none.
fn reached<'c>(
    country: &'c Country,
    assignment: &Assignment,
    subscription: &Subscription,
) -> Vec<(&'c Person, &'static str)> {
    let mut reached = Vec::new();
    for person in &country.people {
        let here = country
            .affiliations
            .iter()
            .filter(|a| (&a.ent, &a.person) == (&person.ent, &person.id));
        let here: Vec<&Affiliation> = here.filter(|a| a.school == assignment.school).collect();
        let theirs: BTreeSet<&str> = here
            .iter()
            .flat_map(|a| a.profiles.iter().filter_map(|profile| public(profile)))
            .collect();
        let used = ["ELEVE", "ENSEIGNANT", "DOCUMENTALISTE", "AUTRE PERSONNEL"]
            .into_iter()
            .find(|public| theirs.contains(public) && subscription.publics.contains(public));
        if let Some(public) = used
            && reaches(country, assignment, person, &here)
        {
            reached.push((person, public));
        }
    }
    reached
}

fn enough(subscription: &Subscription, users: &BTreeMap<&Person, &str>) -> bool {
    let within = |count: &str, used: usize| match count {
        "ILLIMITE" => true,
        "" => used == 0,
        number => used <= number.parse().unwrap(),
    };
    let [pupils, teachers, librarians, others] = &subscription.licences_by_public;
    let by_public = [
        ("ELEVE", pupils),
        ("ENSEIGNANT", teachers),
        ("DOCUMENTALISTE", librarians),
        ("AUTRE PERSONNEL", others),
    ];
    if by_public.iter().all(|(_, count)| count.is_empty()) {
        return subscription.licences.is_empty() || within(&subscription.licences, users.len());
    }
    by_public.iter().all(|(public, count)| {
        let used = users.values().filter(|used| *used == public).count();
        within(count, used)
    })
}

/// The schools that a subscription covers.
pub fn covered<'c>(country: &'c Country, subscription: &'c Subscription) -> Vec<&'c str> {
    let of_nature = country.schools.iter().filter(|school| {
        let kind = country.school_kinds.get(*school);
        kind.is_some_and(|(nature, _)| subscription.natures.iter().any(|n| n == nature))
    });
    let all = subscription.schools.iter().chain(of_nature);
    all.map(String::as_str).collect()
}

/// Whether a subscription is to this resource, or to the mother that opens its family.
fn opens(country: &Country, subscription: &Subscription, resource: &Resource) -> bool {
    let subscribed = country
        .resources
        .iter()
        .find(|r| r.id == subscription.resource);
    let Some(subscribed) = subscribed else {
        return false;
    };
    let family = |r: &Resource| (r.publisher.clone(), r.family.clone());
    subscribed.id == resource.id
        || (subscribed.mother && subscribed.opens_family && family(subscribed) == family(resource))
}

/// The public of a profile.
fn public(profile: &str) -> Option<&'static str> {
    match profile {
        "National_elv" => Some("ELEVE"),
        "National_ens" => Some("ENSEIGNANT"),
        "National_doc" => Some("DOCUMENTALISTE"),
        "National_tut" => None,
        _ => Some("AUTRE PERSONNEL"),
    }
}

/// Whether an assignment in a school is to this person, given what they are there.
fn reaches(
    country: &Country,
    assignment: &Assignment,
    person: &Person,
    here: &[&Affiliation],
) -> bool {
    let target = &assignment.target;
    let has =
        |list: fn(&Affiliation) -> &Vec<String>| here.iter().any(|a| list(a).contains(target));
    match assignment.kind {
        "person" => {
            let same_project = current(country, &assignment.ent) == current(country, &person.ent);
            *target == person.id && same_project
        }
        "division" => has(|a| &a.divisions),
        "group" => has(|a| &a.groups),
        "level" => has(|a| &a.levels),
        "subject" => has(|a| &a.subjects),
        "profile" => here.iter().any(|a| a.profiles.contains(&target.as_str())),
        other => panic!("{other}"),
    }
}

/// The answer in a country where no licence is counted: yes, or the code of the denial.
pub fn ask(country: &Country, q: Question<'_>) -> Result<Yes, &'static str> {
    ask_within(country, &BTreeSet::new(), q)
}

/// The answer, given what [`exhausted`] says of the country.
pub fn ask_within(
    country: &Country,
    exhausted: &BTreeSet<usize>,
    q: Question<'_>,
) -> Result<Yes, &'static str> {
    let ent = current(country, q.ent).ok_or("unknown-ent")?;
    let resource = country.resources.iter().find(|r| r.id == q.resource);
    let resource = resource.ok_or("unknown-resource")?;
    let publisher = country
        .publishers
        .iter()
        .find(|p| p.id == resource.publisher)
        .unwrap();
    if publisher.disabled {
        return Err("publisher-disabled");
    }
    if resource.disabled {
        return Err("resource-disabled");
    }
    for (days, not_yet, expired) in [
        (publisher.valid, "publisher-not-yet", "publisher-expired"),
        (resource.valid, "resource-not-yet", "resource-expired"),
    ] {
        if days.0.is_some_and(|from| q.at < january(from)) {
            return Err(not_yet);
        }
        if days.1.is_some_and(|until| q.at >= january(until)) {
            return Err(expired);
        }
    }
    let person = country
        .people
        .iter()
        .find(|p| p.id == q.person && current(country, &p.ent) == Some(ent))
        .ok_or("unknown-person")?;
    let theirs: Vec<&Affiliation> = country
        .affiliations
        .iter()
        .filter(|a| a.ent == person.ent && a.person == person.id)
        .collect();
    let mut schools: BTreeSet<&str> = theirs.iter().map(|a| a.school.as_str()).collect();
    if schools.is_empty() {
        return Err("no-school");
    }
    if let Some(asked) = q.school {
        let narrowed = match asked.split_once('-') {
            _ if schools.contains(asked) => asked,
            Some((whole, _)) if schools.contains(whole) => whole,
            _ => return Err("not-in-that-school"),
        };
        schools = BTreeSet::from([narrowed]);
    }
    let mut entitling = BTreeSet::new();
    let mut subscriptions: BTreeSet<&Id<'_>> = BTreeSet::new();
    let mut until = i64::MIN;
    let mut furthest = (0, "no-subscription");
    let holder: Vec<Id<'_>> = country.subscriptions.iter().map(|s| Id(&s.id)).collect();
    for school in schools {
        for (subscription, id) in country.subscriptions.iter().zip(&holder) {
            if !opens(country, subscription, resource)
                || !covered(country, subscription).contains(&school)
            {
                continue;
            }
            let here: Vec<&Affiliation> = theirs
                .iter()
                .filter(|a| a.school == school)
                .copied()
                .collect();
            let rights = (country, exhausted, subscription);
            match judge(rights, person, school, &here, q.at) {
                Ok(ends) => {
                    entitling.insert(school.to_owned());
                    subscriptions.insert(id);
                    until = until.max(ends);
                }
                Err(no) => furthest = furthest.max(no),
            }
        }
    }
    if entitling.is_empty() {
        return Err(furthest.1);
    }
    let at: Vec<&Affiliation> = theirs
        .iter()
        .filter(|a| entitling.contains(&a.school))
        .copied()
        .collect();
    Ok(Yes {
        origin_ent: person.ent.clone(),
        released: released(country, resource, person, ent, &at, q.at),
        schools: entitling,
        subscriptions: subscriptions
            .into_iter()
            .map(|id| id.0.to_owned())
            .collect(),
        until: [publisher.valid.1, resource.valid.1]
            .into_iter()
            .flatten()
            .map(january)
            .fold(until, i64::min),
    })
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Id<'c>(&'c str);

/// Yes and until when, or how far it came and the code.
fn judge(
    (country, exhausted, subscription): (&Country, &BTreeSet<usize>, &Subscription),
    person: &Person,
    school: &str,
    here: &[&Affiliation],
    at: i64,
) -> Result<i64, (u8, &'static str)> {
    if at < january(subscription.from) {
        return Err((2, "subscription-not-yet"));
    }
    if at >= january(subscription.until) {
        return Err((1, "subscription-expired"));
    }
    let targeted = here
        .iter()
        .flat_map(|a| a.profiles.iter().filter_map(|profile| public(profile)))
        .any(|public| subscription.publics.contains(&public));
    if !targeted {
        return Err((3, "public-excluded"));
    }
    if !subscription.individual {
        return Ok(january(subscription.until));
    }
    let assigned = (0..)
        .zip(&country.assignments)
        .filter(|(_, a)| a.subscription == subscription.id && a.school == school)
        .filter(|(place, _)| !exhausted.contains(place))
        .filter(|(_, a)| reaches(country, a, person, here))
        .map(|(_, a)| period(a, subscription))
        .filter(|(from, until)| january(*from) <= at && at < january(*until))
        .map(|(_, until)| january(until))
        .max();
    assigned.ok_or((4, "not-assigned"))
}

fn released(
    country: &Country,
    resource: &Resource,
    person: &Person,
    ent: &str,
    at: &[&Affiliation],
    instant: i64,
) -> BTreeSet<(String, String)> {
    let mut values: Vec<(&str, String)> = Vec::new();
    for affiliation in at {
        values.push(("UAI", affiliation.school.clone()));
        values.extend(
            affiliation
                .profiles
                .iter()
                .map(|p| ("PRO", (*p).to_owned())),
        );
        for (attribute, kind, codes) in [
            ("DIV", "division", &affiliation.divisions),
            ("GRO", "group", &affiliation.groups),
        ] {
            for group in country.groups.iter().filter(|g| {
                g.school == affiliation.school && g.kind == kind && codes.contains(&g.code)
            }) {
                let start = format!("{}##{}", group.code, group.label);
                if kind == "division" {
                    values.push((attribute, start));
                } else if group.divisions.is_empty() {
                    values.push((attribute, format!("{start}##")));
                } else {
                    let each = group.divisions.iter();
                    values.extend(each.map(|division| (attribute, format!("{start}##{division}"))));
                }
            }
        }
        for (attribute, codes) in [
            ("P_MS4", &affiliation.levels),
            ("P_MAT", &affiliation.subjects),
            ("E_MS1", &affiliation.modules),
        ] {
            values.extend(codes.iter().map(|code| (attribute, code.clone())));
        }
    }
    values.push(("CIV", person.civility.clone()));
    values.push(("NOM", person.name.clone()));
    values.push(("PRE", person.given_name.clone()));
    values.push(("P_MEL", person.mail.clone()));
    for other in &country.resources {
        let family = other.publisher == resource.publisher
            && other.family == resource.family
            && !other.family.is_empty();
        if family || other.id == resource.id {
            values.push(("LRA", other.access_url.clone()));
        }
    }
    values.push(("idENT", base64(ent)));
    let dated = resource.dated_release.iter().filter(|(_, (from, until))| {
        from.is_none_or(|day| january(day) <= instant)
            && until.is_none_or(|day| instant < january(day))
    });
    let dated: Vec<&str> = dated.map(|(attribute, _)| *attribute).collect();
    values
        .into_iter()
        .filter(|(attribute, _)| resource.release.contains(attribute) || dated.contains(attribute))
        .filter(|(_, value)| !value.is_empty())
        .map(|(attribute, value)| (attribute.to_owned(), value))
        .collect()
}

/// RFC 4648 §4, by hand.
fn base64(text: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in text.as_bytes().chunks(3) {
        let octet = |at| u32::from(*three.get(at).unwrap_or(&0));
        let bits = octet(0) << 16 | octet(1) << 8 | octet(2);
        for at in 0..4 {
            if at <= three.len() {
                out.push(char::from(ALPHABET[(bits >> (18 - 6 * at) & 63) as usize]));
            } else {
                out.push('=');
            }
        }
    }
    out
}
