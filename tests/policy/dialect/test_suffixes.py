"""A wildcard on a public suffix admits strangers; one on a provider's domain is what vendors really ask for."""

import pytest

from tierwall.policy.dialect.suffixes import public_suffix


@pytest.mark.parametrize(
    ("pattern", "suffix"),
    [
        ("*.com", "com"),
        ("*.co.uk", "co.uk"),
        ("*.foo.ck", "foo.ck"),
        ("*.pvt.k12.ma.us", "pvt.k12.ma.us"),
        ("com", None),
        ("*.example.com", None),
        ("*.googleapis.com", None),
        ("*.internal", None),
        ("*.a.b.c.d.e.f.com", None),
    ],
)
def test_public_suffixes_are_those_of_the_icann_section(pattern: str, suffix: str | None) -> None:
    assert public_suffix(pattern) == suffix
