"""The machine of one end: who is gone stays gone, a FIN is remembered, and what was thrown away is never forwarded."""

import itertools

import pytest

from tierwall.proxy.transport.endpoints.end_states import PEER, USE, Happened, Peer, Use

GRID = {
    (Peer.SPEAKS, Happened.FIN): Peer.ENDED,
    (Peer.SPEAKS, Happened.CLOSE): Peer.CLOSED,
    (Peer.SPEAKS, Happened.LOSS): Peer.LOST,
    (Peer.ENDED, Happened.FIN): "a FIN is sent once",
    (Peer.ENDED, Happened.CLOSE): Peer.LEFT,
    (Peer.ENDED, Happened.LOSS): Peer.LEFT,
}


@pytest.mark.parametrize(("peer", "what"), tuple(itertools.product(Peer, Happened)), ids=lambda each: each.name)
def test_what_becomes_of_the_other_side(peer: Peer, what: Happened) -> None:
    expected = GRID.get((peer, what), "nobody is there")

    assert PEER[peer].get(what, expected) == expected


def test_who_is_gone_is_ordered_behind_who_is_there() -> None:
    assert {peer for peer in Peer if not PEER[peer]} == {peer for peer in Peer if peer >= Peer.LEFT}


def test_only_a_loss_without_a_fin_is_one() -> None:
    assert [peer for peer in Peer if PEER[peer].get(Happened.LOSS) is Peer.LOST] == [Peer.SPEAKS]


def test_what_goes_nowhere_is_never_gathered_or_forwarded_again() -> None:
    for use in (Use.DISCARDS, Use.FORGETS):
        assert not USE[use] & {Use.GATHERS, Use.FORWARDS}
