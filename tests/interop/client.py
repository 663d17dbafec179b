"""A browser without a window: redirects one by one, cookies as browsers send them, forms found and sent.

It is strict where browsers are: `__Host-` cookies, Secure, and SameSite on cross-site requests (no SameSite means Lax).
"""

import http.cookiejar
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import requests
from lxml import html

import trust

MAX_STEPS = 25
_REDIRECTS = {301, 302, 303, 307, 308}


class FlowError(Exception):
    """A flow went another way than it should; the message ends with the way it went."""


def site(url: str) -> str:
    """Scheme and registrable domain; every name under `.localhost` is a site of its own."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{'.'.join((parts.hostname or '').split('.')[-2:])}"


class _BrowserPolicy(http.cookiejar.DefaultCookiePolicy):
    """What a browser would hold back or refuse. `cross_site_post` is set for the request being sent."""

    cross_site_post = False

    def set_ok(self, cookie, request):
        if cookie.name.startswith("__Host-") and not (
                cookie.secure and cookie.path == "/" and cookie.path_specified and not cookie.domain_specified):
            raise FlowError(f"a browser refuses the cookie {cookie.name}: __Host- wants Secure, Path=/ and no Domain")
        if _same_site(cookie) == "none" and not cookie.secure:
            raise FlowError(f"a browser refuses the cookie {cookie.name}: SameSite=None wants Secure")
        return super().set_ok(cookie, request)

    def return_ok(self, cookie, request):
        if self.cross_site_post and _same_site(cookie) != "none":
            return False
        return super().return_ok(cookie, request)


def _same_site(cookie: http.cookiejar.Cookie) -> str:
    for name in ("SameSite", "samesite", "Samesite"):
        if cookie.has_nonstandard_attr(name):
            return (cookie.get_nonstandard_attr(name) or "lax").lower()
    return "lax"


@dataclass
class Page:
    """What the browser shows."""

    url: str
    status: int
    content: bytes
    headers: dict
    tree: html.HtmlElement = field(repr=False)

    @property
    def text(self) -> str:
        return " ".join(self.tree.text_content().split())

    def form_with(self, *names: str) -> html.FormElement | None:
        """The first form that has an input of one of these names."""
        for form in self.tree.forms:
            if any(name in form.fields for name in names):
                return form
        return None

    def attributes(self) -> dict[str, str] | None:
        """The table of attributes that a publisher of the suite shows; None where there is none."""
        table = self.tree.find('.//table[@id="attributes"]')
        if table is None:
            return None
        return {row.findtext("th"): row.findtext("td") or "" for row in table.iter("tr")}


class Browser:
    """One browser with its cookies. `way` lists what was asked and answered, for messages."""

    def __init__(self) -> None:
        self._policy = _BrowserPolicy()
        self.session = trust.session()
        self.session.cookies.set_policy(self._policy)
        self.way: list[str] = []
        self.page: Page | None = None

    def get(self, url: str) -> Page:
        return self._go("GET", url, None)

    def submit(self, form: html.FormElement, page: Page, **values: str) -> Page:
        """Sends a form of `page`, with these inputs filled in."""
        fields = dict(form.form_values()) | values
        target = urljoin(page.url, form.get("action") or page.url)
        method = (form.get("method") or "GET").upper()
        if method == "GET":
            query = requests.models.PreparedRequest()
            query.prepare_url(target, fields)
            return self._go("GET", query.url, None)
        return self._go("POST", target, fields)

    def post(self, url: str, fields: dict[str, str], initiator: str) -> Page:
        """Posts fields as a form on the page `initiator` would."""
        return self._go("POST", url, fields, initiator)

    def _go(self, method: str, url: str, fields: dict | None, initiator: str | None = None) -> Page:
        initiator = initiator or (self.page.url if self.page else url)
        for _ in range(MAX_STEPS):
            headers = {"Accept": "text/html", "Accept-Language": "en"}
            if method == "POST":
                headers["Origin"] = "{0.scheme}://{0.netloc}".format(urlsplit(initiator))
            self._policy.cross_site_post = method == "POST" and site(initiator) != site(url)
            got = self.session.request(method, url, data=fields, headers=headers, allow_redirects=False, timeout=30)
            self.way.append(f"{method} {url.partition('?')[0]} {got.status_code}")
            if got.status_code not in _REDIRECTS or "Location" not in got.headers:
                tree = html.document_fromstring(got.content or b"<html></html>", parser=html.HTMLParser(encoding="utf-8"))
                self.page = Page(url, got.status_code, got.content, dict(got.headers), tree)
                return self.page
            if got.status_code in (301, 302, 303):
                method, fields = "GET", None
            url = urljoin(url, got.headers["Location"])
        raise self.error("redirected without end")

    def error(self, what: str) -> FlowError:
        shown = f"\n    shown: {self.page.url} {self.page.status}: {self.page.text[:600]}" if self.page else ""
        return FlowError(f"{what}\n    way: " + " → ".join(self.way) + shown)
