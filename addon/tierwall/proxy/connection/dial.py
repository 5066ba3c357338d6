"""Dials what was judged: every address of a name is judged before a packet goes to it, and no other is dialled.

Knows resolving, judging and connecting in that order. Refuses to send a byte: that is the relay's.
"""

import asyncio
import errno
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import aiohappyeyeballs

from tierwall.policy.attempt import Attempt, Effect, Verdict
from tierwall.policy.limits import DIAL_S
from tierwall.policy.model import Address
from tierwall.proxy.connection.attempts import dialling
from tierwall.proxy.state.active_policy import OUR_FAILURE, ActivePolicy
from tierwall.proxy.state.destinations import Destination, Destinations
from tierwall.proxy.transport import socket_dial
from tierwall.proxy.transport.addresses import socket_address
from tierwall.proxy.transport.endpoints.asyncio_endpoint import AsyncioEndpoint
from tierwall.proxy.transport.endpoints.endpoint import Endpoint
from tierwall.proxy.transport.socket_poll import SocketPoll

_NEXT_ADDRESS_S = 0.25  # RFC 8305 section 5: Connection Attempt Delay


@dataclass(frozen=True, slots=True)
class Dialled:
    """The server answered."""

    server: Endpoint
    address: Address
    redirected: bool = False
    """`--resolve` chose the address."""


@dataclass(frozen=True, slots=True)
class Denied:
    """No address of the destination may be dialled; nothing was sent."""

    verdict: Verdict
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The dial failed."""

    cause: str
    timed_out: bool = False
    tried: Address | None = None
    """The first address that was dialled; None where it did not come to that."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A behaviour of the site keeps the destination's addresses back; nothing was sent."""

    effect: Effect
    detail: str
    silent: bool = False
    """Whether whoever waits for them waits in vain, until the dial's limit."""


type Look = Callable[[str | Address, int], Awaitable[Destination | Broken]]
"""How a host's addresses are found, for a port. Raises OSError where there are none."""


async def dial(
    active_policy: ActivePolicy,
    destinations: Destinations,
    attempt: Attempt,
    host: str | Address,
    look: Look | None = None,
) -> Dialled | Denied | Unreachable | Broken:
    """Resolve the host, judge the attempt with each address, connect to the first that answers (RFC 8305).

    `look`: how the host is resolved, where a behaviour of the site changes that.
    """
    tried: Address | None = None
    try:
        async with asyncio.timeout(DIAL_S):
            checked = await check(active_policy, destinations, attempt, host, look)
            if isinstance(checked, Denied | Broken):
                return checked
            tried = checked.addresses[0]
            return await _connect(checked)
    except TimeoutError:
        return too_late(tried)
    except socket.gaierror as exc:
        return Unreachable(f"{host} does not resolve: {exc.strerror}")
    except OSError as exc:
        return Unreachable(_cause(exc), tried=tried)


async def check(
    active_policy: ActivePolicy,
    destinations: Destinations,
    attempt: Attempt,
    host: str | Address,
    look: Look | None = None,
) -> Destination | Denied | Broken:
    """The addresses that may be dialled, at least one; or why none may. Raises OSError where the name has none."""
    destination = await (look or destinations.find)(host, attempt.port)
    if isinstance(destination, Broken):
        return destination
    return admitted(active_policy, destinations, attempt, destination)


def admitted(
    active_policy: ActivePolicy, destinations: Destinations, attempt: Attempt, destination: Destination
) -> Destination | Denied:
    """Those of the addresses that may be dialled. The one that the client chose comes first where it is among them."""
    addresses = destination.addresses
    if len(addresses) == 1:
        return _refused(active_policy, destinations, attempt, destination, addresses[0]) or destination
    passing: list[Address] = []
    refused = Denied(OUR_FAILURE, attempt)
    for address in sorted(addresses, key=lambda each: each not in (attempt.dialled, attempt.address)):
        denied = _refused(active_policy, destinations, attempt, destination, address)
        if denied is None:
            passing.append(address)
        else:
            refused = denied
    return replace(destination, addresses=tuple(passing)) if passing else refused


def _refused(
    active_policy: ActivePolicy, destinations: Destinations, attempt: Attempt, to: Destination, address: Address
) -> Denied | None:
    """Why that one of its addresses may not be dialled."""
    concrete = dialling(attempt, address, to.redirected, destinations.is_self(address, to.port))
    verdict = active_policy.judge(concrete)
    return None if verdict.passes else Denied(verdict, concrete)


def unreachable(failure: OSError, tried: Address) -> Unreachable:
    """What a dial came to that failed so."""
    return Unreachable(_cause(failure), tried=tried)


def too_late(tried: Address | None) -> Unreachable:
    """What a dial came to that nothing came of in time."""
    return Unreachable(f"no answer within {DIAL_S:.0f} s", timed_out=True, tried=tried)


async def _connect(to: Destination) -> Dialled:
    loop, addresses, port = asyncio.get_running_loop(), to.addresses, to.port
    infos = [
        (
            socket.AF_INET if address.version == 4 else socket.AF_INET6,
            socket.SOCK_STREAM,
            socket.IPPROTO_TCP,
            "",
            (str(address), port) if address.version == 4 else (str(address), port, 0, 0),
        )
        for address in addresses
    ]
    sock = await aiohappyeyeballs.start_connection(infos, happy_eyeballs_delay=_NEXT_ADDRESS_S, interleave=1)
    answered = addresses[0] if len(addresses) == 1 else socket_address(sock.getpeername()[0])
    if (poll := SocketPoll.here()) is not None:
        return Dialled(socket_dial.adopt(poll, sock), answered, to.redirected)
    _, server = await loop.create_connection(AsyncioEndpoint, sock=sock)
    return Dialled(server, answered, to.redirected)


def _cause(exc: OSError) -> str:
    if exc.errno in {errno.EMFILE, errno.ENFILE}:
        return "this proxy has no file descriptor left for it (ulimit -n)"
    if exc.strerror and "Connect call failed" not in exc.strerror:
        return exc.strerror
    return os.strerror(exc.errno) if exc.errno else str(exc)
