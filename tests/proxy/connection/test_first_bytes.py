"""The front door waits for an opening: as long as its limit, however the bytes are split."""

import pytest

from tests.support.endpoints import Peer, connection, run
from tests.support.programs import built_hello
from tierwall.opening import ClientHello, Connect, Malformed, Opaque, Opening, read_proxy_request, read_tunnel
from tierwall.proxy.connection import first_bytes
from tierwall.proxy.connection.first_bytes import read
from tierwall.proxy.transport.endpoints.endpoint import Endpoint

pytestmark = pytest.mark.usefixtures("both_endpoints")


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that a test can wait for."""
    monkeypatch.setattr(first_bytes, "FIRST_BYTES_S", 0.05)
    monkeypatch.setattr(first_bytes, "PAUSE_S", 0.01)


async def _sent(end: Endpoint, peer: Peer, octets: bytes, *, then_end: bool = False) -> Opening | None:
    await peer.send(octets)
    if then_end:
        peer.end()
    return await read(end, read_tunnel)


def test_an_opening_may_come_octet_by_octet() -> None:
    async def scene() -> Opening | None:
        async with connection() as (end, peer):
            head = b"CONNECT 8x8.vc:443 HTTP/1.1\r\n\r\n"
            for at in range(len(head)):
                end.take(head[at : at + 1])
            await peer.send(b"")
            return await read(end, read_proxy_request)

    opening = run(scene)
    assert isinstance(opening, Connect)
    assert (opening.host, opening.port) == ("8x8.vc", 443)


def test_a_hello_in_many_records_is_waited_for() -> None:
    hello = built_hello(b"8x8.vc", padding_octets=2000, record_octets=100)

    async def scene() -> Opening | None:
        async with connection() as (end, peer):
            await peer.send(hello[:1000])
            assert await end.more()
            await peer.send(hello[1000:])
            return await read(end, read_tunnel)

    opening = run(scene)
    assert isinstance(opening, ClientHello)
    assert opening.sni == "8x8.vc"


def test_nothing_at_all_is_none() -> None:
    async def scene() -> Opening | None:
        async with connection() as (end, peer):
            return await _sent(end, peer, b"", then_end=True)

    assert run(scene) is None


def test_silence_is_none_after_the_limit(soon: None) -> None:
    async def scene() -> Opening | None:
        async with connection() as (end, peer):
            return await _sent(end, peer, b"")

    assert run(scene) is None


def test_a_hello_that_is_not_finished_in_time_is_malformed(soon: None) -> None:
    async def scene() -> Opening | None:
        async with connection() as (end, peer):
            return await _sent(end, peer, built_hello(b"8x8.vc")[:20])

    opening = run(scene)
    assert isinstance(opening, Malformed)
    assert opening.why.startswith("an opening of 20 octets, not finished within")


def test_a_hello_that_ends_before_it_is_finished_is_malformed() -> None:
    async def scene() -> Opening | None:
        async with connection() as (end, peer):
            return await _sent(end, peer, built_hello(b"8x8.vc")[:20], then_end=True)

    assert run(scene) == Malformed("an opening of 20 octets, ended before it was finished")


@pytest.mark.parametrize("octets", [b"GE", b"GET / HT", b"get / HTTP/1.1\r\nHost: denied", b"\x80\x46\x01\x03"])
def test_time_makes_neither_http_nor_tls_opaque(soon: None, octets: bytes) -> None:
    async def scene() -> Opening | None:
        async with connection() as (end, peer):
            return await _sent(end, peer, octets)

    assert isinstance(run(scene), Malformed)


@pytest.mark.parametrize("octets", [b"ping", b"hello there", b"\r\n\r\n", b"PING", b"get / HT"])
def test_other_text_may_pause_in_its_line(octets: bytes) -> None:
    async def scene() -> Opening | None:
        async with connection() as (end, peer):
            return await _sent(end, peer, octets)

    assert run(scene) == Opaque()


@pytest.mark.parametrize(
    ("octets", "kind"),
    [(b"ping", Opaque), (b"GET / HTTP/1.1", Malformed), (b"GET / HTTP/1.1\r\nHost: a\r\n", Malformed)],
)
def test_a_client_that_has_said_all_has_ended_its_line(octets: bytes, kind: type[Opening]) -> None:
    async def scene() -> Opening | None:
        async with connection() as (end, peer):
            return await _sent(end, peer, octets, then_end=True)

    assert isinstance(run(scene), kind)


def test_an_end_can_be_read_again_after_its_limit_passed(soon: None) -> None:
    async def scene() -> tuple[Opening | None, Opening | None]:
        async with connection() as (end, peer):
            first = await read(end, read_tunnel)
            return first, await _sent(end, peer, b"\x00\x01opaque")

    assert run(scene) == (None, Opaque())
