"""Numbers and labels as regular expressions."""

import re2
from hypothesis import given
from hypothesis import strategies as st

from tierwall.fleet.envoy.expressions import AUTHORITY, HOST, labels_before, one_of

PORTS = st.integers(1, 65535)


@given(PORTS, PORTS, PORTS)
def test_a_span_is_matched_by_exactly_its_numbers(one: int, other: int, port: int) -> None:
    first, last = sorted((one, other))
    expression = re2.compile(one_of([(first, last)]))

    for number in (port, first - 1, first, last, last + 1):
        assert (expression.fullmatch(str(number)) is not None) is (first <= number <= last)


def test_a_number_with_a_leading_zero_is_another_spelling() -> None:
    assert re2.compile(one_of([(1, 65535)])).fullmatch("0443") is None


def test_labels_are_counted_whatever_their_case() -> None:
    two = re2.compile(labels_before("8x8.vc", 2, 2))

    assert two.fullmatch("a.B.8X8.vc")
    assert not two.fullmatch("a.8x8.vc")
    assert not two.fullmatch("a.b.c.8x8.vc")
    assert not two.fullmatch("a.b.8x8xvc")
    assert re2.compile(labels_before("8x8.vc", 1, None)).fullmatch("a.b.c.8x8.vc")


def test_only_plain_names_and_literals_are_well_formed() -> None:
    authority, host = re2.compile(AUTHORITY), re2.compile(HOST)

    for text in ("8x8.vc:443", "WWW.8x8.vc.", "x_y.8x8.vc", "[2001:db8::1]:443", "192.0.2.1:80"):
        assert authority.fullmatch(text), text
    for text in (
        "..8x8.vc",
        "a..8x8.vc",
        "a b.8x8.vc",
        "%2e.8x8.vc",
        "8x8.vc:443:1",
        "user@8x8.vc",
        "[x]:1",
        "*.8x8.vc",
        "",
    ):
        assert not authority.fullmatch(text), text
        assert not host.fullmatch(text), text
