"""The front doors of several sites, as one: each connection goes through that of the site which serves its client.

Knows the choice. A connection is front_door.py's from there on.
"""

from tierwall.policy.model import Address
from tierwall.proxy.connection.client_connection import ClientConnection, Listener
from tierwall.proxy.serving.front_door import FrontDoor
from tierwall.proxy.state.in_force.served_sites import Choice
from tierwall.proxy.state.recorder import Caller
from tierwall.proxy.transport.addresses import socket_address
from tierwall.proxy.transport.endpoints.endpoint import Endpoint


class Doors:
    """What connections find (listeners/live_door.py)."""

    def __init__(self, choice: Choice[FrontDoor], every: tuple[FrontDoor, ...]) -> None:
        """`every`: each of them once."""
        self._choice, self.every = choice, every

    def open(
        self, client: Endpoint, listener: Listener, original: tuple[Address, int] | None = None
    ) -> ClientConnection:
        """One connection."""
        return self._of(client, listener).open(client, listener, original)

    async def serve(self, client: Endpoint, listener: Listener, original: tuple[Address, int] | None = None) -> None:
        """The same, until nothing follows any more."""
        await self._of(client, listener).serve(client, listener, original)

    def not_secured(self, caller: Caller, listener: Listener, why: str) -> None:
        """A client's handshake with the proxy itself came to nothing."""
        self._choice.of(caller.address, listener.spec).not_secured(caller, listener, why)

    def say(self, trouble: str) -> None:
        """Journal a trouble of ours with connections that were not served."""
        self._choice.first.say(trouble)

    def _of(self, client: Endpoint, listener: Listener) -> FrontDoor:
        if self._choice.alone:
            return self._choice.first
        peer = client.get_extra_info("peername")
        return self._choice.of(socket_address(peer[0]) if peer else None, listener.spec)
