"""What goes straight goes only while a proxy lives that renews its lease."""

import socket

from tests.netns.command import tierwall
from tests.netns.direct.scene import LEASE_RUNS_OUT_S
from tests.netns.lab import SERVER_6, TUN, TURN, Lab
from tests.netns.looks import listed
from tests.support.running import Proxy, needs
from tests.support.waiting import eventually
from tierwall.standins.clients import stun_binding, udp_echo

pytestmark = needs("turnserver", "turnutils_uclient", "ss")


def _leased(lab: Lab) -> bool:
    return "0x7457" in listed(lab.gateway, "lease")


def test_a_gateway_that_is_made_anew_is_taken_over_by_the_proxy_that_runs(lab: Lab, proxy: Proxy) -> None:
    lab.gateway.nft("flush set inet tierwall_gateway lease; flush set inet tierwall_gateway direct6")

    eventually(lambda: _leased(lab))

    assert lab.client.wait(lambda: udp_echo(SERVER_6, 50000)).ok


def test_status_says_what_stands(lab: Lab, proxy: Proxy) -> None:
    said = tierwall(lab.gateway, "gateway", "status")

    assert said.status == 0
    assert f"tun        {TUN}, a proxy is attached" in said.stdout
    assert "lease      a proxy renews it" in said.stdout


def test_with_the_proxy_killed_a_call_ends_within_seconds(lab: Lab, proxy: Proxy) -> None:
    """The last test of this run: it ends the proxy that the others share."""

    def talk_on() -> None:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client:
            client.settimeout(0.3)
            client.connect((SERVER_6, 50000))

            def answered() -> bool:
                client.send(b"media")
                try:
                    return client.recv(100) == b"media"
                except (TimeoutError, OSError):
                    return False

            assert answered()
            proxy.process.kill()
            proxy.process.wait()
            eventually(lambda: not answered(), LEASE_RUNS_OUT_S)

    lab.client.inside(talk_on)
    before = lab.seen()
    outcomes = [
        lab.client.wait(lambda: stun_binding(TURN, 50000, limit_s=0.5)),
        lab.client.wait(lambda: udp_echo(SERVER_6, 50000, limit_s=0.5)),
    ]
    said = tierwall(lab.gateway, "gateway", "status")

    assert not any(outcome.ok for outcome in outcomes)
    assert lab.seen() == before
    assert said.status == 1
    assert "no proxy is attached: nothing gets through" in said.stdout
    assert "no proxy renews it: nothing goes straight" in said.stdout
