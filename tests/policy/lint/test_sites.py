"""What lint finds in a site, by the smallest site that has it."""

from dataclasses import replace

import pytest

from tests.policy.lint.building import EVERY_PORT, HTTP, catalogue, listed, rule, service, site
from tierwall.policy.behaviour import Basis, DpiHttpsOnly
from tierwall.policy.dialect import Dialect
from tierwall.policy.lint import Code, Severity, lint_site
from tierwall.policy.model import Catalogue, Direction, Evidence, Tier, Vendor
from tierwall.policy.site import ListEntry, Names, Site, VendorEntry

ALL = VendorEntry()
CALLS = rule("calls", "calls.acme.example")

ASKED = catalogue(
    CALLS,
    rule("usage", "usage.acme.example", services=("usage",)),
    rule("hook", networks=("192.0.2.1/32",), direction=Direction.INBOUND),
    rule("guess", "guess.acme.example", services=("extras",), evidence=Evidence.INFERRED),
)

ODD_SITES = {
    "a vendor's entry matches no rule": (
        site(VendorEntry(vendor="acme", tiers=frozenset({Tier.ANALYTICS}), services=frozenset({"calls"}))),
        Code.ADMITS_NOTHING,
        "admit[0]",
    ),
    "an entry names an inbound rule beside one that can be admitted": (
        site(VendorEntry(rules=frozenset({"calls", "hook"}))),
        Code.ADMITS_NOTHING,
        "hook",
    ),
    "a list is empty": (site(listed()), Code.ADMITS_NOTHING, "list.txt"),
    "the dialect rejects a spelling": (site(listed("a.*.example")), Code.REJECTED_SPELLING, "a.*.example"),
    "an entry is denied as a whole": (
        site(listed("a.corp.example"), deny=(listed("*.corp.example", ports=EVERY_PORT),)),
        Code.DENIED_ENTRY,
        "a.corp.example",
    ),
    "a network is denied as a whole": (
        site(listed(networks=("10.1.0.0/16",)), deny=(listed(networks=("10.0.0.0/8",), ports=EVERY_PORT),)),
        Code.DENIED_ENTRY,
        "10.1.0.0/16",
    ),
    "a vendor's rule that it admits is denied": (
        site(ALL, deny=(listed("usage.acme.example", ports=EVERY_PORT),)),
        Code.DENIED_RULE,
        "acme/usage",
    ),
    "a name is listed twice": (site(listed("a.example"), listed("a.example")), Code.DUPLICATE_ENTRY, "a.example"),
    "a network is listed twice": (
        site(listed(networks=("192.0.2.0/24", "192.0.2.0/24"))),
        Code.DUPLICATE_ENTRY,
        "192.0.2.0/24",
    ),
    "a wildcard covers a public suffix": (site(listed("*.co.uk")), Code.PUBLIC_SUFFIX, "*.co.uk"),
    "it admits analytics of a vendor without its core": (
        site(VendorEntry(tiers=frozenset({Tier.ANALYTICS}))),
        Code.WITHOUT_CORE,
        "analytics of acme",
    ),
    "a behaviour goes by a heuristic": (
        replace(site(ALL), behaviours=(DpiHttpsOnly(basis=Basis.ALPN),)),
        Code.HEURISTIC,
        "plenty of HTTPS clients offer no ALPN",
    ),
}


@pytest.mark.parametrize("case", ODD_SITES)
def test_of_a_site_it_reports_that(case: str) -> None:
    odd, code, words = ODD_SITES[case]

    (finding,) = lint_site(replace(odd, names=Names.RESOLVE), ASKED)

    assert (finding.subject, finding.code) == ("lab", code)
    assert words in finding.message


SOUND_SITES = {
    "a behaviour looks for itself": replace(site(ALL), behaviours=(DpiHttpsOnly(),)),
    "it admits everything": site(ALL),
    "it admits nothing and says so": site(),
    "a name is listed with two ports": site(listed("a.example"), listed("a.example", ports=HTTP)),
    "one name below an admitted wildcard is denied": site(
        listed("*.corp.example"), deny=(listed("files.corp.example", ports=EVERY_PORT),)
    ),
    "a name is denied on another port": site(listed("a.example"), deny=(listed("a.example", ports=HTTP),)),
    "a wildcard is below a suffix of the private section": site(listed("*.googleapis.com")),
    "a public suffix is listed as an exact name": site(listed("co.uk")),
    "its own list covers the core of a vendor of which it admits analytics": site(
        VendorEntry(tiers=frozenset({Tier.ANALYTICS})), listed("*.acme.example")
    ),
}


@pytest.mark.parametrize("case", SOUND_SITES)
def test_of_a_site_it_lets_pass_that(case: str) -> None:
    findings = lint_site(replace(SOUND_SITES[case], names=Names.RESOLVE), ASKED)

    assert [finding for finding in findings if finding.code is not Code.LIST_ADMITS] == []


def test_a_denied_host_can_be_reached_under_a_claimed_name_where_names_are_trusted() -> None:
    trusting = site(listed("*.corp.example"), deny=(listed("files.corp.example", ports=EVERY_PORT),))

    (finding,) = lint_site(trusting, ASKED)

    assert (finding.code, finding.severity) == (Code.CLAIMED_NAMES, Severity.NOTE)
    assert "files.corp.example" in finding.message


def test_a_site_that_wants_more_evidence_than_a_vendor_has_is_told_so() -> None:
    guessed = Catalogue(
        (
            *catalogue(CALLS).vendors,
            Vendor(
                id="vague",
                title="Vague",
                services=(service("calls", Tier.CORE),),
                rules=(rule("guess", "guess.example", evidence=Evidence.INFERRED),),
            ),
        )
    )
    strict = Site(id="lab", admit=(ALL,), evidence=Evidence.STATED)

    (finding,) = lint_site(strict, guessed)

    assert finding.code is Code.WEAK_EVIDENCE
    assert "vague" in finding.message


def test_unspecified_rules_are_never_what_a_site_admits() -> None:
    empty = catalogue(rule("a", "a.example", ports=(), evidence=Evidence.UNSPECIFIED, unspecified=("ports",)))

    findings = lint_site(site(VendorEntry(vendor="acme")), empty)

    assert [finding.code for finding in findings] == [Code.ADMITS_NOTHING, Code.WEAK_EVIDENCE]


def test_a_long_list_gives_one_finding_with_a_few_examples() -> None:
    names = [f"n{number}.example" for number in range(1000)]

    (finding,) = lint_site(site(listed(*names, *names)), ASKED)

    assert "n0.example" in finding.message
    assert "and 995 more" in finding.message


def test_dialects_are_read_as_the_entry_says() -> None:
    entry = ListEntry(label="list.txt", hosts=("*.*.example",), dialect=Dialect.LITERAL)

    (finding,) = lint_site(site(entry), ASKED)

    assert "`literal` rejects *.*.example" in finding.message
