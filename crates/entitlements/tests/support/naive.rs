//! The rules of `docs/directory.md`, read a second time: slow, obvious, over the source's own words.

use std::collections::BTreeSet;

use super::{Affiliation, Country, Person, Resource, Subscription, january};

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

/// The answer: yes, or the code of the denial.
pub fn ask(country: &Country, q: Question<'_>) -> Result<Yes, &'static str> {
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
            if subscription.resource != resource.id
                || !subscription.schools.iter().any(|s| s == school)
            {
                continue;
            }
            let here: Vec<&Affiliation> = theirs
                .iter()
                .filter(|a| a.school == school)
                .copied()
                .collect();
            match judge(country, subscription, person, school, &here, q.at) {
                Ok(()) => {
                    entitling.insert(school.to_owned());
                    subscriptions.insert(id);
                    until = until.max(january(subscription.until));
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
        released: released(country, resource, person, ent, &at),
        schools: entitling,
        subscriptions: subscriptions
            .into_iter()
            .map(|id| id.0.to_owned())
            .collect(),
        until,
    })
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Id<'c>(&'c str);

/// Yes, or how far it came and the code.
fn judge(
    country: &Country,
    subscription: &Subscription,
    person: &Person,
    school: &str,
    here: &[&Affiliation],
    at: i64,
) -> Result<(), (u8, &'static str)> {
    if at < january(subscription.from) {
        return Err((2, "subscription-not-yet"));
    }
    if at >= january(subscription.until) {
        return Err((1, "subscription-expired"));
    }
    let profiles: BTreeSet<&str> = here
        .iter()
        .flat_map(|a| a.profiles.iter().copied())
        .collect();
    let targeted = profiles.iter().any(|profile| {
        let public = match *profile {
            "National_elv" => "ELEVE",
            "National_ens" => "ENSEIGNANT",
            "National_doc" => "DOCUMENTALISTE",
            "National_tut" => return false,
            _ => "AUTRE PERSONNEL",
        };
        subscription.publics.contains(&public)
    });
    if !targeted {
        return Err((3, "public-excluded"));
    }
    if !subscription.individual {
        return Ok(());
    }
    let has = |list: fn(&Affiliation) -> &Vec<String>, code: &String| {
        here.iter().any(|a| list(a).contains(code))
    };
    let assigned = country
        .assignments
        .iter()
        .filter(|a| a.subscription == subscription.id && a.school == school)
        .any(|a| match a.kind {
            "person" => {
                a.target == person.id && current(country, &a.ent) == current(country, &person.ent)
            }
            "division" => has(|a| &a.divisions, &a.target),
            "group" => has(|a| &a.groups, &a.target),
            "level" => has(|a| &a.levels, &a.target),
            "subject" => has(|a| &a.subjects, &a.target),
            "profile" => profiles.contains(a.target.as_str()),
            other => panic!("{other}"),
        });
    if assigned {
        Ok(())
    } else {
        Err((4, "not-assigned"))
    }
}

fn released(
    country: &Country,
    resource: &Resource,
    person: &Person,
    ent: &str,
    at: &[&Affiliation],
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
    values
        .into_iter()
        .filter(|(attribute, value)| resource.release.contains(attribute) && !value.is_empty())
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
