"""QUIC is judged by its name, in an admitted network and in a flow that goes straight too."""

import secrets
import socket
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

import pytest

from tests.netns.direct.scene import BRIDGE_ECHO
from tests.netns.events import denied, sni, watch
from tests.netns.lab import CLIENT, TURN, Lab
from tests.support.quic_packets import V1, V2, first_flight
from tests.support.running import Proxy, needs
from tierwall.events import Event
from tierwall.standins.quic import quic_echo
from tierwall.standins.stun import binding_request

pytestmark = needs("turnserver", "turnutils_uclient", "ss")


def test_quic_is_judged_by_its_name_in_an_admitted_network_too(lab: Lab, proxy: Proxy, ca: Path) -> None:
    name = "evil.example"

    happened = watch(lab, proxy, lambda: lab.client.wait(lambda: quic_echo(TURN, name, ca=ca, port=50443, limit_s=0.7)))

    assert not happened.outcome.connected
    assert happened.arrived.udp == 0
    assert happened.event == denied(
        "unlisted",
        stage="udp",
        refusal="drop",
        destination={"domain": name, "ip": TURN, "port": 50443},
        network={"transport": "udp", "protocol": "quic"},
        name_source="sni",
        tls=sni(name),
    )


MID_FLOW = {
    "a junk octet": [b"j"],
    "a short header": [b"\x40" + bytes(30)],
    "STUN": [binding_request(bytes(12))],
    "nothing": [],
}


@pytest.mark.parametrize("before", MID_FLOW.values(), ids=MID_FLOW)
@pytest.mark.parametrize("version", [V1, V2], ids=["v1", "v2"])
def test_a_flow_that_goes_straight_carries_no_quic_to_a_denied_name(
    lab: Lab, proxy: Proxy, before: list[bytes], version: int
) -> None:
    """The server would have answered: it echoes datagrams."""
    name = f"{secrets.token_hex(4)}.evil.example"

    def say() -> list[bytes]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.7)
            client.connect((BRIDGE_ECHO, 50002))
            for datagram in [*before, *first_flight(name, version=version), b"media"]:
                client.send(datagram)
            return list(_answers(client))

    before_it = lab.seen().udp
    heard = lab.client.inside(say)
    event = proxy.wait_for(lambda event: event.destination is not None and event.destination.domain == name)

    assert event.event.reason == "unlisted"
    assert event.source is not None
    assert event.source.ip == CLIENT
    assert not any(datagram[0] & 0x80 for datagram in heard)
    assert before == [] or before[0] in heard
    assert lab.seen().udp - before_it <= len(before) + 1


def test_quic_of_a_version_that_nobody_reads_goes_nowhere(lab: Lab, proxy: Proxy) -> None:
    draft = b"\xc0\xff\x00\x00\x1d\x08" + secrets.token_bytes(8) + bytes(1185)

    def say() -> list[bytes]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.7)
            client.connect((BRIDGE_ECHO, 50002))
            client.send(b"j")
            client.send(draft)
            return list(_answers(client))

    heard = lab.client.inside(say)
    event = proxy.wait_for(lambda event: event.event.reason == "malformed")

    assert heard == [b"j"]
    assert event.destination is not None
    assert (event.destination.ip, event.destination.port) == (BRIDGE_ECHO, 50002)


def test_quic_to_an_admitted_name_may_begin_in_a_flow_that_goes_straight(lab: Lab, proxy: Proxy) -> None:
    initial, stun = first_flight("turn.corp.example"), binding_request(bytes(12))

    def say() -> list[bytes]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.7)
            client.connect((BRIDGE_ECHO, 50000))
            heard = []
            for datagram in (stun, *initial, b"\x40short"):
                client.send(datagram)
                heard += list(islice(_answers(client), 1))
            return heard

    heard = lab.client.inside(say)
    proxy.wait_for(lambda event: event.event.action == "allowed" and _port_of(event) == 50000)

    assert heard == [stun, *initial, b"\x40short"]


def _port_of(event: Event) -> int | None:
    return None if event.destination is None else event.destination.port


def _answers(client: socket.socket) -> Iterator[bytes]:
    with suppress(TimeoutError, OSError):
        while True:
            yield client.recv(2000)
