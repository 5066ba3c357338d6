"""Which bundle is newer: by its revision alone, whatever clocks say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierwall.bundle.archive import Bundle, InvalidBundle
from tierwall.bundle.store import check_newer

CREATED = st.datetimes().map(lambda when: f"{when.isoformat(timespec='seconds')}Z")


def bundle(revision: int, created: str = "2026-11-21T02:03:04Z", text: bytes = b"") -> Bundle:
    return Bundle(revision, created, {"sites/acme.yaml": text})


@given(CREATED, CREATED)
def test_clocks_that_are_off_decide_nothing(before: str, after: str) -> None:
    assert check_newer(bundle(6, after), bundle(5, before))
    assert not check_newer(bundle(5, after), bundle(5, before))
    with pytest.raises(InvalidBundle, match="revision 4 is older than 5"):
        check_newer(bundle(4, after), bundle(5, before))


def test_the_first_is_newer_than_none() -> None:
    assert check_newer(bundle(1), None)


def test_a_revision_is_used_once() -> None:
    with pytest.raises(InvalidBundle, match="a revision is used once"):
        check_newer(bundle(5, text=b"other"), bundle(5))
