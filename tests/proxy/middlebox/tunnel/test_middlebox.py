"""What acts on one tunnel: it cuts when its time or its octets have come, tells each once, and lets go as it came."""

from collections.abc import Sequence

import pytest

from tests.support.endpoints import run, until
from tests.support.standing_tunnels import Standing, standing
from tierwall.events import ClosedBy
from tierwall.policy.behaviour.parameters import Cut, Octets, Seconds, Way
from tierwall.policy.behaviour.tunnel import HalfCloseBreaks, IdleTimeout, Latency, MaxLifetime, Reset, Stall
from tierwall.proxy.middlebox.tunnel.middlebox import take_up

pytestmark = pytest.mark.usefixtures("both_endpoints")


def _told(it: Standing) -> Sequence[tuple[str | None, str | None, str | None]]:
    said = (event.tierwall for event in it.told.events)
    return [(each.behaviour, each.detail, each.refusal) for each in said]


@pytest.mark.parametrize(
    ("how", "heard", "words"), [(Cut.RST, b"<reset>", "cut by RST"), (Cut.FIN, b"", "cut by FIN")], ids=["rst", "fin"]
)
def test_silence_cuts_both_sides_in_the_way_that_is_meant(how: Cut, heard: bytes, words: str) -> None:
    async def scene() -> tuple[bytes, bytes, ClosedBy | None, Sequence[object]]:
        async with standing(IdleTimeout(after=Seconds(0.02), how=how)) as it:
            ends = await it.client.read_to_end(), await it.server.read_to_end()
            return *ends, it.relay.closed_by, _told(it)

    client, server, by, told = run(scene)
    assert (client, server, by) == (heard, heard, ClosedBy.BEHAVIOUR)
    assert told == [("idle-timeout", f"nothing passed for 0.02 s; {words}", "reset" if how is Cut.RST else "fin")]


def test_a_busy_tunnel_is_not_idle_and_its_lifetime_ends_it_all_the_same() -> None:
    async def scene() -> Sequence[object]:
        async with standing(IdleTimeout(after=Seconds(30.0)), MaxLifetime(after=Seconds(0.05))) as it:
            await it.client.send(b"x")
            await it.server.read(1)
            assert await it.client.read_to_end() == b"<reset>"
            return _told(it)

    assert run(scene) == [("max-lifetime", "it stood for 0.05 s; cut by RST", "reset")]


def test_after_so_many_octets_it_is_reset_and_those_have_passed() -> None:
    async def scene() -> tuple[bytes, Sequence[object]]:
        async with standing(Reset(octets=Octets(3), way=Way.UP)) as it:
            await it.client.send(b"abcdef")
            return await it.server.read_to_end(), _told(it)

    assert run(scene) == (b"abc<reset>", [("reset", "after 3 octets; cut by RST", "reset")])


def test_after_so_many_octets_it_stands_switched_off_the_rest_passes_and_again_it_is_no_news() -> None:
    stall, idle = Stall(octets=Octets(3)), IdleTimeout(after=Seconds(60.0))

    async def scene() -> tuple[bytes, bytes, bytes, Sequence[object]]:
        async with standing(stall) as it:
            await it.client.send(b"abcdef")
            before = await it.server.read(3)
            await until(lambda: it.told.events)
            it.under(idle)
            after = await it.server.read(3)
            it.under(stall, idle)
            await it.client.send(b"ghijkl")
            again = await it.server.read(3)
            await until(lambda: it.relay.client.octets == 12)
            return before, after, again, _told(it)

    told = [("stall", "after 3 octets nothing passes any more", None)]
    assert run(scene) == (b"abc", b"def", b"ghi", told)


def test_what_octets_feel_is_told_with_the_first_of_them_and_once() -> None:
    async def scene() -> Sequence[object]:
        async with standing(Latency(delay=Seconds(0.001), way=Way.UP)) as it:
            none = len(it.told.events)
            for _ in range(3):
                await it.client.send(b"x")
                await it.server.read(1)
            return [none, *_told(it)]

    assert run(scene) == [0, ("latency", "what the client sends arrives 0.001 s later", None)]


@pytest.mark.parametrize("answers", [True, False])
def test_a_half_close_that_breaks_is_told_only_where_the_other_side_had_more_to_say(
    answers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tierwall.proxy.transport.endpoints.farewells.FAREWELL_S", 0.05)

    async def scene() -> Sequence[object]:
        async with standing(HalfCloseBreaks()) as it:
            await it.client.send(b"request")
            it.client.end()
            await it.server.read_to_end()
            if answers:
                await it.server.send(b"answer")
            it.server.end()
            await it.relay.finished()
            return _told(it)

    lost = "the client ended its direction, 6 octets of the server went nowhere; cut by FIN"
    assert run(scene) == ([("half-close-breaks", lost, "fin")] if answers else [])


def test_a_tunnel_without_behaviours_has_none_between_its_ends() -> None:
    async def scene() -> object:
        async with standing() as it:
            take_up(it.relay, it.request(), lambda _: None)
            return it.relay.behaviours

    assert run(scene) is None
