"""Certificates, metadata documents and name resolution that several parts of the suite share.

The metadata written here serves our own small servers and the first start of the products; whatever a product can say
about itself is fetched from it (see prepare.py).
"""

import pathlib
import socket

import requests
from lxml import etree

from world import BINDING, PKI, TRANSIENT

MD, DS = "urn:oasis:names:tc:SAML:2.0:metadata", "http://www.w3.org/2000/09/xmldsig#"
CA = str(PKI / "ca" / "ca.pem")

_getaddrinfo = socket.getaddrinfo


def _loopback(host, *args, **kwargs):
    """`*.localhost` is this machine (RFC 6761); glibc alone does not know it."""
    if isinstance(host, str) and host.endswith(".localhost"):
        host = "127.0.0.1"
    return _getaddrinfo(host, *args, **kwargs)


socket.getaddrinfo = _loopback


def session() -> requests.Session:
    """An HTTP client that trusts the suite's authority alone, and no proxy or authority of the environment."""
    made = requests.Session()
    made.trust_env = False
    made.verify = CA
    return made


def certificate(pem: pathlib.Path) -> str:
    """The Base64 of the first certificate in a PEM file."""
    lines = pem.read_text().splitlines()
    start, end = lines.index("-----BEGIN CERTIFICATE-----"), lines.index("-----END CERTIFICATE-----")
    return "".join(lines[start + 1:end])


def _key(use: str, pem: pathlib.Path) -> str:
    return (f'<md:KeyDescriptor use="{use}"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>'
            f"<ds:X509Certificate>{certificate(pem)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>")


def _entity(entity_id: str, role: str) -> str:
    return ('<?xml version="1.0" encoding="UTF-8"?><md:EntityDescriptor '
            f'xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity_id}">{role}</md:EntityDescriptor>')


def idp_metadata(entity_id: str, signing: pathlib.Path, single_sign_on: list[tuple[str, str]],
                 single_logout: list[tuple[str, str]] = ()) -> str:
    logout = "".join(f'<md:SingleLogoutService Binding="{BINDING}{b}" Location="{u}"/>' for b, u in single_logout)
    services = "".join(f'<md:SingleSignOnService Binding="{BINDING}{b}" Location="{u}"/>' for b, u in single_sign_on)
    return _entity(entity_id, '<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
                   f"{_key('signing', signing)}{logout}<md:NameIDFormat>{TRANSIENT}</md:NameIDFormat>{services}"
                   "</md:IDPSSODescriptor>")


def sp_metadata(entity_id: str, signing: pathlib.Path, encryption: pathlib.Path, acs: str) -> str:
    return _entity(entity_id, '<md:SPSSODescriptor AuthnRequestsSigned="true" WantAssertionsSigned="true" '
                   'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
                   f"{_key('signing', signing)}{_key('encryption', encryption)}"
                   f"<md:NameIDFormat>{TRANSIENT}</md:NameIDFormat>"
                   f'<md:AssertionConsumerService Binding="{BINDING}HTTP-POST" Location="{acs}" index="0" '
                   'isDefault="true"/></md:SPSSODescriptor>')


def read_idp(file: pathlib.Path) -> dict:
    """What a publisher wants to know of an identity provider's metadata: name, addresses by binding, signing certificates."""
    root = etree.parse(str(file)).getroot()
    role = root.find(f"{{{MD}}}IDPSSODescriptor")
    return {"entityId": root.get("entityID"),
            "sso": {s.get("Binding").removeprefix(BINDING): s.get("Location")
                    for s in role.findall(f"{{{MD}}}SingleSignOnService")},
            "slo": {s.get("Binding").removeprefix(BINDING): s.get("Location")
                    for s in role.findall(f"{{{MD}}}SingleLogoutService")},
            "certificate": ["".join(c.text.split()) for k in role.findall(f"{{{MD}}}KeyDescriptor")
                            if k.get("use") != "encryption" for c in k.iter(f"{{{DS}}}X509Certificate")]}
