"""Which front door is live now, if any, and how a server's connections come to it.

Knows one door a process, and the modes that come to it. Accepts nothing itself: sockets.py and streams.py do.
"""

import asyncio
from typing import Final
from weakref import WeakKeyDictionary, WeakSet

from mitmproxy.proxy import mode_specs
from mitmproxy.proxy.mode_servers import ServerInstance

from tierwall.policy.model import Address
from tierwall.proxy.connection.client_connection import Known, Listener, Speaks
from tierwall.proxy.connection.parent_proxy import Parent
from tierwall.proxy.mitmproxy.handover import hand_over
from tierwall.proxy.serving.doors import Doors
from tierwall.proxy.serving.front_door import FrontDoor
from tierwall.proxy.state.recorder import Caller
from tierwall.proxy.transport.addresses import socket_address
from tierwall.proxy.transport.descriptors import Descriptors
from tierwall.proxy.transport.endpoints.endpoint import Endpoint

type Mode = mode_specs.ProxyMode

SPEAKS: Final[dict[type[Mode], Speaks]] = {
    mode_specs.RegularMode: Speaks.HTTP_PROXY,
    mode_specs.UpstreamMode: Speaks.HTTP_PROXY,
    mode_specs.Socks5Mode: Speaks.SOCKS5,
    mode_specs.TransparentMode: Speaks.ANYTHING,
    mode_specs.WireGuardMode: Speaks.ANYTHING,
    mode_specs.TunMode: Speaks.ANYTHING,
    mode_specs.LocalMode: Speaks.ANYTHING,
}
"""Modes whose TCP goes through the front door. Reverse and DNS modes have their destination from mitmproxy."""

_LAST_OCTETS_S: Final = 0.5
"""Seconds that tunnels have at the end to send what they hold; then what still waits is cut."""

_LISTENERS: Final[WeakKeyDictionary[ServerInstance[Mode], Listener]] = WeakKeyDictionary()


class LiveDoor:
    """Where connections find the front door that is live now, if any."""

    def __init__(self) -> None:
        self._door: Doors | None = None
        self._doors: WeakSet[FrontDoor] = WeakSet()
        """Those before it too, while connections go through them."""
        self.descriptors = Descriptors()

    @property
    def door(self) -> Doors | None:
        """None: everything is refused."""
        return self._door

    @door.setter
    def door(self, door: Doors | None) -> None:
        self._door = door
        if door is not None:
            self._doors.update(door.every)

    def open(self, client: Endpoint, instance: ServerInstance[Mode], original: tuple[Address, int] | None) -> None:
        """Serve a connection; where there is no door, it is refused."""
        if self._door is None:
            client.reset()
        else:
            self._door.open(client, _listener_of(instance), original)

    async def serve(
        self, client: Endpoint, instance: ServerInstance[Mode], original: tuple[Address, int] | None
    ) -> None:
        """The same, until nothing follows any more."""
        if self._door is None:
            client.reset()
        else:
            await self._door.serve(client, _listener_of(instance), original)

    def not_secured(self, instance: ServerInstance[Mode], peer: tuple[str, int], why: str) -> None:
        """The handshake of a client that was to speak TLS to the proxy itself came to nothing."""
        if self._door is not None:
            self._door.not_secured(Caller(socket_address(peer[0]), peer[1]), _listener_of(instance), why)

    def turn_away(self, client: Endpoint) -> None:
        """Refuse a connection at once: there is no room for it."""
        client.reset()
        if self._door is not None and (complaint := self.descriptors.complaint()) is not None:
            self._door.say(complaint)

    async def empty(self) -> None:
        """End every tunnel and wait until each has been journalled."""
        await asyncio.gather(*(door.shut(_LAST_OCTETS_S) for door in tuple(self._doors)))


LIVE_DOOR: Final = LiveDoor()
"""One a process, as mitmproxy's servers are; module state because it must outlive a reloaded script."""


def destination(host: str, port: int) -> tuple[Address, int]:
    """Where a client went, as sockets spell it."""
    return socket_address(host), port


def _listener_of(instance: ServerInstance[Mode]) -> Listener:
    """How connections of that server come in."""
    if (known := _LISTENERS.get(instance)) is None:
        known = _LISTENERS[instance] = _new_listener(instance)
    return known


def _new_listener(instance: ServerInstance[Mode]) -> Listener:
    mode = instance.mode

    async def give_to_mitmproxy(end: Endpoint, known: Known | None) -> None:
        await hand_over(instance, end, known)

    parent = None
    if isinstance(mode, mode_specs.UpstreamMode):
        from mitmproxy import ctx  # noqa: PLC0415  # the options are there only when a master is

        parent = Parent(
            host=mode.address[0],
            port=mode.address[1],
            tls=mode.scheme == "https",
            verify=not ctx.options.ssl_insecure,
            credentials=getattr(ctx.options, "upstream_auth", None),
        )
    return Listener(
        speaks=SPEAKS[type(mode)],
        hand_over=give_to_mitmproxy,
        gateway=SPEAKS[type(mode)] is Speaks.ANYTHING,
        parent=parent,
        spec=mode.full_spec,
    )
