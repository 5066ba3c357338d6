"""Properties of every dialect: strangers stay out, what mends a gap does mend it, and spellings come in one form."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.policy.dialect.covering import covers
from tierwall.policy.dialect import PRODUCTS, Dialect, Reading, Rejected, canonical, literally, mend, read, spelled

LABELS = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
NAMES = st.lists(LABELS, min_size=2, max_size=5).map(".".join)

WIDE: dict[Dialect, tuple[str, ...]] = {
    Dialect.PAN_OS: ("{}.*", "mail.*.{}"),
    Dialect.PAN_OS_LEGACY: ("{}", "*.{}", "^.{}", "{}.*"),
    Dialect.AZURE_FIREWALL: ("*{}", "*"),
    Dialect.CHROME_POLICY: ("*",),
    Dialect.CILIUM: ("*{}", "*"),
    Dialect.FORTINET: ("*{}",),
    Dialect.MERAKI: ("*",),
}
"""The spellings of which the table says that they take in strangers."""

FORMS = (
    "{}",
    ".{}",
    "*.{}",
    "{}/",
    "*.{}/",
    "^.{}",
    "^.^.{}",
    "**.{}",
    "*{}",
    "{}.*",
    "mail.*.{}",
    "w*.{}",
    "*",
    "*.*.{}",
)


@pytest.mark.parametrize("dialect", Dialect)
@given(NAMES, NAMES, st.sampled_from(FORMS))
def test_a_stranger_is_covered_only_where_the_table_says_so(
    dialect: Dialect, domain: str, other: str, form: str
) -> None:
    assume(form not in WIDE.get(dialect, ()))
    assume(other != domain and not other.endswith(f".{domain}"))

    assert not covers(dialect, form.format(domain), other)
    assert not covers(dialect, form.format(domain), f"evil{domain}")
    assert not covers(dialect, form.format(domain), f"{domain}.evil.example")


@pytest.mark.parametrize("dialect", Dialect)
@given(st.text(st.characters(max_codepoint=0x250), max_size=40))
def test_any_text_is_read_or_rejected(dialect: Dialect, text: str) -> None:
    found = read(dialect, canonical(text))

    assert isinstance(found, Rejected) or found


@given(st.one_of(NAMES, NAMES.map(lambda name: f"*.{name}"), st.text("ab.*", max_size=9)))
def test_literal_is_its_table_read_by_hand(pattern: str) -> None:
    by_table = PRODUCTS[Dialect.LITERAL].read(pattern)

    assert isinstance(by_table, Rejected) or by_table == (literally(pattern),)


@pytest.mark.parametrize("dialect", Dialect)
@given(NAMES, st.lists(LABELS, max_size=7))
def test_the_spelling_that_mends_a_gap_covers_the_name(dialect: Dialect, base: str, before: list[str]) -> None:
    name = ".".join([*before, base])

    assert covers(dialect, mend(dialect, name), name)
    assert covers(dialect, mend(dialect, name, base), name)


@pytest.mark.parametrize(
    ("dialect", "name", "instead"),
    [
        (Dialect.LITERAL, "eu.8x8.vc", "eu.8x8.vc"),
        (Dialect.PAN_OS, "8x8.vc", "8x8.vc/"),
        (Dialect.PAN_OS, "eu.8x8.vc", "*.8x8.vc/"),
        (Dialect.SQUID, "eu.8x8.vc", ".8x8.vc"),
        (Dialect.ZSCALER, "f.e.d.c.b.a.8x8.vc", "f.e.d.c.b.a.8x8.vc"),
        (Dialect.CHECK_POINT, "eu.8x8.vc", ".eu.8x8.vc"),
        (Dialect.CILIUM, "a.eu.8x8.vc", "**.8x8.vc"),
    ],
)
def test_a_gap_is_mended_as_the_dialect_spells_it(dialect: Dialect, name: str, instead: str) -> None:
    assert mend(dialect, name, "8x8.vc") == instead


NO_WILDCARDS = {Dialect.CHECK_POINT, Dialect.OPNSENSE, Dialect.PFSENSE, Dialect.MIKROTIK}


@pytest.mark.parametrize("dialect", Dialect)
def test_a_vendors_pattern_has_a_spelling_or_none(dialect: Dialect) -> None:
    below = spelled(dialect, "*.8x8.vc")

    assert covers(dialect, spelled(dialect, "8x8.vc") or "", "8x8.vc")
    assert (below is None) is (dialect in NO_WILDCARDS)
    assert below is None or covers(dialect, below, "eu.8x8.vc")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("*.X.Com/", "*.x.com/"),
        (".Bücher.Example", ".xn--bcher-kva.example"),
        ("*Bücher.example", "*bücher.example"),
    ],
)
def test_spellings_come_in_lower_case_and_a_labels(raw: str, expected: str) -> None:
    assert canonical(raw) == expected


def test_plain_patterns_of_every_product_are_plain_readings() -> None:
    assert read(Dialect.CILIUM, "**.8x8.vc") == (Reading("8x8.vc", 1, None),)
    assert read(Dialect.AZURE_FIREWALL, "*.8x8.vc") == (Reading("8x8.vc", 1, None),)
