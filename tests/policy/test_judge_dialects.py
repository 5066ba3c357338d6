"""How a site's dialect decides what is admitted, and what people read where its spelling leaves a name out."""

import pytest

from tests.policy.catalogues import CATALOGUE, connect, everything, ports
from tierwall.policy.attempt import Reason, Verdict
from tierwall.policy.dialect import Dialect
from tierwall.policy.judge import judge
from tierwall.policy.model import Tier
from tierwall.policy.site import ListEntry, Site

NO_STARS = "dstdomain has no `*`: it is compared as it stands, and no host holds one"


def verdict(dialect: Dialect, spelling: str, host: str) -> Verdict:
    entry = ListEntry(label="list.txt", hosts=(spelling,), ports=ports("tcp/443"), dialect=dialect)
    return judge(Site(id="s", admit=(entry,)), CATALOGUE, connect(host))


@pytest.mark.parametrize(
    ("dialect", "spelling", "host", "detail"),
    [
        (
            Dialect.PAN_OS,
            "*.8x8.vc",
            "8x8.vc",
            "`*.8x8.vc` as `pan-os` reads it does not cover the apex; add `8x8.vc/`",
        ),
        (
            Dialect.PAN_OS,
            "8x8.vc/",
            "eu.8x8.vc",
            "`8x8.vc/` as `pan-os` reads it does not cover names below it; add `*.8x8.vc/`",
        ),
        (
            Dialect.PAN_OS,
            "^.8x8.vc",
            "a.eu.8x8.vc",
            "`^.8x8.vc` as `pan-os` reads it does not cover more than 1 label before `8x8.vc`; add `*.8x8.vc/`",
        ),
        (
            Dialect.PAN_OS_LEGACY,
            "*.8x8.vc",
            "8x8.vc",
            "`*.8x8.vc` as `pan-os-legacy` reads it does not cover the apex; add `8x8.vc/`",
        ),
        (
            Dialect.SQUID,
            "8x8.vc",
            "eu.8x8.vc",
            "`8x8.vc` as `squid` reads it does not cover names below it; write `.8x8.vc` in place of it",
        ),
        (
            Dialect.SQUID,
            "*.8x8.vc",
            "8x8.vc",
            f"`*.8x8.vc` covers nothing as `squid` reads it: {NO_STARS}; add `8x8.vc`",
        ),
        (
            Dialect.SQUID,
            "*.8x8.vc",
            "eu.8x8.vc",
            f"`*.8x8.vc` covers nothing as `squid` reads it: {NO_STARS}; add `.8x8.vc`",
        ),
        (
            Dialect.ZSCALER,
            ".8x8.vc",
            "f.e.d.c.b.a.8x8.vc",
            (
                "`.8x8.vc` as `zscaler` reads it does not cover more than 5 labels before `8x8.vc`; "
                "add `f.e.d.c.b.a.8x8.vc`"
            ),
        ),
        (
            Dialect.CHECK_POINT,
            ".8x8.vc",
            "eu.8x8.vc",
            "`.8x8.vc` as `check-point` reads it does not cover names below it; add `.eu.8x8.vc`",
        ),
        (
            Dialect.CHROME_POLICY,
            ".8x8.vc",
            "eu.8x8.vc",
            "`.8x8.vc` as `chrome-policy` reads it does not cover names below it; add `8x8.vc`",
        ),
        (
            Dialect.CILIUM,
            "*8x8.vc",
            "eu.8x8.vc",
            "`*8x8.vc` as `cilium` reads it does not cover names below it; add `**.8x8.vc`",
        ),
    ],
)
def test_a_gap_names_the_entry_and_the_spelling_that_closes_it(
    dialect: Dialect, spelling: str, host: str, detail: str
) -> None:
    found = verdict(dialect, spelling, host)

    assert (found.reason, found.detail) == (Reason.WILDCARD_GAP, detail)


@pytest.mark.parametrize(
    ("dialect", "spelling", "host"),
    [
        (Dialect.AZURE_FIREWALL, "*8x8.com", "evil8x8.com"),
        (Dialect.PAN_OS_LEGACY, "8x8.vc", "8x8.vc.evil.example"),
        (Dialect.CILIUM, "eu*.8x8.vc", "eu-1.8x8.vc"),
        (Dialect.SQUID, ".8x8.vc", "8x8.vc"),
        (Dialect.CHROME_POLICY, "https://8x8.vc/", "eu.8x8.vc"),
    ],
)
def test_what_admits_is_called_as_the_list_spells_it(dialect: Dialect, spelling: str, host: str) -> None:
    found = verdict(dialect, spelling, host)

    assert (found.reason, found.admitted_by) == (None, f"list.txt {spelling}")


def test_a_stranger_that_over_matching_admits_breaks_nothing() -> None:
    assert verdict(Dialect.AZURE_FIREWALL, "*8x8.vc", "evil8x8.vc").tier is Tier.NONE


@pytest.mark.parametrize(
    ("dialect", "host", "reason"),
    [
        (Dialect.SQUID, "a.vevox.app", Reason.WILDCARD_GAP),
        (Dialect.SQUID, "8x8.vc", None),
        (Dialect.UMBRELLA, "eu.8x8.vc", None),
        (Dialect.CILIUM, "a.b.vevox.app", Reason.WILDCARD_GAP),
        (Dialect.PAN_OS, "a.b.vevox.app", None),
    ],
)
def test_vendors_patterns_are_admitted_as_the_sites_dialect_reads_them(
    dialect: Dialect, host: str, reason: Reason | None
) -> None:
    site = Site(id="s", admit=(everything(),), dialect=dialect)

    assert judge(site, CATALOGUE, connect(host)).reason is reason


def test_a_vendors_gap_is_closed_in_the_sites_dialect() -> None:
    found = judge(Site(id="s", dialect=Dialect.PAN_OS), CATALOGUE, connect("jitsi.net"))

    assert found.detail == "8x8 asks for `*.jitsi.net`, which does not cover the apex; add `jitsi.net/`"


def test_deny_is_read_in_its_dialect_too() -> None:
    entry = ListEntry(label="deny[0]", hosts=(".8x8.vc",), ports=ports("tcp/443"), dialect=Dialect.SQUID)
    site = Site(id="s", admit=(everything(),), deny=(entry,))

    assert judge(site, CATALOGUE, connect("8x8.vc")).reason is Reason.SITE_DENIED
