"""Certificates for a control plane and its nodes: an authority of their own, one certificate a node id.

Knows X.509. A node's certificate is good for its own id alone; the authority's key is needed only to make more.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CONTROL_PLANE: Final = "control-plane.tierwall"
"""What nodes look for in the control plane's certificate, wherever it is reached."""

LASTS: Final = timedelta(days=397)
AUTHORITY_LASTS: Final = timedelta(days=3650)


class NoAuthority(ValueError):
    """A certificate and key that cannot sign; the message says why."""


@dataclass(frozen=True, slots=True)
class Pair:
    """PEM, both."""

    certificate: bytes
    key: bytes


def authority(now: datetime) -> Pair:
    """A new one."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tierwall fleet")])
    builder = _builder(name, name, key.public_key(), now, AUTHORITY_LASTS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return _pair(builder.sign(key, hashes.SHA256()), key)


def signed(by: Pair, name: str, now: datetime, lasts: timedelta = LASTS) -> Pair:
    """One for the control plane (CONTROL_PLANE) or a node's id. Raises NoAuthority."""
    try:
        issuer = x509.load_pem_x509_certificate(by.certificate)
        signer = load_pem_private_key(by.key, None)
    except ValueError as wrong:
        raise NoAuthority(str(wrong)) from None
    if not isinstance(signer, ec.EllipticCurvePrivateKey) or signer.public_key() != issuer.public_key():
        raise NoAuthority("the key is not the certificate's")
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    usage = ExtendedKeyUsageOID.SERVER_AUTH if name == CONTROL_PLANE else ExtendedKeyUsageOID.CLIENT_AUTH
    builder = _builder(subject, issuer.subject, key.public_key(), now, lasts)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return _pair(builder.sign(signer, hashes.SHA256()), key)


def ends(certificate: bytes) -> datetime:
    """When it expires. Raises ValueError where it is none."""
    return x509.load_pem_x509_certificate(certificate).not_valid_after_utc


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, lasts: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + lasts)
    )


def _pair(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Pair:
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Pair(certificate.public_bytes(Encoding.PEM), private)
