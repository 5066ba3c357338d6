"""Who connects finds the live door; what a parent bound is used, and what we do not serve is mitmproxy's."""

import asyncio
import socket
from types import SimpleNamespace
from typing import Any

import pytest
from mitmproxy import platform
from mitmproxy.proxy.mode_specs import ProxyMode

from tests.support.endpoints import run
from tierwall.proxy.listeners import sockets
from tierwall.proxy.listeners.live_door import LIVE_DOOR
from tierwall.proxy.listeners.sockets import inherit, is_secured, listen, secure

pytestmark = pytest.mark.usefixtures("both_endpoints")


class Door:
    """Notes where its clients wanted to go, and closes them."""

    every = ()

    def __init__(self) -> None:
        self.came: list[object] = []
        self.said: list[str] = []

    def open(self, client: Any, listener: object, original: object) -> None:
        self.came.append(original)
        client.close()

    def say(self, trouble: str) -> None:
        self.said.append(trouble)


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Door:
    door = Door()
    monkeypatch.setattr(LIVE_DOOR, "_door", door)
    return door


class Instance:
    """A server of mitmproxy's."""

    def __init__(self, spec: str = "regular") -> None:
        self.mode = ProxyMode.parse(spec)


async def _ask(address: tuple[str, int]) -> bytes:
    try:
        reader, writer = await asyncio.open_connection(*address)
    except ConnectionResetError:  # before this loop has looked whether it stands
        return b"<reset>"
    try:
        return await reader.read()
    except ConnectionResetError:
        return b"<reset>"
    finally:
        writer.close()


async def _asked(instance: Any, host: str = "127.0.0.1") -> tuple[bytes, tuple[str, int]]:
    """What a client hears that connects, and where."""
    servers = await listen(instance, host, 0)
    try:
        address = servers[0].sockets[0].getsockname()[:2]
        return await _ask(address), address
    finally:
        for server in servers:
            server.close()


def test_who_connects_is_given_to_the_live_door(door: Door) -> None:
    heard, _ = run(lambda: _asked(Instance()))

    assert (heard, door.came) == (b"", [None])


def test_what_a_parent_bound_is_listened_on(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "_INHERITED", {})
    with socket.create_server(("127.0.0.1", 0)) as bound:
        address = bound.getsockname()
        inherit({"regular": [bound]})

        assert run(lambda: _asked(Instance(), "192.0.2.1"))[1] == address


def test_a_redirected_client_comes_with_where_it_wanted_to_go(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "original_addr", lambda _: ("::ffff:192.0.2.9", 443, 0, 0))

    run(lambda: _asked(Instance("transparent")))

    [(address, port)] = door.came  # type: ignore[misc]
    assert (str(address), port) == ("192.0.2.9", 443)


def test_one_whose_destination_nobody_knows_is_reset(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: object) -> None:
        raise OSError("no such entry")

    monkeypatch.setattr(platform, "original_addr", gone)

    assert run(lambda: _asked(Instance("transparent")))[0] == b"<reset>"
    assert door.came == []


def test_where_no_descriptor_is_left_it_is_turned_away(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LIVE_DOOR, "descriptors", SimpleNamespace(are_scarce=lambda _: True, complaint=lambda: "few"))

    assert run(lambda: _asked(Instance()))[0] == b"<reset>"
    assert (door.came, door.said) == ([], ["few"])


def test_what_does_not_come_through_the_door_listens_as_mitmproxy_does(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    async def theirs(_: object, *where: object) -> list[object]:
        asked.extend(where)
        return []

    monkeypatch.setattr(sockets, "mitmproxys_listen", theirs)
    instance: Any = Instance("reverse:http://192.0.2.1")

    assert run(lambda: listen(instance, "127.0.0.1", 8080)) == []
    assert asked == ["127.0.0.1", 8080]


def test_which_modes_speak_tls_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "_SECURED", {})
    context: Any = object()
    secure("regular@127.0.0.1:8443", context)

    assert (is_secured("regular@127.0.0.1:8443"), is_secured("regular")) == (True, False)
