"""Behaviours towards UDP at the gateway: what would go straight through the kernel is rejected, and journalled."""

import errno
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.netns.command import tierwall
from tests.netns.events import watch
from tests.netns.gateway import tierwall_in
from tests.netns.lab import BRIDGE, TUN, Lab, bound
from tests.support.running import Proxy
from tierwall.standins.origins import UdpEchoOrigin

ADMIT = "admit: [{vendor: 8x8, tiers: [core]}]\n"
REJECT = ADMIT + "behaviours: [{behaviour: no-udp, how: reject, scope: {vendor: 8x8}}]\n"


@pytest.fixture(scope="module")
def up(lab: Lab) -> Iterator[None]:
    with lab.server.serving(UdpEchoOrigin(host=BRIDGE, port=10000)):
        assert tierwall(lab.gateway, "gateway", "up", "--inside", "client", "--tun", TUN).status == 0
        yield
        assert tierwall(lab.gateway, "gateway", "down").status == 0


@pytest.fixture
def proxy(lab: Lab, up: None, site: Callable[[str], Path], request: pytest.FixtureRequest) -> Iterator[Proxy]:
    with tierwall_in(lab.gateway, "--gateway", "--site", site(request.param)) as proxy:
        yield proxy


def ask(lab: Lab) -> bytes | int | None:
    """What comes of a datagram to a video bridge: its echo, or the number of an error by ICMP."""

    def talk() -> bytes | int | None:
        with bound(socket.SOCK_DGRAM) as client:
            client.connect((BRIDGE, 10000))
            client.send(b"media")
            try:
                return client.recv(100)
            except OSError as error:
                return error.errno

    return lab.client.inside(talk)


@pytest.mark.parametrize("proxy", [ADMIT], ids=["without"], indirect=True)
def test_without_it_media_passes(lab: Lab, proxy: Proxy) -> None:
    assert ask(lab) == b"media"


@pytest.mark.parametrize("proxy", [REJECT], ids=["with"], indirect=True)
def test_a_client_behind_the_gateway_hears_of_the_rejection_by_icmp(lab: Lab, proxy: Proxy) -> None:
    happened = watch(lab, proxy, lambda: ask(lab))
    said = happened.event["tierwall"]

    assert happened.outcome == errno.EHOSTUNREACH
    assert happened.arrived.udp == 0
    assert (said["behaviour"], said["refusal"], said["tier"]) == ("no-udp", "reject", "core")
    assert [(impact["vendor"], impact["service"]) for impact in said["breaks"]] == [("8x8", "video-bridges")]
