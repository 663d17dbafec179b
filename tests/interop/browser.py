"""Runs browser/flows.mjs, the flows in a real browser, and takes its cells into the results."""

import base64
import hashlib
import json
import os
import shutil
import signal
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from matrix import Cell, Results
from portals.common import tile_links
from world import GATEWAY, HERE, KINDS, PASSWORD, PKI, PORTALS, PUBLISHERS, TOOLS, VAR

SCREENSHOTS = VAR / "screenshots"


def _key_hash() -> str:
    """The TLS key by the hash that chromium's --ignore-certificate-errors-spki-list wants: trust this key, no other."""
    certificate = x509.load_pem_x509_certificate((PKI / "tls" / "server.pem").read_bytes())
    spki = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()


def _settings() -> dict:
    return {
        "tools": str(TOOLS), "screenshots": str(SCREENSHOTS), "tlsKeyHash": _key_hash(), "password": PASSWORD,
        "gateway": GATEWAY.url,
        "portals": {p.name: {"title": p.title, "home": p.url, "tiles": dict(tile_links(p))} for p in PORTALS},
        "publishers": {p.name: {"title": p.title, "pages": {k: p.page(k) for k in KINDS}} for p in PUBLISHERS},
    }


def _flows(*arguments: object) -> list:
    return ["node", HERE / "browser" / "flows.mjs", *map(str, arguments)]


def cells() -> list[tuple[str, str]]:
    """What flows.mjs is going to run, as it says itself."""
    listed = subprocess.run(_flows("--list"), capture_output=True, text=True, check=True).stdout
    return [tuple(json.loads(line)) for line in listed.splitlines()]


def run_all(result: Results, wanted: list[tuple[str, str]]) -> None:
    shutil.rmtree(SCREENSHOTS, ignore_errors=True)
    SCREENSHOTS.mkdir(parents=True)
    file = VAR / "browser.json"
    file.write_text(json.dumps(_settings() | {"cells": wanted}))
    with subprocess.Popen(_flows(file), stdout=subprocess.PIPE, stderr=(VAR / "log" / "chromium.log").open("w"),
                          text=True, start_new_session=True) as process:
        try:
            for line in process.stdout:
                cell = json.loads(line)
                result.add(Cell(cell["row"], cell["column"], cell["outcome"], cell["seconds"], cell["why"]))
        finally:
            # Also when the suite is interrupted: node, and the browser that it started.
            try:
                os.killpg(process.pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
