"""Every portal with every publisher, and what goes beyond a pair: refusals, logout, portal-first, pseudonyms."""

import re
from collections.abc import Callable
from functools import partial
from urllib.parse import quote

import trust
from client import Browser, FlowError, Page, site
from flows import Walk, by_tile, check_shown, publisher_first
from matrix import Check
from portals.common import tile
from processes import Processes
from world import ADMIN_PORT, GATEWAY, KINDS, PARTIES, PEOPLE, PORTALS, PUBLISHERS, SP_ENTITY_ID, Portal, Publisher


def pairs() -> list[Check]:
    """Push, pull and publisher-first for each pair; then that the pseudonyms of all this are what they must be."""
    pseudonyms: dict[tuple[str, str, str], set[str]] = {}

    def noting(flow: Callable[..., str], portal: Portal, publisher: Publisher, *more: str) -> Callable[[], None]:
        return lambda: pseudonyms.setdefault((portal.name, publisher.name, "prof"), set()).add(flow(portal, publisher, *more))

    checks = []
    for portal in PORTALS:
        for kind in KINDS[:2]:
            checks += [Check(f"{portal.title}: tile, {kind}", p.title, noting(by_tile, portal, p, kind)) for p in PUBLISHERS]
        checks += [Check(f"{portal.title}: publisher first", p.title, noting(publisher_first, portal, p)) for p in PUBLISHERS]
    return [*checks, Check("pseudonyms", "stable and unlinkable", lambda: _check_pseudonyms(pseudonyms))]


def _check_pseudonyms(found: dict[tuple[str, str, str], set[str]]) -> None:
    """One for a person at a publisher, whatever the flow; never the same for anybody or anywhere else."""
    if not found:
        raise FlowError("no access of this run showed one")
    unstable = [key for key, values in found.items() if len(values) != 1]
    values = [value for each in found.values() for value in each]
    if unstable or len(set(values)) != len(values):
        raise FlowError(f"unstable for {unstable}; {len(values)} pseudonyms, {len(set(values))} different")


def refused(walk: Walk, page: Page, code: str) -> None:
    """The gateway's refusal page: an error status, this code, a trace id to quote."""
    shown = [c.text_content() for c in page.tree.xpath('//dl[@class="reference"]//code')]
    if site(page.url) != site(GATEWAY.url) or page.status < 400 or shown[:1] != [code] or not re.fullmatch("[0-9a-f]{32}", shown[1]):
        raise walk.browser.error(f"expected the gateway's refusal {code}, got {shown}")


def closed_resource(portal: Portal) -> None:
    walk = Walk(portal)
    refused(walk, walk.open(tile(portal, PUBLISHERS[0].resource("closed"))), "no-subscription")


def unknown_person(portal: Portal) -> None:
    walk = Walk(portal, "inconnu")
    refused(walk, walk.open(tile(portal, PUBLISHERS[1].resource("push"))), "unknown-person")


def portal_first(portal: Portal, publisher: Publisher, relay_state: str, school: str | None) -> None:
    """A Response that nobody asked for; its RelayState names what is wanted."""
    walk = Walk(portal)
    start = {"simplesamlphp": "/simplesaml/saml2/idp/SSOService.php?spentityid="}.get(portal.name, "/unsolicited?sp=")
    page = walk.open(f"{portal.url}{start}{quote(SP_ENTITY_ID)}&RelayState={quote(relay_state)}")
    check_shown(walk, page, publisher, "push", school)


def entcore_with_in_response_to() -> None:
    portal = PARTIES["entcore"]
    http = trust.session()
    http.post(f"{portal.url}/behaviour", data={"in_response_to": "yes"}).raise_for_status()
    try:
        by_tile(portal, PARTIES["node-saml"], "push")
    finally:
        http.post(f"{portal.url}/behaviour", data={"in_response_to": "no"}).raise_for_status()


def session_and_logout() -> None:
    """Where the portal's policy lets a session answer other tiles, it does; after the portal's SOAP logout it does not."""
    portal, (first, second, third, _) = PARTIES["entcore"], PUBLISHERS
    walk = Walk(portal)
    check_shown(walk, walk.open(tile(portal, first.resource("push"))), first, "push", portal.schools[0])
    used_portal(walk)
    check_shown(walk, walk.open(tile(portal, second.resource("push"))), second, "push", portal.schools[0])
    if used_portal(walk):
        raise walk.browser.error("the session did not answer the second tile")
    left = walk.browser.get(f"{portal.url}/logout")
    answers = [pre.text_content() for pre in left.tree.iter("pre")]
    if not answers or not all(a.startswith("200 ") and "status:Success" in a for a in answers):
        raise walk.browser.error(f"the gateway's answers to the SOAP logout: {answers}")
    logins = walk.logins
    check_shown(walk, walk.open(tile(portal, third.resource("push"))), third, "push", portal.schools[0])
    if walk.logins != logins + 1:
        raise walk.browser.error("the session outlived the portal's logout")


def used_portal(walk: Walk) -> bool:
    """Whether the way since the last look led over the portal."""
    used = any(walk.portal.host in step for step in walk.browser.way)
    walk.browser.way.clear()
    return used


def session_answers_its_tile_only() -> None:
    """The default: a pull is answered from the session, another tile is not."""
    portal, first, second = PARTIES["pysaml2"], PUBLISHERS[0], PUBLISHERS[1]
    walk = Walk(portal)
    walk.browser.get(portal.url)  # nobody is logged in yet
    check_shown(walk, walk.open(tile(portal, first.resource("pull"))), first, "pull", portal.schools[0])
    used_portal(walk)
    check_shown(walk, walk.open(tile(portal, second.resource("push"))), second, "push", portal.schools[0])
    if not used_portal(walk):
        raise walk.browser.error("a session answered another tile")


def logout_at_publisher(publisher: Publisher) -> None:
    """The publisher's own logout ends its session and the gateway's: the next tile leads over the portal again."""
    portal = PARTIES["entcore"]
    other = next(p for p in PUBLISHERS if p is not publisher)
    walk = Walk(portal)
    check_shown(walk, walk.open(tile(portal, publisher.resource("push"))), publisher, "push", portal.schools[0])
    left = walk.open(publisher.logout)
    if left.url.partition("?")[0] != f"{publisher.url}/left" or left.status != 200:
        raise walk.browser.error("the logout does not end where the publisher says")
    if not any(step.startswith(f"GET {GATEWAY.url}/idp/slo ") for step in walk.browser.way):
        raise walk.browser.error("the logout did not lead over the gateway")
    used_portal(walk)
    check_shown(walk, walk.open(tile(portal, other.resource("push"))), other, "push", portal.schools[0])
    if not used_portal(walk):
        raise walk.browser.error("the gateway's session outlived the logout")


def logout_at_simplesamlphp() -> None:
    """The portal's front-channel logout: a LogoutRequest by POST, an answer by POST, and the session is gone."""
    portal, first, second = PARTIES["simplesamlphp"], PUBLISHERS[2], PUBLISHERS[3]
    walk = Walk(portal)
    check_shown(walk, walk.open(tile(portal, first.resource("push"))), first, "push", portal.schools[0])
    left = walk.open(f"{portal.url}/simplesaml/saml2/idp/initSLO.php?RelayState={quote(portal.url + '/tiles.html')}")
    if left.url != f"{portal.url}/tiles.html":
        raise walk.browser.error("the portal's logout does not end at the portal")
    logins = walk.logins
    check_shown(walk, walk.open(tile(portal, second.resource("push"))), second, "push", portal.schools[0])
    if walk.logins != logins + 1:
        raise walk.browser.error("the session outlived the portal's logout")


def force_authn() -> None:
    """mod_shib asks for a fresh log-in: the gateway's session does not answer, and SimpleSAMLphp asks the person again."""
    portal, publisher = PARTIES["simplesamlphp"], PARTIES["mod-shib"]
    walk = Walk(portal, choices=[portal.title, f"{publisher.title} pull"])
    check_shown(walk, walk.open(tile(portal, publisher.resource("pull"))), publisher, "pull", portal.schools[0])
    target = quote(publisher.page("pull"), safe="")
    page = walk.open(f"{publisher.url}/Shibboleth.sso/Login?forceAuthn=true&target={target}")
    check_shown(walk, page, publisher, "pull", None)
    if walk.logins != 2:
        raise walk.browser.error(f"{walk.logins} log-ins instead of 2")


def is_passive() -> None:
    """mod_shib asks without disturbing anybody: no session, so a Status says NoPassive, and the product goes on."""
    publisher = PARTIES["mod-shib"]
    walk = Walk(PORTALS[0])
    target = f"{publisher.url}/left"
    page = walk.open(f"{publisher.url}/Shibboleth.sso/Login?isPassive=true&target={quote(target, safe='')}")
    if page.url != target or not any("SAML2/POST" in step for step in walk.browser.way):
        raise walk.browser.error("expected a Status to mod_shib, and its target")


def refused_by_status() -> None:
    """Where the publisher reads statuses, a refusal is a signed Response; python3-saml takes it for what it is."""
    portal, publisher = PARTIES["pysaml2"], PARTIES["python3-saml"]
    walk = Walk(portal, choices=[portal.title])
    page = walk.open(publisher.page("closed"))
    if site(page.url) != site(publisher.url) or page.status != 403 or "Responder -> octroi: no-subscription" not in page.text:
        raise walk.browser.error("expected python3-saml to show a status with the code no-subscription")


def replayed_form() -> None:
    """The same Response posted twice in the same browser: one way back to a success, never a second acceptance."""
    portal, publisher = PARTIES["entcore"], PARTIES["mod-shib"]
    walk = Walk(portal)
    page = walk.browser.get(tile(portal, publisher.resource("push")))
    page = walk.browser.submit(page.form_with("password"), page, username="prof", password="interop")
    form = page.form_with("SAMLResponse")
    walk.browser.submit(form, page)
    again = walk.browser.post(form.get("action"), dict(form.form_values()), page.url)
    check_shown(walk, walk.go_on(again), publisher, "push", portal.schools[0])
    # From another browser the same Response is worth nothing.
    stranger = Walk(portal, browser=Browser())
    refused(stranger, stranger.browser.post(form.get("action"), dict(form.form_values()), page.url), "flow-missing")


def _metrics() -> str:
    got = trust.session().get(f"http://127.0.0.1:{ADMIN_PORT}/metrics", timeout=10)
    got.raise_for_status()
    return got.text


def no_personal_data() -> None:
    """After all this, no name and no identifier of anybody is in the log or in the metrics."""
    told = Processes.log("octroi").read_text() + _metrics()
    words = {portal.person(p.login) for portal in PORTALS for p in PEOPLE} | {p.last_name for p in PEOPLE}
    words |= {p.first_name for p in PEOPLE}
    found = [word for word in words if word in told]
    if found or re.search("[0-9a-f]{128}", told):
        raise FlowError(f"in the log or the metrics: {found or 'a pseudonym'}")


def exceptions_counted() -> None:
    """What entcore and SimpleSAMLphp are allowed is counted, by partner and kind."""
    counted = {(m["partner"], m["kind"]) for m in
               (dict(re.findall(r'(\w+)="([^"]*)"', line)) for line in _metrics().splitlines()
                if line.startswith("octroi_legacy_uses_total{") and not line.endswith(" 0"))}
    wanted = {("simplesamlphp", "cbc"), ("entcore", "sha1"), ("entcore", "long-lifetimes"), ("entcore", "missing-in-response-to")}
    if counted != wanted:
        raise FlowError(f"counted {sorted(counted)}, expected {sorted(wanted)}")


def beyond_pairs() -> list[Check]:
    some_pairs = list(zip(PORTALS, PUBLISHERS))
    return [
        *(Check("refused: resource without subscription", p.title, partial(closed_resource, p)) for p in PORTALS),
        *(Check("refused: person not in the directory", p.title, partial(unknown_person, p)) for p in PORTALS),
        *(Check("portal first, RelayState is the resource", portal.title,
                partial(portal_first, portal, publisher, publisher.resource("push"), None))
          for portal, publisher in some_pairs),
        *(Check("portal first, RelayState is a tile", portal.title,
                partial(portal_first, portal, publisher, tile(portal, publisher.resource("push")), portal.schools[0]))
          for portal, publisher in some_pairs),
        Check("with InResponseTo", "entcore-like", entcore_with_in_response_to),
        Check("session reused until SOAP logout", "entcore-like", session_and_logout),
        Check("same Response twice", "entcore-like", replayed_form),
        Check("session answers its own tile only", "pysaml2", session_answers_its_tile_only),
        *(Check("logout at the publisher", p.title, partial(logout_at_publisher, p)) for p in PUBLISHERS),
        Check("logout by POST", "SimpleSAMLphp", logout_at_simplesamlphp),
        Check("ForceAuthn", "mod_shib", force_authn),
        Check("IsPassive", "mod_shib", is_passive),
        Check("refused by a Status", "python3-saml", refused_by_status),
        Check("no personal data", "log and metrics", no_personal_data),
        Check("exceptions are counted", "metrics", exceptions_counted),
    ]
