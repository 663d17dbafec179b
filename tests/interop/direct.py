"""Portals against publishers without the gateway: are the peers themselves in order?

When a cell of the real matrix fails, this tells whether the pair understands each other at all.
"""

import parties
import trust
from client import Browser, FlowError, Page
from matrix import Results
from processes import Processes
from world import METADATA, PASSWORD, PKI, PORTALS, PUBLISHERS, Portal, Publisher


def templates() -> dict[str, object]:
    """Metadata of the publishers from our template: what portals are told in direct runs."""
    files = {}
    acs = {"mod-shib": "/Shibboleth.sso/SAML2/POST", "mod-auth-mellon": "/mellon/postResponse"}
    for publisher in PUBLISHERS:
        keys = PKI / "publishers" / publisher.name
        signing = keys / ("sign.pem" if publisher.name == "mod-shib" else "encrypt.pem")
        files[publisher.name] = METADATA / f"direct-{publisher.name}.xml"
        files[publisher.name].write_text(trust.sp_metadata(publisher.entity_id, signing, keys / "encrypt.pem",
                                                           publisher.url + acs.get(publisher.name, "/acs")))
    return files


def log_in(browser: Browser, page: Page, login: str = "prof") -> Page:
    """Goes through log-in forms and auto-submitted forms until a page that wants nothing more."""
    for _ in range(6):
        if (form := page.form_with("password")) is not None:
            page = browser.submit(form, page, username=login, password=PASSWORD)
        elif (form := page.form_with("SAMLResponse", "SAMLRequest")) is not None:
            page = browser.submit(form, page)
        else:
            return page
    raise browser.error("forms without end")


def sign_in(portal: Portal, publisher: Publisher) -> None:
    browser = Browser()
    page = log_in(browser, browser.get(publisher.page("pull")))
    shown = page.attributes()
    expected = {"idEnt": [portal.ident], "GARPersonIdentifiant": [portal.person("prof")]}
    if page.status != 200 or page.url != publisher.page("pull") or shown != expected:
        raise browser.error(f"expected {expected} at {publisher.page('pull')}")


def run_all(run: Processes, result: Results, only: str) -> None:
    service_providers = templates()
    parties.start_portals(run, list(service_providers.values()))
    for portal in PORTALS:
        idp_file = parties.fetch_metadata(portal)
        parties.start_publishers(run, idp_file, direct=True)
        for publisher in PUBLISHERS:
            result.check(f"{portal.title} (direct)", publisher.title, lambda: sign_in(portal, publisher), only)
        parties.stop(run, parties.PUBLISHER_PROCESSES)
