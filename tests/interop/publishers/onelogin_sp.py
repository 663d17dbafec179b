"""A publisher on python3-saml: the product writes the AuthnRequest, checks and decrypts the Response.

Wants the Response signed (`wantMessagesSigned`), signs its AuthnRequests, decrypts with its own key. The id of a pending
request lives in a cookie that travels with cross-site POSTs, as any SAML application needs it.

Run: `python -m publishers.onelogin_sp IDP_METADATA_FILE`, from tests/interop; `--print-metadata` prints its own.
With INTEROP_DIRECT=1 (peers against each other, without the gateway) it does not insist on a signed Response.
"""

import os
import pathlib
import sys

from flask import Flask, Response, redirect, request, session
from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.settings import OneLogin_Saml2_Settings

import pages
from portals.common import serve
from trust import certificate
from world import BINDING, PARTIES, PKI, TRANSIENT

PUBLISHER = PARTIES["python3-saml"]
KEYS = PKI / "publishers" / PUBLISHER.name
DIRECT = os.environ.get("INTEROP_DIRECT") == "1"

app = Flask(__name__)
app.secret_key = os.urandom(32)
app.config.update(SESSION_COOKIE_NAME="python3_saml", SESSION_COOKIE_SECURE=True, SESSION_COOKIE_SAMESITE="None")
identity_provider: dict = {}


def settings() -> dict:
    # One key for both uses: the product has a single pair, and publishes it for both.
    return identity_provider | {
        "strict": True,
        "sp": {"entityId": PUBLISHER.entity_id,
               "assertionConsumerService": {"url": f"{PUBLISHER.url}/acs", "binding": f"{BINDING}HTTP-POST"},
               "singleLogoutService": {"url": f"{PUBLISHER.url}/sls", "binding": f"{BINDING}HTTP-Redirect"},
               "NameIDFormat": TRANSIENT,
               "x509cert": certificate(KEYS / "encrypt.pem"),
               "privateKey": (KEYS / "encrypt.key").read_text()},
        "security": {"authnRequestsSigned": True, "logoutRequestSigned": True,
                     "wantMessagesSigned": not DIRECT, "wantAssertionsSigned": False,
                     "wantAttributeStatement": True, "requestedAuthnContext": False,
                     "signatureAlgorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
                     "digestAlgorithm": "http://www.w3.org/2001/04/xmlenc#sha256"},
    }


def auth() -> OneLogin_Saml2_Auth:
    return OneLogin_Saml2_Auth({
        "https": "on", "http_host": request.host, "script_name": request.path,
        "get_data": request.args.copy(), "post_data": request.form.copy()}, settings())


@app.route("/secure/<kind>")
def secure(kind: str) -> Response | str:
    if "attributes" not in session:
        pending = auth()
        answer = redirect(pending.login(return_to=PUBLISHER.page(kind)))
        session["request"] = pending.get_last_request_id()
        return answer
    return pages.attributes(f"python3-saml: {kind}", session["subject"], session["attributes"])


@app.route("/acs", methods=["POST"])
def acs() -> Response | str:
    got = auth()
    got.process_response(request_id=session.pop("request", None))
    if got.get_errors():
        return Response(pages.page("Refused", f"<p>{pages.escape(str(got.get_last_error_reason()))}</p>"), 403)
    session["attributes"], session["subject"] = got.get_attributes(), got.get_nameid()
    session["index"], session["format"] = got.get_session_index(), got.get_nameid_format()
    target = request.form.get("RelayState", "")
    return redirect(target if target.startswith(f"{PUBLISHER.url}/secure/") else PUBLISHER.page("push"), 303)


@app.route("/logout")
def logout() -> Response:
    pending = auth()
    answer = redirect(pending.logout(name_id=session.get("subject"), session_index=session.get("index"),
                                     name_id_format=session.get("format"), return_to=f"{PUBLISHER.url}/left"))
    session["request"] = pending.get_last_request_id()
    return answer


@app.route("/sls")
def sls() -> Response | str:
    """The gateway's answer to our LogoutRequest; its signature is checked over the query as it came."""
    got = OneLogin_Saml2_Auth({
        "https": "on", "http_host": request.host, "script_name": request.path, "get_data": request.args.copy(),
        "post_data": {}, "query_string": request.query_string.decode()}, settings())
    target = got.process_slo(request_id=session.pop("request", None), delete_session_cb=session.clear)
    if got.get_errors():
        return Response(pages.page("Refused", f"<p>{pages.escape(str(got.get_last_error_reason()))}</p>"), 403)
    return redirect(target or f"{PUBLISHER.url}/left", 303)


@app.route("/left")
def left() -> str:
    return pages.page("Logged out", "")


@app.route("/metadata")
def metadata() -> Response:
    return Response(own_metadata(), mimetype="application/samlmetadata+xml")


def own_metadata() -> str:
    return OneLogin_Saml2_Settings(settings(), sp_validation_only=True).get_sp_metadata().decode()


if __name__ == "__main__":
    if sys.argv[1:] == ["--print-metadata"]:
        print(own_metadata())
        sys.exit()
    identity_provider = OneLogin_Saml2_IdPMetadataParser.parse(pathlib.Path(sys.argv[1]).read_text())
    serve(app, PUBLISHER)
