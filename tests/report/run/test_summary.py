"""A summary says what broke for whom, in a bounded space."""

from tests.report.scene import ANALYTICS, CORE, denial, scene, summarise
from tierwall.events import Action
from tierwall.policy.attempt import Reason
from tierwall.policy.model import Tier
from tierwall.report.run.summary import TALLIED, Cause, Destination, Tunnels


def test_tiers_broken_come_by_vendor_the_most_severe_first() -> None:
    broken = summarise(scene()).broken

    assert [(tier.vendor, tier.tier) for tier in broken] == [
        ("8x8", Tier.CORE),
        ("8x8", Tier.ANALYTICS),
        ("vevox", Tier.CORE),
    ]
    assert broken[1].destinations == (
        Destination(destination="api.amplitude.com:443", action=Action.DENIED, reason="tier-closed", count=3),
    )


def test_an_event_that_breaks_two_services_of_a_tier_is_one_try_at_its_destination() -> None:
    (core,) = summarise([denial("8x8.vc", Reason.TIER_CLOSED, CORE, CORE)]).broken

    assert [destination.count for destination in core.destinations] == [1]
    assert [(service.service, service.count) for service in core.services] == [("core", 1)]


def test_what_breaks_nothing_documented_is_apart() -> None:
    unlisted = summarise(scene()).unlisted

    assert [row.destination for row in unlisted] == ["(client 10.77.1.2)", "evil8x8.com:443", r"x\x1b[31m|`\u202e:443"]


def test_tunnels_failures_and_faults_are_added_up() -> None:
    summary = summarise(scene())

    assert summary.tunnels == Tunnels(count=1, sent=1234, received=34_567_890)
    assert summary.failed == (Cause(where="8x8.vc:443", message="connection refused", count=1),)
    assert [fault.where for fault in summary.faults] == ["config"]
    assert (summary.first, summary.last) == ("2026-11-21T12:00:00.000Z", "2026-11-21T12:00:13.000Z")


def test_a_million_destinations_do_not_fill_the_memory() -> None:
    many = (denial(f"{number}.example", Reason.UNLISTED) for number in range(TALLIED + 5))
    broken = (denial(f"{number}.example", Reason.TIER_CLOSED, ANALYTICS) for number in range(TALLIED + 3))

    summary = summarise([*many, *broken])

    assert (len(summary.unlisted), summary.unlisted_others) == (TALLIED, 5)
    assert (len(summary.broken[0].destinations), summary.broken[0].others) == (TALLIED, 3)


def test_of_nothing_there_is_a_summary() -> None:
    assert summarise([]).counts == {}
