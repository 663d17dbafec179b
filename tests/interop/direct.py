"""Portals against publishers without the gateway: are the peers themselves in order?

When a cell of the real matrix fails, this tells whether the pair understands each other at all.
"""

import parties
from flows import Walk
from matrix import Results
from processes import Processes
from world import METADATA, PORTALS, PUBLISHERS, Portal, Publisher


def sign_in(portal: Portal, publisher: Publisher) -> None:
    walk = Walk(portal)
    page = walk.open(publisher.page("pull"))
    shown = page.attributes()
    expected = {"idEnt": portal.ident, "GARPersonIdentifiant": portal.person("prof")}
    if page.status != 200 or page.url != publisher.page("pull") or shown != expected:
        raise walk.browser.error(f"expected {expected} at {publisher.page('pull')}")


def run_all(run: Processes, result: Results, only: str) -> None:
    parties.start_portals(run, [METADATA / f"{publisher.name}.xml" for publisher in PUBLISHERS], direct=True)
    for index, portal in enumerate(PORTALS):
        if index:
            parties.stop(run, parties.PUBLISHER_PROCESSES)
        parties.start_publishers(run, METADATA / f"{portal.name}.xml", direct=True)
        for publisher in PUBLISHERS:
            result.check(f"{portal.title} (direct)", publisher.title, lambda: sign_in(portal, publisher), only)
