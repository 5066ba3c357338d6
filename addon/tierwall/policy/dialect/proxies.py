"""The tables of proxies, resolvers and browsers: how they read a host pattern, as their documentation says.

Knows what was read in the documents that each table names, and nothing measured on the products themselves. Where a
document leaves something open, the case says so in `doubt`, and lint repeats it.
"""

from typing import Final

from tierwall.policy.dialect.common import DOTTED_DOMAIN, EXACT, NO_HOSTS, stars
from tierwall.policy.dialect.globs import everything
from tierwall.policy.dialect.product import LABEL, Case, Product, domain, exactly, form
from tierwall.policy.dialect.reading import Reading

ZSCALER_DEPTH: Final = 5
"""Levels that a leading dot reaches."""

SQUID: Final = Product(
    title="Squid, acl dstdomain",
    documents=(
        "Squid configuration directive acl, dstdomain",
        "Squid source, src/anyp/Uri.cc, matchDomainName()",
    ),
    cases=(
        EXACT,
        DOTTED_DOMAIN,
        *NO_HOSTS,
        stars("dstdomain has no `*`: it is compared as it stands, and no host holds one"),
    ),
    otherwise="dstdomain knows a host and a leading dot before one",
    below=".{}",
    note="An entry that another one covers is a duplicate for Squid, which says so when it starts.",
)

ZSCALER: Final = Product(
    title="Zscaler Internet Access, URL categories",
    documents=("Zscaler Help, ZIA, URL Format Guidelines",),
    cases=(
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
)

UMBRELLA: Final = Product(
    title="Cisco Umbrella, destination lists",
    documents=("Cisco Umbrella User Guide, Wildcards and Destination Lists",),
    cases=(
        Case(form="`x`", example="example.com", matches=form("<x>"), covers=domain),
        *NO_HOSTS,
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

CHROME_POLICY: Final = Product(
    title="Chrome, URLAllowlist",
    documents=(
        "Chrome Enterprise help, Allow or block websites: URL blocklist filter format (answer 9942583)",
        "The Chromium Projects, URL Blocklist filter format",
    ),
    cases=(
        Case(
            form="`x`, `https://x`",
            example="example.com",
            matches=form(r"(?:(?:https|wss)://)?<x>[./]?"),
            covers=domain,
        ),
        Case(
            form="`.x`",
            example=".example.com",
            matches=form(r"(?:(?:https|wss)://)?\.<x>[./]?"),
            covers=exactly,
        ),
        Case(form="`*`", example="*", matches=form(r"(?:(?:https|wss)://)?\*/?"), covers=everything),
        Case(
            form="`http://x`, other schemes",
            example="http://example.com",
            matches=form(r"[a-z][a-z0-9+.-]*://.*|[a-z][a-z0-9+-]*:\*?"),
            why="it is for another scheme than HTTPS: list the host in an entry of its own, with its `ports`",
        ),
        *NO_HOSTS[1:],  # all but the scheme, which a filter may have
        stars("a filter has `*` only as the whole host"),
    ),
    otherwise="a filter is a host, with or without a leading dot",
    exact=".{}",
    below="{}",
    note="Only the allowlist is read; a URLBlocklist beside it is not.",
)
