"""How each party is started: portals know their service providers, publishers their one identity provider."""

import json
import pathlib
import subprocess
import sys

import products
import trust
from processes import Processes
from world import HERE, METADATA, PARTIES, VAR, Portal, Publisher

_PYTHON = sys.executable


def start_portals(run: Processes, service_providers: list[pathlib.Path]) -> None:
    products.simplesamlphp(service_providers)
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
                  "binding": "HTTP-POST" if "HTTP-POST" in idp["sso"] else "HTTP-Redirect"}
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


def _php_fpm() -> str:
    found = sorted(pathlib.Path("/usr/sbin").glob("php-fpm*"))
    if not found:
        raise FileNotFoundError("no /usr/sbin/php-fpm*")
    return str(found[-1])
