"""Names with which OpenSSL compares a server's certificate.

Knows pyOpenSSL as mitmproxy's TlsConfig uses it. Refuses to compare anything itself.
"""

from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from OpenSSL import SSL


@lru_cache(1024)
def is_verifiable(name: str) -> bool:
    """Whether OpenSSL compares a certificate with this name: not where a label begins or ends with a hyphen, say.

    mitmproxy's hook raises then, and its layer waits for a handshake that nobody has begun.
    """
    try:
        ip_address(name)
    except ValueError:
        pass
    else:
        return True
    try:
        host = name.encode("idna")
    except UnicodeError:
        return False
    library: Any = SSL
    of = library.Connection(library.Context(library.TLS_CLIENT_METHOD))._ssl  # noqa: SLF001 # as TlsConfig does
    return bool(library._lib.X509_VERIFY_PARAM_set1_host(library._lib.SSL_get0_param(of), host, len(host)) == 1)  # noqa: SLF001
