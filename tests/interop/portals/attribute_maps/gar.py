"""Attribute names of the GAR, basic format: on the wire as in the program."""

_NAMES = ("idEnt", "GARPersonIdentifiant")

MAP = {
    "identifier": "urn:oasis:names:tc:SAML:2.0:attrname-format:basic",
    "fro": {name: name for name in _NAMES},
    "to": {name: name for name in _NAMES},
}
