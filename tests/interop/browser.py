"""Runs browser/flows.mjs, the flows in a real browser, and takes its cells into the results."""

import base64
import hashlib
import json
import shutil
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


def run_all(result: Results, only: str) -> None:
    shutil.rmtree(SCREENSHOTS, ignore_errors=True)
    SCREENSHOTS.mkdir(parents=True)
    file = VAR / "browser.json"
    file.write_text(json.dumps(_settings()))
    with subprocess.Popen(["node", HERE / "browser" / "flows.mjs", file, only], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            cell = json.loads(line)
            result.add(Cell(f"chromium: {cell['row']}", cell["column"], cell["outcome"], cell["seconds"], cell["why"]))
        noise = process.stderr.read()
    if process.returncode not in (0, 1):
        result.failed("chromium", "end", f"exit {process.returncode}: {noise[-800:]}")
