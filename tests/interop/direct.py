"""Portals against publishers without the gateway: are the peers themselves in order?

When a cell of the real matrix fails, this tells whether the pair understands each other at all.
"""

from collections.abc import Callable
from functools import partial

import parties
from flows import Walk
from matrix import Check, Results
from processes import Processes
from world import METADATA, PORTALS, PUBLISHERS, Portal, Publisher


def sign_in(portal: Portal, publisher: Publisher) -> None:
    walk = Walk(portal)
    page = walk.open(publisher.page("pull"))
    shown = page.attributes()
    expected = {"idEnt": portal.ident, "GARPersonIdentifiant": portal.person("prof")}
    if page.status != 200 or page.url != publisher.page("pull") or shown != expected:
        raise walk.browser.error(f"expected {expected} at {publisher.page('pull')}")


def checks(portal: Portal) -> list[Check]:
    return [Check(f"{portal.title} (direct)", p.title, partial(sign_in, portal, p)) for p in PUBLISHERS]


def run_all(run: Processes, result: Results, wanted: Callable[[list[Check]], list[Check]]) -> None:
    parties.start_portals(run, [METADATA / f"{publisher.name}.xml" for publisher in PUBLISHERS], direct=True)
    for index, portal in enumerate(PORTALS):
        if index:
            parties.stop(run, parties.PUBLISHER_PROCESSES)
        parties.start_publishers(run, METADATA / f"{portal.name}.xml", direct=True)
        for check in wanted(checks(portal)):
            result.run(check)
