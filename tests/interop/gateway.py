"""octroi's side: its configuration, its source directory, its snapshot, its process.

Written from world.py, so that what the gateway is told and what the checks expect cannot drift apart.
"""

import os
import pathlib
import subprocess
from datetime import date, timedelta

import trust
from processes import Processes
from world import (ADMIN_PORT, DIVISION, GATEWAY, KINDS, METADATA, PEOPLE, PKI, PORTALS, PUBLISHERS, RELEASED)

FOLDER = GATEWAY.folder
CONFIG = FOLDER / "octroi.toml"
DIRECTORY = FOLDER / "directory"
SNAPSHOT = FOLDER / "snapshot.oct"


def binary() -> pathlib.Path:
    """The program under test; run.sh builds it and names it."""
    return pathlib.Path(os.environ["OCTROI_BIN"])


def _toml(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case list():
            return "[" + ", ".join(_toml(v) for v in value) + "]"
        case _:
            return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _table(header: str, values: dict) -> str:
    plain = "".join(f"{k} = {_toml(v)}\n" for k, v in values.items() if not isinstance(v, dict))
    inner = "".join(_table(f"[{header.strip('[]')}.{k}]", v) for k, v in values.items() if isinstance(v, dict))
    return f"{header}\n{plain}{inner}\n"


def write_configuration() -> None:
    """octroi.toml; the partners' metadata is what they said about themselves."""
    keys = PKI / "gateway"
    tables = [
        ("[gateway]", {"base_url": GATEWAY.url, "organization": "Interop", "contact": "mailto:interop@example.org"}),
        ("[listen]", {"public": f"127.0.0.1:{GATEWAY.port}", "admin": f"127.0.0.1:{ADMIN_PORT}"}),
        ("[tls]", {"certificate": PKI / "tls" / "server.pem", "private_key": PKI / "tls" / "server.key"}),
        ("[[signing_key]]", {"name": "rsa", "private_key": keys / "sign-rsa2048.key", "certificate": keys / "sign-rsa2048.pem",
                             "algorithm": "rsa-sha256", "default": True}),
        ("[[signing_key]]", {"name": "p256", "private_key": keys / "sign-p256.key", "certificate": keys / "sign-p256.pem",
                             "algorithm": "ecdsa-p256-sha256"}),
        ("[[decryption_key]]", {"name": "decrypt", "private_key": keys / "decrypt.key", "certificate": keys / "decrypt.pem"}),
        ("[pseudonym]", {"key": keys / "pseudonym.key"}),
        ("[cookies]", {"keys": keys / "cookie.keys"}),
        ("[snapshot]", {"path": SNAPSHOT}),
        ("[state]", {"directory": FOLDER / "state"}),
        ("[audit]", {"directory": FOLDER / "audit"}),
    ]
    for portal in PORTALS:
        tables.append(("[[portal]]", {"id": portal.name, "name": portal.title, "idents": [portal.ident],
                                      "metadata": METADATA / f"{portal.name}.xml"} | portal.settings))
    for publisher in PUBLISHERS:
        tables.append(("[[publisher]]", {"id": publisher.name, "metadata": METADATA / f"{publisher.name}.xml"}
                       | publisher.settings))
    for folder in (FOLDER / "state", FOLDER / "audit"):
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    CONFIG.write_text("".join(_table(*table) for table in tables))


def _tsv(name: str, header: str, lines: list[list[str]]) -> None:
    text = "".join("\t".join(line) + "\n" for line in [header.split(), *lines])
    (DIRECTORY / f"{name}.tsv").write_text(text)


def write_directory() -> None:
    """The ten tables of docs/directory.md."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    schools = [school for portal in PORTALS for school in portal.schools]
    known = [(portal, person) for portal in PORTALS for person in PEOPLE if person.known]
    resources = [(publisher, kind) for publisher in PUBLISHERS for kind in KINDS]
    subscribed = [(p, k) for p, k in resources if k != "closed"]
    # Pulls are licensed to the class, pushes to everybody.
    kind_of = {"push": "ETABL", "pull": "INDIV"}
    _tsv("ents", "code name", [[p.ident, p.title] for p in PORTALS])
    _tsv("establishments", "uai name", [[s, f"School {s}"] for s in schools])
    _tsv("groups", "uai kind code label", [[s, "division", *DIVISION] for s in schools])
    _tsv("people", "ent person name given_name",
         [[p.ident, p.person(who.login), who.last_name, who.first_name] for p, who in known])
    _tsv("affiliations", "ent person uai profiles divisions",
         [[p.ident, p.person(who.login), school, who.profile, DIVISION[0]] for p, who in known for school in who.schools(p)])
    _tsv("publishers", "id name pseudonym_domain", [[p.name, p.title, f"domain-{p.name}"] for p in PUBLISHERS])
    _tsv("resources", "id name publisher delivery access_url",
         [[p.resource(k), resource_name(p.title, k), p.name, "pull" if k == "pull" else "push", p.page(k)] for p, k in resources])
    _tsv("release", "resource attribute", [[p.resource(k), name] for p, k in resources for name in RELEASED[k]])
    # A subscription lasts ten years at most (RG8).
    this_year = [str(date.today() + timedelta(days=days)) for days in (-30, 365)]
    _tsv("subscriptions", "id resource schools kind publics from until",
         [[f"{p.name}-{k}", p.resource(k), "|".join(schools), kind_of[k], "ENSEIGNANT|ELEVE", *this_year]
          for p, k in subscribed])
    _tsv("assignments", "subscription uai kind ent target",
         [[f"{p.name}-{k}", school, "division", "", DIVISION[0]] for p, k in subscribed if k == "pull" for school in schools])


def resource_name(publisher: str, kind: str) -> str:
    """What a choice page calls a resource."""
    return f"{publisher} {kind}"


def octroi(*arguments: object) -> str:
    """Runs a subcommand; its failure says what it printed."""
    done = subprocess.run([str(binary()), *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"octroi {' '.join(map(str, arguments))} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def start(run: Processes) -> None:
    write_configuration()
    write_directory()
    octroi("snapshot", "build", DIRECTORY, SNAPSHOT)
    run.start("octroi", [binary(), "serve", "--config", CONFIG], ports=[GATEWAY.port, ADMIN_PORT])


def fetch_metadata() -> None:
    """The gateway's own documents, one for each role."""
    for role, path in (("sp", "/saml/metadata"), ("idp", "/idp/metadata")):
        got = trust.session().get(f"{GATEWAY.url}{path}", timeout=20)
        got.raise_for_status()
        (METADATA / f"octroi-{role}.xml").write_bytes(got.content)
