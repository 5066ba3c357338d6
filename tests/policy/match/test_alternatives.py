"""Where a site opens another way to the same, a denial breaks less, or nothing."""

from dataclasses import replace

import pytest

from tests.policy.catalogues import DOCUMENT, connect, listed, only, rule, service, to, vendor
from tierwall.policy.attempt import Attempt, Verdict
from tierwall.policy.behaviour import NoUdp
from tierwall.policy.judge import judge
from tierwall.policy.model import Catalogue, Choice, Evidence, Ladder, Step, Transport, Way
from tierwall.policy.site import ListEntry, Site, VendorEntry

PLAIN = vendor(
    "acme",
    services=[service("media"), service("pages")],
    rules=[
        rule("wildcard", "pages", hosts=["*.acme.example"]),
        rule("names", "pages", hosts=["a.acme.example", "b.acme.example"]),
        rule("udp", "media", networks=["192.0.2.0/24"], on=["udp/3478"]),
        rule("turn-tcp", "media", networks=["192.0.2.0/24"], on=["tcp/3478"]),
        rule("turn-tls", "media", networks=["192.0.2.0/24"], on=["tcp/443"]),
    ],
)
VENDOR = replace(
    PLAIN,
    choices=(
        Choice(
            id="hosts",
            ways=(Way(title="Wildcard", rules=("wildcard",)), Way(title="Names", rules=("names",))),
            source=DOCUMENT,
        ),
    ),
    ladders=(
        Ladder(
            id="media",
            steps=(
                Step(title="UDP", rules=("udp",)),
                Step(title="TURN by TCP", rules=("turn-tcp",), remains="Pictures stutter."),
                Step(title="TURN by TLS", rules=("turn-tls",), remains="Pictures stand still."),
            ),
            source=DOCUMENT,
        ),
    ),
)
CATALOGUE = Catalogue((VENDOR,))
UDP = to("192.0.2.7", 3478, over=Transport.UDP)
TURN_TLS = to("192.0.2.7", 443)


def _verdict(attempt: Attempt, *admit: VendorEntry | ListEntry) -> Verdict:
    return judge(Site(id="s", admit=admit), CATALOGUE, attempt)


def test_without_the_wildcard_nothing_breaks_where_every_single_name_is_open() -> None:
    verdict = _verdict(connect("other.acme.example"), only(rules=["names"]))

    assert (verdict.passes, verdict.breaks) == (False, ())
    assert [impact.rule for impact in verdict.near] == ["wildcard"]


def test_the_customers_own_list_can_be_the_other_way() -> None:
    verdict = _verdict(connect("other.acme.example"), listed("a.acme.example", "b.acme.example"))

    assert verdict.breaks == ()


def test_half_of_the_other_way_is_none() -> None:
    verdict = _verdict(connect("other.acme.example"), listed("a.acme.example"))

    assert [impact.rule for impact in verdict.breaks] == ["wildcard"]


@pytest.mark.parametrize(
    ("opened", "remains"),
    [
        (["turn-tcp", "turn-tls"], "Pictures stutter."),
        (["turn-tls"], "Pictures stand still."),
        ([], "media does not work."),
    ],
)
def test_of_a_ladder_the_symptom_of_the_best_rung_that_works_remains(opened: list[str], remains: str) -> None:
    verdict = _verdict(UDP, only(rules=opened))

    assert [(impact.rule, impact.symptom) for impact in verdict.breaks] == [("udp", remains)]


def test_a_closed_rung_below_one_that_works_says_what_it_is_kept_for() -> None:
    verdict = _verdict(TURN_TLS, only(rules=["udp"]))

    (impact,) = verdict.breaks
    assert impact.symptom == "Nothing while this works: UDP. Where it does not either: media does not work."


def test_where_a_middlebox_stops_all_udp_the_rungs_above_it_remain() -> None:
    site = Site(id="s", admit=(only("acme"),), behaviours=(NoUdp(),))

    (effect,) = judge(site, CATALOGUE, UDP).effects

    assert [impact.symptom for impact in effect.breaks] == ["Pictures stutter."]


def test_what_the_site_admits_serves_as_its_service_says() -> None:
    (impact,) = _verdict(TURN_TLS, only("acme")).breaks

    assert impact.symptom == "media does not work."


def test_a_rule_of_weak_evidence_is_named_as_such_on_a_ladder_too() -> None:
    host = rule("by-name", "media", hosts=["turn.acme.example"], on=["tcp/3478"], evidence=Evidence.INFERRED)
    ladder = replace(
        VENDOR.ladders[0],
        steps=(
            Step(title="By name", rules=("by-name",)),
            Step(title="TURN by TLS", rules=("turn-tls",), remains="Pictures stand still."),
        ),
    )
    catalogue = Catalogue((replace(VENDOR, rules=(*VENDOR.rules, host), choices=(), ladders=(ladder,)),))
    site = Site(id="s", admit=(only("acme", rules=["by-name", "turn-tls"]),), evidence=Evidence.STATED)

    verdict = judge(site, catalogue, connect("turn.acme.example", 3478))

    assert verdict.detail == "acme/by-name is inferred, and the site admits nothing below stated"
    assert [impact.symptom for impact in verdict.breaks] == ["Pictures stand still."]
