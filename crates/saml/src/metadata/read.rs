//! Reading metadata: one entity or an aggregate, from verified nodes where a signature is demanded.
//!
//! In an aggregate one bad entity must not take a federation down, so it is set aside with its reason; what
//! concerns the whole document (signature, validity, an entity described twice) refuses all of it.

use super::role::{idp_role, sp_role};
use super::{EntityDescriptor, Metadata, MetadataPolicy, SetAside};
use crate::read::Source;
use crate::uri::ns;
use crate::{Check, Detail, Refusal, Time};
use octroi_dsig::verify;
use octroi_xml::parse;
use std::collections::HashSet;

/// The longest entityID (Metadata 2.3.1), in characters.
const MAX_ENTITY_ID: usize = 1024;
/// How deep EntitiesDescriptors may nest.
const MAX_NESTING: usize = 8;

pub(super) fn read(xml: &[u8], policy: &MetadataPolicy<'_>) -> Result<Metadata, Refusal> {
    let document = parse(xml, &policy.limits)?;
    let root = document.root();
    match policy.signing_keys {
        Some(keys) => entities_of(&verify(root, keys, &policy.algorithms)?, policy),
        None => entities_of(&root, policy),
    }
}

fn entities_of<'d, S: Source<'d>>(
    root: &S,
    policy: &MetadataPolicy<'_>,
) -> Result<Metadata, Refusal> {
    let valid_until = validity(root, None, policy)?;
    root_validity(valid_until, policy)?;
    let mut metadata = Metadata::default();
    if root.is(ns::METADATA, "EntityDescriptor") {
        metadata.entities.push(entity(root, valid_until, policy)?);
        return Ok(metadata);
    }
    if !root.is(ns::METADATA, "EntitiesDescriptor") {
        return Err(Refusal::new(Check::UnexpectedRoot));
    }
    aggregate(root, valid_until, policy, 0, &mut metadata)?;
    let mut seen = HashSet::new();
    let all = metadata.entities.iter().map(|e| &e.entity_id);
    if all
        .chain(
            metadata
                .set_aside
                .iter()
                .filter_map(|s| s.entity_id.as_ref()),
        )
        .any(|id| !seen.insert(id))
    {
        return Err(Refusal::at(Check::EntityIdInvalid, "EntitiesDescriptor"));
    }
    if metadata.entities.is_empty() {
        let first = metadata.set_aside.into_iter().next();
        return Err(
            first.map_or(Refusal::new(Check::EntityMissing), |set_aside| {
                set_aside.refusal
            }),
        );
    }
    Ok(metadata)
}

fn aggregate<'d, S: Source<'d>>(
    group: &S,
    valid_until: Option<Time>,
    policy: &MetadataPolicy<'_>,
    depth: usize,
    metadata: &mut Metadata,
) -> Result<(), Refusal> {
    if depth > MAX_NESTING {
        return Err(Refusal::at(Check::XmlLimit, "EntitiesDescriptor"));
    }
    for child in group.children() {
        if child.is(ns::METADATA, "EntitiesDescriptor") {
            let inner = validity(&child, valid_until, policy)?;
            aggregate(&child, inner, policy, depth + 1, metadata)?;
        } else if child.is(ns::METADATA, "EntityDescriptor") {
            let read =
                validity(&child, valid_until, policy).and_then(|end| entity(&child, end, policy));
            match read {
                Ok(entity) => metadata.entities.push(entity),
                Err(refusal) => {
                    let entity_id = entity_id(&child).ok().map(str::to_owned);
                    metadata.set_aside.push(SetAside { entity_id, refusal });
                }
            }
        } else if !child.is(ns::DSIG, "Signature") && !child.is(ns::METADATA, "Extensions") {
            return Err(Refusal::at(Check::MetadataInvalid, "EntitiesDescriptor"));
        }
    }
    Ok(())
}

/// The earlier of an element's own `validUntil` and the one around it; refused when it has passed.
pub(super) fn validity<'d, S: Source<'d>>(
    element: &S,
    around: Option<Time>,
    policy: &MetadataPolicy<'_>,
) -> Result<Option<Time>, Refusal> {
    if element
        .attribute("cacheDuration")
        .is_some_and(|text| !is_duration(text))
    {
        return Err(Refusal::at(Check::MetadataInvalid, "cacheDuration"));
    }
    let own = element
        .attribute("validUntil")
        .map(Time::parse)
        .transpose()
        .map_err(|_| Refusal::at(Check::TimeMalformed, "validUntil"))?;
    if let Some(end) = own
        && policy.now >= end
    {
        return Err(Refusal::clock(Check::MetadataExpired, end, policy.now));
    }
    Ok(match (own, around) {
        (Some(own), Some(around)) => Some(own.min(around)),
        (own, around) => own.or(around),
    })
}

/// What the policy demands of the root's validity (C21).
fn root_validity(valid_until: Option<Time>, policy: &MetadataPolicy<'_>) -> Result<(), Refusal> {
    let Some(max) = policy.max_validity else {
        return Ok(());
    };
    let end = valid_until.ok_or(Refusal::new(Check::MetadataValidityMissing))?;
    let span = end.since(policy.now);
    if span > max {
        let detail = Detail::Span {
            seconds: span.as_secs(),
            allowed: max.as_secs(),
        };
        return Err(Refusal::with(Check::MetadataValidityTooLong, detail));
    }
    Ok(())
}

fn entity_id<'d, S: Source<'d>>(element: &S) -> Result<&'d str, Refusal> {
    element
        .attribute("entityID")
        .filter(|id| !id.is_empty() && id.chars().count() <= MAX_ENTITY_ID)
        .ok_or(Refusal::new(Check::EntityIdInvalid))
}

/// One entity. Roles of other protocols or kinds are skipped, unknown elements outside Extensions are not.
fn entity<'d, S: Source<'d>>(
    element: &S,
    valid_until: Option<Time>,
    policy: &MetadataPolicy<'_>,
) -> Result<EntityDescriptor, Refusal> {
    let mut entity = EntityDescriptor {
        entity_id: entity_id(element)?.to_owned(),
        valid_until,
        idp: None,
        sp: None,
    };
    let mut stage = 0;
    let mut roles = 0_u32;
    for child in element.children() {
        let own_stage =
            stage_of(&child).ok_or(Refusal::at(Check::MetadataInvalid, "EntityDescriptor"))?;
        if own_stage < stage {
            return Err(Refusal::at(Check::MetadataInvalid, "EntityDescriptor"));
        }
        stage = own_stage;
        if own_stage != ROLES {
            continue;
        }
        roles += 1;
        if entity.idp.is_none() && child.is(ns::METADATA, "IDPSSODescriptor") && speaks_saml(&child)
        {
            entity.valid_until = validity(&child, entity.valid_until, policy)?;
            entity.idp = Some(idp_role(&child, policy)?);
        } else if entity.sp.is_none()
            && child.is(ns::METADATA, "SPSSODescriptor")
            && speaks_saml(&child)
        {
            entity.valid_until = validity(&child, entity.valid_until, policy)?;
            entity.sp = Some(sp_role(&child, policy)?);
        }
    }
    if roles == 0 {
        return Err(Refusal::at(
            Check::MetadataInvalid,
            "EntityDescriptor without role",
        ));
    }
    for child in element
        .children()
        .filter(|child| child.is(ns::METADATA, "Extensions"))
    {
        if let Some(idp) = &mut entity.idp {
            super::role::scopes(&child, &mut idp.scopes);
        }
    }
    Ok(entity)
}

const ROLES: u8 = 2;

/// The place of a child of EntityDescriptor in the schema's order.
fn stage_of<'d, S: Source<'d>>(child: &S) -> Option<u8> {
    const STAGES: [(&str, u8); 11] = [
        ("Extensions", 1),
        ("RoleDescriptor", ROLES),
        ("IDPSSODescriptor", ROLES),
        ("SPSSODescriptor", ROLES),
        ("AuthnAuthorityDescriptor", ROLES),
        ("AttributeAuthorityDescriptor", ROLES),
        ("PDPDescriptor", ROLES),
        ("AffiliationDescriptor", ROLES),
        ("Organization", 3),
        ("ContactPerson", 4),
        ("AdditionalMetadataLocation", 5),
    ];
    if child.is(ns::DSIG, "Signature") {
        return Some(0);
    }
    STAGES
        .iter()
        .find(|(name, _)| child.is(ns::METADATA, name))
        .map(|(_, stage)| *stage)
}

fn speaks_saml<'d, S: Source<'d>>(role: &S) -> bool {
    role.attribute("protocolSupportEnumeration")
        .is_some_and(|protocols| {
            protocols
                .split_ascii_whitespace()
                .any(|p| p == ns::PROTOCOL)
        })
}

/// The lexical form of `xs:duration`; its value is of no interest here.
fn is_duration(text: &str) -> bool {
    let text = text.trim_ascii();
    let Some(rest) = text.strip_prefix('-').unwrap_or(text).strip_prefix('P') else {
        return false;
    };
    // `P1DT`, with nothing after the T, is OneLogin's way to write a day: it says nothing else.
    let (date, time) = rest.split_once('T').unwrap_or((rest, ""));
    !(date.is_empty() && time.is_empty()) && fields(date, "YMD") && fields(time, "HMS")
}

/// Numbers, each followed by a designator, in the order of `designators`, each at most once.
fn fields(mut text: &str, designators: &str) -> bool {
    for designator in designators.chars() {
        let Some((number, rest)) = text.split_once(designator) else {
            continue;
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || (number.contains('.') && designator != 'S') {
            return false;
        }
        text = rest;
    }
    text.is_empty()
}

#[cfg(test)]
mod tests {
    use super::is_duration;

    #[test]
    fn durations() {
        for good in [
            "PT1H",
            "P1D",
            "P1Y2M3DT4H5M6.7S",
            "PT604800S",
            "-P1D",
            "P0D",
            " PT1H ",
        ] {
            assert!(is_duration(good), "{good}");
        }
        for bad in [
            "", "P", "PT", "P1", "1D", "PT1D", "P1H", "P1.5D", "PT1S1M", "P-1D", "PT1.S", "PTS",
        ] {
            assert!(!is_duration(bad), "{bad}");
        }
    }
}
