"""Addresses as sockets spell them, and `--clients`."""

from ipaddress import ip_address, ip_network

import pytest

from tierwall.proxy.transport.addresses import InvalidClients, address_text, parse_clients, socket_address


@pytest.mark.parametrize(
    ("spelled", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::1"),
        ("2001:db8::1", "2001:db8::1"),
    ],
)
def test_one_machine_has_one_address_however_a_socket_spells_it(spelled: str, address: str) -> None:
    assert socket_address(spelled) == ip_address(address)
    assert address_text(socket_address(spelled)) == address


def test_a_name_is_no_address() -> None:
    with pytest.raises(ValueError, match="localhost"):
        socket_address("localhost")


def test_clients_are_networks() -> None:
    assert parse_clients(["10.0.0.0/8", "2001:db8::/32"]) == (ip_network("10.0.0.0/8"), ip_network("2001:db8::/32"))


@pytest.mark.parametrize("text", ["10.0.0.1/8", "everybody", "", "10.0.0.0/33"])
def test_what_is_no_network_is_said_with_what_was_expected(text: str) -> None:
    with pytest.raises(InvalidClients, match=r"--clients .*: expected a network such as 192\.168\.0\.0/16"):
        parse_clients(["10.0.0.0/8", text])
