"""The ICMP messages of a firewall that rejects, octet by octet; that kernels heed them is tests/netns'."""

import struct
from ipaddress import ip_address

from tierwall.proxy.transport.icmp import prohibited

CLIENT = ip_address("10.77.1.2")
SERVER = ip_address("203.0.113.2")
CLIENT_6 = ip_address("fd77:1::2")
SERVER_6 = ip_address("2001:db8:203::2")


def test_ipv4_says_administratively_prohibited_about_the_clients_own_datagram() -> None:
    message = prohibited((CLIENT, 50_000), (SERVER, 443))
    original = message[8:]

    assert message[:2] == bytes((3, 13))
    assert (original[0], original[9]) == (0x45, 17)
    assert (original[12:16], original[16:20]) == (CLIENT.packed, SERVER.packed)
    assert struct.unpack("!2H", original[20:24]) == (50_000, 443)


def test_its_checksum_is_that_of_rfc_1071() -> None:
    message = prohibited((CLIENT, 50_000), (SERVER, 443))
    total = sum(struct.unpack(f"!{len(message) // 2}H", message))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)

    assert total == 0xFFFF


def test_ipv6_says_it_too_and_leaves_the_checksum_to_the_kernel() -> None:
    message = prohibited((CLIENT_6, 50_000), (SERVER_6, 443))
    original = message[8:]

    assert message[:4] == bytes((1, 1, 0, 0))
    assert (original[0] >> 4, original[6]) == (6, 17)
    assert (original[8:24], original[24:40]) == (CLIENT_6.packed, SERVER_6.packed)
    assert struct.unpack("!2H", original[40:44]) == (50_000, 443)
