"""The tables of firewalls: how they read a host pattern, as their documentation says.

Knows what was read in the documents that each table names, and nothing measured on the products themselves. Where a
document leaves something open, the case says so in `doubt`, and lint repeats it.
"""

from typing import Final

from tierwall.policy.dialect.common import BELOW, DOTTED_DOMAIN, EXACT, NO_HOSTS, stars
from tierwall.policy.dialect.globs import as_cilium, as_glued, everything
from tierwall.policy.dialect.product import Case, Product, below, exactly, form
from tierwall.policy.dialect.reading import Reading

FORTINET: Final = Product(
    title="FortiGate, FQDN addresses",
    documents=(
        "FortiOS Administration Guide, Using wildcard FQDN addresses in firewall policies",
        "https://docs.fortinet.com/document/fortigate/7.0.1/administration-guide/217973",
    ),
    cases=(
        EXACT,
        Case(
            form="`*.x`",
            example="*.example.com",
            matches=form(r"\*\.<x>"),
            covers=below,
            doubt=(
                "the guide says neither whether it takes in the domain itself nor whether more than one label: "
                "here it does not, and it does"
            ),
        ),
        Case(
            form="`*x`",
            example="*example.com",
            matches=form(r"\*<x>"),
            covers=as_glued,
            doubt="the guide has `*play.google.com` without saying what it takes in: here everything that ends in it",
        ),
        *NO_HOSTS,
        Case(
            form="`*` elsewhere",
            example="www.example.*",
            matches=form(r".*\*.*"),
            why="the guide has a wildcard only at the beginning",
            doubt="the guide does not say what a wildcard elsewhere does; here it covers nothing",
        ),
    ),
    otherwise="an FQDN address is a name, with or without a wildcard before it",
    below="*.{}",
    note=(
        "The firewall learns addresses from the DNS answers that pass through it (at most 1000 for an object), and "
        "admits those, not names."
    ),
)

CHECK_POINT: Final = Product(
    title="Check Point, domain objects in FQDN mode",
    documents=("Check Point Security Management Administration Guide (R81, R82), Domains",),
    cases=(
        Case(form="`.x`", example=".example.com", matches=form(r"\.<x>"), covers=exactly),
        Case(
            form="`x`",
            example="example.com",
            matches=form("<x>"),
            covers=exactly,
            doubt="the guide writes every domain object with a leading dot; without one it is read the same here",
        ),
        *NO_HOSTS,
        Case(
            form="`*` anywhere",
            example="*.example.com",
            matches=form(r".*\*.*"),
            why="the guide has no asterisks in domain objects",
            doubt="the guide does not say what an asterisk in a domain object does; here it covers nothing",
        ),
    ),
    otherwise="a domain object is a name behind a dot",
    exact=".{}",
    note=(
        "FQDN mode is the default. With FQDN cleared, `.x` takes in the names below x, by reverse DNS, which the "
        "guide calls inaccurate; whether x itself too, it does not say. A list does not show the mode, so it is "
        "not reproduced."
    ),
)

AWS_NETWORK_FIREWALL: Final = Product(
    title="AWS Network Firewall, domain lists",
    documents=(
        "AWS Network Firewall API Reference, RulesSourceList, Targets",
        "AWS Network Firewall Developer Guide, Stateful domain list rule groups",
    ),
    cases=(
        EXACT,
        DOTTED_DOMAIN,
        *NO_HOSTS,
        stars("a domain list has no asterisks: a leading dot is its wildcard"),
    ),
    otherwise="a domain list knows a name and a leading dot before one",
    below=".{}",
)

AZURE_FIREWALL: Final = Product(
    title="Azure Firewall, target FQDNs of application rules",
    documents=(
        "Microsoft Learn, Azure Firewall FAQ, How do wildcards work in target URLs and target FQDNs",
        "https://learn.microsoft.com/azure/firewall/firewall-faq",
    ),
    cases=(
        EXACT,
        BELOW,
        Case(form="`*x`", example="*example.com", matches=form(r"\*<x>"), covers=as_glued),
        Case(form="`*`", example="*", matches=form(r"\*"), covers=everything),
        *NO_HOSTS,
        stars("an asterisk works only at the very left of an FQDN", "www.example.*"),
    ),
    otherwise="a target FQDN is a name, with or without an asterisk at the very left",
    below="*.{}",
)

CILIUM: Final = Product(
    title="Cilium, toFQDNs matchName and matchPattern",
    documents=(
        "Cilium source, pkg/policy/api/fqdn.go, FQDNSelector.MatchPattern; pkg/fqdn/matchpattern",
        "Cilium documentation, DNS based policies (https://docs.cilium.io/en/stable/security/policy/language/#dns-based)",
    ),
    cases=(
        Case(form="`x`, `x.`", example="example.com", matches=form(r"<x>\.?"), covers=exactly),
        Case(
            form="`*.x`",
            example="*.example.com",
            matches=form(r"\*\.<x>\.?"),
            covers=lambda found: (Reading(found["x"], 1, 1),),
        ),
        Case(form="`**.x`", example="**.example.com", matches=form(r"\*{2,}\.<x>\.?"), covers=below),
        Case(form="`*x`", example="*example.com", matches=form(r"\*+<x>"), covers=as_cilium),
        Case(form="`*`", example="*", matches=form(r"\*+"), covers=everything),
        Case(
            form="`a*.x`, `a.*.x`",
            example="w*.example.com",
            matches=form(r"(?=.*\*)(?!.*\.[0-9]+$)[a-z0-9_*-]{1,63}(?:\.[a-z0-9_*-]{1,63})*"),
            covers=as_cilium,
        ),
        *NO_HOSTS,
    ),
    otherwise="a pattern holds letters, digits, hyphens, underscores, dots and asterisks",
    below="**.{}",
    note="`*x` takes in x and names that end in it within one label; older releases took in one level below x.",
)
