"""A host and a port are written in one way everywhere."""

from ipaddress import ip_address

import pytest

from tierwall.policy.authority import bracketed, host_port, place
from tierwall.policy.model import Address, Transport


@pytest.mark.parametrize(
    ("host", "written"),
    [
        ("8x8.vc", "8x8.vc:443"),
        (ip_address("192.0.2.1"), "192.0.2.1:443"),
        (ip_address("2001:db8::1"), "[2001:db8::1]:443"),
        ("2001:db8::1", "[2001:db8::1]:443"),
    ],
)
def test_an_ipv6_address_stands_in_brackets_before_a_port(host: str | Address, written: str) -> None:
    assert host_port(host, 443) == f"{bracketed(host)}:443" == written


def test_udp_is_said_and_tcp_goes_without_saying() -> None:
    assert place("8x8.vc", 443, Transport.TCP) == "8x8.vc:443"
    assert place("2001:db8::1", 3478, Transport.UDP) == "[2001:db8::1]:3478/udp"
