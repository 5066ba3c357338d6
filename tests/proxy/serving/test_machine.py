"""One connection, driven by octets in any split, FINs, resets and full buffers at any moment, over real sockets.

Whatever happens: nothing unjudged reaches the server, nothing is lost or overtaken, and nothing is left.
"""

import asyncio
import socket
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.support.endpoints import LIMIT_S
from tests.support.front_doors import Door
from tests.support.programs import client_hello
from tierwall.proxy.connection.states import ENDS, State
from tierwall.proxy.state.refusal import ACCESS_DENIED
from tierwall.proxy.transport.endpoints.asyncio_endpoint import AsyncioEndpoint
from tierwall.proxy.transport.endpoints.endpoint import Endpoint
from tierwall.proxy.transport.endpoints.farewells import RESET
from tierwall.proxy.transport.socket_dial import adopt
from tierwall.proxy.transport.socket_poll import SocketPoll

ADMITTED = b"CONNECT a.corp.example:443 HTTP/1.1\r\n\r\n"
DENIED = b"CONNECT a.evil.example:443 HTTP/1.1\r\n\r\n"
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
SMALL = 16 * 1024
MUCH = bytes(range(256)) * 1200
"""More than small buffers take."""

RECORDS = b"".join(b"\x17\x03\x03\x10\x00" + MUCH[:4096] for _ in range(75))
"""The same much, as TLS has it."""

HELLO = client_hello("a.corp.example")
SAYS = {
    "an admitted hello": (ADMITTED, HELLO + RECORDS),
    "opaque octets": (ADMITTED, b"\x00" + MUCH),
    "a refused hello": (ADMITTED, client_hello("hidden.example") + RECORDS),
    "a denied CONNECT": (DENIED, HELLO),
    "nonsense": (b"\x01\x02\r\n\r\n", b""),
}
PASSES = {"an admitted hello", "opaque octets"}


def _there(sock: socket.socket, most: int) -> bytes:
    with suppress(OSError):
        return sock.recv(most)
    return b""


def _descriptors() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


class Machine(RuleBasedStateMachine):
    """A client, the door, and the server that it dials."""

    over_sockets = True

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.before = _descriptors()
        self.said = self.got = self.answered = self.heard = b""
        self.resets = False
        self.server: socket.socket | None = None
        self.client_ended = self.server_ended = False

    @initialize(what=st.sampled_from(sorted(SAYS)), buffers=st.sampled_from([None, SMALL]))
    def begin(self, what: str, buffers: int | None) -> None:
        self.what, self.to_say = what, b"".join(SAYS[what])
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        near = socket.create_server(("127.0.0.1", 0))
        self.client = socket.socket()
        for sock in (self.listener, near, self.client) if buffers else ():
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffers or 0)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffers or 0)
        self.client.connect(near.getsockname())
        self.client.setblocking(False)
        ours, _ = near.accept()
        near.close()
        self.door = Door()
        self.loop.run_until_complete(self._open(ours))

    async def _open(self, ours: socket.socket) -> None:
        origin = type("Origin", (), {"port": self.listener.getsockname()[1]})()
        served = replace(self.door, origin=origin)
        self.served = served.door()
        poll = SocketPoll.here() if self.over_sockets else None
        end: Endpoint
        if poll is None:
            _, end = await self.loop.create_connection(AsyncioEndpoint, sock=ours)
        else:
            end = adopt(poll, ours)
        self.connection = self.served.open(end, served.listener())

    # -- what can happen

    @rule(octets=st.integers(1, 5000))
    @precondition(lambda self: not self.client_ended and len(self.said) < len(self.to_say))
    def client_says(self, octets: int) -> None:
        with suppress(OSError):
            sent = self.client.send(self.to_say[len(self.said) :][:octets])
            self.said += self.to_say[len(self.said) :][:sent]

    @rule()
    @precondition(lambda self: not self.client_ended and len(self.said) < len(self.to_say))
    def client_says_all_that_is_taken(self) -> None:
        self.client_says(len(self.to_say))

    @rule()
    @precondition(lambda self: not self.client_ended)
    def client_ends(self) -> None:
        self.client_ended = True
        with suppress(OSError):
            self.client.shutdown(socket.SHUT_WR)

    @rule(octets=st.integers(1, 100_000))
    def client_hears(self, octets: int) -> None:
        self.heard += _there(self.client, octets)

    @rule(octets=st.integers(1, 100_000))
    @precondition(lambda self: self.server is not None and not self.server_ended)
    def server_answers(self, octets: int) -> None:
        assert self.server is not None
        with suppress(OSError):
            sent = self.server.send((MUCH * 2)[:octets])
            self.answered += (MUCH * 2)[:sent]

    @rule()
    @precondition(lambda self: self.server is not None and not self.server_ended)
    def server_ends(self) -> None:
        assert self.server is not None
        self.server_ended = True
        with suppress(OSError):
            self.server.shutdown(socket.SHUT_WR)

    @rule(octets=st.integers(1, 100_000))
    @precondition(lambda self: self.server is not None)
    def server_hears(self, octets: int) -> None:
        assert self.server is not None
        self.got += _there(self.server, octets)

    @rule()
    @precondition(lambda self: not self.resets)
    def client_resets(self) -> None:
        self.client_ended = self.server_ended = self.resets = True
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.client.close()
        self.client = socket.socket()  # to be read in vain
        self.client.setblocking(False)

    @rule(turns=st.integers(1, 5))
    def the_loop_turns(self, turns: int) -> None:
        self.loop.run_until_complete(self._turn(turns))

    async def _turn(self, turns: int) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        if self.server is None:
            with suppress(BlockingIOError):
                self.server, _ = self.listener.accept()
                self.server.setblocking(False)

    # -- what holds whatever happens

    @invariant()
    def the_server_gets_what_was_judged_in_its_order(self) -> None:
        if not hasattr(self, "what"):
            return
        assert (SAYS[self.what][1] if self.what in PASSES else b"").startswith(self.got)

    @invariant()
    def the_client_hears_the_server_in_its_order(self) -> None:
        if hasattr(self, "what") and self.what in PASSES and self.heard.startswith(ESTABLISHED):
            heard = self.heard.removeprefix(ESTABLISHED)
            if self.connection.state is State.REFUSED:  # its hello broke off
                heard = heard.rstrip(ACCESS_DENIED)
            assert self.answered.startswith(heard)

    def teardown(self) -> None:
        try:
            if hasattr(self, "what"):
                self.loop.run_until_complete(asyncio.wait_for(self._to_the_end(), LIMIT_S))
        finally:
            self.loop.run_until_complete(self._close())
            self.loop.close()
        if hasattr(self, "what"):
            assert _descriptors() <= self.before, "a descriptor is left"

    async def _to_the_end(self) -> None:
        """Both sides say all that they have, hear the other out, and leave: nothing is missing, nothing left."""
        quiet = 0
        while quiet < 20:
            before = len(self.said), len(self.heard), len(self.got), self.connection.state, self.server
            if not self.client_ended:
                self.client_says_all_that_is_taken()
            if len(self.said) == len(self.to_say) and not self.client_ended:
                self.client_ends()
            self.client_hears(1_000_000)
            await self._turn(3)
            if self.server is not None:
                self.server_hears(1_000_000)
                if self.client_ended and not self.server_ended:
                    self.server_ends()
            after = len(self.said), len(self.heard), len(self.got), self.connection.state, self.server
            quiet = 0 if after != before else quiet + 1
        if not self.resets and self.what in PASSES and len(self.said) == len(self.to_say):
            assert self.got == SAYS[self.what][1]
            assert self.heard == ESTABLISHED + self.answered
        self.client.close()
        if self.server is not None:
            self.server.close()
        while self.served._connections:
            await self._turn(3)
            if self.server is not None and self.server.fileno() >= 0:
                self.server.close()
        assert self.connection.state in ENDS
        assert self.served.tunnels.standing == 0

    async def _close(self) -> None:
        self.client.close() if hasattr(self, "client") else None
        self.listener.close() if hasattr(self, "listener") else None
        if self.server is not None:
            self.server.close()
        await asyncio.sleep(0)
        if hasattr(self, "connection"):
            self.connection.client.abort()
        for _ in range(5):
            await asyncio.sleep(0)
        if self.over_sockets and (poll := SocketPoll.here()) is not None:
            poll.close()


class OverTransports(Machine):
    """The same where there is no epoll."""

    over_sockets = False


LIMITS = settings(max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("machine", [Machine, OverTransports])
def test_whatever_happens_nothing_unjudged_passes_and_nothing_is_lost_or_left(
    machine: type[Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not machine.over_sockets:
        monkeypatch.setattr(SocketPoll, "here", lambda: None)

    run = machine.TestCase
    run.settings = LIMITS
    run().runTest()
