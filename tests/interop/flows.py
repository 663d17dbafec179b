"""The flows of one access, walked the way a person's browser walks them, and what must be seen at the end."""

import re
from dataclasses import dataclass, field
from urllib.parse import urljoin

from client import Browser, Page, site
from portals.common import tile
from world import GATEWAY, PASSWORD, PERSON, Portal, Publisher, expected

MAX_PAGES = 8


@dataclass
class Walk:
    """One browser with one person in front of it, who logs in where asked and chooses what they were told to."""

    portal: Portal
    login: str = "prof"
    browser: Browser = field(default_factory=Browser)
    choices: list[str] = field(default_factory=list)  # texts to look for on the gateway's choice pages
    logins: int = 0

    def open(self, url: str) -> Page:
        return self.go_on(self.browser.get(url))

    def go_on(self, page: Page) -> Page:
        """Sends the forms that want no thought, until a page stays."""
        for _ in range(MAX_PAGES):
            if (form := page.form_with("password")) is not None:
                self.logins += 1
                page = self.browser.submit(form, page, username=self.login, password=PASSWORD)
            elif (form := page.form_with("SAMLResponse", "SAMLRequest")) is not None:
                page = self.browser.submit(form, page)
            elif (chosen := self.choice(page)) is not None:
                page = chosen
            else:
                return page
        raise self.browser.error("pages without end")

    def choice(self, page: Page) -> Page | None:
        """Takes the first of our choices that the gateway offers, as a link or as a button."""
        if site(page.url) != site(GATEWAY.url) or page.status != 200:
            return None
        for wanted in self.choices:
            for link in page.tree.iter("a"):
                if wanted in link.text_content():
                    return self.browser.get(urljoin(page.url, link.get("href")))
            for form in page.tree.forms:
                for button in form.iter("button"):
                    if wanted in button.text_content():
                        named = {button.get("name"): button.get("value") or ""} if button.get("name") else {}
                        return self.browser.submit(form, page, **named)
        return None


def check_shown(walk: Walk, page: Page, publisher: Publisher, kind: str, school: str | None) -> str:
    """The publisher shows exactly what this resource may know; returns the pseudonym."""
    shown = page.attributes()
    if page.status != 200 or shown is None or site(page.url) != site(publisher.url):
        raise walk.browser.error(f"{publisher.title} shows no attributes")
    ido = shown.pop("IDO", "")
    if not re.fullmatch(r"[0-9a-f]{128}", ido):
        raise walk.browser.error(f"IDO is not 128 lower-case hex digits: {ido!r}")
    subject = page.tree.find('.//span[@id="subject"]')
    if subject is not None and (subject.text == ido) != (publisher.settings.get("name_id") == "persistent"):
        raise walk.browser.error(f"NameID {subject.text}, IDO {ido}")
    wanted = expected(walk.portal, PERSON[walk.login], kind, school)
    if {name: set(publisher.values(text)) for name, text in shown.items()} != wanted:
        raise walk.browser.error(f"shown {shown}, expected {wanted}")
    return ido


def by_tile(portal: Portal, publisher: Publisher, kind: str, login: str = "prof") -> str:
    """A click on the tile of a push or pull resource."""
    walk = Walk(portal, login)
    page = walk.open(tile(portal, publisher.resource(kind)))
    if page.url != publisher.page(kind):
        raise walk.browser.error(f"ended at {page.url} instead of {publisher.page(kind)}")
    return check_shown(walk, page, publisher, kind, portal.schools[0])


def publisher_first(portal: Portal, publisher: Publisher, login: str = "prof") -> str:
    """A bookmark of the publisher's page: the gateway has to be told the portal, and sometimes the resource."""
    walk = Walk(portal, login, choices=[portal.title, f"{publisher.title} pull"])
    page = walk.open(publisher.page("pull"))
    if page.url != publisher.page("pull"):
        raise walk.browser.error(f"ended at {page.url} instead of {publisher.page('pull')}")
    return check_shown(walk, page, publisher, "pull", None)
