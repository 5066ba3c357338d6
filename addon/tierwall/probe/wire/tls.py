"""One TLS handshake, and whose certificate came: a public authority's, this machine's own, or nobody's that is known.

Knows Python's ssl. Verifies against the public authorities first: whoever signed with another is on the way, or is
the vendor's own (`--ca`).
"""

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tierwall.probe.wire.certificate import names_of
from tierwall.probe.wire.failure import word_for

HANDSHAKE_S = 8.0
_EXPIRED = {9, 10}
"""X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED."""


@dataclass(frozen=True)
class Authorities:
    """Whom to believe."""

    public: str | None
    """PEM of the authorities that public stores have; None where there is no such list here."""
    besides: Path | None = None
    """A file with authorities that count as the vendor's own."""


@dataclass(frozen=True)
class Handshake:
    """How it went."""

    saw: str
    """`public`, `private` (this machine trusts it, no public store does), `untrusted`, `expired`, or a failure."""
    version: str = ""
    alpn: str = ""
    issuer: str = ""
    subject: str = ""

    @property
    def stands(self) -> bool:
        """Whether there was a session at the end."""
        return bool(self.version)


def handshake(open_stream: Callable[[], socket.socket], host: str, authorities: Authorities) -> Handshake:
    """As many handshakes as it takes to tell, each on a new stream. Raises OSError where a stream does not open."""
    expired, nameless = False, ":" in host or host.replace(".", "").isdecimal()
    for saw, context in (("public", _public(authorities)), ("private", _system()), ("untrusted", unverified())):
        if context is None:
            continue
        context.set_alpn_protocols(["h2", "http/1.1"])
        if nameless:
            context.check_hostname = False  # no public certificate is for an address; who signed it still tells
        sock = open_stream()
        sock.settimeout(HANDSHAKE_S)
        try:
            with context.wrap_socket(sock, server_hostname=host) as tls:
                der = tls.getpeercert(binary_form=True) or b""
                issuer, subject = names_in(der)
                kind = "expired" if saw == "untrusted" and expired else saw
                return Handshake(kind, tls.version() or "", tls.selected_alpn_protocol() or "none", issuer, subject)
        except ssl.SSLCertVerificationError as fault:
            expired = expired or fault.verify_code in _EXPIRED
        except OSError as fault:
            return Handshake(word_for(fault))
        finally:
            sock.close()
    return Handshake("untrusted")


def session(sock: socket.socket, host: str, alpn: str | None = "http/1.1") -> ssl.SSLSocket:
    """A session inside which nothing secret is said, whoever signed. Raises OSError; closes the stream then."""
    context = unverified()
    if alpn is not None:
        context.set_alpn_protocols([alpn])
    sock.settimeout(HANDSHAKE_S)
    try:
        return context.wrap_socket(sock, server_hostname=host)
    except OSError:
        sock.close()
        raise


def unverified() -> ssl.SSLContext:
    """Believes anybody: to look at what an inspected connection does, with nothing to lose in it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _public(authorities: Authorities) -> ssl.SSLContext | None:
    if authorities.public is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=authorities.public)
    if authorities.besides is not None:
        context.load_verify_locations(cafile=str(authorities.besides))
    return context


def _system() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs()
    return context


def names_in(der: bytes) -> tuple[str, str]:
    try:
        return names_of(der)
    except (ValueError, IndexError, StopIteration):
        return "", ""
