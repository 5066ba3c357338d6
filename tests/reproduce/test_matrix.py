"""Every bundled site's behaviours against the vendors of a matrix: what meets them, and what no check can show."""

import pytest

from tests.docs.reading import document
from tierwall.loader import load_catalogue, load_site, site_names
from tierwall.policy.model import Catalogue
from tierwall.reproduce.check import Means, Wanted
from tierwall.reproduce.checks import HOLD_S, checks_of
from tierwall.reproduce.matrix import VENDORS, plain

LONGEST_S = 360.0
NOT_SHOWN = {
    ("av-scanning-proxy", "headers"),
    ("nightly-cut", "max-lifetime"),
    ("strict-bank", "connect-ports"),
    ("tls-1-2-proxy", "no-http2"),
}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue([])


def test_every_behaviour_of_a_bundled_site_meets_a_client_or_the_page_on_sites_says_why_not(
    catalogue: Catalogue,
) -> None:
    met = {
        (name, behaviour)
        for name in site_names()
        for site in [load_site(name, catalogue)]
        if site.behaviours
        for vendor in VENDORS
        for check in checks_of(catalogue, site, Wanted(vendor=vendor, longest_s=LONGEST_S), Means())
        if check.not_run is None
        for behaviour in check.meets
    }
    every = {(name, each.NAME) for name in site_names() for each in load_site(name, catalogue).behaviours}

    assert every - met == NOT_SHOWN
    page = document("docs/sites.md")
    assert [pair for pair in sorted(NOT_SHOWN) if f"| `{pair[0]}` | `{pair[1]}` |" not in page] == []


def test_the_round_without_a_site_is_the_same_for_all_of_them(catalogue: Catalogue) -> None:
    wanted = Wanted(vendor="vevox", longest_s=LONGEST_S)
    rounds = [
        {plain(check) for check in checks_of(catalogue, load_site(name, catalogue), wanted, Means())}
        for name in ("reference", "idle-60s", "ssl-inspection")
    ]

    assert rounds[0] == rounds[1] == rounds[2]
    assert {check.hold_s for check in rounds[1]} == {0.0, HOLD_S}
