"""Every connection is accepted, given to its mode, and ended where nobody else does; a failure of ours denies."""

import asyncio
import gc
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_network

import pytest
from mitmproxy.connection import Connection
from mitmproxy.flow import Flow
from mitmproxy.proxy.layer import Layer
from mitmproxy.proxy.server import ConnectionHandler

from tests.support.endpoints import Told, connection, run
from tests.support.front_doors import ESTABLISHED, Door, asks_for, said_to, served
from tierwall.events import Event
from tierwall.policy.attempt import Reason
from tierwall.policy.site import Site
from tierwall.proxy.connection.client_connection import Known
from tierwall.proxy.serving.front_door import FrontDoor
from tierwall.proxy.transport.endpoints.endpoint import Endpoint
from tierwall.standins.origins import TcpEchoOrigin

pytestmark = pytest.mark.usefixtures("both_endpoints")


def test_a_client_that_is_not_served_is_refused_before_its_bytes_are_read() -> None:
    door = Door(site=Site(id="office", clients=(ip_network("198.51.100.0/24"),)))

    run(lambda: said_to(door, asks_for("a.corp.example")))

    assert door.reasons == [Reason.CLIENT_REFUSED]


def test_a_failure_of_ours_denies_and_is_journalled(caplog: pytest.LogCaptureFixture) -> None:
    async def fails(end: Endpoint, known: Known | None) -> None:
        raise RuntimeError("broken")

    door = Door()

    async def scene() -> bytes:
        async with connection() as (end, peer):
            await peer.send(b"GET http://a.corp.example/ HTTP/1.1\r\nHost: a.corp.example\r\n\r\n")
            await door.door().serve(end, replace(door.listener(), hand_over=fails))
            return await peer.read_to_end()

    assert run(scene) == b"<reset>"
    assert door.reasons == [Reason.ERROR]
    assert "denied because of a failure of ours" in caplog.text


def test_no_mitmproxy_object_is_made_for_passthrough_or_refusal() -> None:
    """They cost ten times what a tunnel of ours does."""
    makes = (Connection, ConnectionHandler, Flow, Layer)

    async def scene() -> int:
        before = {id(thing) for thing in gc.get_objects() if isinstance(thing, makes)}
        async with TcpEchoOrigin() as origin, served(Door(origin=origin)) as (peer, serve):
            serving = asyncio.create_task(serve())
            await peer.send(asks_for("a.corp.example") + b"\x00")
            await peer.read(len(ESTABLISHED) + 1)
            await said_to(Door(), asks_for("evil.example"))
            made = sum(id(thing) not in before for thing in gc.get_objects() if isinstance(thing, makes))
            peer.end()
            await serving
            return made

    assert run(scene) == 0


class Failing(Told):
    """A sink that takes nothing."""

    def write(self, event: Event) -> None:
        raise RuntimeError("no event is taken")


@pytest.mark.parametrize("request_", [asks_for("a.corp.example"), asks_for("evil.test"), b"nonsense\r\n\r\n"])
def test_where_nothing_can_be_journalled_the_client_is_reset_all_the_same(request_: bytes) -> None:
    async def scene() -> bytes:
        async with served(Door(told=Failing())) as (peer, serve):
            await peer.send(request_)
            with suppress(RuntimeError):
                await serve()
            return await peer.read_to_end()

    assert run(scene) == b"<reset>"


def test_what_a_client_said_shows_in_no_failure_of_coding() -> None:
    class Uncodable(Door):
        def door(self) -> FrontDoor:
            door = super().door()
            door._http_proxy._connect = self.fail  # type: ignore[method-assign]
            return door

        def fail(self, *_: object) -> None:
            "pa€s".encode("latin-1")

    door = Uncodable()

    assert run(lambda: said_to(door, asks_for("a.corp.example"))) == b"<reset>"
    assert door.told.only.error is not None
    assert door.told.only.error.message == "UnicodeEncodeError"
