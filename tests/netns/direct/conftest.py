"""A gateway whose proxy lets admitted UDP go straight, and the servers behind it: new for each file of tests."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.netns.command import tierwall
from tests.netns.direct.scene import BRIDGE_ECHO, PRIVATE, RECORDS, SITE
from tests.netns.dns_packets import NameServerOrigin
from tests.netns.gateway import tierwall_in
from tests.netns.lab import BRIDGE, OTHER_SERVER, SERVER, SERVER_6, TUN, TURN, Lab
from tests.netns.looks import state
from tests.netns.turn import coturn
from tests.support.running import Proxy
from tierwall.standins.certificates import Authority
from tierwall.standins.origins import StunOrigin, UdpEchoOrigin
from tierwall.standins.quic import QuicEchoOrigin


@pytest.fixture(scope="module")
def vendors(lab: Lab, authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    lab.gateway.etc("resolv.conf", f"nameserver {SERVER}\n")
    lab.server.ip(f"addr add {PRIVATE}/32 dev gateway")
    lab.server.ip(f"addr add {BRIDGE_ECHO}/32 dev gateway")
    with (
        lab.server.serving(NameServerOrigin(RECORDS, host=SERVER)),
        lab.server.serving(StunOrigin(host=TURN, port=50000)),
        lab.server.serving(StunOrigin(host=OTHER_SERVER, port=50000)),
        lab.server.serving(StunOrigin(host=PRIVATE, port=50000)),
        lab.server.serving(UdpEchoOrigin(host=BRIDGE, port=10000)),
        lab.server.serving(UdpEchoOrigin(host=SERVER_6, port=50000)),
        lab.server.serving(UdpEchoOrigin(host=BRIDGE_ECHO, port=50000)),
        lab.server.serving(UdpEchoOrigin(host=BRIDGE_ECHO, port=50002)),
        lab.server.serving(QuicEchoOrigin(authority, ["evil.example"], host=TURN, port=50443)),
        coturn(lab.server, 443, tmp_path_factory.mktemp("turn"), TURN),
        coturn(lab.server, 3478, tmp_path_factory.mktemp("turn6"), SERVER_6),
    ):
        yield


@pytest.fixture(scope="module")
def up(lab: Lab, vendors: None) -> Iterator[None]:
    before = state(lab.gateway)
    assert tierwall(lab.gateway, "gateway", "up", "--inside", "client", "--tun", TUN).status == 0
    yield
    assert tierwall(lab.gateway, "gateway", "down").status == 0
    assert state(lab.gateway) == before


@pytest.fixture(scope="module", params=[SITE], ids=["core"])
def site_file(site: Callable[[str], Path], request: pytest.FixtureRequest) -> Path:
    return site(request.param)


@pytest.fixture(scope="module")
def proxy(lab: Lab, up: None, site_file: Path) -> Iterator[Proxy]:
    with tierwall_in(lab.gateway, "--gateway", "--site", site_file) as proxy:
        yield proxy
