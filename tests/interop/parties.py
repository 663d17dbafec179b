"""How each party is started: portals know their service providers, publishers their one identity provider."""

import json
import pathlib
import sys

import products
import trust
from processes import Processes
from world import (ACS, HERE, IDP_ENTITY_ID, IDP_SLO, IDP_SSO, METADATA, PARTIES, PKI, PORTALS, PUBLISHERS, SP_ENTITY_ID, Portal,
                   Publisher)

_PYTHON = sys.executable


def start_portals(run: Processes, service_providers: list[pathlib.Path], *, direct: bool = False) -> None:
    # Not every publisher has a key to encrypt to; the gateway has one.
    products.simplesamlphp(service_providers, encrypt=not direct)
    ssp = PARTIES["simplesamlphp"]
    run.start("php-fpm", [_php_fpm(), "--nodaemonize", "-y", ssp.folder / "fpm.conf"], ports=[products.FPM_PORT])
    run.start("nginx", ["/usr/sbin/nginx", "-e", ssp.folder / "log" / "nginx.log", "-c", ssp.folder / "nginx.conf"],
              ports=[ssp.port])
    for name, module in (("pysaml2", "portals.pysaml2_idp"), ("entcore", "portals.entcore")):
        run.start(name, [_PYTHON, "-m", module, *service_providers], cwd=HERE, ports=[PARTIES[name].port])


def start_publishers(run: Processes, idp_file: pathlib.Path, *, direct: bool = False) -> None:
    idp = trust.read_idp(idp_file)
    products.mod_shib(idp_file, idp["entityId"])
    products.mod_auth_mellon(idp_file, idp["entityId"])
    shib = PARTIES["mod-shib"]
    run.start("shibd", ["/usr/sbin/shibd", "-F", "-f", "-c", shib.folder / "shibboleth2.xml", "-p", shib.folder / "shibd.pid"],
              ports=[products.SHIBD_PORT])
    for name in ("mod-shib", "mod-auth-mellon"):
        party = PARTIES[name]
        run.start(name, ["/usr/sbin/apache2", "-DFOREGROUND", "-f", party.folder / "apache.conf"], ports=[party.port])
    run.start("python3-saml", [_PYTHON, "-m", "publishers.onelogin_sp", idp_file], cwd=HERE,
              ports=[PARTIES["python3-saml"].port], env={"INTEROP_DIRECT": "1"} if direct else None)
    # The product is told one SSO address; it sends its requests by POST where there is such an endpoint.
    told = idp | {"sso": idp["sso"].get("HTTP-POST") or idp["sso"]["HTTP-Redirect"],
                  "binding": "HTTP-POST" if "HTTP-POST" in idp["sso"] else "HTTP-Redirect",
                  "slo": idp["slo"].get("HTTP-Redirect", "")}
    settings = products.node_saml(told, direct)
    run.start("node-saml", ["node", HERE / "publishers" / "node_saml_sp.mjs", settings], cwd=HERE,
              ports=[PARTIES["node-saml"].port])


PUBLISHER_PROCESSES = ["shibd", "mod-shib", "mod-auth-mellon", "python3-saml", "node-saml"]
PORTAL_PROCESSES = ["php-fpm", "nginx", "pysaml2", "entcore"]


def stop(run: Processes, names: list[str]) -> None:
    for name in reversed(names):
        run.stop(name)


_OWN_METADATA = {
    "simplesamlphp": "/simplesaml/saml2/idp/metadata.php",
    "mod-shib": "/Shibboleth.sso/Metadata",
    "mod-auth-mellon": "/mellon/metadata",
}


def fetch_metadata(party: Portal | Publisher) -> pathlib.Path:
    """The party's own metadata document, as it publishes it, into METADATA."""
    path = _OWN_METADATA.get(party.name, "/metadata")
    got = trust.session().get(f"{party.url}{path}", timeout=20)
    got.raise_for_status()
    file = METADATA / f"{party.name}.xml"
    file.write_bytes(got.content)
    return file


def introduce(run: Processes) -> None:
    """Starts everybody once, knowing the gateway by a template, to collect what each says about itself."""
    keys = PKI / "gateway"
    sp, idp = METADATA / "octroi-sp.xml", METADATA / "octroi-idp.xml"
    sp.write_text(trust.sp_metadata(SP_ENTITY_ID, keys / "sign-rsa2048.pem", keys / "decrypt.pem", ACS))
    idp.write_text(trust.idp_metadata(IDP_ENTITY_ID, keys / "sign-rsa2048.pem",
                                      [("HTTP-Redirect", IDP_SSO), ("HTTP-POST", IDP_SSO)],
                                      [("HTTP-Redirect", IDP_SLO)]))
    start_portals(run, [sp])
    start_publishers(run, idp)
    for party in [*PORTALS, *PUBLISHERS]:
        fetch_metadata(party)
    stop(run, PORTAL_PROCESSES + PUBLISHER_PROCESSES)


def _php_fpm() -> str:
    found = sorted(pathlib.Path("/usr/sbin").glob("php-fpm*"))
    if not found:
        raise FileNotFoundError("no /usr/sbin/php-fpm*")
    return str(found[-1])
