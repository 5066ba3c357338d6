"""Which front door is live: without one everything is refused, and at the end every one that was is emptied."""

from types import SimpleNamespace
from typing import Any

import pytest
from mitmproxy.proxy import mode_specs
from mitmproxy.proxy.mode_specs import ProxyMode

from tests.support.endpoints import run
from tierwall.proxy.connection.client_connection import Listener, Speaks
from tierwall.proxy.listeners.live_door import SPEAKS, LiveDoor


class Instance:
    """A server of mitmproxy's."""

    def __init__(self, spec: str) -> None:
        self.mode = ProxyMode.parse(spec)


class Client:
    """An end of a connection."""

    def __init__(self) -> None:
        self.was_reset = False

    def reset(self) -> None:
        self.was_reset = True


class Door:
    """A front door, alone in its process."""

    def __init__(self) -> None:
        self.came: list[Listener] = []
        self.said: list[str] = []
        self.was_shut = 0
        self.every = (self,)

    def open(self, client: object, listener: Listener, original: object) -> None:
        self.came.append(listener)

    async def serve(self, client: object, listener: Listener, original: object) -> None:
        self.came.append(listener)

    def say(self, trouble: str) -> None:
        self.said.append(trouble)

    async def shut(self, seconds: float) -> None:
        self.was_shut += 1


def _live(door: Any = None) -> Any:
    live = LiveDoor()
    live.door = door
    return live


def test_without_a_door_everything_is_refused() -> None:
    live, clients = _live(), [Client(), Client(), Client()]

    live.open(clients[0], Instance("regular"), None)
    run(lambda: live.serve(clients[1], Instance("regular"), None))
    live.turn_away(clients[2])

    assert [client.was_reset for client in clients] == [True, True, True]


@pytest.mark.parametrize(
    ("spec", "speaks", "gateway"),
    [
        ("regular@127.0.0.2:8081", Speaks.HTTP_PROXY, False),
        ("socks5", Speaks.SOCKS5, False),
        ("transparent", Speaks.ANYTHING, True),
    ],
)
def test_a_connection_comes_as_clients_of_its_mode_speak(spec: str, speaks: Speaks, gateway: bool) -> None:
    door = Door()
    live, instance = _live(door), Instance(spec)

    live.open(Client(), instance, None)
    run(lambda: live.serve(Client(), instance, None))

    [listener, again] = door.came
    assert (listener.speaks, listener.gateway, listener.spec, listener.parent) == (speaks, gateway, spec, None)
    assert again is listener


def test_a_parent_proxy_is_known_with_what_it_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    from mitmproxy import ctx  # noqa: PLC0415

    options = SimpleNamespace(ssl_insecure=False, upstream_auth="anna:secret")
    monkeypatch.setattr(ctx, "options", options, raising=False)
    door = Door()

    _live(door).open(Client(), Instance("upstream:https://parent.example:3128"), None)

    parent = door.came[0].parent
    assert parent is not None
    assert (parent.host, parent.port, parent.tls, parent.verify) == ("parent.example", 3128, True, True)


def test_who_finds_no_room_is_reset_and_that_is_said_once() -> None:
    door, clients = Door(), [Client(), Client()]
    live = _live(door)

    for client in clients:
        live.turn_away(client)

    assert [client.was_reset for client in clients] == [True, True]
    assert len(door.said) == 1


def test_the_doors_before_the_live_one_are_emptied_too() -> None:
    first, second = Door(), Door()
    live = _live(first)
    live.door = second

    run(live.empty)

    assert (first.was_shut, second.was_shut) == (1, 1)


def test_modes_whose_destination_is_mitmproxys_do_not_come_here() -> None:
    assert SPEAKS.keys() & {mode_specs.ReverseMode, mode_specs.DnsMode} == set()
