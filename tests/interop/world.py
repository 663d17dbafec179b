"""The made-up world of the interoperability suite: who takes part, where each listens, who the people are.

Everything that two files must agree on is written once, here. Nothing here starts, reads or writes anything.

Each party has a host of its own under ``.localhost``. Browsers treat two such hosts as two *sites*, so that SameSite
cookies meet the cross-site POSTs they meet in production; ports of one host would all be the same site.
"""

import datetime
import html
import os
import pathlib
import uuid
from dataclasses import dataclass, field
from urllib.parse import quote

HERE = pathlib.Path(__file__).resolve().parent
BASE_PORT = int(os.environ.get("INTEROP_PORT", "19400"))
# www-data must be able to come here: run.sh picks another place when the checkout is closed to it.
VAR = pathlib.Path(os.environ.get("INTEROP_VAR", HERE.parents[1] / "var" / "interop"))
TOOLS = pathlib.Path(os.environ.get("INTEROP_TOOLS", VAR / "tools"))
PKI = VAR / "pki"
METADATA = VAR / "metadata"

PASSWORD = "interop"
SOON = (datetime.date.today() + datetime.timedelta(days=90)).isoformat()  # when exceptions for portals end
BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:"
NAMEFORMAT_BASIC = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"


@dataclass(frozen=True)
class Party:
    """Somebody who listens: `name` is also the folder below VAR and the name of the keys."""

    name: str
    port: int

    @property
    def host(self) -> str:
        return f"{self.name}.localhost"

    @property
    def url(self) -> str:
        return f"https://{self.host}:{self.port}"

    @property
    def folder(self) -> pathlib.Path:
        return VAR / self.name


@dataclass(frozen=True)
class Portal(Party):
    """An identity provider. `ident` is the short code that its tiles carry, Base64 coded, as idENT."""

    title: str = ""
    ident: str = ""
    entity_id: str = ""
    settings: dict = field(default_factory=dict, hash=False)  # of its [[portal]] table in octroi.toml

    def person(self, login: str) -> str:
        """The GARPersonIdentifiant of a login: each portal has its own people."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.entity_id}#{login}"))

    @property
    def schools(self) -> list[str]:
        """Two schools of this portal; teachers work in both, pupils are in the first."""
        number = ["B0", "C00", "ENTTEST1"].index(self.ident) + 1
        return [f"099000{number}A", f"099001{number}B"]


@dataclass(frozen=True)
class Publisher(Party):
    """A service provider. Its protected pages are `/secure/push` and `/secure/pull`."""

    title: str = ""
    entity_id: str = ""
    settings: dict = field(default_factory=dict, hash=False)  # of its [[publisher]] table in octroi.toml

    def values(self, shown: str) -> list[str]:
        """The values of an attribute as its page shows them: joined as the product joins them, mellon's still in XML."""
        match self.name:
            case "mod-auth-mellon":
                return [html.unescape(value) for value in shown.split("|")]
            case "mod-shib":
                return shown.split(";")
            case _:
                return shown.split("|")

    def resource(self, kind: str) -> str:
        """The ARK of its resource of a kind: `push`, `pull`, or `closed` (nobody subscribed to it)."""
        return f"ark:/99999/{self.name}.{kind}"

    def page(self, kind: str) -> str:
        return f"{self.url}/secure/{kind}"

    @property
    def logout(self) -> str:
        """Where a person logs out of it, and by it of the gateway."""
        back = quote(f"{self.url}/left", safe="")
        return self.url + {"mod-shib": f"/Shibboleth.sso/Logout?return={back}",
                           "mod-auth-mellon": f"/mellon/logout?ReturnTo={back}"}.get(self.name, "/logout")


GATEWAY = Party("octroi", BASE_PORT)
ADMIN_PORT = BASE_PORT + 1
SP_ENTITY_ID = f"{GATEWAY.url}/saml/metadata"
IDP_ENTITY_ID = f"{GATEWAY.url}/idp/metadata"
ACS = f"{GATEWAY.url}/saml/acs"
SLO = f"{GATEWAY.url}/saml/slo"
IDP_SSO = f"{GATEWAY.url}/idp/sso"
IDP_SLO = f"{GATEWAY.url}/idp/slo"

_ssp = f"https://simplesamlphp.localhost:{BASE_PORT + 11}"
_pysaml2 = f"https://pysaml2.localhost:{BASE_PORT + 12}"
PORTALS = [
    # Response and Assertion signed, the Assertion encrypted with AES-CBC (all that release has).
    Portal("simplesamlphp", BASE_PORT + 11, "SimpleSAMLphp", "B0", f"{_ssp}/simplesaml/saml2/idp/metadata.php",
           {"sign_requests": "always", "accept_unsolicited": True, "session_reuse": True, "legacy": {"cbc_until": SOON}}),
    # Response signed around an unsigned Assertion; asks for signed AuthnRequests in its metadata. Sessions by default:
    # each answers the pull that its own tile opened, and nothing else.
    Portal("pysaml2", BASE_PORT + 12, "pysaml2", "C00", f"{_pysaml2}/metadata",
           {"sign_requests": "metadata", "accept_unsolicited": True}),
    # What entcore emits: a URN for a name, SHA-1, five days, no InResponseTo.
    Portal("entcore", BASE_PORT + 13, "entcore-like", "ENTTEST1", "urn:example:interop:entcore:1.0",
           {"sign_requests": "never", "accept_unsolicited": True, "session_reuse": True,
            "legacy": {"sha1_until": SOON, "long_lifetimes_until": SOON,
                       "missing_in_response_to_until": SOON}}),
]

_shib, _mellon = (f"https://{n}.localhost:{BASE_PORT + i}" for i, n in ((21, "mod-shib"), (22, "mod-auth-mellon")))
_onelogin, _node = (f"https://{n}.localhost:{BASE_PORT + i}" for i, n in ((23, "python3-saml"), (24, "node-saml")))
PUBLISHERS = [
    Publisher("mod-shib", BASE_PORT + 21, "mod_shib", f"{_shib}/shibboleth",
              {"sign": "assertion", "signing_key": "p256", "want_signed_requests": "always"}),
    Publisher("mod-auth-mellon", BASE_PORT + 22, "mod_auth_mellon", f"{_mellon}/mellon/metadata",
              {"sign": "assertion", "encrypt": "require"}),
    Publisher("python3-saml", BASE_PORT + 23, "python3-saml", f"{_onelogin}/metadata", {"sign": "response", "refusal": "status"}),
    Publisher("node-saml", BASE_PORT + 24, "node-saml", f"{_node}/metadata", {"sign": "both", "name_id": "persistent"}),
]
PARTIES = {p.name: p for p in [GATEWAY, *PORTALS, *PUBLISHERS]}


@dataclass(frozen=True)
class Person:
    """Somebody who logs in at every portal. `known` says whether the directory has heard of them."""

    login: str
    profile: str
    first_name: str
    last_name: str
    known: bool = True

    def schools(self, portal: Portal) -> list[str]:
        return portal.schools if self.profile == "National_ens" else portal.schools[:1]


PEOPLE = [
    # Letters and signs that XML, HTML and form encoding each have an opinion about.
    Person("prof", "National_ens", "Éloïse", "D'Aubigné & <fille>"),
    Person("eleve", "National_elv", "Zoé", "Nguyễn"),
    Person("inconnu", "National_ens", "Némo", "Outis", known=False),
]

PERSON = {p.login: p for p in PEOPLE}
DIVISION = ("6A", "6ème A & B")  # code and label; every school has it
KINDS = ("push", "pull", "closed")
# What each kind of resource is released. The names of `pull` make it sensitive: encrypted where the publisher has a key.
RELEASED = {"push": ["IDO", "UAI", "PRO", "DIV"], "pull": ["IDO", "UAI", "PRO", "NOM", "PRE"], "closed": ["IDO"]}


def expected(portal: Portal, person: Person, kind: str, school: str | None) -> dict[str, set[str]]:
    """What a publisher must be shown but for IDO, which only the gateway can know; `school` is the tile's idEtab."""
    schools = [s for s in person.schools(portal) if school in (None, s)]
    values = {"UAI": set(schools), "PRO": {person.profile}, "DIV": {"##".join(DIVISION)},
              "NOM": {person.last_name}, "PRE": {person.first_name}}
    return {name: values[name] for name in RELEASED[kind] if name != "IDO"}
