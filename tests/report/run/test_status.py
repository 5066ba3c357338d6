"""The status page: the site, what it admits, what it refused; all of it escaped."""

from dataclasses import replace

from tests.policy.catalogues import CATALOGUE, listed, only
from tests.report.scene import ANALYTICS, denial, scene
from tierwall.policy.attempt import Reason
from tierwall.policy.behaviour import CaptivePortal, IdleTimeout
from tierwall.policy.behaviour.parameters import Seconds
from tierwall.policy.model import Catalogue, Tier
from tierwall.policy.site import Site
from tierwall.report.run.recent import KEPT, Recent
from tierwall.report.run.status import Status, status_page

SITE = Site(id="lab", title="ACME's <firewall>", admit=(only("8x8", tiers=[Tier.CORE]), listed("*.corp.example")))


def page(site: Site = SITE, recent: Recent | None = None, catalogue: Catalogue = CATALOGUE) -> str:
    return status_page(Status(site, catalogue, recent or Recent()))


def test_it_says_what_the_site_admits_of_each_vendor_and_tier() -> None:
    shown = page()

    assert "<h1>Site lab</h1><p>ACME&#x27;s &lt;firewall&gt;</p>" in shown
    assert "And its own lists: 1 host, 0 networks." in shown
    assert "<tr><td>8X8</td><td>4 of 4</td><td>0 of 1</td><td>0 of 1</td></tr>" in shown
    assert "<tr><td>Vevox</td><td>0 of 2</td><td>0 of 1</td><td>–</td></tr>" in shown


def test_it_says_what_the_sites_middleboxes_do_and_where_a_portals_terms_are() -> None:
    shown = page(replace(SITE, behaviours=(IdleTimeout(after=Seconds(60.0)), CaptivePortal())))

    assert "<b>idle-timeout</b> A connection on which nothing passes" in shown
    assert '<a href="http://portal.tierwall.test/">' in shown


def test_it_counts_and_shows_the_last_denials_the_newest_first() -> None:
    recent = Recent()
    for event in scene():
        recent.write(event)
    shown = page(recent=recent)

    assert "8 denied, 1 would be denied, 1 broken by behaviours, 1 not reachable, 1 fault<" in shown
    assert shown.index("evil8x8.com:443") < shown.index("vevox.app:443") < shown.index("api.amplitude.com:443")
    assert "tier-closed – Users notice nothing; the vendor&#x27;s analysis is hampered." in shown


def test_what_our_own_failures_were_is_not_told_to_clients() -> None:
    recent = Recent()
    for event in scene():
        recent.write(event)
    shown = page(recent=recent)

    assert [word for word in ("boom", "lab.yaml", "10.77.1.2") if word in shown] == []


def test_what_a_client_sent_is_neither_markup_nor_a_control_character() -> None:
    recent = Recent()
    recent.write(denial("<script>\x1b[31m\u202e", Reason.MALFORMED))

    shown = page(recent=recent)

    assert "<script" not in shown
    assert not {"\x1b", "\u202e"} & set(shown)


def test_it_stays_short_however_much_happened() -> None:
    recent = Recent()
    for number in range(10_000):
        recent.write(denial(f"{'a' * 60}.{number}.example", Reason.UNLISTED, ANALYTICS, detail="long " * 500))

    assert recent.counts.total() == 10_000
    assert len(recent.last) == KEPT
    assert len(page(recent=recent)) < 20_000


def test_a_site_that_only_observes_says_so() -> None:
    assert "Observes only" in page(replace(SITE, enforce=False))
    assert "Observes only" not in page()
