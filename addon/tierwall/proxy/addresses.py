"""An address as sockets spell it -> the one that is compared: without zone id, IPv4 where it was mapped.

Knows spellings of addresses, not of names: those are policy/hostname.py's.
"""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from tierwall.policy.model import Address


@lru_cache(4096)
def socket_address(text: str) -> Address:
    """The address. Remembered, because thousands of connections come from the same few. Raises ValueError."""
    address = ip_address(text.partition("%")[0])
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
