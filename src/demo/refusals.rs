//! Accesses that must be refused: how each kind goes, and by which code.

use super::compare::{Saw, Way, granted, refused, saw};
use super::drive::{Difference, Visit, stuck};
use super::kind::Kind;
use crate::simulate::browser::Browser;
use crate::simulate::country::cases::Case;
use crate::simulate::portal::Defect;
use crate::simulate::tile::link;

/// Drives one and says what was not as expected.
pub(super) async fn drive(visit: &mut Visit) -> Result<(), Difference> {
    let mut case = visit.planned.case.clone();
    match visit.planned.kind {
        Kind::Denied(rule) => by_tile(visit, &case, Defect::None, &[rule.refused().code()]).await,
        Kind::UnknownPerson => {
            case.person.id = format!("nobody-{}", visit.planned.number);
            by_tile(visit, &case, Defect::None, &["unknown-person"]).await
        }
        Kind::Defective(defect) => by_tile(visit, &case, defect, codes(defect)).await,
        Kind::Replayed => replayed(visit, &case).await,
        Kind::Stolen => stolen(visit, &case).await,
        Kind::Unsolicited => unsolicited(visit, &case).await,
        Kind::DisabledPublisher => {
            by_tile(visit, &case, Defect::None, &["publisher-disabled-here"]).await
        }
        Kind::DisabledPublisherAsks => {
            visit.driven += 1;
            let page = visit.open(&case.resource.access_url, None).await?;
            refused(visit, &page, &["publisher-disabled-here"])
        }
        Kind::DisabledPortal => by_tile(visit, &case, Defect::None, &["portal-disabled"]).await,
        Kind::NoPassive => no_passive(visit, &case).await,
        Kind::UnknownResource => {
            case.resource.ark = format!("ark:/99999/none{}", visit.planned.number);
            by_tile(visit, &case, Defect::None, &["resource-unknown"]).await
        }
        Kind::MalformedTile => malformed(visit, &case).await,
        other => Err(format!("{other:?} is not a kind of refusal")),
    }
}

/// The codes by which a defect may be told; more than one where several checks see it.
fn codes(defect: Defect) -> &'static [&'static str] {
    match defect {
        Defect::None => &[],
        Defect::Expired => &["assertion-expired", "confirmation-expired"],
        Defect::NotYetValid => &["not-yet-valid"],
        Defect::Stale => &["issued-too-long-ago"],
        Defect::WrongAudience => &["audience-mismatch"],
        Defect::WrongRecipient => &["recipient-mismatch"],
        Defect::WrongInResponseTo => &["in-response-to-mismatch"],
        Defect::Tampered => &["signature-digest-mismatch"],
        Defect::Unsigned => &[
            "signature-missing",
            "assertion-unsigned",
            "response-unsigned",
        ],
        Defect::StrangerKey => &["signature-invalid"],
        Defect::OtherIdent => &["ent-not-of-portal"],
        Defect::NoPerson | Defect::TwoPersons => &["person-missing"],
        Defect::WrongIssuer => &["response-issuer-mismatch", "assertion-issuer-mismatch"],
    }
}

async fn by_tile(
    visit: &mut Visit,
    case: &Case,
    defect: Defect,
    codes: &[&str],
) -> Result<(), Difference> {
    let page = visit.whole_tile(case, defect).await?;
    refused(visit, &page, codes)
}

/// A Response that was accepted is posted again by somebody else.
async fn replayed(visit: &mut Visit, case: &Case) -> Result<(), Difference> {
    let acs = visit.world.view.acs.clone();
    visit.browser.hold = Some(acs);
    let portal = case
        .portal(&visit.world.country)
        .ok_or("the case has no portal")?
        .clone();
    // Where nothing was asked, no cookie protects: the guard of one-time use is alone.
    let held = if portal.unsolicited {
        visit.driven += 1;
        visit.sign_in_at_portal(case, Defect::None).await?;
        let ark: String = form_urlencoded::byte_serialize(case.resource.ark.as_bytes()).collect();
        visit
            .open(&format!("{}/send?resource={ark}", portal.origin), None)
            .await?
    } else {
        visit.whole_tile(case, Defect::None).await?
    };
    let form = held
        .form_that_sends_itself()
        .ok_or("the portal sent no Response")?;
    visit.browser.hold = None;
    let page = visit.browser.send(&held, &form).await.map_err(stuck)?;
    granted(
        visit,
        &page,
        case,
        if portal.unsolicited {
            Way::Portal
        } else {
            Way::Tile
        },
    )?;
    visit.evidence = None;
    let mut thief = Browser::new(&visit.world.clients);
    let again = thief.send_once(&form, held.host()).await.map_err(stuck)?;
    visit.browser.hops = thief.hops;
    refused(
        visit,
        &again,
        if portal.unsolicited {
            &["assertion-replayed"]
        } else {
            &["flow-missing"]
        },
    )
}

/// A Response is posted by a browser that did not ask; whoever asked gets in with it afterwards.
async fn stolen(visit: &mut Visit, case: &Case) -> Result<(), Difference> {
    visit.browser.hold = Some(visit.world.view.acs.clone());
    let held = visit.whole_tile(case, Defect::None).await?;
    let form = held
        .form_that_sends_itself()
        .ok_or("the portal sent no Response")?;
    visit.browser.hold = None;
    let mut thief = Browser::new(&visit.world.clients);
    let first = thief.send_once(&form, held.host()).await.map_err(stuck)?;
    refused(
        visit,
        &first,
        &["flow-missing", "in-response-to-unexpected"],
    )?;
    let page = visit.browser.send(&held, &form).await.map_err(stuck)?;
    granted(visit, &page, case, Way::Tile)?;
    visit.evidence = None;
    visit.browser.hops = thief.hops;
    Ok(())
}

async fn unsolicited(visit: &mut Visit, case: &Case) -> Result<(), Difference> {
    visit.driven += 1;
    visit.sign_in_at_portal(case, Defect::None).await?;
    let portal = case
        .portal(&visit.world.country)
        .ok_or("the case has no portal")?
        .origin
        .clone();
    let ark: String = form_urlencoded::byte_serialize(case.resource.ark.as_bytes()).collect();
    let page = visit
        .open(&format!("{portal}/send?resource={ark}"), None)
        .await?;
    refused(visit, &page, &["unsolicited-refused"])
}

/// The publisher is told so by a signed Status.
async fn no_passive(visit: &mut Visit, case: &Case) -> Result<(), Difference> {
    visit.driven += 1;
    let publisher = case
        .publisher(&visit.world.country)
        .ok_or("the case has no publisher")?;
    let relay: String =
        form_urlencoded::byte_serialize(case.resource.access_url.as_bytes()).collect();
    let url = format!("{}/saml/login?passive=1&relay={relay}", publisher.origin);
    let page = visit.open(&url, None).await?;
    match saw(&visit.world, &page) {
        Saw::Status(_, code) if code == "NoPassive" => Ok(()),
        other => Err(other.words()),
    }
}

async fn malformed(visit: &mut Visit, case: &Case) -> Result<(), Difference> {
    visit.driven += 1;
    let whole = link(
        visit.planned.generation(),
        "A0",
        &case.school.uai,
        &case.resource.ark,
        0,
    );
    let broken = match visit.planned.number % 4 {
        0 => whole.replace("idENT=", "idENT=%25%25"),
        1 => format!("{whole}&idENT=QjA="),
        2 => whole.replace("idENT=", "noENT="),
        _ => "/domaineGar".to_owned(),
    };
    let url = format!("{}{broken}", visit.world.view.base_url);
    let page = visit.open(&url, None).await?;
    refused(visit, &page, &["tile-malformed"])
}
