"""A portal on pysaml2: the product parses and checks the request, builds and signs the Response.

Here the Response is signed around an unsigned Assertion, and the metadata asks for signed AuthnRequests, which the
product verifies. xsi:type is written on values, as pysaml2 does.

Run: `python -m portals.pysaml2_idp METADATA_FILE...` (service providers), from tests/interop;
with `--print-metadata` it prints its own metadata and ends.
"""

import secrets
import sys

from flask import Response, redirect, request
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.config import IdPConfig
from saml2.metadata import create_metadata_string
from saml2.saml import NAMEID_FORMAT_TRANSIENT, NAME_FORMAT_BASIC
from saml2.server import Server

import pages
import trust  # noqa: F401  *.localhost is this machine
from portals.common import current_login, portal_app, serve
from world import HERE, PARTIES, PKI

PORTAL = PARTIES["pysaml2"]
KEY = PKI / "portals" / PORTAL.name / "sign.key"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"


def settings(service_providers: list[str]) -> IdPConfig:
    config = IdPConfig()
    config.load({
        "entityid": PORTAL.entity_id,
        "xmlsec_binary": "/usr/bin/xmlsec1",
        "attribute_map_dir": str(HERE / "portals" / "attribute_maps"),
        "key_file": str(KEY),
        "cert_file": str(KEY.with_suffix(".pem")),
        "metadata": {"local": service_providers},
        "service": {"idp": {
            "name": PORTAL.title,
            "endpoints": {"single_sign_on_service": [(f"{PORTAL.url}/sso", BINDING_HTTP_REDIRECT),
                                                     (f"{PORTAL.url}/sso", BINDING_HTTP_POST)]},
            "name_id_format": [NAMEID_FORMAT_TRANSIENT],
            "want_authn_requests_signed": True,
            # One level up they are read and forgotten, and the default is SHA-1.
            "signing_algorithm": RSA_SHA256,
            "digest_algorithm": SHA256,
            "sign_response": True,
            "sign_assertion": False,
            "policy": {"default": {"lifetime": {"minutes": 5}, "attribute_restrictions": None,
                                   "name_form": NAME_FORMAT_BASIC}},
        }},
    })
    return config


app = portal_app(PORTAL)
server: Server
pending: dict[str, tuple[str, str | None, str]] = {}  # accepted requests: issuer, RelayState, ID


def answer(sp: str, relay_state: str | None, in_response_to: str | None) -> Response | str:
    login = current_login()
    if isinstance(login, Response):
        return login
    binding, acs = server.pick_binding("assertion_consumer_service", [BINDING_HTTP_POST], "spsso", entity_id=sp)
    message = server.create_authn_response(
        identity={"idEnt": [PORTAL.ident], "GARPersonIdentifiant": [PORTAL.person(login)]},
        in_response_to=in_response_to, destination=acs, sp_entity_id=sp, userid=login,
        authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"},
        sign_response=True, sign_assertion=False)
    http = server.apply_binding(binding, str(message), acs, relay_state or "", response=True)
    return Response(http["data"], mimetype="text/html")


@app.route("/sso", methods=["GET", "POST"])
def sso() -> Response:
    """SingleSignOnService, both bindings: checks the request, then goes on at an address that survives the log-in."""
    if "SAMLRequest" in request.form:
        binding, values = BINDING_HTTP_POST, request.form
    else:
        binding, values = BINDING_HTTP_REDIRECT, request.args
    got = server.parse_authn_request(values["SAMLRequest"], binding, relay_state=values.get("RelayState"),
                                     sigalg=values.get("SigAlg"), signature=values.get("Signature"))
    token = secrets.token_urlsafe()
    pending[token] = (got.message.issuer.text, values.get("RelayState"), got.message.id)
    return redirect(f"/continue?request={token}", 303)


@app.route("/continue", methods=["GET", "POST"])
def proceed() -> Response | str:
    """After a request was accepted: the log-in, then the Response."""
    return answer(*pending[request.args["request"]])


@app.route("/unsolicited", methods=["GET", "POST"])
def unsolicited() -> Response | str:
    """Portal-first: a Response that nobody asked for, with the RelayState given in the query."""
    return answer(request.args["sp"], request.args.get("RelayState"), None)


@app.route("/metadata")
def metadata() -> Response:
    return Response(create_metadata_string(None, config=settings([])), mimetype="application/samlmetadata+xml")


if __name__ == "__main__":
    if sys.argv[1:] == ["--print-metadata"]:
        print(create_metadata_string(None, config=settings([])).decode())
        sys.exit()
    server = Server(config=settings(sys.argv[1:]))
    serve(app, PORTAL)
