"""mitmproxy's clients in our own values."""

from ipaddress import ip_address

import pytest
from mitmproxy.test.tflow import tclient_conn

from tierwall.policy.model import Address
from tierwall.proxy.mitmproxy.clients import caller_of, literal


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("192.0.2.1", ip_address("192.0.2.1")),
        ("::ffff:192.0.2.1", ip_address("192.0.2.1")),
        ("2001:db8::1", ip_address("2001:db8::1")),
        ("8x8.vc", None),
        ("", None),
    ],
)
def test_a_literal_is_an_address_and_a_name_is_none(host: str, address: Address | None) -> None:
    assert literal(host) == address


def test_who_is_connected_is_known_by_address_and_port() -> None:
    client = tclient_conn()
    client.peername = ("::ffff:10.0.0.7", 40_000, 0, 0)

    caller = caller_of(client)

    assert (caller.address, caller.port) == (ip_address("10.0.0.7"), 40_000)
