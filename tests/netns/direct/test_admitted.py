"""UDP that a site admits by address goes straight through the gateway's kernel, and only that."""

import secrets
import socket
from pathlib import Path

import pytest

from tests.netns.direct.scene import CLOSED_TO_8X8
from tests.netns.events import turn_closed, watch
from tests.netns.lab import SERVER_6, TURN, Lab
from tests.netns.looks import counted, listed
from tests.netns.turn import Media, send_media
from tests.support.running import Proxy, needs
from tierwall.standins.clients import stun_binding
from tierwall.standins.stun import binding_request, mapped_address

pytestmark = needs("turnserver", "turnutils_uclient", "ss")


def _udp_events(proxy: Proxy) -> int:
    return sum(event.network is not None and event.network.transport == "udp" for event in proxy.events())


@pytest.mark.parametrize(("server", "port"), [(TURN, 443), (SERVER_6, 3478)])
def test_admitted_turn_media_goes_past_the_proxy(lab: Lab, proxy: Proxy, server: str, port: int) -> None:
    through, direct = counted(lab.gateway, "through_proxy", "forwarded_directly")
    events = _udp_events(proxy)

    media = send_media(lab.client, server, port)

    assert media == Media(20, 20)
    assert counted(lab.gateway, "through_proxy") == (through,)
    assert counted(lab.gateway, "forwarded_directly")[0] >= direct + 2 * 20
    assert _udp_events(proxy) == events


def test_a_flow_keeps_its_path_when_what_opened_it_is_gone(lab: Lab, proxy: Proxy) -> None:
    """Through the proxy it would have another port, in mid-call."""

    def ports() -> list[int]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(3)
            client.connect((TURN, 50000))
            found = [_mapped(client)]
            lab.gateway.nft("flush set inet tierwall_gateway direct4\n")
            found += [_mapped(client)]
            return found

    through = counted(lab.gateway, "through_proxy")
    first, second = lab.client.inside(ports)

    assert first == second
    assert counted(lab.gateway, "through_proxy") == through


def _mapped(client: socket.socket) -> int:
    transaction = secrets.token_bytes(12)
    client.send(binding_request(transaction))
    mapped = mapped_address(client.recv(500), transaction)
    assert mapped is not None
    return mapped[1]


def test_a_changed_site_changes_what_goes_straight(lab: Lab, proxy: Proxy, site_file: Path) -> None:
    before = site_file.read_text()
    try:
        site_file.write_text(before.replace("deny:", "deny:\n  - {networks: [168.138.110.244], ports: [udp/50000]}"))
        proxy.wait_until(lambda: "168.138.110.244 . 49152-49999" in listed(lab.gateway, "direct4"))

        happened = watch(lab, proxy, lambda: lab.client.wait(lambda: stun_binding(TURN, 50000, limit_s=0.7)))

        assert happened.event["event"]["reason"] == "site-denied"
    finally:
        site_file.write_text(before)
        proxy.wait_until(lambda: "168.138.110.244 . 49152-49999" not in listed(lab.gateway, "direct4"))
    assert lab.client.wait(lambda: stun_binding(TURN, 50000)).ok


@pytest.mark.parametrize("site_file", [CLOSED_TO_8X8], ids=["8x8 closed"], indirect=True)
def test_where_8x8_is_closed_its_turn_media_is_core(lab: Lab, proxy: Proxy) -> None:
    happened = watch(lab, proxy, lambda: send_media(lab.client, TURN, 443, messages=1, limit_s=2))

    assert happened.outcome.received == 0
    assert happened.arrived.udp == 0
    assert happened.event == turn_closed(443)
