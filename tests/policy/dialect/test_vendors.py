"""How vendors' patterns are read: plain ones as `literal`, and wildcards elsewhere within their label."""

import pytest

from tierwall.policy.dialect import Dialect, Rejected, certain_end, literally, read_of_vendor, vendors_part
from tierwall.policy.match.index import HostIndex

COVERED = [
    ("*cdn.onenote.net", "cdn.onenote.net"),
    ("*cdn.onenote.net", "wus2-cdn.onenote.net"),
    ("autodiscover.*.onmicrosoft.com", "autodiscover.acme.onmicrosoft.com"),
    ("*-my.sharepoint.com", "acme-my.sharepoint.com"),
    ("*.a*.example.com", "x.y.ab.example.com"),
]
NOT_COVERED = [
    ("*cdn.onenote.net", "onenote.net"),
    ("*cdn.onenote.net", "a.cdn.onenote.net"),
    ("*cdn.onenote.net", "cdn.onenote.net.evil.example"),
    ("*cdn.onenote.net", "cdnx.onenote.net"),
    ("autodiscover.*.onmicrosoft.com", "autodiscover.onmicrosoft.com"),
    ("autodiscover.*.onmicrosoft.com", "autodiscover.a.b.onmicrosoft.com"),
    ("*.a*.example.com", "ab.example.com"),
]


@pytest.mark.parametrize(
    ("pattern", "name", "covers"), [(*pair, True) for pair in COVERED] + [(*pair, False) for pair in NOT_COVERED]
)
def test_a_wildcard_within_a_label_stays_in_it(pattern: str, name: str, covers: bool) -> None:
    index = HostIndex([(vendors_part(pattern), None)])

    assert any(hit.covers for hit in index.find(name)) is covers


@pytest.mark.parametrize("pattern", ["example.com", "*.example.com"])
def test_a_plain_pattern_is_read_as_literal_reads_it(pattern: str) -> None:
    assert vendors_part(pattern) == literally(pattern)


def test_a_product_reads_a_vendors_pattern_as_its_own_spelling() -> None:
    assert isinstance(read_of_vendor(Dialect.PAN_OS, "*cdn.onenote.net"), Rejected)
    assert not isinstance(read_of_vendor(Dialect.LITERAL, "*cdn.onenote.net"), Rejected)


@pytest.mark.parametrize(
    ("pattern", "end"),
    [("*cdn.onenote.net", "onenote.net"), ("a.*.b.example", "b.example"), ("*.x.example", "x.example")],
)
def test_the_certain_end_is_behind_every_wildcard(pattern: str, end: str) -> None:
    assert certain_end(pattern) == end
