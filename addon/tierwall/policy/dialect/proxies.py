"""The tables of proxies and resolvers: how they read a host pattern, as their documentation says.

Knows what was read in the documents that each table names, and nothing measured on the products themselves. Where a
document leaves something open, the case says so in `doubt`, and lint repeats it.
"""

import re
from ipaddress import IPv6Address, ip_network
from typing import Final

from tierwall.policy.dialect.common import BELOW, DOTTED_DOMAIN, EXACT, IPV4, NO_HOSTS, NO_NAMES, as_network, stars
from tierwall.policy.dialect.product import LABEL, Case, Product, domain, exactly, form
from tierwall.policy.dialect.reading import Part, Reading, Rejected

ZSCALER_DEPTH: Final = 5
"""Levels that a leading dot reaches."""


def _as_squid_writes_addresses(found: re.Match[str]) -> tuple[Part, ...] | Rejected:
    """`192.0.2.1`, and `[2001:db8::1]` in brackets: Squid compares what it writes itself, and nothing else."""
    if found["v4"]:
        return (ip_network(found["v4"]),)
    try:
        address = IPv6Address(found["v6"])
    except ValueError:
        return Rejected("it is no IPv6 address")
    if str(address) != found["v6"]:
        return Rejected(f"Squid writes this address [{address}], and compares that")
    return (ip_network(address),)


SQUID: Final = Product(
    title="Squid 5, acl dstdomain",
    documents=(
        "Squid configuration directive acl (https://www.squid-cache.org/Doc/config/acl/): dstdomain, options -n and --",
        "Squid source, src/anyp/Uri.cc, matchDomainName(); src/acl/DomainData.cc; src/ConfigParser.cc, strtokFile()",
        "Squid 5.7 itself, asked by `make fidelity`",
    ),
    cases=(
        EXACT,
        DOTTED_DOMAIN,
        Case(
            form="an address",
            example="192.0.2.1",
            matches=form(rf"\.?(?P<v4>{IPV4})|\[(?P<v6>[0-9a-f:.]+)\]"),
            covers=_as_squid_writes_addresses,
        ),
        Case(
            form="a name in letters of its own language",
            example="bücher.example",
            matches=form(r".*[^\x00-\x7f].*"),
            why="Squid compares octets, and clients ask for A-labels (`xn--…`)",
        ),
        *NO_HOSTS,
        stars("dstdomain has no `*`: it is compared as it stands, and no host holds one"),
    ),
    otherwise="dstdomain knows a host and a leading dot before one, and compares the rest as it stands",
    below=".{}",
    octets=True,
    note=(
        "A list file has an entry a line: `#` begins a comment only at its start or behind a blank, and nothing else "
        "is taken away. Squid 5 and 6 do not start with a list in which a name or `.x` stands before the `.x` that "
        "covers it, or `x` itself behind `.x`; neither does such a list load here (Squid 7 warns, and keeps `.x`). An "
        "address covers that literal host, and not the names that lead to it. Where Squid is asked for an address "
        "that no entry covers, it looks for its name by reverse DNS and compares that (`-n` turns it off): that is "
        "not reproduced. Neither is a client that asks for a name in U-labels, whose octets Squid compares as they "
        "came."
    ),
)

ZSCALER: Final = Product(
    title="Zscaler Internet Access, URL categories",
    documents=("Zscaler Help, ZIA, URL Format Guidelines (https://help.zscaler.com/zia/url-format-guidelines)",),
    cases=(
        Case(
            form="characters outside ASCII",
            example="bücher.example",
            matches=form(r".*[^\x00-\x7f].*"),
            why="only ASCII characters are taken: write its A-labels (`xn--…`)",
        ),
        Case(
            form="`_` in the domain below a public suffix, or in the suffix",
            example="www.exam_ple.com",
            matches=form(
                r"\.?(?:[^./]+\.)+(?:[^./]*_[^./]*\.[^./]+|[^./]+\.[^./]*_[^./]*)/?|\.?[^./]+\.[^./]*_[^./]*/?"
            ),
            why="an underscore is taken in a subdomain only",
        ),
        Case(
            form="`_` alone as a label",
            example="_.example.com",
            matches=form(r"\.?(?:.*\.)?_\..*"),
            why="an underscore alone cannot be a subdomain",
        ),
        Case(
            form="`x` without a dot in it",
            example=".com",
            matches=form(rf"\.?{LABEL}/?"),
            why="a top-level domain alone cannot be added",
        ),
        Case(form="`x`", example="example.com", matches=form("<x>/?"), covers=exactly),
        Case(
            form="`.x`",
            example=".example.com",
            matches=form(r"\.<x>/?"),
            covers=lambda found: (Reading(found["x"], 0, ZSCALER_DEPTH),),
        ),
        *NO_HOSTS,
        stars("an asterisk is no wildcard in a URL: a leading dot is"),
    ),
    otherwise="the guidelines know a host and a leading dot before one",
    below=".{}",
    octets=True,
    note="Where one entry is not valid, Zscaler rejects the whole request: nothing of such a list would be there.",
)

UMBRELLA: Final = Product(
    title="Cisco Umbrella, destination lists",
    documents=(
        "Cisco Umbrella User Guide, Wildcards and Destination Lists",
        "Cisco Umbrella API, Destination Lists (https://developer.cisco.com/docs/cloud-security/): IPv4 in allow lists",
    ),
    cases=(
        Case(form="`x`", example="example.com", matches=form("<x>"), covers=domain),
        Case(
            form="an IPv4 address or network",
            example="192.0.2.0/24",
            matches=form(rf"(?P<network>{IPV4}(?:/(?:[0-9]|[12][0-9]|3[0-2]))?)"),
            covers=as_network,
        ),
        *NO_NAMES,
        stars("asterisks are not supported: every domain has an implied one before it"),
        Case(
            form="`.x`",
            example=".example.com",
            matches=form(r"\.<x>"),
            why="the guide has no leading dot",
            doubt="the guide does not say what a leading dot does; here it covers nothing",
        ),
    ),
    otherwise="a destination list takes domains",
    below="{}",
)

ENVOY: Final = Product(
    title="Envoy, server_names of a filter chain",
    documents=(
        "Envoy API, config.listener.v3.FilterChainMatch, server_names",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/listener/v3/listener_components.proto",
        "Envoy API, xds.type.matcher.v3.ServerNameMatcher: the wildcard is one or more whole labels",
    ),
    cases=(
        EXACT,
        BELOW,
        *NO_HOSTS,
        stars("partial wildcards are not supported: only a leading `*.`", "*w.example.com"),
    ),
    otherwise="a server name is a name, or `*.` before one",
    below="*.{}",
    note="The names are compared with the SNI; of several chains the one with the longest name is taken.",
)

SMOKESCREEN: Final = Product(
    title="Smokescreen, allowed_domains of an ACL",
    documents=("Smokescreen source, pkg/smokescreen/acl/v1/acl.go, HostMatchesGlob() and ValidateDomainGlob()",),
    cases=(
        EXACT,
        BELOW,
        Case(
            form="a name in letters of its own language",
            example="bücher.example",
            matches=form(r".*[^\x00-\x7f].*"),
            why="Smokescreen refuses it when it starts: write its A-labels (`xn--…`)",
        ),
        *NO_HOSTS,
        stars("Smokescreen refuses it when it starts: a wildcard is only a leading `*.`", "www.*.example.com"),
    ),
    otherwise="a glob is a name, or `*.` before one",
    below="*.{}",
    octets=True,
)
