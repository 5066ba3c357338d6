"""A certificate file -> what people compare, and the forms in which devices want it. Never a key.

Knows X.509 and three encodings. Where the lab CA lies is said by the caller.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final, assert_never

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

CERTIFICATE: Final = "mitmproxy-ca-cert.pem"
KEYS: Final = ("mitmproxy-ca.pem", "mitmproxy-ca.p12")
"""The files beside it that hold the private key, as mitmproxy names them."""

_FRIENDLY: Final = b"tierwall lab CA"


class Form(StrEnum):
    """How a certificate is written down."""

    PEM = "pem"
    """Text: Linux, macOS, Firefox, Java, Node, Python."""
    DER = "der"
    """Octets: Windows and Android take it as `.cer` or `.crt`."""
    P12 = "p12"
    """PKCS#12 with an empty password, for devices that take nothing else."""


class Unreadable(Exception):
    """Why there is no certificate to be read, and the mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The lab CA's."""

    path: Path
    der: bytes
    subject: str
    """As RFC 4514 writes it."""
    begins: datetime
    ends: datetime

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the DER form, `AB:CD:…`, as browsers and `openssl x509 -fingerprint -sha256` show it."""
        return hashlib.sha256(self.der).digest().hex(":").upper()

    def encoded(self, form: Form) -> bytes:
        """The certificate alone, in that form."""
        loaded = x509.load_der_x509_certificate(self.der)
        match form:
            case Form.PEM:
                return loaded.public_bytes(Encoding.PEM)
            case Form.DER:
                return self.der
            case Form.P12:
                return serialize_key_and_certificates(_FRIENDLY, None, loaded, None, NoEncryption())
            case _:
                assert_never(form)


def read_certificate(path: Path) -> Certificate:
    """The first certificate of a PEM file. Raises Unreadable."""
    try:
        loaded = x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as fault:
        raise Unreadable(f"{path} cannot be read: {fault.strerror}") from None
    except ValueError:
        raise Unreadable(f"{path} holds no certificate; move its folder away, and a new lab CA is made") from None
    return Certificate(
        path=path,
        der=loaded.public_bytes(Encoding.DER),
        subject=loaded.subject.rfc4514_string(),
        begins=loaded.not_valid_before_utc,
        ends=loaded.not_valid_after_utc,
    )


def holds(bundle: bytes, certificate: Certificate) -> bool:
    """Whether a file of many PEM certificates has this one. Its lines are compared, so that no other has to parse."""
    body = b"".join(certificate.encoded(Form.PEM).splitlines()[1:-1])
    return body in b"".join(bundle.split())
