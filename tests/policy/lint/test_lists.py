"""What lint says of a customer's list against what vendors ask for, in the list's own dialect."""

import pytest

from tests.policy.lint.building import HTTP, HTTPS, catalogue, rule, site
from tierwall.policy.dialect import Dialect
from tierwall.policy.lint import Code, Finding, Severity, lint_site
from tierwall.policy.model import Direction, Ports
from tierwall.policy.site import ListEntry, Site, VendorEntry

ASKED = catalogue(
    rule("apex", "8x8.vc"),
    rule("below", "*.8x8.vc"),
    rule("below-http", "*.8x8.vc", ports=HTTP, services=("extras",)),
    rule("usage", "api.usage.example", services=("usage",)),
    rule("hook", "hook.8x8.vc", direction=Direction.INBOUND),
)


def listed(dialect: Dialect, *hosts: str, ports: tuple[Ports, ...] = HTTPS) -> ListEntry:
    return ListEntry(label="list.txt", hosts=hosts, ports=ports, dialect=dialect)


def of(code: Code, *entries: ListEntry | VendorEntry) -> list[Finding]:
    return [finding for finding in lint_site(site(*entries), ASKED) if finding.code is code]


@pytest.mark.parametrize(
    ("dialect", "host", "admits"),
    [
        (Dialect.PAN_OS, "*.8x8.vc/", "*.8x8.vc"),
        (Dialect.PAN_OS, "8x8.vc", "8x8.vc"),
        (Dialect.SQUID, ".8x8.vc", "8x8.vc, *.8x8.vc"),
        (Dialect.ZSCALER, ".8x8.vc", "8x8.vc, *.8x8.vc"),
        (Dialect.UMBRELLA, "8x8.vc", "8x8.vc, *.8x8.vc"),
        (Dialect.UMBRELLA, "usage.example", "api.usage.example"),
    ],
)
def test_it_says_what_a_list_admits_of_a_vendor(dialect: Dialect, host: str, admits: str) -> None:
    (finding,) = of(Code.LIST_ADMITS, listed(dialect, host))

    assert finding.message == f"list.txt admits of acme: {admits}"


@pytest.mark.parametrize(
    ("dialect", "host", "misses", "mend"),
    [
        (Dialect.PAN_OS, "*.8x8.vc", "8x8.vc (core, `*.8x8.vc` leaves it out)", "add `8x8.vc/`"),
        (
            Dialect.SQUID,
            "8x8.vc",
            "*.8x8.vc (core, `8x8.vc` leaves it out)",
            "put `.8x8.vc` for `8x8.vc` (also covers 8x8.vc)",
        ),
        (
            Dialect.CILIUM,
            "*.8x8.vc",
            "8x8.vc (core, `*.8x8.vc` leaves it out), a part of *.8x8.vc (core, `*.8x8.vc` leaves it out)",
            "add `8x8.vc`, `**.8x8.vc`",
        ),
    ],
)
def test_it_says_what_a_list_misses_and_the_spelling_that_mends_it(
    dialect: Dialect, host: str, misses: str, mend: str
) -> None:
    (finding,) = of(Code.LIST_MISSES, listed(dialect, host))

    assert finding.message == f"list.txt misses of acme, as `{dialect}` reads it: {misses}"
    assert (finding.mend, finding.severity) == (mend, Severity.NOTE)


@pytest.mark.parametrize(
    "others",
    [
        [listed(Dialect.PAN_OS, "8x8.vc/")],
        [VendorEntry(rules=frozenset({"apex"}))],
    ],
)
def test_what_another_entry_admits_is_not_missed(others: list[ListEntry | VendorEntry]) -> None:
    assert of(Code.LIST_MISSES, listed(Dialect.PAN_OS, "*.8x8.vc"), *others) == []


def test_a_list_is_held_against_rules_with_its_own_ports_only() -> None:
    (finding,) = of(Code.LIST_ADMITS, listed(Dialect.SQUID, ".8x8.vc", ports=HTTP))

    assert finding.message == "list.txt admits of acme: *.8x8.vc"


@pytest.mark.parametrize(
    ("dialect", "host", "covers"),
    [
        (Dialect.AZURE_FIREWALL, "*8x8.com", "`*8x8.com` covers evil8x8.com"),
        (Dialect.CILIUM, "*8x8.com", "`*8x8.com` covers evil8x8.com"),
        (Dialect.PAN_OS_LEGACY, "8x8.vc", "`8x8.vc` covers 8x8.vc.evil.example"),
        (Dialect.PAN_OS_LEGACY, "*.8x8.vc", "`*.8x8.vc` covers any.8x8.vc.evil.example"),
        (Dialect.PAN_OS, "mail.*.com", "`mail.*.com` covers mail.any.com"),
        (Dialect.CHROME_POLICY, "*", "`*` covers evil.example"),
    ],
)
def test_strangers_that_get_in_are_a_warning(dialect: Dialect, host: str, covers: str) -> None:
    (finding,) = of(Code.OVER_MATCH, listed(dialect, host))

    assert finding.message == f"list.txt admits strangers, as `{dialect}` reads it: {covers}"
    assert (finding.severity, bool(finding.mend)) == (Severity.WARNING, True)


@pytest.mark.parametrize(
    ("dialect", "host"),
    [
        (Dialect.PAN_OS_LEGACY, "8x8.vc/"),
        (Dialect.CILIUM, "eu*.8x8.vc"),
        (Dialect.PAN_OS, "a.*.8x8.vc"),
        (Dialect.AZURE_FIREWALL, "*.8x8.com"),
    ],
)
def test_where_no_stranger_gets_in_it_is_silent(dialect: Dialect, host: str) -> None:
    assert of(Code.OVER_MATCH, listed(dialect, host)) == []


def test_the_vendors_patterns_let_strangers_in_too_where_the_sites_dialect_does() -> None:
    lab = Site(id="lab", admit=(VendorEntry(),), dialect=Dialect.PAN_OS_LEGACY)

    (finding,) = [found for found in lint_site(lab, ASKED) if found.code is Code.OVER_MATCH]

    assert finding.message.startswith(
        "what it admits of vendors admits strangers, as `pan-os-legacy` reads it: `8x8.vc`"
    )


def test_what_is_not_documented_is_said_once_for_a_list() -> None:
    (finding,) = of(Code.UNDOCUMENTED, listed(Dialect.FORTINET, "*.8x8.vc", "*.vevox.app", "8x8.vc"))

    assert (
        "how `fortinet` reads `*.8x8.vc`, `*.vevox.app` is not documented as a whole: the guide says" in finding.message
    )
    assert finding.severity is Severity.NOTE


@pytest.mark.parametrize(
    ("dialect", "host", "mend"),
    [
        (Dialect.SQUID, "*.8x8.vc", "spell it as `squid` reads it: `.8x8.vc` for `*.8x8.vc` (also covers 8x8.vc)"),
        (Dialect.UMBRELLA, "*.8x8.vc", "spell it as `umbrella` reads it: `8x8.vc` for `*.8x8.vc` (also covers 8x8.vc)"),
        (Dialect.CHECK_POINT, "*.8x8.vc", "spell it as `check-point` reads it"),
        (Dialect.SQUID, "8x8.vc/meet", "spell it as `squid` reads it"),
    ],
)
def test_a_rejected_spelling_gets_one_that_works(dialect: Dialect, host: str, mend: str) -> None:
    (finding,) = of(Code.REJECTED_SPELLING, listed(dialect, host))

    assert finding.mend == mend
    assert "which therefore covers nothing" in finding.message
