"""Behaviours on octets: each acts on one vendor where its scope says so, on any protocol, and decrypts nothing."""

import pytest

from tests.policy.catalogues import CATALOGUE, connect, everything
from tierwall.policy.attempt import Attempt, Effect, Reason, Seen
from tierwall.policy.behaviour import (
    Bandwidth,
    Behaviour,
    FqdnCacheExpiry,
    HalfCloseBreaks,
    IdleTimeout,
    Jitter,
    Latency,
    MaxLifetime,
    Reset,
    Scope,
    Slicer,
    SlowClose,
    Stall,
)
from tierwall.policy.behaviour.parameters import Octets, OctetsPerSecond, Seconds
from tierwall.policy.effects import inspected, reason_of
from tierwall.policy.judge import judge
from tierwall.policy.model import Protocol
from tierwall.policy.site import Site

ONLY_VEVOX = Scope(vendor="vevox")
AFTER = Seconds(60.0)

KINDS = [
    FqdnCacheExpiry(after=AFTER, scope=ONLY_VEVOX),
    IdleTimeout(after=AFTER, scope=ONLY_VEVOX),
    MaxLifetime(after=AFTER, scope=ONLY_VEVOX),
    Latency(delay=AFTER, scope=ONLY_VEVOX),
    Jitter(most=AFTER, scope=ONLY_VEVOX),
    Bandwidth(rate=OctetsPerSecond(1000), scope=ONLY_VEVOX),
    Slicer(size=Octets(100), scope=ONLY_VEVOX),
    Stall(octets=Octets(100), scope=ONLY_VEVOX),
    Reset(after=AFTER, scope=ONLY_VEVOX),
    SlowClose(delay=AFTER, scope=ONLY_VEVOX),
    HalfCloseBreaks(scope=ONLY_VEVOX),
]


def effects(attempt: Attempt, *behaviours: Behaviour) -> tuple[Effect, ...]:
    return judge(Site(id="lab", admit=(everything(),), behaviours=behaviours), CATALOGUE, attempt).effects


@pytest.mark.parametrize("behaviour", KINDS, ids=lambda behaviour: behaviour.NAME)
def test_one_vendors_scope_leaves_the_other_untouched(behaviour: Behaviour) -> None:
    (effect,) = effects(connect("acme.vevox.app"), behaviour)

    hits_a_browser = Protocol.HTTPS in behaviour.HITS
    assert {impact.vendor for impact in effect.breaks} == ({"vevox"} if hits_a_browser else set())
    assert effects(connect("8x8.vc"), behaviour) == ()


@pytest.mark.parametrize("behaviour", KINDS, ids=lambda behaviour: behaviour.NAME)
@pytest.mark.parametrize("seen", [Seen.TLS, Seen.HTTP, None])
def test_it_acts_whatever_is_spoken_and_opens_nothing(behaviour: Behaviour, seen: Seen | None) -> None:
    attempt = connect("acme.vevox.app", seen=seen)
    found = effects(attempt, behaviour)

    assert len(found) == 1
    assert not inspected(attempt, found)
    assert reason_of(behaviour) is Reason.BEHAVIOUR


def test_they_act_in_one_order_whatever_the_site_says_first() -> None:
    found = effects(connect("acme.vevox.app"), *reversed(KINDS))

    assert [effect.behaviour for effect in found] == KINDS
