"""Lays out the products' folders: configuration from templates, keys where their processes may read them.

Nothing outside VAR is written, nothing is started. `portals` and `publishers` may be called again with other metadata.
"""

import json
import os
import pathlib
import secrets
import shutil

import jinja2

import pages
from portals.common import tile_links
from trust import certificate
from world import (BASE_PORT, HERE, METADATA, NAMEFORMAT_BASIC, PARTIES, PASSWORD, PEOPLE, PKI, PORTALS, TOOLS, Party)

FPM_PORT, SHIBD_PORT = BASE_PORT + 31, BASE_PORT + 32
# Every name that a publisher may be sent; the first two come from a portal and are seen in direct runs only.
ATTRIBUTES = ["idEnt", "GARPersonIdentifiant", "IDO", "IDC", "UAI", "PRO", "DIV", "GRO", "P_MS4", "NOM", "PRE", "CIV",
              "P_MEL", "P_MAT", "LRA"]

_templates = jinja2.Environment(loader=jinja2.FileSystemLoader(HERE / "templates"), keep_trailing_newline=True,
                                undefined=jinja2.StrictUndefined)


def _write(party: Party, template: str, target: str, **values) -> None:
    path = party.folder / target
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_templates.get_template(template).render(
        party=party, folder=party.folder, pki=PKI, attributes=ATTRIBUTES, nameformat=NAMEFORMAT_BASIC,
        root=os.geteuid() == 0, **values))


def _give(folder: pathlib.Path) -> None:
    """Hands a folder to the user that Debian's servers run as, where we are root and they will not be."""
    if os.geteuid() == 0:
        for path in [folder, *folder.rglob("*")]:
            shutil.chown(path, "www-data", "www-data")


def _keys(party: Party, source: pathlib.Path, names: dict[str, str], folder: str) -> None:
    target = party.folder / folder
    target.mkdir(parents=True, exist_ok=True)
    for ours, theirs in names.items():
        for suffix in (".key", ".pem"):
            shutil.copyfile(source / f"{ours}{suffix}", target / f"{theirs}{suffix}")


def simplesamlphp(service_providers: list[pathlib.Path], encrypt: bool) -> None:
    portal = PARTIES["simplesamlphp"]
    for name in ("log", "data", "tmp", "sessions", "www", "service-providers", "config/metadata"):
        (portal.folder / name).mkdir(parents=True, exist_ok=True)
    _keys(portal, PKI / "portals" / portal.name, {"sign": "sign"}, "cert")
    for template, target in (("nginx.conf", "nginx.conf"), ("fpm.conf", "fpm.conf"), ("config.php", "config/config.php"),
                             ("authsources.php", "config/authsources.php"),
                             ("saml20-idp-hosted.php", "config/metadata/saml20-idp-hosted.php")):
        _write(portal, f"simplesamlphp/{template}", target, fpm_port=FPM_PORT, secret=secrets.token_hex(16), encrypt=encrypt)
    (portal.folder / "config" / "people.json").write_text(json.dumps({
        f"{p.login}:{PASSWORD}": {"idEnt": [portal.ident], "GARPersonIdentifiant": [portal.person(p.login)]}
        for p in PEOPLE}))
    (portal.folder / "www" / "tiles.html").write_text(pages.tiles(f"{portal.title}: tiles", tile_links(portal)))
    for old in (portal.folder / "service-providers").iterdir():
        old.unlink()
    for file in service_providers:
        shutil.copyfile(file, portal.folder / "service-providers" / file.name)
    _give(portal.folder)


def _apache(party: Party, module: str, **values) -> None:
    for name in ("log", "www"):
        (party.folder / name).mkdir(parents=True, exist_ok=True)
    _write(party, "apache.conf", "apache.conf", own_module=module, loglevel="warn", **values)
    _write(party, "attributes.shtml", "www/attributes.shtml")
    (party.folder / "www" / "left").write_text(pages.page("Logged out", ""))


def mod_shib(idp_file: pathlib.Path, idp_entity_id: str) -> None:
    party = PARTIES["mod-shib"]
    values = {"idp_file": idp_file, "idp_entity_id": idp_entity_id, "shibd_port": SHIBD_PORT}
    _apache(party, "shib", **values)
    _keys(party, PKI / "publishers" / party.name, {"sign": "sign", "encrypt": "encrypt"}, "keys")
    for name in ("shibboleth2.xml", "attribute-map.xml", "attribute-policy.xml"):
        _write(party, f"shib/{name}", name, **values)
    _write(party, "shib/logger", "shibd.logger", logfile=party.folder / "log" / "shibd.log")
    _write(party, "shib/logger", "native.logger", logfile=party.folder / "log" / "native.log")
    _give(party.folder)


def mod_auth_mellon(idp_file: pathlib.Path, idp_entity_id: str) -> None:
    party = PARTIES["mod-auth-mellon"]
    # One pair for both uses: the product publishes its certificate without `use`.
    _keys(party, PKI / "publishers" / party.name, {"encrypt": "sp"}, "keys")
    _apache(party, "auth_mellon", idp_file=idp_file)
    _give(party.folder)


def node_saml(idp: dict, direct: bool) -> pathlib.Path:
    """Writes the program's settings; returns their path."""
    party = PARTIES["node-saml"]
    party.folder.mkdir(parents=True, exist_ok=True)
    keys = PKI / "publishers" / party.name
    path = party.folder / "settings.json"
    path.write_text(json.dumps({
        "url": party.url, "port": party.port, "entityId": party.entity_id, "tools": str(TOOLS),
        "key": str(keys / "encrypt.key"), "certificate": str(keys / "encrypt.pem"),
        "tlsKey": str(PKI / "tls" / "server.key"), "tlsCertificate": str(PKI / "tls" / "server.pem"),
        "wantResponseSigned": not direct, "wantAssertionsSigned": not direct, "idp": idp}))
    return path


def reset() -> None:
    """Forgets the last run: folders of the parties, their metadata, the keys."""
    for folder in [METADATA, PKI, *(p.folder for p in PARTIES.values())]:
        shutil.rmtree(folder, ignore_errors=True)
    METADATA.mkdir(parents=True)
