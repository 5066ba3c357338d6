"""An endpoint over asyncio's transports: what libuv tells as an end of file, and what TLS cannot do."""

import asyncio
import socket
from collections.abc import Callable

import pytest
import uvloop

from tests.support.endpoints import connection, until
from tierwall.proxy.transport.endpoints.asyncio_endpoint import AsyncioEndpoint
from tierwall.proxy.transport.endpoints.farewells import RESET
from tierwall.proxy.transport.socket_poll import SocketPoll

pytestmark = pytest.mark.usefixtures("without_epoll")


@pytest.fixture
def without_epoll(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SocketPoll, "here", lambda: None)


@pytest.mark.parametrize("run_loop", [asyncio.run, uvloop.run])
def test_a_reset_that_comes_with_the_last_octets_is_no_end_of_file(run_loop: Callable[..., bool]) -> None:
    """libuv tells one as an end of file; the client would take a broken download for a whole one."""

    async def scene() -> bool:
        async with connection() as (end, peer):
            assert isinstance(end, AsyncioEndpoint)
            peer.sock.send(b"the last octets")
            peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            peer.sock.close()  # before the loop has looked: octets and RST are there at once
            await until(lambda: end.gone)
            return end.broken and end.received == b"the last octets"

    assert run_loop(scene())


@pytest.mark.parametrize("run_loop", [asyncio.run, uvloop.run])
def test_what_was_closed_with_something_left_to_send_can_be_cut_afterwards(run_loop: Callable[..., int]) -> None:
    more_than_fits = 8_000_000

    async def scene() -> int:
        async with connection() as (end, peer):
            end.write(bytes(more_than_fits))
            end.close()
            heard = len(await peer.read_to_end())
            await until(lambda: end.gone)
            end.abort()
            return heard

    assert run_loop(scene()) == more_than_fits


class Tls(asyncio.Transport):
    """A transport that cannot end one direction, as asyncio's TLS cannot."""

    def __init__(self) -> None:
        super().__init__()
        self.written, self.closed = b"", False

    def get_extra_info(self, name: str, default: object = None) -> object:
        return default

    def can_write_eof(self) -> bool:
        return False

    def is_closing(self) -> bool:
        return self.closed

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def close(self) -> None:
        self.closed = True


def _over_tls() -> tuple[AsyncioEndpoint, Tls]:
    end, transport = AsyncioEndpoint(), Tls()
    end.connection_made(transport)
    return end, transport


def test_over_tls_one_direction_cannot_be_ended_and_what_follows_is_still_written() -> None:
    end, transport = _over_tls()

    assert not end.half_close()
    end.write(b"more")
    assert transport.written == b"more"


def test_over_tls_the_end_of_the_other_side_is_the_end() -> None:
    end, _ = _over_tls()

    assert not end.eof_received(), "asyncio would leave it half open"
    assert end.eof


def test_what_is_told_of_one_that_is_gone_changes_nothing() -> None:
    end, transport = _over_tls()
    end.connection_lost(None)

    end.write(b"late")
    end.close()
    end.pause_reading()

    assert (transport.written, transport.closed) == (b"", False)


class Owner:
    """Whose end it is."""

    def __init__(self) -> None:
        self.failure: Exception | None = None

    def failed(self, failure: Exception) -> None:
        self.failure = failure


def test_what_raises_while_it_is_told_is_its_owners_to_say() -> None:
    class Tap:
        def heard(self, end: object, octets: bytes) -> None:
            raise LookupError("of ours")

    end, _ = _over_tls()
    owner = end.owner = Owner()
    end.tap = Tap()

    end.data_received(b"x")

    assert str(owner.failure) == "of ours"
