"""The products whose reading can be reproduced, and the table of each.

Knows their names; the tables are proxies.py's, browsers.py's, firewalls.py's, resolving.py's and pan_os.py's.
"""

from enum import StrEnum
from typing import Final

from tierwall.policy.dialect import browsers, firewalls, pan_os, proxies, resolving
from tierwall.policy.dialect.common import BELOW, EXACT, stars
from tierwall.policy.dialect.product import Product


class Dialect(StrEnum):
    """The products whose reading can be reproduced."""

    LITERAL = "literal"
    """`x` is x alone, `*.x` is one or more labels before x and never x itself. The catalogue is always read so."""
    SQUID = "squid"
    PAN_OS = "pan-os"
    PAN_OS_LEGACY = "pan-os-legacy"
    ZSCALER = "zscaler"
    UMBRELLA = "umbrella"
    AWS_NETWORK_FIREWALL = "aws-network-firewall"
    FORTINET = "fortinet"
    CHECK_POINT = "check-point"
    AZURE_FIREWALL = "azure-firewall"
    CHROME_POLICY = "chrome-policy"
    CILIUM = "cilium"
    FIREFOX_POLICY = "firefox-policy"
    ENVOY = "envoy"
    SMOKESCREEN = "smokescreen"
    OPNSENSE = "opnsense"
    PFSENSE = "pfsense"
    MIKROTIK = "mikrotik"
    MERAKI = "meraki"


_LITERAL: Final = Product(
    title="tierwall's own reading, and that of the catalogue",
    documents=("DESIGN of tierwall: a vendor's pattern is an exact name or a leading `*.`",),
    cases=(EXACT, BELOW, stars("a wildcard must be a whole leading label, `*.`", "www.*.example.com")),
    otherwise="it is neither a name nor `*.` before one",
    below="*.{}",
)

PRODUCTS: Final[dict[Dialect, Product]] = {
    Dialect.LITERAL: _LITERAL,
    Dialect.SQUID: proxies.SQUID,
    Dialect.PAN_OS: pan_os.PAN_OS,
    Dialect.PAN_OS_LEGACY: pan_os.PAN_OS_LEGACY,
    Dialect.ZSCALER: proxies.ZSCALER,
    Dialect.UMBRELLA: proxies.UMBRELLA,
    Dialect.AWS_NETWORK_FIREWALL: firewalls.AWS_NETWORK_FIREWALL,
    Dialect.FORTINET: firewalls.FORTINET,
    Dialect.CHECK_POINT: firewalls.CHECK_POINT,
    Dialect.AZURE_FIREWALL: firewalls.AZURE_FIREWALL,
    Dialect.CHROME_POLICY: browsers.CHROME_POLICY,
    Dialect.CILIUM: firewalls.CILIUM,
    Dialect.FIREFOX_POLICY: browsers.FIREFOX_POLICY,
    Dialect.ENVOY: proxies.ENVOY,
    Dialect.SMOKESCREEN: proxies.SMOKESCREEN,
    Dialect.OPNSENSE: resolving.OPNSENSE,
    Dialect.PFSENSE: resolving.PFSENSE,
    Dialect.MIKROTIK: resolving.MIKROTIK,
    Dialect.MERAKI: resolving.MERAKI,
}
