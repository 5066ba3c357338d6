"""A wait ends with what was waited for, with its limit, or with whoever would have brought it."""

import os
import time

import pytest

from tests.support.waiting import NotInTime, eventually, until_ended


def test_what_is_found_in_the_end_is_given_back() -> None:
    looks = iter((None, "", "found"))

    assert eventually(lambda: next(looks)) == "found"


def test_what_never_comes_is_waited_for_only_so_long() -> None:
    began = time.monotonic()

    with pytest.raises(NotInTime, match="not within"):
        eventually(lambda: None, 0.05)

    assert time.monotonic() - began < 1


def test_who_has_ended_is_looked_at_once_more_and_not_waited_for() -> None:
    looks = iter((None, "its last word"))
    assert eventually(lambda: next(looks), ended=iter((False, True)).__next__) == "its last word"

    with pytest.raises(NotInTime, match="has ended"):
        eventually(lambda: None, 60, ended=lambda: True)


def test_a_process_that_ended_is_not_waited_for_and_one_that_does_not_only_so_long() -> None:
    pid = os.posix_spawn("/bin/true", ["true"], {})
    until_ended(pid)
    os.waitpid(pid, 0)
    until_ended(pid)

    with pytest.raises(NotInTime, match="did not end"):
        until_ended(os.getppid(), 0.05)
