"""Who is given to mitmproxy: not who has left, in the order of layers that judges first, and nobody unguarded."""

import socket
from types import SimpleNamespace
from typing import Any

import pytest
from mitmproxy import ctx
from mitmproxy.proxy.layers import ClientTLSLayer, ServerTLSLayer
from mitmproxy.proxy.layers.http._upstream_proxy import HttpUpstreamProxy

from tests.support.endpoints import connection, run, until
from tests.support.layers import context
from tierwall.proxy.mitmproxy.handler import GuardedHandler
from tierwall.proxy.mitmproxy.handover import _tls, close_what_is_not_guarded, hand_over, reset_at_the_end


class Writer:
    """A connection's, over this socket or none."""

    def __init__(self, sock: socket.socket | None = None) -> None:
        self._sock, self.closed = sock, False

    def get_extra_info(self, name: str) -> object:
        return self._sock if name == "socket" else None

    def close(self) -> None:
        self.closed = True


class Task:
    """What mitmproxy reads a connection by."""

    def __init__(self) -> None:
        self.why: str | None = None

    def cancel(self, why: str) -> None:
        self.why = why


def _connected(monkeypatch: pytest.MonkeyPatch, **handlers: object) -> None:
    """mitmproxy has these connections, by the id of their client."""
    server = SimpleNamespace(connections=handlers)
    addons = SimpleNamespace(get=lambda name: server if name == "proxyserver" else None)
    monkeypatch.setattr(ctx, "master", SimpleNamespace(addons=addons), raising=False)


def test_who_has_left_is_given_to_nobody() -> None:
    async def scene() -> None:
        nobody: Any = None
        async with connection() as (end, peer):
            peer.reset()
            await until(lambda: end.gone)
            await hand_over(nobody, end, None)

    run(scene)


def test_the_clients_tls_is_begun_by_the_servers_which_it_looks_for() -> None:
    inside = context(address=("8x8.vc", 443))

    first = _tls(inside)

    assert isinstance(first, ServerTLSLayer)
    assert [type(layer) for layer in inside.layers] == [ServerTLSLayer, ClientTLSLayer]


def test_a_parent_proxy_is_asked_before_anything_is_encrypted() -> None:
    inside = context(mode="upstream:http://parent.example:3128", address=("8x8.vc", 443))
    inside.server.via = ("http", ("parent.example", 3128))

    assert isinstance(_tls(inside), HttpUpstreamProxy)


def test_a_client_is_reset_when_its_connection_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    client: Any = SimpleNamespace(id="one")
    with socket.socket() as sock:
        handler = SimpleNamespace(transports=_By(client, SimpleNamespace(writer=Writer(sock), handler=None)))
        _connected(monkeypatch, one=handler)

        reset_at_the_end(client)

        linger = sock.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)
        assert linger == b"\x01\0\0\0\0\0\0\0"


def test_one_without_a_socket_or_that_nobody_knows_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    client: Any = SimpleNamespace(id="one")
    _connected(monkeypatch, one=SimpleNamespace(transports=_By(client, SimpleNamespace(writer=Writer(), handler=None))))

    reset_at_the_end(client)
    reset_at_the_end(SimpleNamespace(id="another"))  # type: ignore[arg-type]


class _By(dict[Any, Any]):
    """Of one client, which need not be hashable."""

    def __init__(self, client: object, io: object) -> None:
        super().__init__()
        self._client, self._io = client, io

    def __contains__(self, client: object) -> bool:
        return client is self._client

    def __getitem__(self, client: object) -> Any:
        return self._io

    def values(self) -> Any:
        return [self._io]


def test_what_mitmproxy_accepted_itself_is_closed_and_what_is_judged_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs, reading = Writer(), Writer(), Task()
    guarded = GuardedHandler.__new__(GuardedHandler)
    guarded.transports = _By(None, SimpleNamespace(writer=ours, handler=None))
    unguarded = SimpleNamespace(transports=_By(None, SimpleNamespace(writer=theirs, handler=reading)))
    _connected(monkeypatch, one=guarded, two=unguarded)

    close_what_is_not_guarded()

    assert (ours.closed, theirs.closed, reading.why) == (False, True, "tierwall did not judge it")
