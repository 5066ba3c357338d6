"""A front door with a hand-made entrance: mitmproxy, which connections would be handed to, is only noted."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.policy.catalogues import CATALOGUE, listed, only
from tests.support.endpoints import Peer, Told, connection, until
from tierwall.policy.attempt import Reason
from tierwall.policy.model import Address, Tier
from tierwall.policy.site import Site
from tierwall.proxy.connection.client_connection import Known, Listener, Speaks
from tierwall.proxy.serving.front_door import FrontDoor
from tierwall.proxy.serving.pages import Pages
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.destinations import Destinations, parse_redirect
from tierwall.proxy.state.recorder import Recorder
from tierwall.proxy.transport.endpoints.endpoint import Endpoint
from tierwall.report.run.recent import Recent
from tierwall.standins.origins import TcpEchoOrigin, TcpOrigin

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"

SITE = Site(
    id="door",
    admit=(
        only("8x8", tiers=[Tier.CORE]),
        listed("*.corp.example", on=["tcp/any"], label="admit[1]"),
        listed("127.0.0.0/8", on=["tcp/7"], label="admit[2]"),
    ),
)


@dataclass(slots=True)
class Door:
    """A door, what it told, and what it handed over."""

    site: Site = SITE
    origin: TcpOrigin | None = None
    """Where every name of `*.corp.example` leads, on every port."""
    speaks: Speaks = Speaks.HTTP_PROXY
    told: Told = field(default_factory=Told)
    handed_over: list[tuple[bytes, Known | None]] = field(default_factory=list)
    """The bytes gathered, and the destination that is known."""
    original: tuple[Address, int] | None = None
    ca: Path = Path("/nonexistent")

    def listener(self) -> Listener:
        """How its connections come in."""

        async def hand_over(end: Endpoint, known: Known | None) -> None:
            self.handed_over.append((bytes(end.received), known))
            end.close()

        return Listener(speaks=self.speaks, hand_over=hand_over, gateway=self.speaks is Speaks.ANYTHING)

    def door(self) -> FrontDoor:
        """The door itself."""
        active_policy = ActivePolicy(self.site, CATALOGUE)
        to = f":127.0.0.1:{self.origin.port}" if self.origin else ":127.0.0.1:1"
        destinations = Destinations(tuple(parse_redirect(f"{name}:*{to}") for name in ("*.corp.example", "8x8.vc")))
        pages = Pages(active_policy, Recent(), self.ca)
        return FrontDoor(active_policy, destinations, Recorder(self.told, active_policy, everything=True), pages)

    @property
    def reasons(self) -> list[Reason]:
        """Why things were denied, in their order."""
        return [Reason(event.event.reason) for event in self.told.events if event.event.reason]

    @property
    def actions(self) -> list[str]:
        """What happened, in its order."""
        return [str(event.event.action) for event in self.told.events]


@asynccontextmanager
async def served(door: Door) -> AsyncIterator[tuple[Peer, Callable[[], Any]]]:
    """A client of the door, and the end of its serving."""
    async with connection() as (end, peer):
        yield peer, lambda: door.door().serve(end, door.listener(), door.original)


async def said_to(door: Door, *said: bytes) -> bytes:
    """What a client hears that says this and ends its direction."""
    async with served(door) as (peer, serve):
        for piece in said:
            await peer.send(piece)
        peer.end()
        await serve()
        return await peer.read_to_end()


def observing(site: Site = SITE) -> Site:
    """The same site, not enforced."""
    return replace(site, enforce=False)


def asks_for(host: str, port: int = 443) -> bytes:
    """A CONNECT."""
    return f"CONNECT {host}:{port} HTTP/1.1\r\n\r\n".encode()


async def said_to_echo(door: Door, *said: bytes) -> bytes:
    """What a client hears whose server says again what it hears, and `bye`."""
    async with TcpEchoOrigin() as origin:
        door.origin = origin
        heard = await said_to(door, *said)
        await until(lambda: origin.reached.connections)  # its loop is this one, and may not have looked yet
        return heard
