"""A cell with ports says ports with their transport, or that nobody says the transport."""

import pytest

from tierwall.importing.port_cells import NoTransport, ports, transports
from tierwall.policy.model import Transport


@pytest.mark.parametrize(
    ("cell", "spelled"),
    [
        ("TCP: 443", ["tcp/443"]),
        ("UDP: 50000-60000", ["udp/50000-60000"]),
        ("443/tcp", ["tcp/443"]),
        ("443 TCP, 3478 UDP", ["tcp/443", "udp/3478"]),
        ("TCP 80, 443; UDP 3478 – 3481", ["tcp/80", "tcp/443", "udp/3478-3481"]),
        ("TCP/UDP 443", ["tcp/443", "udp/443"]),
        ("443 (TCP and UDP)", ["tcp/443", "udp/443"]),
        ("HTTPS 443", ["tcp/443"]),
        ("UDP any", ["udp/any"]),
        ("", []),
        ("see below", []),
    ],
)
def test_ports_with_their_transport(cell: str, spelled: list[str]) -> None:
    assert list(map(str, ports(cell))) == spelled


@pytest.mark.parametrize(
    ("cell", "beside", "spelled"),
    [
        ("80 / 389 / 443", "TCP", ["tcp/80", "tcp/389", "tcp/443"]),
        ("10000 - 65535", "UDP", ["udp/10000-65535"]),
        ("443", "TCP/UDP", ["tcp/443", "udp/443"]),
        ("443", "HTTPS, WSS", ["tcp/443"]),
        ("any", "UDP", ["udp/any"]),
    ],
)
def test_a_column_beside_it_says_the_transport(cell: str, beside: str, spelled: list[str]) -> None:
    assert list(map(str, ports(cell, transports(beside)))) == spelled


def test_ports_that_have_a_transport_heed_no_column() -> None:
    assert list(map(str, ports("UDP 3478", (Transport.TCP,)))) == ["udp/3478"]


def test_a_port_without_a_transport_is_not_guessed() -> None:
    with pytest.raises(NoTransport):
        ports("80 443")


@pytest.mark.parametrize("cell", ["TCP 0", "TCP 65536", "UDP 600-500"])
def test_a_number_that_is_no_port_is_a_fault(cell: str) -> None:
    with pytest.raises(ValueError, match="is no port"):
        ports(cell)
