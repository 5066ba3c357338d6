"""The page's server as a running thing: binds a port, says the address, and runs a feed beside it until it is ended.

Knows sockets and the event loop. The address ends in the token, behind the # that browsers never send to a server.
"""

import asyncio
import secrets
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from tornado.httpserver import HTTPServer

from tierwall.dashboard.server.app import BODY_OCTETS, Served, application
from tierwall.dashboard.sources.feed import Feed
from tierwall.policy.authority import host_port

_STOPS: Final = (signal.SIGINT, signal.SIGTERM)
_HEAD_OCTETS: Final = 16 * 1024
_IDLE_S: Final = 60.0


class CannotListen(Exception):
    """Why the page has no port, with the mend."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Where the page is served."""

    host: str
    port: int
    or_any: bool = False
    """Where nobody named the port: any other that is free, if this one is not."""


def bound(listen: Listen) -> socket.socket:
    """A socket that listens there. Raises CannotListen."""
    family = socket.AF_INET6 if ip_address(listen.host).version == 6 else socket.AF_INET
    for port in (listen.port, 0) if listen.or_any else (listen.port,):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((listen.host, port))
        except OSError as fault:
            listener.close()
            cause = fault.strerror or str(fault)
            continue
        listener.listen(64)
        listener.setblocking(False)
        return listener
    raise CannotListen(f"the page cannot listen on {host_port(listen.host, listen.port)}: {cause}; name another port")


def address_of(listener: socket.socket, token: str) -> str:
    """What a browser on this machine opens."""
    host, port = listener.getsockname()[:2]
    return f"http://{host_port(_reached(host), port)}/#token={token}"


def new_token() -> str:
    """Of one start."""
    return secrets.token_urlsafe(24)


async def serve(
    feed: Feed, listener: socket.socket, token: str, ready: Callable[[], None], lifeline: int | None = None
) -> None:
    """Until SIGINT or SIGTERM, the end of `lifeline`, or until the feed fails, whose fault is raised then.

    `ready`: it answers. Where others than this machine reach the port, looking needs the token too.
    """
    reached_from_elsewhere = not ip_address(listener.getsockname()[0]).is_loopback
    server = HTTPServer(
        application(Served(feed, token, reached_from_elsewhere)),
        max_body_size=BODY_OCTETS,
        max_header_size=_HEAD_OCTETS,
        idle_connection_timeout=_IDLE_S,
    )
    server.add_sockets([listener])
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in _STOPS:
        loop.add_signal_handler(number, ended.set)
    if lifeline is not None:
        loop.add_reader(lifeline, ended.set)
    listener.setblocking(False)
    ready()
    feeding, ending = loop.create_task(feed.run()), loop.create_task(ended.wait())
    await asyncio.wait({feeding, ending}, return_when=asyncio.FIRST_COMPLETED)
    server.stop()
    if feeding.done():
        ending.cancel()
        feeding.result()
    feeding.cancel()


def _reached(host: str) -> str:
    """How to reach it from here: 0.0.0.0 is every address, and no place to go to."""
    address = ip_address(host)
    if not address.is_unspecified:
        return host
    return "127.0.0.1" if address.version == 4 else "::1"
