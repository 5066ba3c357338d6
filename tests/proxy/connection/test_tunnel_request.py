"""A request's ends are told alike: to the journal, and to the client in words of its own protocol."""

from dataclasses import replace
from ipaddress import ip_address

import pytest

from tests.policy.catalogues import CATALOGUE, connect, to
from tests.support.endpoints import connection, run
from tests.support.front_doors import Door
from tierwall.policy.attempt import Attempt
from tierwall.policy.model import Transport
from tierwall.policy.site import Site
from tierwall.proxy.connection.client_connection import ClientConnection
from tierwall.proxy.connection.tunnel_request import TunnelRequest, target
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.recorder import Caller, Recorder
from tierwall.proxy.state.refusal import Spoken

pytestmark = pytest.mark.usefixtures("both_endpoints")

POLICY = ActivePolicy(Site(id="closed"), CATALOGUE)


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        (connect("8x8.vc"), "8x8.vc:443"),
        (to("2001:db8::1", 3478), "[2001:db8::1]:3478"),
        (to("192.0.2.1", 80, host_header="8x8.vc"), "8x8.vc:80"),
        (Attempt(transport=Transport.TCP, port=0, malformed="x"), "what was asked for"),
    ],
)
def test_a_destination_is_written_as_people_write_it(attempt: Attempt, said: str) -> None:
    assert target(attempt, POLICY.judge(attempt)) == said


def test_a_failed_dial_is_journalled_and_the_client_told_the_cause() -> None:
    door = Door()

    async def scene() -> bytes:
        async with connection() as (end, peer):
            recorder = Recorder(door.told, POLICY, everything=False)
            caller = Caller(ip_address("127.0.0.1"), 1)
            client_connection = ClientConnection(end, door.listener(), caller, recorder, POLICY, spoken=Spoken.CONNECT)
            attempt = connect("8x8.vc")
            verdict = replace(POLICY.judge(attempt), reason=None)
            TunnelRequest(client_connection, attempt, verdict).fail("No route to host", timed_out=False)
            peer.end()
            return await peer.read_to_end()

    heard = run(scene)
    assert heard.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    assert b"8x8.vc:443 is let through, and does not answer" in heard
    assert b"cause: No route to host" in heard
    assert door.told.only.error is not None
    assert door.told.only.error.message == "No route to host"
