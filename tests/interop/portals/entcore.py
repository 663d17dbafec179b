"""A portal that emits what entcore emits, and nothing kinder.

Only the Assertion is signed, RSA-SHA1 over exclusive C14N, without KeyInfo; nothing is encrypted. NameID transient with
both qualifiers, SessionIndex = the Assertion's ID; Conditions from now to one day, SubjectConfirmationData to five days;
InResponseTo only when told to; xsi:type="xs:string" on values; times with milliseconds. The ACS is read from the SP's metadata: the
request is inflated (bounded) and only its Issuer looked at. Logout is a SOAP 1.1 POST of a signed LogoutRequest.
The signing is xmlsec1's, not ours.

Run: `python -m portals.entcore METADATA_FILE...` (service providers), from tests/interop.
"""

import base64
import datetime
import subprocess
import sys
import tempfile
import uuid
import zlib

from flask import Flask, Response, request
from lxml import etree

import trust
from portals.common import current_login, portal_app, serve, sessions
from world import NAMEFORMAT_BASIC, PARTIES, PKI, TRANSIENT
import pages

PORTAL = PARTIES["entcore"]
KEY = PKI / "portals" / PORTAL.name / "sign.key"
MD, DS = "urn:oasis:names:tc:SAML:2.0:metadata", "http://www.w3.org/2000/09/xmldsig#"
SAML, SAMLP = "urn:oasis:names:tc:SAML:2.0:assertion", "urn:oasis:names:tc:SAML:2.0:protocol"
MAX_INFLATED = 150 * 1024
app: Flask = portal_app(PORTAL)
providers: dict[str, str] = {}  # entityID → its default ACS
logout_services: dict[str, str] = {}  # entityID → its SOAP SingleLogoutService
behaviour = {"in_response_to": False}  # newer versions name the request they answer


def learn(path: str) -> None:
    """Reads a service provider's metadata: the default ACS and the SOAP logout address are all that is used."""
    root = etree.parse(path).getroot()
    services = root.findall(f".//{{{MD}}}SPSSODescriptor/{{{MD}}}AssertionConsumerService")
    default = next((s for s in services if s.get("isDefault") == "true"), services[0])
    providers[root.get("entityID")] = default.get("Location")
    for slo in root.findall(f".//{{{MD}}}SPSSODescriptor/{{{MD}}}SingleLogoutService"):
        if slo.get("Binding").endswith(":SOAP"):
            logout_services[root.get("entityID")] = slo.get("Location")


def instant(delta: datetime.timedelta = datetime.timedelta()) -> str:
    """xs:dateTime with milliseconds, as Joda writes it."""
    now = datetime.datetime.now(datetime.timezone.utc) + delta
    return now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"


def signature_template(reference: str, key_info: str = "") -> str:
    return (f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>'
            '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>'
            '<ds:SignatureMethod Algorithm="http://www.w3.org/2000/09/xmldsig#rsa-sha1"/>'
            f'<ds:Reference URI="#{reference}"><ds:Transforms>'
            '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>'
            '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#">'
            '<ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="xs"/></ds:Transform>'
            '</ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"/><ds:DigestValue/>'
            f"</ds:Reference></ds:SignedInfo><ds:SignatureValue/>{key_info}</ds:Signature>")


def sign(xml: str, id_element: str) -> bytes:
    """Fills the template by xmlsec1; `id_element` is the element whose ID attribute is an ID."""
    with tempfile.NamedTemporaryFile("w", suffix=".xml", encoding="utf-8") as source:
        source.write(xml)
        source.flush()
        done = subprocess.run(["xmlsec1", "--sign", "--privkey-pem", f"{KEY},{KEY.with_suffix('.pem')}",
                               "--id-attr:ID", id_element, source.name], capture_output=True, check=True)
    return done.stdout


def response_xml(sp: str, acs: str, person: str, in_response_to: str | None) -> tuple[str, str, str]:
    """The Response with an empty signature in its Assertion, the Assertion's ID and the NameID."""
    response_id, assertion_id = f"ENT_{uuid.uuid4()}", f"ENT_{uuid.uuid4()}"
    name_id, now = f"_{uuid.uuid4().hex}", instant()
    day, days = instant(datetime.timedelta(days=1)), instant(datetime.timedelta(days=5))
    answering = f' InResponseTo="{in_response_to}"' if in_response_to else ""
    attributes = "".join(
        f'<saml2:Attribute FriendlyName="{name}" Name="{name}" NameFormat="{NAMEFORMAT_BASIC}">'
        '<saml2:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">{value}</saml2:AttributeValue>'
        "</saml2:Attribute>"
        for name, value in (("idEnt", PORTAL.ident), ("GARPersonIdentifiant", person)))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<saml2p:Response xmlns:saml2p="{SAMLP}" Destination="{acs}" ID="{response_id}"{answering} '
        f'IssueInstant="{now}" Version="2.0"><saml2:Issuer xmlns:saml2="{SAML}">{PORTAL.entity_id}</saml2:Issuer>'
        '<saml2p:Status><saml2p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></saml2p:Status>'
        f'<saml2:Assertion xmlns:saml2="{SAML}" xmlns:xs="http://www.w3.org/2001/XMLSchema" ID="{assertion_id}" '
        f'IssueInstant="{now}" Version="2.0"><saml2:Issuer>{PORTAL.entity_id}</saml2:Issuer>'
        f"{signature_template(assertion_id)}"
        f'<saml2:Subject><saml2:NameID Format="{TRANSIENT}" NameQualifier="{PORTAL.entity_id}" '
        f'SPNameQualifier="{sp}">{name_id}</saml2:NameID>'
        '<saml2:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
        f'<saml2:SubjectConfirmationData{answering} NotOnOrAfter="{days}" Recipient="{acs}"/>'
        "</saml2:SubjectConfirmation></saml2:Subject>"
        f'<saml2:Conditions NotBefore="{now}" NotOnOrAfter="{day}"><saml2:AudienceRestriction>'
        f"<saml2:Audience>{sp}</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions>"
        f'<saml2:AuthnStatement AuthnInstant="{now}" SessionIndex="{assertion_id}"><saml2:AuthnContext>'
        "<saml2:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
        "</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement>"
        f"<saml2:AttributeStatement>{attributes}</saml2:AttributeStatement></saml2:Assertion></saml2p:Response>"
    ), assertion_id, name_id


def answer(sp: str, relay_state: str | None, in_response_to: str | None) -> Response | str:
    """The form page that posts the signed Response to the ACS of `sp`; asks for the log-in first."""
    login = current_login()
    if isinstance(login, Response):
        return login
    xml, assertion_id, name_id = response_xml(sp, providers[sp], PORTAL.person(login), in_response_to)
    sessions.note(sp=sp, session_index=assertion_id, name_id=name_id)
    fields = {"SAMLResponse": base64.b64encode(sign(xml, f"{SAML}:Assertion")).decode()}
    if relay_state is not None:
        fields["RelayState"] = relay_state
    return pages.post_form(providers[sp], fields)


@app.route("/sso", methods=["GET", "POST"])
def sso() -> Response | str:
    """SingleSignOnService, HTTP-Redirect. The log-in form posts back here with the query kept."""
    raw = zlib.decompressobj(-15)
    xml = raw.decompress(base64.b64decode(request.args["SAMLRequest"]), MAX_INFLATED)
    root = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))
    return answer(root.findtext(f"{{{SAML}}}Issuer").strip(), request.args.get("RelayState"),
                  root.get("ID") if behaviour["in_response_to"] else None)


@app.route("/unsolicited", methods=["GET", "POST"])
def unsolicited() -> Response | str:
    """Portal-first: a Response that nobody asked for, with the RelayState given in the query."""
    return answer(request.args["sp"], request.args.get("RelayState"), None)


def logout_request(sp: str, session_index: str, name_id: str) -> bytes:
    """The SOAP envelope with the signed LogoutRequest; here entcore does put its certificate into KeyInfo."""
    request_id = f"ENT_{uuid.uuid4()}"
    key_info = "<ds:KeyInfo><ds:X509Data/></ds:KeyInfo>"
    return sign(
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soap11:Envelope xmlns:soap11="http://schemas.xmlsoap.org/soap/envelope/"><soap11:Body>'
        f'<saml2p:LogoutRequest xmlns:saml2p="{SAMLP}" Destination="{logout_services[sp]}" ID="{request_id}" '
        f'IssueInstant="{instant()}" Version="2.0"><saml2:Issuer xmlns:saml2="{SAML}">{PORTAL.entity_id}</saml2:Issuer>'
        f'{signature_template(request_id, key_info)}'
        f'<saml2:NameID xmlns:saml2="{SAML}" Format="{TRANSIENT}">{name_id}</saml2:NameID>'
        f"<saml2p:SessionIndex>{session_index}</saml2p:SessionIndex></saml2p:LogoutRequest>"
        "</soap11:Body></soap11:Envelope>", f"{SAMLP}:LogoutRequest")


@app.route("/logout")
def logout() -> Response | str:
    """Ends the portal's session and tells each service provider that got an assertion in it."""
    answers = []
    for entry in sessions.end():
        if entry["sp"] in logout_services:
            envelope = logout_request(entry["sp"], entry["session_index"], entry["name_id"])
            got = trust.session().post(logout_services[entry["sp"]], data=envelope,
                                       headers={"Content-Type": "text/xml"}, timeout=10)
            answers.append(f"{got.status_code} {got.text}")
    return pages.page("Logged out", "".join(f'<pre class="slo">{pages.escape(a)}</pre>' for a in answers))


@app.route("/behaviour", methods=["POST"])
def behave() -> str:
    """Which generation of entcore this is from now on: the suite tries both."""
    behaviour["in_response_to"] = request.form["in_response_to"] == "yes"
    return ""


@app.route("/metadata")
def metadata() -> Response:
    return Response(trust.idp_metadata(PORTAL.entity_id, KEY.with_suffix(".pem"),
                                       [("HTTP-Redirect", f"{PORTAL.url}/sso")]), mimetype="application/samlmetadata+xml")


if __name__ == "__main__":
    for file in sys.argv[1:]:
        learn(file)
    serve(app, PORTAL)
