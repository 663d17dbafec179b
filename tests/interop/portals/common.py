"""What the two small portals share: the log-in, the session, the page of tiles, the TLS listener."""

import base64
import secrets
import ssl
from urllib.parse import urlencode

from flask import Flask, Response, redirect, request

import pages
from world import GATEWAY, KINDS, PASSWORD, PEOPLE, PKI, PUBLISHERS, Party, Portal

COOKIE = "portal_session"


class Sessions:
    """Who is logged in, in memory: a portal of the suite lives for minutes."""

    def __init__(self) -> None:
        self._of: dict[str, dict] = {}

    def login(self) -> str | None:
        entry = self._of.get(request.cookies.get(COOKIE, ""))
        return entry and entry["login"]

    def begin(self, login: str) -> str:
        token = secrets.token_urlsafe()
        self._of[token] = {"login": login, "issued": []}
        return token

    def note(self, **issued: str) -> None:
        """Remembers an assertion of this session, for the logout."""
        self._of[request.cookies[COOKIE]]["issued"].append(issued)

    def end(self) -> list[dict]:
        return self._of.pop(request.cookies.get(COOKIE, ""), {"issued": []})["issued"]


sessions = Sessions()


def current_login() -> str | Response:
    """The login of this browser's session, or the page that asks for it. A right answer comes back here by GET."""
    if request.method == "POST" and "username" in request.form:
        login = request.form["username"]
        if request.form.get("password") == PASSWORD and any(p.login == login for p in PEOPLE):
            answer = redirect(request.full_path, 303)
            answer.set_cookie(COOKIE, sessions.begin(login), secure=True, httponly=True, samesite="Lax")
            return answer
        return Response(pages.login_form("Log in", "Wrong login or password"), 401, mimetype="text/html")
    return sessions.login() or Response(pages.login_form("Log in"), mimetype="text/html")


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def tile(portal: Portal, resource: str) -> str:
    """The address behind a tile, in the current generation of its parameters; idEtab is the portal's first school."""
    query = {"idENT": b64(portal.ident), "idEtab": b64(portal.schools[0]), "idRessource": resource}
    return f"{GATEWAY.url}/domaineGar?{urlencode(query)}"


def tile_links(portal: Portal) -> list[tuple[str, str]]:
    return [(f"{p.name}-{kind}", tile(portal, p.resource(kind))) for p in PUBLISHERS
            for kind in KINDS]


def portal_app(portal: Portal) -> Flask:
    app = Flask(portal.name)

    @app.route("/", methods=["GET", "POST"])
    def home() -> Response | str:
        login = current_login()
        return login if isinstance(login, Response) else pages.tiles(f"{portal.title}: tiles", tile_links(portal))

    return app


def serve(app: Flask, party: Party) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PKI / "tls" / "server.pem", PKI / "tls" / "server.key")
    app.run("127.0.0.1", party.port, ssl_context=context, threaded=True)
