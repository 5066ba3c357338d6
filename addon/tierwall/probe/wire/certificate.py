"""Who issued a certificate, read from its DER (X.690; RFC 5280 section 4.1): Python tells that only of verified ones.

Knows as much of DER as leads to the issuer's and the subject's names.
"""

from collections.abc import Iterator

_NAMES = {b"\x55\x04\x03": "CN", b"\x55\x04\x0a": "O"}
_SEQUENCE, _SET, _VERSION = 0x30, 0x31, 0xA0


def names_of(der: bytes) -> tuple[str, str]:
    """The issuer's and the subject's name, empty where there is none. Raises ValueError."""
    certificate = next(_elements(der))[1]
    fields = [each for each in _elements(next(_elements(certificate))[1]) if each[0] != _VERSION]
    return _name(fields[2][1]), _name(fields[4][1])


def _name(octets: bytes) -> str:
    found: dict[str, str] = {}
    for tag, relative in _elements(octets):
        if tag != _SET:
            continue
        for _, pair in _elements(relative):
            identifier, value = [each[1] for each in _elements(pair)][:2]
            if identifier in _NAMES:
                found[_NAMES[identifier]] = value.decode("utf-8", "replace")
    return ", ".join(dict.fromkeys(found[key] for key in ("CN", "O") if key in found))[:200]


def _elements(octets: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(octets):
        if at + 2 > len(octets):
            raise ValueError("cut short")
        tag, length, at = octets[at], octets[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            length, at = int.from_bytes(octets[at : at + count], "big"), at + count
        if at + length > len(octets):
            raise ValueError("cut short")
        yield tag, octets[at : at + length]
        at += length
