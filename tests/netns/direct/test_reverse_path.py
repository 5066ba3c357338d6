"""Where the kernel asks of each packet whether its sender lies that way (RFC 3704), as systemd has it loosely asked on
every interface: answers to what went straight come back. What is strict passes where what is loose does."""

from collections.abc import Iterator

import pytest

from tests.netns.direct.scene import BRIDGE_ECHO
from tests.netns.lab import BRIDGE, TURN, Lab
from tests.netns.looks import counted
from tests.support.running import Proxy, needs
from tierwall.standins.clients import stun_binding

pytestmark = needs("turnserver", "turnutils_uclient", "ss")

_KEY = "net.ipv4.conf.server.rp_filter"


@pytest.fixture(scope="module", autouse=True)
def strict(lab: Lab) -> Iterator[None]:
    """Before the gateway is up."""
    lab.gateway.run("sysctl", "-q", "-w", f"{_KEY}=1")
    yield
    assert lab.gateway.run("sysctl", "-n", _KEY).stdout.strip() == "1"


@pytest.mark.parametrize(("server", "port"), [(TURN, 50000), (TURN, 443)])
def test_an_answer_to_what_went_straight_arrives(lab: Lab, proxy: Proxy, server: str, port: int) -> None:
    through, direct = counted(lab.gateway, "through_proxy", "forwarded_directly")

    assert lab.client.wait(lambda: stun_binding(server, port)).ok
    assert counted(lab.gateway, "through_proxy", "forwarded_directly") == (through, direct + 2)


def test_what_nobody_admitted_goes_nowhere_still(lab: Lab, proxy: Proxy) -> None:
    before = lab.seen().udp

    assert not lab.client.wait(lambda: stun_binding(BRIDGE, 10001, limit_s=0.7)).ok
    assert lab.seen().udp == before


def test_what_is_not_marked_goes_nowhere_where_somebody_flushes_the_table(lab: Lab, proxy: Proxy) -> None:
    """The marks of answers are of no use to who sends from inside."""
    lab.gateway.nft("flush chain inet tierwall_gateway arriving\n")
    before = lab.seen().udp

    assert not lab.client.wait(lambda: stun_binding(BRIDGE_ECHO, 50000, limit_s=0.7)).ok
    assert lab.seen().udp == before
