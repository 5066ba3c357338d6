"""One value at a time: what is read, and the sentence with the mend where it is not."""

from collections.abc import Callable
from ipaddress import ip_network

import pytest

from tierwall.loader import spelling
from tierwall.policy.model import Ports, Transport

NOT_A_NETWORK = "is not a network; expected e.g. 198.51.100.0/24 or 2001:db8::/32"


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("tcp/443", Ports(Transport.TCP, 443, 443)),
        ("udp/49152-65535", Ports(Transport.UDP, 49152, 65535)),
        ("tcp/any", Ports(Transport.TCP, 1, 65535)),
    ],
)
def test_ports(raw: str, value: Ports) -> None:
    assert spelling.ports(raw) == value
    assert str(spelling.ports(raw)) == raw


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ("tcp/70000", "port 70000 is out of range (1-65535)"),
        ("tcp/0", "port 0 is out of range (1-65535)"),
        ("udp/9-2", "`udp/9-2` runs backwards: write udp/2-9"),
        (443, "`443` does not say its transport: write tcp/443 or udp/443"),
        ("any", "`any` does not say its transport: write tcp/any or udp/any"),
        ("https", "`https` does not say its transport; expected e.g. tcp/443 or udp/any"),
        ("443/TCP", "`443/TCP` is the wrong way round: write tcp/443"),
        ("tpc/443", "unknown transport `tpc`; did you mean `tcp`? (known: tcp, udp)"),
        ("tcp/-1", "`tcp/-1` is malformed; expected e.g. tcp/443, tcp/10000-20000 or tcp/any"),
        ("tcp/٤٤٣", "`tcp/٤٤٣` is malformed; expected e.g. tcp/443, tcp/10000-20000 or tcp/any"),
    ],
)
def test_malformed_ports_are_mended(raw: object, sentence: str) -> None:
    with pytest.raises(ValueError) as fault:  # noqa: PT011 - the whole sentence is compared
        spelling.ports(raw)

    assert str(fault.value) == sentence


@pytest.mark.parametrize(
    ("read", "raw", "sentence"),
    [
        (
            spelling.network,
            "10.0.0.5/24",
            ("`10.0.0.5/24` has bits set behind its prefix: write 10.0.0.0/24, or 10.0.0.5 for the one address"),
        ),
        (spelling.network, "10.0.0.0/33", f"`10.0.0.0/33` {NOT_A_NETWORK}"),
        (spelling.network, "10.0.0.0/255.0.0.0", f"`10.0.0.0/255.0.0.0` {NOT_A_NETWORK}"),
        (spelling.network, "fe80::1%eth0", f"`fe80::1%eth0` {NOT_A_NETWORK}"),
        (spelling.network, "::ffff:10.0.0.0/104", "`::ffff:10.0.0.0/104` is IPv4 written as IPv6: write 10.0.0.0/8"),
        (spelling.sinkhole, "", "`sinkhole` needs an address behind it, as in `sinkhole 10.0.0.1`"),
        (
            spelling.identifier,
            "My Vendor",
            ("`My Vendor` is not an id (lower-case letters, digits, hyphens): write `my-vendor`"),
        ),
        (spelling.identifier, "é", "`é` is not an id (lower-case letters, digits, hyphens)"),
        (spelling.rule_identifier, "a b", "`a b` is not a rule id (printable characters, no spaces)"),
        (spelling.address_of_page, "ftp://x", "`ftp://x` is not a web address; expected https://…"),
        (spelling.word, "", "must not be empty"),
        (spelling.word, "a\0", "`a\\x00` holds a character that cannot be printed"),
        (spelling.prose, " \n", "must not be empty"),
        (spelling.prose, "a\x1b[31m", "character U+001B is not allowed"),
        (spelling.prose, "a\u202eb", "character U+202E is not allowed"),
    ],
)
def test_malformed_values_are_mended(read: Callable[[str], object], raw: str, sentence: str) -> None:
    with pytest.raises(ValueError) as fault:  # noqa: PT011 - the whole sentence is compared
        read(raw)

    assert str(fault.value) == sentence


def test_prose_becomes_one_line() -> None:
    assert spelling.prose(" a\n  b\tc ") == "a b c"


def test_a_plain_address_is_a_network_of_one() -> None:
    assert spelling.network("168.138.110.244") == ip_network("168.138.110.244/32")
    assert spelling.network("2001:db8::1") == ip_network("2001:db8::1/128")


def test_overlaps_name_the_network_that_covers_the_other() -> None:
    networks = ["10.1.0.0/16", "10.0.0.0/8", "11.0.0.0/8", "10.1.2.0/24", "11.0.0.0/8", "::/0"]

    found = dict(spelling.overlaps(enumerate(map(ip_network, networks))))

    assert found == {
        0: "network 10.1.0.0/16 overlaps 10.0.0.0/8, which covers it: leave one out",
        3: "network 10.1.2.0/24 overlaps 10.0.0.0/8, which covers it: leave one out",
        4: "network 11.0.0.0/8 stands twice: leave one out",
    }
