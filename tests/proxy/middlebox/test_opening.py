"""What a connection opens with may stop it: without a name, in several segments, or at a foreign address."""

import socket
from dataclasses import replace
from ipaddress import ip_address

import pytest

from tests.policy.catalogues import connect, to
from tests.support.asked import Asking
from tests.support.endpoints import run, until
from tests.support.programs import built_hello
from tierwall.opening import Opening, read_tunnel
from tierwall.policy.attempt import Attempt
from tierwall.policy.behaviour import DpiHttpsOnly, HostForgeryCheck, Latency, OneSegmentHello, SniRequired, Stop
from tierwall.policy.behaviour.parameters import Seconds
from tierwall.policy.model import Address
from tierwall.proxy.middlebox.opening import AtOpening
from tierwall.proxy.state.destinations import Destination, Destinations
from tierwall.proxy.state.refusal import Spoken

HELLO = read_tunnel(bytearray(built_hello(b"8x8.vc")))
HERE, THERE = ip_address("192.0.2.1"), ip_address("192.0.2.2")


class Names(Destinations):
    """A resolver that knows one address, or none."""

    def __init__(self, leads_to: Address | None = HERE) -> None:
        super().__init__()
        self._leads_to = leads_to

    async def find(self, host: str | Address, port: int) -> Destination:
        if self._leads_to is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return Destination((self._leads_to,), port)


def _stopped(
    asking: Asking, opening: Opening | None, attempt: Attempt | None = None, names: Names | None = None
) -> str:
    """What the client hears; nothing where it goes on."""

    async def scene() -> str:
        async with asking.connected() as (asked, peer):
            at_opening = AtOpening(names or Names())
            at_opening.begin(asked, 0)
            if not await at_opening.stops(asking.hit_by(asked, attempt), opening):
                return "goes on"
            peer.end()
            return (await peer.read_to_end()).decode(errors="replace")

    return run(scene)


def test_only_a_verdict_with_such_a_behaviour_has_the_opening_looked_at() -> None:
    async def scene(asking: Asking) -> bool:
        async with asking.connected() as (asked, _):
            return AtOpening.looks(asking.hit_by(asked))

    assert not run(lambda: scene(Asking((Latency(delay=Seconds(1.0)),))))
    assert run(lambda: scene(Asking((DpiHttpsOnly(),))))


def test_tls_without_a_name_is_reset_and_journalled() -> None:
    asking = Asking((SniRequired(),))

    assert _stopped(asking, HELLO) == "<reset>"
    assert asking.broke == [("sni-required", "a ClientHello without a server name", "reset")]


def test_or_left_without_an_answer() -> None:
    asking = Asking((SniRequired(how=Stop.DROP),))

    assert _stopped(asking, HELLO) == ""
    assert asking.broke[0][2] == "drop"


def test_what_is_no_https_where_only_that_is_let_through_says_why() -> None:
    asking = Asking((DpiHttpsOnly(),))

    assert _stopped(asking, None) == "<reset>"
    assert str(asking.broke[0][1]).startswith("no TLS handshake begins it")
    assert _stopped(Asking((DpiHttpsOnly(),)), HELLO) == "goes on"


def test_a_hello_in_two_segments_is_stopped_and_one_in_one_is_not() -> None:
    async def scene(*cuts: int) -> bool:
        asking = Asking((OneSegmentHello(),))
        hello = built_hello(b"8x8.vc", padding_octets=600)
        async with asking.connected() as (asked, peer):
            peer.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            at_opening = AtOpening(Names())
            at_opening.begin(asked, 0)
            at = 0
            for cut in (*cuts, len(hello)):
                peer.sock.send(hello[at:cut])
                at = cut
            await until(lambda: len(asked.client.received) == len(hello))
            return await at_opening.stops(asking.hit_by(asked), read_tunnel(asked.client.received))

    assert [run(scene), run(lambda: scene(100))] == [False, True]


@pytest.mark.parametrize(
    ("names", "how"),
    [
        (Names(HERE), "goes on"),
        (Names(THERE), f"8x8.vc leads to {THERE}, and the client went to {HERE}"),
        (Names(None), f"8x8.vc does not resolve here (Name or service not known), and the client went to {HERE}"),
    ],
)
def test_a_name_at_an_address_that_it_does_not_lead_to_is_forged(names: Names, how: str) -> None:
    asking = Asking((HostForgeryCheck(),))

    heard = _stopped(asking, HELLO, to(str(HERE), sni="8x8.vc"), names)

    told = [detail for _, detail, _ in asking.broke]
    assert (heard, told) == (("goes on", []) if how == "goes on" else ("<reset>", [how]))


def test_of_plain_http_that_is_409_and_a_client_that_chose_no_address_forges_none() -> None:
    asking = Asking((HostForgeryCheck(),), spoken=Spoken.HTTP)

    assert _stopped(asking, HELLO, to(str(HERE), 80, host_header="8x8.vc"), Names(THERE)).startswith("HTTP/1.1 409 ")
    assert _stopped(asking, HELLO, replace(connect("8x8.vc"), dialled=HERE), Names(THERE)) == "goes on"
