"""TLS to the proxy's own port: a certificate of the lab CA for the names by which clients call the proxy.

Knows the lab CA as mitmproxy keeps it. What is asked for inside is the front door's, as on every port.
"""

import os
import socket
import ssl
import tempfile
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from mitmproxy import certs

from tierwall.policy.model import Address
from tierwall.proxy.run.lab_ca import BASENAME, KEY_BITS, make_lab_ca
from tierwall.proxy.state.destinations import Redirect

_LOOPBACK: Final = (ip_address("127.0.0.1"), ip_address("::1"))


def own_context(ca: Path, addresses: Iterable[Address], redirects: Iterable[Redirect]) -> ssl.SSLContext:
    """What a server of the proxy's own needs. `redirects`: a name that leads to an address of ours is ours too.

    Clients verify the certificate by the lab CA: `curl --proxy-cacert`, or a store that has it.
    """
    make_lab_ca(ca)
    own = (*_LOOPBACK, *addresses)
    sans = [x509.DNSName(name) for name in dict.fromkeys(_names(own, redirects))]
    store = certs.CertStore.from_store(ca, BASENAME, KEY_BITS)
    entry = store.get_cert(None, [*sans, *(x509.IPAddress(address) for address in dict.fromkeys(own))], "tierwall")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    key = entry.privatekey.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with tempfile.NamedTemporaryFile() as file:  # 0600; OpenSSL takes files only
        file.write(key + entry.cert.to_cryptography().public_bytes(Encoding.PEM))
        file.flush()
        os.fsync(file.fileno())
        context.load_cert_chain(file.name)
    return context


def _names(own: Iterable[Address], redirects: Iterable[Redirect]) -> Iterator[str]:
    yield "localhost"
    name = socket.gethostname()
    short = name.partition(".")[0]
    yield from (name, short, f"{short}.local")
    for redirect in redirects:
        if isinstance(redirect.host, str) and not redirect.host.startswith("*.") and redirect.address in set(own):
            yield redirect.host
