"""When each behaviour strikes, by times and counts that a test makes up."""

import pytest

from tierwall.policy.behaviour import (
    Behaviour,
    Cut,
    FqdnCacheExpiry,
    IdleTimeout,
    Latency,
    MaxLifetime,
    Reset,
    Stall,
    Way,
)
from tierwall.policy.behaviour.parameters import Octets, Seconds
from tierwall.proxy.middlebox.tunnel.triggers import Since, Times, Trigger, limit_of, trigger_of

AFTER = Seconds(60.0)
SINCE = Since(time=1000.0, up=10, down=20)
TIMES = Times(began=100.0, moved_at=1500.0, learned_at=50.0)


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (IdleTimeout(after=AFTER), Trigger(1560.0, "nothing passed for 60 s", Cut.RST)),
        (IdleTimeout(after=AFTER, how=Cut.DROP), Trigger(1560.0, "nothing passed for 60 s", Cut.DROP)),
        (MaxLifetime(after=AFTER, how=Cut.FIN), Trigger(160.0, "it stood for 60 s", Cut.FIN)),
        (FqdnCacheExpiry(after=AFTER), Trigger(110.0, "its name was learned 60 s ago and is forgotten", Cut.DROP)),
        (Stall(after=AFTER), Trigger(1060.0, "after 60 s nothing passes any more", None)),
        (Reset(after=AFTER), Trigger(1060.0, "after 60 s", Cut.RST)),
        (Reset(octets=Octets(5)), None),
        (Latency(delay=AFTER), None),
    ],
    ids=str,
)
def test_a_time_counts_from_what_the_behaviour_is_about(behaviour: Behaviour, expected: Trigger | None) -> None:
    assert trigger_of(behaviour, SINCE, TIMES) == expected


@pytest.mark.parametrize(
    ("behaviour", "up", "down"),
    [
        (Stall(octets=Octets(5)), 15, 25),
        (Reset(octets=Octets(5), way=Way.UP), 15, None),
        (Stall(octets=Octets(5), way=Way.DOWN), None, 25),
        (Stall(after=AFTER), None, None),
        (Latency(delay=AFTER), None, None),
    ],
    ids=str,
)
def test_octets_count_from_when_it_began_to_act(behaviour: Behaviour, up: int | None, down: int | None) -> None:
    assert (limit_of(behaviour, SINCE, Way.UP), limit_of(behaviour, SINCE, Way.DOWN)) == (up, down)
