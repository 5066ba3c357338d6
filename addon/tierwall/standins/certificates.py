"""A throw-away certificate authority for the stand-in origins.

Writes only into the folder that the caller gives; the authority's own key never leaves memory.
"""

import base64
import hashlib
import ipaddress
import os
import ssl
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_NAME: Final = "tierwall demo origins CA"
CA_FILE: Final = "origins-ca.pem"
LIFETIME: Final = timedelta(days=1)
CLOCK_SKEW: Final = timedelta(minutes=1)


class Authority:
    """A CA that lives as long as its folder; every leaf is signed for the names that are asked for."""

    def __init__(self, folder: Path, *, lifetime: timedelta = LIFETIME) -> None:
        self._folder = folder
        self._lifetime = lifetime
        self._from = datetime.now(UTC) - CLOCK_SKEW
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = self._sign_itself()
        self._leaves = 0
        self.ca_pem = folder / CA_FILE
        """What curl's --cacert, SSL_CERT_FILE or a browser's store is given."""
        _write_private(self.ca_pem, self._certificate.public_bytes(Encoding.PEM))

    @property
    def spki_pin(self) -> str:
        """What Chromium's --ignore-certificate-errors-spki-list takes to trust this CA alone."""
        spki = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(hashlib.sha256(spki).digest()).decode()

    def leaf(self, names: Iterable[str]) -> Path:
        """Sign a certificate for host names (`*.` too) and IP addresses; one PEM file, 0600: key, leaf, CA."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign_leaf(key.public_key(), [_general_name(name) for name in names])
        self._leaves += 1
        path = self._folder / f"origin-{self._leaves}.pem"
        _write_private(
            path,
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            + certificate.public_bytes(Encoding.PEM)
            + self._certificate.public_bytes(Encoding.PEM),
        )
        return path

    def server_context(self, names: Iterable[str]) -> ssl.SSLContext:
        """A server's context for these names; of ALPN it knows http/1.1 only, and needs none."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.leaf(names))
        context.set_alpn_protocols(["http/1.1"])
        return context

    def client_context(self) -> ssl.SSLContext:
        """A client's context that trusts this CA and no other."""
        return trusting(self.ca_pem)

    def _sign_itself(self) -> x509.Certificate:
        public = self._key.public_key()
        return (
            self._builder(public, subject=CA_NAME)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def _sign_leaf(self, public: ec.EllipticCurvePublicKey, names: list[x509.GeneralName]) -> x509.Certificate:
        return (
            self._builder(public, subject="tierwall demo origin")
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def _builder(self, public: ec.EllipticCurvePublicKey, *, subject: str) -> x509.CertificateBuilder:
        issuer_key = self._key.public_key()
        return (
            x509.CertificateBuilder()
            .subject_name(_common_name(subject))
            .issuer_name(_common_name(CA_NAME))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._from)
            .not_valid_after(self._from + self._lifetime)
            # RFC 5280 section 4.2.1: strict verifiers (Python 3.13's default) ask for both identifiers.
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
        )


def trusting(ca_pem: Path) -> ssl.SSLContext:
    """A client's context that trusts what is in this file and nothing else, and offers no ALPN."""
    return ssl.create_default_context(cafile=ca_pem)


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write_private(path: Path, octets: bytes) -> None:
    """Create the file as 0600 from its first moment; O_EXCL, so that nothing that exists is followed or replaced."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(octets)
