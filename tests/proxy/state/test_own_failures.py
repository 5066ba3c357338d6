"""A failure of ours is told by its kind and message, and never by what a client said."""

import pytest

from tierwall.proxy.state.own_failures import told, traceable


def test_a_failure_is_told_with_its_message() -> None:
    failure = ValueError("no such thing")

    assert told(failure) == "ValueError: no such thing"
    assert traceable(failure) is failure


def test_an_error_of_coding_holds_the_text_and_is_told_by_its_kind() -> None:
    with pytest.raises(UnicodeError) as raised:
        "pässword".encode("ascii")

    assert told(raised.value) == "UnicodeEncodeError"
    assert traceable(raised.value) is None
