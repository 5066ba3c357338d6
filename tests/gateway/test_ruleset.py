"""The nftables table as text; that the kernel takes it and what it does is shown in tests/netns."""

from ipaddress import ip_network

from tests.gateway.machines import TOPOLOGY
from tierwall.gateway.ruleset import Rejected, Unanswered, ruleset
from tierwall.gateway.topology import Topology
from tierwall.policy.model import Ports, Transport

ALL_UDP = Ports(Transport.UDP, 1, 65535)


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


def test_a_refusal_comes_before_any_way_out() -> None:
    refused = [
        Rejected(Ports(Transport.UDP, 443, 443)),
        Rejected(ALL_UDP),
        Unanswered((ip_network("203.0.113.0/24"), ip_network("2001:db8::/32")), (Ports(Transport.TCP, 443, 444),)),
    ]

    lines = _lines(ruleset(TOPOLOGY, refused))

    start = lines.index("chain refused {")
    syn = "tcp flags & (fin | syn | rst | ack) == syn counter name unanswered drop"
    assert lines.index("jump refused") < lines.index("meta l4proto udp jump datagrams")
    assert lines[start + 1 : start + 5] == [
        "udp dport 443 counter name rejected reject with icmpx type admin-prohibited",
        "udp dport 1-65535 counter name rejected reject with icmpx type admin-prohibited",
        f"ip daddr {{ 203.0.113.0/24 }} tcp dport {{ 443-444 }} {syn}",
        f"ip6 daddr {{ 2001:db8::/32 }} tcp dport {{ 443-444 }} {syn}",
    ]
