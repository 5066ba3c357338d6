"""An address as sockets spell it -> the one that is compared: without zone id, IPv4 where it was mapped.

Knows spellings of addresses and networks, not of names: those are policy/hostname.py's.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from tierwall.policy.model import Address, Network


@lru_cache(4096)
def socket_address(text: str) -> Address:
    """The address. Remembered, because thousands of connections come from the same few. Raises ValueError."""
    address = ip_address(text.partition("%")[0])
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


class InvalidClients(ValueError):
    """A `--clients` that is no network; the message says what was expected."""


def parse_clients(texts: Iterable[str]) -> tuple[Network, ...]:
    """Read every `--clients`. Raises InvalidClients for the first that is none."""
    return tuple(_network(text) for text in texts)


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as fault:
        raise InvalidClients(f"--clients {text!a}: expected a network such as 192.168.0.0/16 ({fault})") from None


@lru_cache(4096)
def address_text(address: Address) -> str:
    """Its usual spelling. Remembered too: spelling an address costs more than the rest of an event."""
    return str(address)
