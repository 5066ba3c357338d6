"""Every dialect by its table: what a spelling covers, and nothing else, as the product's documentation says."""

from ipaddress import ip_network

import pytest

from tests.policy.dialect.covering import covers
from tierwall.policy.dialect import PRODUCTS, Dialect, Rejected, doubt, read

APEX, ONE, TWO, FIVE, SIX = "x.com", "a.x.com", "b.a.x.com", "e.d.c.b.a.x.com", "f.e.d.c.b.a.x.com"
GLUED, GLUED_DEEP, OPEN, OTHER, TLD = "evilx.com", "a.evilx.com", "x.com.evil.example", "x.org", "com"
NAMES = (APEX, ONE, TWO, FIVE, SIX, GLUED, GLUED_DEEP, OPEN, "a.x.com.evil.example", OTHER, TLD)

BELOW = {ONE, TWO, FIVE, SIX}
ALL = set(NAMES)

COVERED: dict[Dialect, dict[str, set[str]]] = {
    Dialect.LITERAL: {"x.com": {APEX}, "*.x.com": BELOW},
    Dialect.SQUID: {"x.com": {APEX}, ".x.com": {APEX, *BELOW}},
    Dialect.PAN_OS: {
        "x.com": {APEX},
        "x.com/": {APEX},
        "*.x.com": BELOW,
        "*.x.com/": BELOW,
        "^.x.com": {ONE},
        "^.^.x.com/": {TWO},
        "*.^.x.com": BELOW - {ONE},
        "x.com.*": {OPEN},
        "*.x.com.*": {"a.x.com.evil.example"},
        "a.*.com": {ONE, GLUED_DEEP},
        "x.*": {APEX, OPEN, OTHER},
    },
    Dialect.PAN_OS_LEGACY: {
        "x.com": {APEX, OPEN},
        "x.com/": {APEX},
        "*.x.com": {*BELOW, "a.x.com.evil.example"},
        "*.x.com/": BELOW,
        "^.x.com": {ONE, "a.x.com.evil.example"},
        "^.x.com/": {ONE},
        "x.com.*": {OPEN},
    },
    Dialect.ZSCALER: {"x.com": {APEX}, ".x.com": {APEX, ONE, TWO, FIVE}},
    Dialect.UMBRELLA: {"x.com": {APEX, *BELOW}, "com": {APEX, *BELOW, GLUED, GLUED_DEEP, TLD}},
    Dialect.AWS_NETWORK_FIREWALL: {"x.com": {APEX}, ".x.com": {APEX, *BELOW}},
    Dialect.FORTINET: {
        "x.com": {APEX},
        "*.x.com": BELOW,
        "*x.com": {APEX, *BELOW, GLUED, GLUED_DEEP},
    },
    Dialect.CHECK_POINT: {".x.com": {APEX}, ".a.x.com": {ONE}, "x.com": {APEX}},
    Dialect.AZURE_FIREWALL: {
        "x.com": {APEX},
        "*.x.com": BELOW,
        "*x.com": {APEX, *BELOW, GLUED, GLUED_DEEP},
        "*": ALL,
    },
    Dialect.CHROME_POLICY: {
        "x.com": {APEX, *BELOW},
        "https://x.com/": {APEX, *BELOW},
        ".x.com": {APEX},
        "https://.x.com": {APEX},
        "x.com:443": {APEX, *BELOW},
        "https://user:pass@x.com/#top": {APEX, *BELOW},
        "x.com#top": {APEX, *BELOW},
        "*": ALL,
        ".*": ALL,
        "https://*": ALL,
    },
    Dialect.CILIUM: {
        "x.com": {APEX},
        "x.com.": {APEX},
        "*.x.com": {ONE},
        "*.x.com.": {ONE},
        "*.*.x.com": {TWO},
        "**.x.com": BELOW,
        "***.x.com": BELOW,
        "*x.com": {APEX, GLUED},
        "evil*.com": {GLUED},
        "e*l**x.com": {GLUED},
        "a.*.com": {ONE, GLUED_DEEP},
        "*.*x.com": {ONE, GLUED_DEEP},
        "*": ALL,
    },
    Dialect.FIREFOX_POLICY: {
        "*://x.com/*": {APEX},
        "https://x.com/*": {APEX},
        "*://*.x.com/*": {APEX, *BELOW},
        "*://*/*": ALL,
        "<all_urls>": ALL,
    },
    Dialect.ENVOY: {"x.com": {APEX}, "*.x.com": BELOW},
    Dialect.SMOKESCREEN: {"x.com": {APEX}, "*.x.com": BELOW},
    Dialect.OPNSENSE: {"x.com": {APEX}},
    Dialect.PFSENSE: {"x.com": {APEX}},
    Dialect.MIKROTIK: {"x.com": {APEX}},
    Dialect.MERAKI: {"x.com": {APEX, *BELOW}, "com": {APEX, *BELOW, GLUED, GLUED_DEEP, TLD}, "*": ALL},
}

REJECTED: dict[Dialect, tuple[str, ...]] = {
    Dialect.LITERAL: ("a.*.com", "*", "", "*x.com"),
    Dialect.SQUID: (
        *(
            "*.x.com",
            "*",
            "^.x.com",
            "..x.com",
            "x.com/",
            "x.com.",
            "x.com#old",
            "x.com;",
            "\ufeffx.com",
            "bücher.x.com",
        ),
        *("192.0.2.01", "192.0.2", "[2001:0db8::1]", "[2001:db8::1", "[]"),
    ),
    Dialect.PAN_OS: ("*.*.x.com", "a.*.*.com", "w*.x.com", "^" + ".^" * 9 + ".x.com", ".x.com", "*", "^", "*.*"),
    Dialect.PAN_OS_LEGACY: ("*.*.x.com", "w*.x.com", "^" + ".^" * 9 + ".x.com", ".x.com", "*", "*/"),
    Dialect.ZSCALER: (*("*.x.com", ".com", "gov", "a.*.com", "bücher.x.com", "www.x_y.com", "www.x.c_m", "_.x.com"),),
    Dialect.UMBRELLA: ("*.x.com", "a.*.com", "a*.com", "x.*", ".x.com"),
    Dialect.AWS_NETWORK_FIREWALL: ("*.x.com", "*", "x.*"),
    Dialect.FORTINET: ("www.x.*", ".x.com"),
    Dialect.CHECK_POINT: ("*.x.com", "..x.com"),
    Dialect.AZURE_FIREWALL: ("www.x.*", "*.x.*", "www.*x.com", "**.x.com", ".x.com"),
    Dialect.CHROME_POLICY: (
        *("*.x.com", "http://x.com", "chrome://*", "mailto:", "..x.com", "https://x.com:8443", "x.com:0"),
    ),
    Dialect.CILIUM: (".x.com", "x..com", "^.x.com"),
    Dialect.FIREFOX_POLICY: ("x.com", "*://x.com/", "http://x.com/*", "*://x.com/meet", "*://w*.x.com/*", "*.x.com"),
    Dialect.ENVOY: ("*w.x.com", "*", ".x.com", "www.*.com"),
    Dialect.SMOKESCREEN: ("*", "www.*.com", "bücher.x.com", ".x.com"),
    Dialect.OPNSENSE: ("*.x.com", ".x.com"),
    Dialect.PFSENSE: ("*.x.com", ".x.com"),
    Dialect.MIKROTIK: ("*.x.com", ".x.com"),
    Dialect.MERAKI: ("*.x.com", ".x.com", "x.*"),
}

ADDRESSES: dict[Dialect, tuple[str, ...]] = {
    Dialect.SQUID: ("192.0.2.1", ".192.0.2.1", "[2001:db8::1]"),
    Dialect.UMBRELLA: ("192.0.2.1", "192.0.2.0/24"),
    Dialect.CHROME_POLICY: ("192.0.2.1",),
    Dialect.OPNSENSE: ("192.0.2.1", "192.0.2.0/24"),
    Dialect.PFSENSE: ("192.0.2.1", "192.0.2.0/24"),
    Dialect.MIKROTIK: ("192.0.2.1", "192.0.2.0/24"),
}
"""Spellings of addresses that cover just those addresses."""

FOREIGN = (
    "ftp://x.com",
    "192.0.2.1",
    "192.0.2.0/24",
    "2001:db8::1",
    "x.com/path",
    "x.com/*",
    "x.com:8443",
    "x com",
    "",
)


@pytest.mark.parametrize(
    ("dialect", "spelling"), [(dialect, spelling) for dialect, cases in COVERED.items() for spelling in cases]
)
def test_a_spelling_covers_just_what_the_documentation_says(dialect: Dialect, spelling: str) -> None:
    assert {name for name in NAMES if covers(dialect, spelling, name)} == COVERED[dialect][spelling]


@pytest.mark.parametrize(
    ("dialect", "spelling"),
    [
        *((dialect, spelling) for dialect, spellings in REJECTED.items() for spelling in spellings),
        *(
            (dialect, spelling)
            for dialect in Dialect
            if dialect is not Dialect.LITERAL
            for spelling in FOREIGN
            if spelling not in ADDRESSES.get(dialect, ())
        ),
    ],
)
def test_what_the_dialect_does_not_know_covers_nothing_and_says_why(dialect: Dialect, spelling: str) -> None:
    found = read(dialect, spelling)

    assert isinstance(found, Rejected)
    assert found.why


@pytest.mark.parametrize(
    ("dialect", "spelling"), [(dialect, spelling) for dialect, spellings in ADDRESSES.items() for spelling in spellings]
)
def test_an_address_covers_itself_where_the_product_takes_one_among_hosts(dialect: Dialect, spelling: str) -> None:
    assert read(dialect, spelling) == (ip_network(spelling.strip(".[]")),)


@pytest.mark.parametrize("dialect", Dialect)
def test_every_row_of_the_table_has_an_example_of_its_own_form(dialect: Dialect) -> None:
    for case in PRODUCTS[dialect].cases:
        held = PRODUCTS[dialect].case_of(case.example)

        assert held is not None
        assert held[0] is case
        assert isinstance(read(dialect, case.example), Rejected) is (case.covers is None)


@pytest.mark.parametrize("dialect", Dialect)
def test_every_table_names_its_documentation(dialect: Dialect) -> None:
    product = PRODUCTS[dialect]

    assert product.title
    assert all(product.documents)
    assert all(case.why for case in product.cases if case.covers is None)


def test_a_rejected_spelling_says_which_domain_it_seems_to_be_about() -> None:
    about = [read(Dialect.SQUID, text) for text in ("*.x.com", "https://x.com/a", "x.com:1", "*.com", "a*", "w*x.com")]

    assert [found.about for found in about if isinstance(found, Rejected)] == ["x.com", "x.com", "x.com"] + [None] * 3


@pytest.mark.parametrize(
    ("dialect", "spelling", "words"),
    [
        (Dialect.FORTINET, "*.x.com", "neither whether it takes in the domain itself"),
        (Dialect.CHECK_POINT, "x.com", "with a leading dot"),
        (Dialect.FORTINET, "*x.com", "without saying what it takes in"),
    ],
)
def test_what_is_not_documented_is_said(dialect: Dialect, spelling: str, words: str) -> None:
    assert words in (doubt(dialect, spelling) or "")


@pytest.mark.parametrize(
    ("dialect", "spelling"), [(Dialect.SQUID, ".x.com"), (Dialect.PAN_OS, "*.x.com"), (Dialect.FORTINET, "x.com")]
)
def test_what_is_documented_leaves_no_doubt(dialect: Dialect, spelling: str) -> None:
    assert doubt(dialect, spelling) is None
