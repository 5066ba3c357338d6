"""Of several sites' front doors each connection goes through that of the site which serves its client."""

from ipaddress import ip_network
from typing import Any

import pytest

from tests.support.endpoints import run
from tierwall.proxy.connection.client_connection import Listener, Speaks
from tierwall.proxy.serving.doors import Doors
from tierwall.proxy.state.in_force.served_sites import Choice


class Door:
    """One site's, which notes who comes."""

    def __init__(self) -> None:
        self.came: list[object] = []
        self.said: list[str] = []

    def open(self, client: object, listener: object, original: object = None) -> object:
        self.came.append(client)
        return client

    async def serve(self, client: object, listener: object, original: object = None) -> None:
        self.came.append(client)

    def say(self, trouble: str) -> None:
        self.said.append(trouble)


class Client:
    """An end of a connection; `address` is None where it has left already."""

    def __init__(self, address: str | None) -> None:
        self._address = address
        self.asked = 0

    def get_extra_info(self, name: str, default: object = None) -> object:
        self.asked += 1
        return (self._address, 40_000) if name == "peername" and self._address else default


async def _nowhere(*_: object) -> None:
    raise AssertionError("nothing is handed over here")


def _listener(spec: str) -> Listener:
    return Listener(speaks=Speaks.HTTP_PROXY, hand_over=_nowhere, spec=spec)


class Sites:
    """Three of them: the first, one with a listener of its own, one with a network."""

    def __init__(self) -> None:
        self.first, self.at_port, self.in_network = Door(), Door(), Door()
        choice: Any = Choice(
            self.first, {"regular@127.0.0.2:1": self.at_port}, [(ip_network("10.1.0.0/16"), self.in_network)]
        )
        every: Any = (self.first, self.at_port, self.in_network)
        self.doors = Doors(choice, every)


@pytest.mark.parametrize(
    ("address", "spec", "through"),
    [
        ("10.2.0.1", "regular", "first"),
        ("10.1.0.1", "regular", "in_network"),
        ("10.1.0.1", "regular@127.0.0.2:1", "at_port"),
        ("::ffff:10.1.0.1", "regular", "in_network"),
        (None, "regular", "first"),
    ],
)
def test_the_listener_decides_and_then_the_network(address: str | None, spec: str, through: str) -> None:
    sites, client = Sites(), Client(address)
    one: Any = client

    sites.doors.open(one, _listener(spec))
    run(lambda: sites.doors.serve(one, _listener(spec)))

    came = {name: getattr(sites, name).came for name in ("first", "at_port", "in_network")}
    assert came == {name: [client, client] if name == through else [] for name in came}


def test_of_one_site_nobody_is_asked_where_it_comes_from() -> None:
    door, client = Door(), Client("10.1.0.1")
    alone: Any = (door, client)
    choice: Any = Choice(door, {}, [])

    Doors(choice, (alone[0],)).open(alone[1], _listener("regular"))

    assert (door.came, client.asked) == ([client], 0)


def test_a_trouble_with_what_nobody_served_is_the_first_sites() -> None:
    sites = Sites()
    sites.doors.say("no descriptor is free")

    assert (sites.first.said, sites.at_port.said) == (["no descriptor is free"], [])
