"""The parts of mitmproxy that a run of ours is made of, and not the forty addons that come with them.

Knows how Python finds submodules. The others bring Flask, an LDAP client and more: a fifth of the time to start.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Final

import mitmproxy

_PACKAGE: Final = "mitmproxy.addons"


@contextmanager
def _submodules_only() -> Iterator[None]:
    """An empty package stands in while submodules of mitmproxy's are imported; who asks later gets the real one."""
    if _PACKAGE in sys.modules:
        yield
        return
    empty = ModuleType(_PACKAGE)
    empty.__path__ = [str(Path(folder) / "addons") for folder in mitmproxy.__path__]
    sys.modules[_PACKAGE] = empty
    try:
        yield
    finally:
        del sys.modules[_PACKAGE]


with _submodules_only():
    from mitmproxy.addons.core import Core
    from mitmproxy.addons.disable_h2c import DisableH2C
    from mitmproxy.addons.dns_resolver import DnsResolver
    from mitmproxy.addons.next_layer import NextLayer
    from mitmproxy.addons.proxyserver import Proxyserver
    from mitmproxy.addons.strip_dns_https_records import StripDnsHttpsRecords
    from mitmproxy.addons.tlsconfig import TlsConfig
    from mitmproxy.addons.update_alt_svc import UpdateAltSvc
    from mitmproxy.addons.upstream_auth import UpstreamAuth
    from mitmproxy.master import Master  # imports an addon too

__all__ = [
    "Core",
    "DisableH2C",
    "DnsResolver",
    "Master",
    "NextLayer",
    "Proxyserver",
    "StripDnsHttpsRecords",
    "TlsConfig",
    "UpdateAltSvc",
    "UpstreamAuth",
]
