"""A standing tunnel whose name has left its address is cut; others are left alone."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from tests.policy.catalogues import connect
from tierwall.events import ClosedBy
from tierwall.policy.attempt import Action, Effect, Verdict
from tierwall.policy.behaviour import StaleAddresses
from tierwall.policy.behaviour.parameters import Seconds
from tierwall.policy.model import Address
from tierwall.proxy.middlebox.stale_addresses import StaleTunnels
from tierwall.proxy.state.destinations import Destination, Destinations

HERE, THERE = ip_address("192.0.2.1"), ip_address("192.0.2.2")
OFTEN = StaleAddresses(look=Seconds(0.001))


@dataclass
class Names(Destinations):
    """A resolver that says what a test has it say."""

    leads_to: tuple[Address, ...] = (HERE,)
    looked: asyncio.Event = field(default_factory=asyncio.Event)

    async def find(self, host: str | Address, port: int) -> Destination:
        self.looked.set()
        if not self.leads_to:
            raise OSError("no such name")
        return Destination(self.leads_to, port)


class End:
    """One side of a tunnel."""

    def __init__(self, peer: Address) -> None:
        self.peer, self.was_reset = peer, False

    def get_extra_info(self, name: str) -> tuple[str, int] | None:
        return (str(self.peer), 443) if name == "peername" else None

    def reset(self) -> None:
        self.was_reset = True


class Tunnel:
    """One to an address, by the name 8x8.vc."""

    def __init__(self, to: Address = HERE, *behaviours: StaleAddresses) -> None:
        self.client, self.server, self.closed_by = End(ip_address("10.0.0.7")), End(to), None
        self.attempt, self.broke = connect("8x8.vc"), list[str]()
        self.verdict = Verdict(action=Action.ALLOW, effects=tuple(Effect(each, ()) for each in behaviours or (OFTEN,)))

    def broken(self, _: Effect, detail: str, *__: object) -> None:
        self.broke.append(detail)


def after(change: Callable[[Names], None], *tunnels: Tunnel) -> None:
    """Watch these, let their name change, and wait until it was looked up twice."""

    async def scene() -> None:
        names = Names()
        names.pins.pin("8x8.vc", frozenset({HERE}), None)
        stale: Any = StaleTunnels(names)
        for tunnel in tunnels:
            stale.watch(tunnel, tunnel)
        change(names)
        for _ in range(2):
            names.looked.clear()
            await names.looked.wait()
        for tunnel in tunnels:
            stale.forget(tunnel)

    asyncio.run(asyncio.wait_for(scene(), 5))


def moves(names: Names) -> None:
    names.leads_to = (THERE,)


def fails(names: Names) -> None:
    names.leads_to = ()


def test_where_its_name_has_moved_it_is_cut_on_both_sides_and_told_once() -> None:
    tunnel = Tunnel()
    after(moves, tunnel)

    assert (tunnel.client.was_reset, tunnel.server.was_reset, tunnel.closed_by) == (True, True, ClosedBy.BEHAVIOUR)
    assert tunnel.broke == [f"8x8.vc is at {THERE} now; the allowlist has {HERE}; cut by RST"]


def test_where_its_name_stays_it_stays() -> None:
    tunnel = Tunnel()
    after(lambda _: None, tunnel)

    assert (tunnel.client.was_reset, tunnel.broke) == (False, [])


def test_a_resolver_that_fails_says_nothing_of_where_the_name_is() -> None:
    tunnel = Tunnel()
    after(fails, tunnel)

    assert not tunnel.client.was_reset


def test_one_at_an_address_that_no_look_up_gave_is_left_alone() -> None:
    other = Tunnel(ip_address("192.0.2.9"))
    after(moves, Tunnel(), other)

    assert not other.client.was_reset
