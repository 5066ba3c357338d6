"""The tables of firewalls that resolve names themselves, and of Meraki's: as their documentation says.

Knows what was read in the documents that each table names, and nothing measured on the products themselves. A firewall
that resolves names admits addresses, at which other names may be: see the behaviours `fqdn-cache-expiry` and
`stale-addresses` for what comes of it.
"""

from typing import Final

from tierwall.policy.dialect.common import ADDRESS_CASE, EXACT, NO_HOSTS, NO_NAMES, stars
from tierwall.policy.dialect.globs import everything
from tierwall.policy.dialect.product import Case, Product, domain, form

_ALIAS: Final = (
    EXACT,
    ADDRESS_CASE,
    *NO_NAMES,
    stars("an alias holds names that can be resolved, and a wildcard cannot"),
)

OPNSENSE: Final = Product(
    title="OPNsense, aliases of type Host(s)",
    documents=(
        "OPNsense documentation, Aliases (https://docs.opnsense.org/manual/aliases.html), Hosts",
        "opnsense/core issue 4145, Wildcard Support in Firewall Alias",
    ),
    cases=_ALIAS,
    otherwise="a host is an address or a fully qualified name",
)

PFSENSE: Final = Product(
    title="pfSense, host aliases",
    documents=(
        "pfSense documentation, Aliases, Host Aliases (https://docs.netgate.com/pfsense/en/latest/firewall/aliases.html)",
    ),
    cases=_ALIAS,
    otherwise="a host is an address or a fully qualified name",
)

MIKROTIK: Final = Product(
    title="MikroTik RouterOS, address lists",
    documents=(
        "RouterOS documentation, Address-lists",
        "https://help.mikrotik.com/docs/spaces/ROS/pages/130220087/Address-lists",
    ),
    cases=(
        EXACT,
        ADDRESS_CASE,
        *NO_NAMES,
        stars("an address list holds names that can be resolved, and a wildcard cannot"),
    ),
    otherwise="an address list holds addresses and names",
    note=(
        "RouterOS can fill a list from what its own DNS answers (`/ip dns static … match-subdomain=yes`): that is not "
        "in the list."
    ),
)

MERAKI: Final = Product(
    title="Cisco Meraki MX, allow list of content filtering",
    documents=(
        "Meraki documentation, Content Filtering, URL patterns",
        "https://documentation.meraki.com/MX/Content_Filtering_and_Threat_Protection/Content_Filtering",
        "Meraki documentation, URL Filtering: `*` allows everything",
    ),
    cases=(
        Case(form="`x`", example="example.com", matches=form("<x>/?"), covers=domain),
        Case(form="`*`", example="*", matches=form(r"\*"), covers=everything),
        *NO_HOSTS,
        stars("a pattern is cut from the left, label by label: `x` takes in what is below it, and `*` stands alone"),
    ),
    otherwise="a pattern is a host, or `*` alone",
    below="{}",
)
