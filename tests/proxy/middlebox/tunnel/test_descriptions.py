"""What an event says of octets that feel a behaviour: one clause with its numbers, of the direction that is meant."""

import pytest

from tierwall.policy.behaviour import Behaviour
from tierwall.policy.behaviour.parameters import Cut, Octets, OctetsPerSecond, Seconds, Way
from tierwall.policy.behaviour.tunnel import Bandwidth, IdleTimeout, Jitter, Latency, Slicer, SlowClose
from tierwall.proxy.middlebox.tunnel.descriptions import CUT_BY, FELT, end_felt, felt

LATE, SLICED = Latency(delay=Seconds(0.25), way=Way.DOWN), Slicer(size=Octets(100), pause=Seconds(0.5))


@pytest.mark.parametrize(
    ("behaviour", "way", "said"),
    [
        (LATE, Way.DOWN, "what the server sends arrives 0.25 s later"),
        (LATE, Way.UP, None),
        (Jitter(most=Seconds(1.0), way=Way.UP), Way.UP, "what the client sends arrives up to 1 s later"),
        (Bandwidth(rate=OctetsPerSecond(64_000)), Way.UP, "of everything 64000 octets pass in a second"),
        (SLICED, Way.UP, "everything passes in pieces of 100 octets, 0.5 s apart"),
        (IdleTimeout(after=Seconds(60.0)), Way.UP, None),
    ],
)
def test_what_octets_feel_on_their_way(behaviour: Behaviour, way: Way, said: str | None) -> None:
    assert felt(behaviour, way, 101) == said
    assert (said is not None) <= isinstance(behaviour, FELT)


def test_what_fits_into_one_piece_is_not_sliced() -> None:
    assert felt(SLICED, Way.UP, 100) is None


@pytest.mark.parametrize(
    ("meant", "way", "said"),
    [
        (Way.UP, Way.UP, "the client's end is passed on 2 s later"),
        (Way.BOTH, Way.DOWN, "the server's end is passed on 2 s later"),
        (Way.UP, Way.DOWN, None),
    ],
)
def test_whose_end_comes_late(meant: Way, way: Way, said: str | None) -> None:
    assert end_felt(SlowClose(delay=Seconds(2.0), way=meant), way) == said
    assert end_felt(LATE, way) is None


def test_every_way_to_cut_has_its_words() -> None:
    assert CUT_BY.keys() == set(Cut)
