"""Every portal with every publisher, and what goes beyond a pair: refusals, logout, portal-first, pseudonyms."""

import re
from urllib.parse import quote

import trust
from client import Browser, FlowError, Page, site
from flows import Walk, by_tile, check_shown, publisher_first
from matrix import Results
from portals.common import tile
from world import GATEWAY, PARTIES, PORTALS, PUBLISHERS, SP_ENTITY_ID, Portal, Publisher


def pairs(result: Results, only: str) -> None:
    """Push, pull and publisher-first for each pair; then that the pseudonyms of all this are what they must be."""
    pseudonyms: dict[tuple[str, str, str], set[str]] = {}

    def noting(portal: Portal, publisher: Publisher, login: str, flow) -> None:
        pseudonyms.setdefault((portal.name, publisher.name, login), set()).add(flow())

    for portal in PORTALS:
        for kind in ("push", "pull"):
            for publisher in PUBLISHERS:
                result.check(f"{portal.title}: tile, {kind}", publisher.title,
                             lambda: noting(portal, publisher, "prof", lambda: by_tile(portal, publisher, kind)), only)
        for publisher in PUBLISHERS:
            result.check(f"{portal.title}: publisher first", publisher.title,
                         lambda: noting(portal, publisher, "prof", lambda: publisher_first(portal, publisher)), only)
    if pseudonyms:
        result.check("pseudonyms", "stable and unlinkable", lambda: _check_pseudonyms(pseudonyms), only)


def _check_pseudonyms(found: dict[tuple[str, str, str], set[str]]) -> None:
    """One for a person at a publisher, whatever the flow; never the same for anybody or anywhere else."""
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
    walk.browser.way.clear()
    check_shown(walk, walk.open(tile(portal, second.resource("push"))), second, "push", portal.schools[0])
    if any(portal.host in step for step in walk.browser.way):
        raise walk.browser.error("the session did not answer the second tile")
    left = walk.browser.get(f"{portal.url}/logout")
    answers = [pre.text_content() for pre in left.tree.iter("pre")]
    if not answers or not all(a.startswith("200 ") and "status:Success" in a for a in answers):
        raise walk.browser.error(f"the gateway's answers to the SOAP logout: {answers}")
    logins = walk.logins
    check_shown(walk, walk.open(tile(portal, third.resource("push"))), third, "push", portal.schools[0])
    if walk.logins != logins + 1:
        raise walk.browser.error("the session outlived the portal's logout")


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


def beyond_pairs(result: Results, only: str) -> None:
    for portal in PORTALS:
        result.check("refused: resource without subscription", portal.title, lambda: closed_resource(portal), only)
    for portal in PORTALS:
        result.check("refused: person not in the directory", portal.title, lambda: unknown_person(portal), only)
    for portal, publisher in zip(PORTALS, PUBLISHERS):
        resource = publisher.resource("push")
        result.check("portal first, RelayState is the resource", portal.title,
                     lambda: portal_first(portal, publisher, resource, None), only)
    for portal, publisher in zip(PORTALS, PUBLISHERS):
        link = tile(portal, publisher.resource("push"))
        result.check("portal first, RelayState is a tile", portal.title,
                     lambda: portal_first(portal, publisher, link, portal.schools[0]), only)
    result.check("with InResponseTo", "entcore-like", entcore_with_in_response_to, only)
    result.check("session reused until SOAP logout", "entcore-like", session_and_logout, only)
    result.check("same Response twice", "entcore-like", replayed_form, only)
