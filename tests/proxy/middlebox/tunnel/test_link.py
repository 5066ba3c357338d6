"""A tunnel under behaviours, between real sockets: bounded, in order, and as silent as it should be."""

import asyncio

import pytest

from tests.support.endpoints import run, until
from tests.support.standing_tunnels import standing
from tierwall.events import ClosedBy
from tierwall.policy.behaviour import Behaviour
from tierwall.policy.behaviour.parameters import Cut, Octets, OctetsPerSecond, Seconds, Way
from tierwall.policy.behaviour.tunnel import Bandwidth, IdleTimeout, Latency, Stall
from tierwall.proxy.middlebox.tunnel import middlebox
from tierwall.proxy.middlebox.tunnel.shaping import QUEUED_OCTETS

pytestmark = pytest.mark.usefixtures("both_endpoints")


def test_without_behaviours_nothing_is_between_the_ends() -> None:
    async def scene() -> list[object]:
        async with standing() as it:
            return [it.relay.behaviours, it.relay.client.filter, it.relay.server.filter]

    assert run(scene) == [None, None, None]


@pytest.mark.parametrize(
    "behaviour", [Bandwidth(rate=OctetsPerSecond(1000)), Stall(octets=Octets(1))], ids=["bandwidth", "stall"]
)
def test_a_sender_without_end_is_not_read_beyond_the_bound(behaviour: Behaviour) -> None:
    async def scene() -> int:
        async with standing(behaviour, buffer_octets=16 * 1024) as it:
            sending = asyncio.create_task(it.client.send(bytes(4_000_000)))
            await until(lambda: not it.relay.client.is_reading)
            await asyncio.sleep(0.05)  # long enough for more to come, if it were read
            sending.cancel()
            return it.relay.client.octets

    assert run(scene) <= QUEUED_OCTETS + 256 * 1024


def test_a_reader_that_does_not_read_stops_the_sender_under_a_behaviour_too_and_loses_nothing() -> None:
    async def scene() -> bytes:
        async with standing(Latency(delay=Seconds(0.01)), buffer_octets=16 * 1024) as it:
            octets = bytes(range(256)) * 12_000
            sending = asyncio.create_task(it.client.send(octets))
            await until(lambda: not it.relay.client.is_reading)
            assert it.relay.client.octets < 2_000_000
            arrived = await it.server.read(len(octets))
            await sending
            return arrived

    assert run(scene) == bytes(range(256)) * 12_000


def test_a_fin_comes_after_what_is_held_back_and_the_other_direction_stays() -> None:
    async def scene() -> tuple[bytes, bytes]:
        async with standing(Latency(delay=Seconds(0.05), way=Way.UP)) as it:
            await it.client.send(b"request")
            it.client.end()
            heard = await it.server.read_to_end()
            await it.server.send(b"answer")
            it.server.end()
            return heard, await it.client.read_to_end()

    assert run(scene) == (b"request", b"answer")


def test_a_client_that_is_reset_is_not_heard_of_before_its_octets() -> None:
    async def scene() -> bytes:
        async with standing(Latency(delay=Seconds(0.05))) as it:
            await it.client.send(b"request")
            await until(lambda: it.relay.client.octets)
            it.client.reset()
            return await it.server.read_to_end()

    assert run(scene) == b"request<reset>"


def test_what_no_behaviour_acts_on_any_more_goes_straight_again() -> None:
    async def scene() -> tuple[bytes, bool]:
        async with standing(Latency(delay=Seconds(0.05))) as it:
            await it.client.send(b"old ")
            await until(lambda: it.relay.client.octets)
            it.under()
            await it.client.send(b"new")
            heard = await it.server.read(7)
            await until(lambda: it.relay.client.filter is None)
            return heard, it.relay.behaviours is None

    assert run(scene) == (b"old new", True)


def test_a_tunnel_that_was_half_closed_before_still_ends_when_the_other_side_does() -> None:
    async def scene() -> tuple[bytes, ClosedBy | None]:
        async with standing() as it:
            it.client.end()
            assert await it.server.read_to_end() == b""
            it.under(Latency(delay=Seconds(0.01)))
            await it.server.send(b"answer")
            it.server.end()
            heard = await it.client.read_to_end()
            await it.relay.finished()
            return heard, it.relay.closed_by

    assert run(scene) == (b"answer", ClosedBy.CLIENT)


def test_a_shutdown_sends_on_what_is_held_back() -> None:
    async def scene() -> bytes:
        async with standing(Latency(delay=Seconds(60.0))) as it:
            await it.client.send(b"held")
            await until(lambda: it.relay.client.octets)
            it.relay.shut(ClosedBy.SHUTDOWN)
            return await it.server.read_to_end()

    assert run(scene) == b"held"


def test_a_forgotten_connection_hears_nothing_until_the_bound_and_is_gone_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middlebox, "FORGOTTEN_S", 0.2)

    async def scene() -> tuple[bool, ClosedBy | None, bool]:
        async with standing(IdleTimeout(after=Seconds(0.05), how=Cut.DROP)) as it:
            await it.relay.finished()
            it.server.end()
            await it.client.send(b"anybody?")
            stood = not it.relay.client.gone
            await until(lambda: it.relay.client.gone)
            return stood, it.relay.closed_by, len(it.told.events) == 1

    assert run(scene) == (True, ClosedBy.BEHAVIOUR, True)


def test_a_stalled_connection_that_its_client_has_left_is_cut_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middlebox, "SILENCE_S", 0.1)

    async def scene() -> bytes:
        async with standing(Stall(after=Seconds(0.01))) as it:
            await until(lambda: it.told.events)
            it.client.leave()
            return await it.server.read_to_end()

    assert run(scene) == b"<reset>"
