"""Reports of the kernel as octets; that it sends them is shown in tests/netns."""

from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from tierwall.gateway.nflog import Syn, read

REPORT = bytes.fromhex(
    "7c00000000040000000000000000000002001d21080001000800030005000a000000000008000500000000010800"
    "0b000000000008000e0000000000400009004500003c20c5400040061bf57f0000017f000001b47e00636b3c088400000000a002ffd7fe30"
    "00000204ffd70402080af11949de000000000103030a"
)
"""What a kernel 6.18 said of a SYN from 127.0.0.1:46206 to 127.0.0.1:99."""
LOOPBACK = ip_address("127.0.0.1")


def test_a_report_names_both_ends() -> None:
    assert list(read(REPORT)) == [Syn(LOOPBACK, 46206, LOOPBACK, 99)]


def test_two_reports_may_come_in_one_message() -> None:
    assert len(list(read(REPORT + REPORT))) == 2


def test_an_ipv6_packet_is_read_too() -> None:
    ends = [ip_address("2001:db8::1"), ip_address("2001:db8::2")]
    packet = (
        bytes.fromhex("6000000000140640") + b"".join(end.packed for end in ends) + bytes.fromhex("c35001bb") + bytes(16)
    )
    payload = (4 + len(packet)).to_bytes(2, "little") + b"\x09\x00" + packet
    message = (20 + len(payload)).to_bytes(4, "little") + REPORT[4:20] + payload

    assert list(read(message)) == [Syn(ends[0], 50000, ends[1], 443)]


@given(st.integers(0, len(REPORT) - 1))
def test_what_is_cut_is_left_out_without_an_error(length: int) -> None:
    assert len(list(read(REPORT[:length]))) <= 1


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_without_an_error(octets: bytes) -> None:
    list(read(octets))
    list(read(REPORT[:20] + octets))
