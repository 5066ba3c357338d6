"""What the gateway's kernel does beside letting through: SYNs without an answer. And a proxy without its rules."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.netns.command import tierwall
from tests.netns.dns_packets import A, Answered, NameServerOrigin, address, ask
from tests.netns.events import TURN_RELAY, denied, watch
from tests.netns.gateway import tierwall_in
from tests.netns.lab import BRIDGE, GATEWAY, OTHER_SERVER, SERVER, SERVER_6, TUN, TURN, Lab
from tests.support.running import Proxy

SITE = "admit: [{hosts: [turn.corp.example], ports: [udp/3478]}, {vendor: vevox}]"
BLACKHOLE = """
admit:
  - {vendor: 8x8, tiers: [core]}
  - {networks: ["2001:db8:203::/64"], ports: [tcp/443]}
behaviours:
  - behaviour: dial-blackhole
    scope: {networks: [168.138.110.244, 203.0.113.2, "2001:db8:203::/64"], ports: [tcp/443]}
"""
RECORDS = {("turn.corp.example", A): address(OTHER_SERVER), ("acme.vevox.app", A): address(BRIDGE)}


@pytest.fixture
def up(lab: Lab) -> Iterator[None]:
    assert tierwall(lab.gateway, "gateway", "up", "--inside", "client", "--tun", TUN).status == 0
    yield
    tierwall(lab.gateway, "gateway", "down")


@pytest.fixture
def proxy(lab: Lab, up: None, site: Callable[[str], Path], request: pytest.FixtureRequest) -> Iterator[Proxy]:
    lab.gateway.etc("resolv.conf", f"nameserver {SERVER}\n")
    with (
        lab.server.serving(NameServerOrigin(RECORDS, host=SERVER)),
        tierwall_in(lab.gateway, "--gateway", "--site", site(request.param)) as proxy,
    ):
        yield proxy


def _tried(lab: Lab, there: str) -> bool:
    """Whether a connection to port 443 there stands within a moment."""

    def connect() -> bool:
        family = socket.AF_INET6 if ":" in there else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as client:
            client.settimeout(0.7)
            try:
                client.connect((there, 443))
            except TimeoutError:
                return False
        return True

    return lab.client.inside(connect)


@pytest.mark.parametrize("proxy", [SITE], ids=["answers"], indirect=True)
def test_every_syn_that_is_redirected_is_answered(lab: Lab, proxy: Proxy) -> None:
    """By the machine itself: the proxy refuses later."""
    assert [_tried(lab, there) for there in (TURN, SERVER, SERVER_6)] == [True, True, True]


@pytest.mark.parametrize("proxy", [BLACKHOLE], ids=["blackhole"], indirect=True)
def test_a_syn_that_is_not_to_be_answered_is_not_and_has_its_event(lab: Lab, proxy: Proxy) -> None:
    admitted = watch(lab, proxy, lambda: _tried(lab, TURN))
    admitted_6 = watch(lab, proxy, lambda: _tried(lab, SERVER_6))
    denied_too = watch(lab, proxy, lambda: _tried(lab, SERVER))
    other = _tried(lab, OTHER_SERVER)

    assert [each.outcome for each in (admitted, admitted_6, denied_too)] == [False, False, False]
    assert other
    assert [each.arrived.tcp for each in (admitted, admitted_6, denied_too)] == [0, 0, 0]
    whole = denied(
        "behaviour",
        stage="dial",
        refusal="drop",
        destination={"ip": TURN, "port": 443},
        network={"transport": "tcp"},
        tier="core",
        breaks=[TURN_RELAY],
        rule={"name": "turn-sydney", "ruleset": "8x8", "category": "core"},
    )
    whole["event"] |= {"action": "broken", "type": ["connection", "end"]}
    whole["tierwall"] |= {"behaviour": "dial-blackhole", "admitted_by": "8x8/turn-sydney"}
    assert admitted.event == whole
    assert admitted_6.event["event"]["action"] == "broken"
    assert denied_too.event == denied(
        "address-only",
        stage="accept",
        refusal="drop",
        destination={"ip": SERVER, "port": 443},
        network={"transport": "tcp"},
    )


@pytest.mark.parametrize("proxy", [SITE], ids=["no table"], indirect=True)
def test_an_answer_whose_elements_cannot_be_written_is_not_given(lab: Lab, proxy: Proxy) -> None:
    """The table is gone under the running proxy: names that open nothing are answered as ever, and it says so once."""
    lab.gateway.nft("delete table inet tierwall_gateway")

    opens = lab.client.inside(lambda: ask(GATEWAY, "turn.corp.example"))
    opens_nothing = lab.client.inside(lambda: ask(GATEWAY, "acme.vevox.app"))
    fault = proxy.wait_for(lambda event: event.event.action == "fault")

    assert (opens, opens_nothing) == (Answered("servfail"), Answered("noerror", (BRIDGE,)))
    assert fault.error is not None
    assert "nothing goes straight through the gateway" in (fault.error.message or "")
