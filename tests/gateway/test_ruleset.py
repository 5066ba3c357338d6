"""The nftables table as text; that the kernel takes it and what it does is shown in tests/netns."""

from ipaddress import ip_network

from tests.gateway.machines import TOPOLOGY
from tests.policy.catalogues import ports
from tierwall.gateway.ruleset import ruleset, swallowing
from tierwall.gateway.topology import Topology
from tierwall.policy.projections.unanswered_syns import Unanswered

DROPPED = "tcp flags & (fin | syn | rst | ack) == syn counter name unanswered log group 7457 snaplen 96 drop"


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines()]


def test_what_comes_from_several_interfaces_is_redirected_to_the_port() -> None:
    lines = _lines(ruleset(Topology(inside=("lan", "wlan0"), outside="ppp0", port=8443)))

    assert 'iifname != { "lan", "wlan0" } return' in lines
    assert "tcp dport != 53 fib daddr type != local counter name redirected redirect to :8443" in lines
    assert 'oifname "ppp0" ct mark @lease masquerade' in lines


def test_both_ways_of_forwarding_end_in_a_drop() -> None:
    lines = _lines(ruleset(TOPOLOGY))

    for chain in ("chain from_inside {", "chain to_inside {"):
        start = lines.index(chain)
        assert lines[lines.index("}", start) - 1] == "counter name dropped drop"


def test_what_is_left_unanswered_comes_before_any_way_out() -> None:
    lines = _lines(ruleset(TOPOLOGY))

    assert lines.index("jump unanswered") < lines.index("meta l4proto udp jump datagrams")


def test_what_is_left_unanswered_is_reported_and_dropped() -> None:
    networks = (ip_network("203.0.113.0/24"), ip_network("198.51.100.1"), ip_network("2001:db8::/32"))

    assert list(swallowing(Unanswered(networks, ports("tcp/443-444", "tcp/80")))) == [
        f"ip daddr {{ 203.0.113.0/24, 198.51.100.1/32 }} tcp dport {{ 443-444, 80 }} {DROPPED}",
        f"ip6 daddr {{ 2001:db8::/32 }} tcp dport {{ 443-444, 80 }} {DROPPED}",
    ]
