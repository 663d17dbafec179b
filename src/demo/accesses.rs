//! Accesses that must be granted: how each kind goes, step by step.

use http::StatusCode;

use super::compare::{Saw, Way, granted, saw};
use super::drive::{Difference, Visit, stuck};
use super::kind::Kind;
use crate::simulate::country::cases::Case;
use crate::simulate::country::resource::Delivery;
use crate::simulate::portal::Defect;

/// Drives one and says what was not as expected.
pub(super) async fn drive(visit: &mut Visit) -> Result<(), Difference> {
    let case = visit.planned.case.clone();
    match visit.planned.kind {
        Kind::PublisherRedirect => publisher_first(visit, &case, "binding=redirect", true).await,
        Kind::PublisherPost => publisher_first(visit, &case, "binding=post", true).await,
        Kind::OnlyResource => publisher_first(visit, &case, "", false).await,
        Kind::Choice => publisher_first(visit, &case, "relay=ss%3Amem%3A2b5f", false).await,
        Kind::ForceAuthn => after_a_pull(visit, &case, "force=1").await,
        Kind::Passive => after_a_pull(visit, &case, "passive=1").await,
        Kind::PortalFirst => portal_first(visit, &case).await,
        Kind::Reuse | Kind::NoReuse | Kind::OtherPortal => second_tile(visit, &case).await,
        Kind::TwoTabs => two_tabs(visit, &case).await,
        Kind::AfterLogout => after_logout(visit, &case).await,
        Kind::DoubleClick => double_click(visit, &case).await,
        _ => tile(visit, &case).await,
    }
}

/// Click, sign in, and there.
async fn tile(visit: &mut Visit, case: &Case) -> Result<(), Difference> {
    let page = visit.whole_tile(case, Defect::None).await?;
    granted(visit, &page, case, Way::Tile)?;
    let asked = visit
        .evidence
        .as_ref()
        .is_some_and(|(_, _, told)| told.in_response_to.is_some());
    if asked != (case.resource.delivery == Delivery::Pull) {
        return Err(format!(
            "a {:?} with a request answered: {asked}",
            case.resource.delivery
        ));
    }
    Ok(())
}

fn login_url(visit: &Visit, case: &Case, wish: &str, relay: bool) -> Result<String, Difference> {
    let publisher = case
        .publisher(&visit.world.country)
        .ok_or("the case has no publisher")?;
    let relay = if relay {
        let url: String =
            form_urlencoded::byte_serialize(case.resource.access_url.as_bytes()).collect();
        format!("&relay={url}")
    } else {
        String::new()
    };
    Ok(format!("{}/saml/login?{wish}{relay}", publisher.origin))
}

async fn publisher_first(
    visit: &mut Visit,
    case: &Case,
    wish: &str,
    relay: bool,
) -> Result<(), Difference> {
    visit.driven += 1;
    let url = login_url(visit, case, wish, relay)?;
    let page = visit.open(&url, None).await?;
    let page = visit.go_through(page, case, Defect::None).await?;
    granted(visit, &page, case, Way::Publisher)
}

/// The publisher asks once more after a pull: with ForceAuthn the portal must ask the person, with IsPassive nobody.
async fn after_a_pull(visit: &mut Visit, case: &Case, wish: &str) -> Result<(), Difference> {
    let first = visit.whole_tile(case, Defect::None).await?;
    granted(visit, &first, case, Way::Tile)?;
    let first_id = visit.evidence.take().map(|(_, _, told)| told.assertion_id);
    visit.browser.hops.clear();
    visit.driven += 1;
    let url = login_url(visit, case, wish, true)?;
    let page = visit.open(&url, None).await?;
    let asked = saw(&visit.world, &page) == Saw::Desk;
    if asked != (visit.planned.kind == Kind::ForceAuthn) {
        return Err(format!("the person was asked: {asked}"));
    }
    let page = visit.go_through(page, case, Defect::None).await?;
    // What a tile opened is answered as the tile asked for it, for five minutes.
    granted(
        visit,
        &page,
        case,
        if asked { Way::Publisher } else { Way::Tile },
    )?;
    let second_id = visit
        .evidence
        .as_ref()
        .map(|(_, _, told)| &told.assertion_id);
    if second_id == first_id.as_ref() {
        Err("the same assertion twice".to_owned())
    } else {
        Ok(())
    }
}

async fn portal_first(visit: &mut Visit, case: &Case) -> Result<(), Difference> {
    visit.driven += 1;
    visit.sign_in_at_portal(case, Defect::None).await?;
    let portal = case
        .portal(&visit.world.country)
        .ok_or("the case has no portal")?;
    // RelayState names the resource, or is the whole link of its tile.
    let link = visit.planned.number % 2 == 1;
    let meant = if link {
        visit.tile_url(case)?
    } else {
        case.resource.ark.clone()
    };
    let meant: String = form_urlencoded::byte_serialize(meant.as_bytes()).collect();
    let page = visit
        .open(&format!("{}/send?resource={meant}", portal.origin), None)
        .await?;
    granted(
        visit,
        &page,
        case,
        if link { Way::Tile } else { Way::Portal },
    )
}

/// One tile, then another: whether the portal is seen again in between is the portal's policy.
async fn second_tile(visit: &mut Visit, case: &Case) -> Result<(), Difference> {
    let other = visit
        .planned
        .other
        .clone()
        .ok_or("the plan has no second case")?;
    let first = visit.whole_tile(case, Defect::None).await?;
    granted(visit, &first, case, Way::Tile)?;
    visit.evidence = None;
    visit.leave_publisher(&other);
    visit.browser.hops.clear();
    let page = visit.open_tile(&other).await?;
    let asked = saw(&visit.world, &page) == Saw::Desk;
    if asked != (visit.planned.kind == Kind::OtherPortal) {
        return Err(format!("at the second tile the person was asked: {asked}"));
    }
    let page = visit.go_through(page, &other, Defect::None).await?;
    granted(visit, &page, &other, Way::Tile)?;
    let portal = other.portal(&visit.world.country).map(|p| p.host.as_str());
    let by_portal = visit
        .browser
        .hops
        .iter()
        .any(|hop| Some(hop.host.as_str()) == portal);
    if by_portal == (visit.planned.kind == Kind::Reuse) {
        return Err(format!("the second tile went by the portal: {by_portal}"));
    }
    Ok(())
}

/// Both tiles are open at the desk before either is signed in; the later one first.
async fn two_tabs(visit: &mut Visit, case: &Case) -> Result<(), Difference> {
    let other = visit
        .planned
        .other
        .clone()
        .ok_or("the plan has no second case")?;
    let first_tab = visit.open_tile(case).await?;
    let second_tab = visit.open_tile(&other).await?;
    let page = visit.go_through(second_tab, &other, Defect::None).await?;
    granted(visit, &page, &other, Way::Tile)?;
    visit.evidence = None;
    visit.leave_publisher(case);
    let page = visit.go_through(first_tab, case, Defect::None).await?;
    granted(visit, &page, case, Way::Tile)
}

/// The portal's LogoutRequest ends what its session could have opened.
async fn after_logout(visit: &mut Visit, case: &Case) -> Result<(), Difference> {
    let first = visit.whole_tile(case, Defect::None).await?;
    granted(visit, &first, case, Way::Tile)?;
    visit.evidence = None;
    let portal = case
        .portal(&visit.world.country)
        .ok_or("the case has no portal")?
        .clone();
    let tiles = visit.open(&format!("{}/", portal.origin), None).await?;
    let form = crate::simulate::pages::form_of(&tiles.text).ok_or("no form to sign out with")?;
    let goodbye = visit.browser.send(&tiles, &form).await.map_err(stuck)?;
    if !goodbye.text.contains("200 OK Success") {
        return Err("the gateway did not take the portal's LogoutRequest".to_owned());
    }
    visit.leave_publisher(case);
    visit.browser.hops.clear();
    let page = visit.open_tile(case).await?;
    if saw(&visit.world, &page) != Saw::Desk {
        return Err("the session outlived the portal's logout".to_owned());
    }
    let page = visit.go_through(page, case, Defect::None).await?;
    granted(visit, &page, case, Way::Tile)
}

/// The second post of the same Response is neither accepted nor an error page: the access begins anew.
async fn double_click(visit: &mut Visit, case: &Case) -> Result<(), Difference> {
    visit.browser.hold = Some(visit.world.view.acs.clone());
    let held = visit.whole_tile(case, Defect::None).await?;
    let form = held
        .form_that_sends_itself()
        .ok_or("the portal sent no Response")?;
    visit.browser.hold = None;
    let page = visit.browser.send(&held, &form).await.map_err(stuck)?;
    granted(visit, &page, case, Way::Tile)?;
    let again = visit
        .browser
        .send_once(&form, held.host())
        .await
        .map_err(stuck)?;
    if again.status != StatusCode::SEE_OTHER {
        return Err(format!(
            "the second click: {} {}",
            again.status,
            saw(&visit.world, &again).words()
        ));
    }
    Ok(())
}
