"""Spellings of one host are one host, and nothing that is no host gets through."""

from ipaddress import IPv4Address, ip_address
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierwall.policy.hostname import (
    InvalidHost,
    InvalidPattern,
    is_private,
    normalise,
    normalise_pattern,
    suffixes,
)

LONGEST = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        pytest.param("vevox.app", "vevox.app", id="canonical already"),
        pytest.param("VeVox.APP", "vevox.app", id="case"),
        pytest.param("vevox.app.", "vevox.app", id="trailing dot"),
        pytest.param("localhost", "localhost", id="single label"),
        pytest.param("8x8", "8x8", id="label that starts with a digit"),
        pytest.param("_dmarc.a_b.example", "_dmarc.a_b.example", id="underscores"),
        pytest.param("example._tcp", "example._tcp", id="underscore in the last label"),
        pytest.param("r3---sn.-x-.example", "r3---sn.-x-.example", id="outer hyphens"),
        pytest.param("Bücher.example", "xn--bcher-kva.example", id="U-label"),
        pytest.param("bu\u0308cher.example", "xn--bcher-kva.example", id="decomposed U-label"),
        pytest.param("XN--BCHER-KVA.example", "xn--bcher-kva.example", id="A-label"),
        pytest.param("faß.example", "xn--fa-hia.example", id="sharp s is kept (non-transitional)"),
        pytest.param("_a.bücher.example", "_a.xn--bcher-kva.example", id="underscore beside a U-label"),
        pytest.param("vevox。app．", "vevox.app", id="ideographic and fullwidth dots"),
        pytest.param("ｖevox.app", "vevox.app", id="fullwidth letter"),
        pytest.param("vevox%2Eapp", "vevox.app", id="percent-encoded dot"),
        pytest.param("b%C3%BCcher.example", "xn--bcher-kva.example", id="percent-encoded U-label"),
        pytest.param(LONGEST + ".", LONGEST, id="253 octets and a dot"),
        pytest.param("1.2.3.example", "1.2.3.example", id="numbers, but not the last"),
        pytest.param("0xg.example.a0x1", "0xg.example.a0x1", id="no number"),
    ],
)
def test_every_spelling_of_a_name_is_the_same_name(raw: str, canonical: str) -> None:
    assert normalise(raw) == canonical


@pytest.mark.parametrize(
    ("raw", "address"),
    [
        pytest.param("127.0.0.1", "127.0.0.1", id="dotted"),
        pytest.param("127.0.0.1.", "127.0.0.1", id="trailing dot"),
        pytest.param("2130706433", "127.0.0.1", id="one decimal number"),
        pytest.param("0x7f.1", "127.0.0.1", id="hexadecimal, two parts"),
        pytest.param("0X7F000001", "127.0.0.1", id="one hexadecimal number"),
        pytest.param("0177.0.0.1", "127.0.0.1", id="octal"),
        pytest.param("127.65535", "127.0.255.255", id="the last part fills the rest"),
        pytest.param("0x", "0.0.0.0", id="0x alone is zero"),
        pytest.param("１２７.0.0.1", "127.0.0.1", id="fullwidth digits"),
        pytest.param("%31%32%37.0.0.1", "127.0.0.1", id="percent-encoded digits"),
        pytest.param("2001:DB8::0:1", "2001:db8::1", id="bare IPv6"),
        pytest.param("[2001:db8::1]", "2001:db8::1", id="bracketed IPv6"),
        pytest.param("fe80::1%eth0", "fe80::1", id="zone"),
        pytest.param("[fe80::1%25eth0]", "fe80::1", id="zone, percent-encoded"),
        pytest.param("::ffff:127.0.0.1", "127.0.0.1", id="IPv4-mapped"),
        pytest.param("[::FFFF:7f00:1]", "127.0.0.1", id="IPv4-mapped in hexadecimal"),
    ],
)
def test_every_spelling_of_an_address_is_the_same_address(raw: str, address: str) -> None:
    assert normalise(raw) == ip_address(address)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        pytest.param("", "empty", id="empty"),
        pytest.param(".", "empty", id="only a dot"),
        pytest.param("a..b", "empty label", id="empty label"),
        pytest.param(".a", "empty label", id="leading dot"),
        pytest.param("a.b..", "empty label", id="two trailing dots"),
        pytest.param("\u00ad", "empty", id="nothing but a soft hyphen"),
        pytest.param("a" * 64 + ".example", "63 octets", id="label of 64"),
        pytest.param("d." + LONGEST, "253 octets", id="name of 255"),
        pytest.param("ü" * 62 + ".example", "IDNA", id="label too long once encoded"),
        pytest.param("%61" * 99_999, "253 octets", id="endless"),
        pytest.param("a%00.example", r"'\\x00'", id="encoded NUL"),
        pytest.param("a\x00.example", r"'\\x00'", id="NUL"),
        pytest.param("a.example\r\n", r"'\\r'", id="CRLF"),
        pytest.param("a.example\n", r"'\\n'", id="LF at the end"),
        pytest.param("a\x1b[31m.example", r"'\\x1b'", id="ESC"),
        pytest.param("a b", "' '", id="space"),
        pytest.param("a/b", "'/'", id="slash"),
        pytest.param("a@b", "'@'", id="at"),
        pytest.param("a:443", "':'", id="port"),
        pytest.param("a?b", r"'\?'", id="query"),
        pytest.param("a#b", "'#'", id="fragment"),
        pytest.param("a\\b", "cannot hold", id="backslash"),
        pytest.param("*.a", "cannot hold", id="wildcard"),
        pytest.param("℀.example", "'/'", id="a/c as one character"),
        pytest.param("a%2Fb", "'/'", id="encoded slash"),
        pytest.param("a%252Eb", "'%'", id="encoded twice"),
        pytest.param("a％2Eb", "'%'", id="fullwidth percent"),
        pytest.param("a%2", "hexadecimal", id="cut percent"),
        pytest.param("a%zz", "hexadecimal", id="bad percent"),
        pytest.param("%ff.example", "UTF-8", id="not UTF-8"),
        pytest.param("\ud800.example", "IDNA", id="surrogate"),
        pytest.param("1.2.3.4.5", "no IPv4", id="five numbers"),
        pytest.param("256.0.0.1", "no IPv4", id="octet over 255"),
        pytest.param("1.2.3.256", "no IPv4", id="last octet over 255"),
        pytest.param("4294967296", "no IPv4", id="number over 32 bits"),
        pytest.param("09", "no IPv4", id="no octal digit"),
        pytest.param("a.1", "no IPv4", id="name before a number"),
        pytest.param("vevox.0x1", "no IPv4", id="last label hexadecimal"),
        pytest.param("[127.0.0.1]", "no IPv6", id="IPv4 in brackets"),
        pytest.param("[::1", "no IPv6", id="bracket not closed"),
        pytest.param("[::1].", "no IPv6", id="dot after the bracket"),
        pytest.param("1:2:3", "no IPv6", id="too few groups"),
        pytest.param("fe80::1%", "zone", id="empty zone"),
        pytest.param("fe80::1%a\nb", "zone", id="line feed in the zone"),
    ],
)
def test_what_names_no_host_is_refused_in_one_clause(raw: str, why: str) -> None:
    with pytest.raises(InvalidHost, match=why) as refused:
        normalise(raw)

    assert str(refused.value).isprintable()


@given(
    st.one_of(
        st.text(),
        st.text(alphabet="aZ0x1.7f%:[]_-*ü。\u00ad\u200dßxn１"),
        st.ip_addresses().map(str),
        st.lists(st.integers(0, 300).map(str), min_size=1, max_size=5).map(".".join),
    )
)
def test_normalising_twice_changes_nothing_and_anything_else_is_an_invalid_host(raw: str) -> None:
    try:
        once = normalise(raw)
    except InvalidHost:
        return

    assert normalise(str(once)) == once


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ("8x8.vc", "8x8.vc"),
        ("*.VEVOX.app.", "*.vevox.app"),
        ("*.bücher.example", "*.xn--bcher-kva.example"),
        ("*.com", "*.com"),
        ("localhost", "localhost"),
    ],
)
def test_a_pattern_is_an_exact_name_or_a_leading_wildcard(raw: str, canonical: str) -> None:
    assert normalise_pattern(raw) == normalise_pattern(canonical) == canonical


@pytest.mark.parametrize(
    ("raw", "mend"),
    [
        pytest.param("", "is no host: it is empty", id="empty"),
        pytest.param("*", "name a domain, as in `*.example.com`", id="everything"),
        pytest.param("*.", "name a domain, as in `*.example.com`", id="wildcard of nothing"),
        pytest.param("a.*.b", "a wildcard is a whole leading label, `*.`, as in `*.b`", id="wildcard inside"),
        pytest.param("foo*.x", "a wildcard is a whole leading label, `*.`, as in `*.x`", id="half a label"),
        pytest.param("*foo.x", "a wildcard is a whole leading label, `*.`, as in `*.x`", id="other half of a label"),
        pytest.param("**.x", "a wildcard is a whole leading label, `*.`, as in `*.x`", id="two stars"),
        pytest.param("*.*.x", "a wildcard is a whole leading label, `*.`, as in `*.x`", id="two labels"),
        pytest.param("x.*", "a wildcard is a whole leading label, `*.`; or list the names", id="any top level"),
        pytest.param("https://8x8.vc", "write `8x8.vc`", id="URL"),
        pytest.param("https://u:p@8x8.vc:443/a?b", "write `8x8.vc`", id="long URL"),
        pytest.param("8x8.vc:443", "write `8x8.vc`; ports go in `ports`", id="port"),
        pytest.param("*.8x8.vc:*", "write `*.8x8.vc`; ports go in `ports`", id="any port"),
        pytest.param("8x8.vc/path", "write `8x8.vc`", id="path"),
        pytest.param("/path", "write the host alone", id="only a path"),
        pytest.param("a..b", "is no host: it has an empty label", id="empty label"),
        pytest.param("*..b", "is no host: it has an empty label", id="empty label after the wildcard"),
        pytest.param("203.0.113.7", "list it under `networks`", id="address"),
        pytest.param("203.0.113.0/24", "list it under `networks`", id="network"),
        pytest.param("2001:db8::1", "list it under `networks`", id="IPv6"),
        pytest.param("[2001:db8::1]", "list it under `networks`", id="bracketed IPv6"),
        pytest.param("*.203.0.113.7", "list it under `networks`", id="wildcard of an address"),
        pytest.param("0x7f.1", "list it under `networks`", id="address in an odd spelling"),
        pytest.param(".x", "write `*.x`, and `x` as an entry of its own", id="leading dot"),
        pytest.param("8x8.vc\n", "is no host: a host cannot hold '\\n'", id="line feed"),
    ],
)
def test_a_pattern_that_no_policy_may_hold_is_refused_with_its_mend(raw: str, mend: str) -> None:
    with pytest.raises(InvalidPattern) as refused:
        normalise_pattern(raw)

    assert mend in str(refused.value)


@given(st.one_of(st.text(), st.text(alphabet="*.ab:/@%1[]")))
def test_a_pattern_is_normalised_once_or_refused(raw: str) -> None:
    try:
        once = normalise_pattern(raw)
    except InvalidPattern:
        return

    assert normalise_pattern(once) == once


def test_suffixes_walk_from_the_whole_name_up() -> None:
    assert list(suffixes("a.b.c")) == [(0, "a.b.c"), (1, "b.c"), (2, "c")]


PRIVATE_IPV4 = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "168.63.129.16",
    "169.254.1.1",
    "169.254.169.254",
    "172.31.255.255",
    "192.168.0.1",
    "224.0.0.251",
    "240.0.0.1",
    "255.255.255.255",
]
PUBLIC_IPV4 = ["8.8.8.8", "100.63.255.255", "100.128.0.1", "172.32.0.1", "203.0.113.7", "198.51.100.1", "192.0.2.1"]
FORMS = {
    "IPv4-compatible": "::{0}",
    "IPv4-mapped": "::ffff:{0}",
    "IPv4-translated": "::ffff:0:{0}",
    "NAT64": "64:ff9b::{0}",
    "NAT64 local use": "64:ff9b:1::{0}",
    "6to4": "2002:{1}{2}:{3}{4}::1",
}


@pytest.mark.parametrize(
    "address", [*PRIVATE_IPV4, "::", "::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1"]
)
def test_addresses_that_lead_inside_are_private(address: str) -> None:
    assert is_private(ip_address(address))


@pytest.mark.parametrize("address", [*PUBLIC_IPV4, "2001:db8::1", "2606:4700::1111", "3fff::1", "::2:0:0:7f00:1"])
def test_public_and_documentation_addresses_are_not_private(address: str) -> None:
    assert not is_private(ip_address(address))


@pytest.mark.parametrize(("form", "inside"), list(product(FORMS, [*PRIVATE_IPV4, *PUBLIC_IPV4])))
def test_an_ipv6_form_is_as_private_as_the_ipv4_address_in_it(form: str, inside: str) -> None:
    octets = [f"{octet:02x}" for octet in IPv4Address(inside).packed]
    address = ip_address(FORMS[form].format(inside, *octets))

    assert is_private(address) is is_private(ip_address(inside))


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("64:ff9b:1:a01:2:300::", id="48 bits"),
        pytest.param("64:ff9b:1:000a:01:0203::", id="56 bits"),
        pytest.param("64:ff9b:1:abcd:a:102:300:0", id="64 bits"),
    ],
)
def test_local_nat64_prefixes_of_other_lengths_are_read_too(address: str) -> None:
    assert is_private(ip_address(address))
