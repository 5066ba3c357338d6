"""The nftables table as text; that the kernel takes it and what it does is shown in tests/netns."""

from ipaddress import ip_network

import pytest

from tests.gateway.machines import TOPOLOGY
from tests.policy.catalogues import ports
from tierwall.gateway.ruleset import Refused, Rejected, Unanswered, refusals, ruleset
from tierwall.gateway.topology import Topology

UNANSWERED = "tcp flags & (fin | syn | rst | ack) == syn counter name unanswered drop"


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


def test_refusals_come_before_any_way_out() -> None:
    lines = _lines(ruleset(TOPOLOGY))

    assert lines.index("jump refused") < lines.index("meta l4proto udp jump datagrams")


@pytest.mark.parametrize(
    ("refused", "rules"),
    [
        (
            Rejected(*ports("udp/443")),
            ["udp dport 443 counter name rejected reject with icmpx type admin-prohibited"],
        ),
        (
            Rejected(*ports("udp/any")),
            ["udp dport 1-65535 counter name rejected reject with icmpx type admin-prohibited"],
        ),
        (
            Unanswered((ip_network("203.0.113.0/24"), ip_network("2001:db8::/32")), ports("tcp/443-444", "udp/1")),
            [
                f"ip daddr {{ 203.0.113.0/24 }} tcp dport {{ 443-444 }} {UNANSWERED}",
                f"ip6 daddr {{ 2001:db8::/32 }} tcp dport {{ 443-444 }} {UNANSWERED}",
            ],
        ),
        (Unanswered((), ports("tcp/443")), []),
    ],
)
def test_a_refusal_as_rules(refused: Refused, rules: list[str]) -> None:
    assert list(refusals(refused)) == rules
