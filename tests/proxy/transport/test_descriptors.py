"""Of the last file descriptors some are kept back, and that they are scarce is said once a minute."""

import resource
import time

import pytest

from tierwall.proxy.transport import descriptors
from tierwall.proxy.transport.descriptors import Descriptors


class Limit:
    """What the kernel says of this process's limit."""

    def __init__(self, soft: int) -> None:
        self.soft, self.hard, self.asked = soft, 1_048_576, 0

    def get(self, _: int) -> tuple[int, int]:
        self.asked += 1
        return self.soft, self.hard

    def set(self, _: int, limits: tuple[int, int]) -> None:
        self.soft, self.hard = limits


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Limit:
    limit = Limit(1024)
    monkeypatch.setattr(resource, "getrlimit", limit.get)
    monkeypatch.setattr(resource, "setrlimit", limit.set)
    return limit


def test_a_process_may_have_all_that_the_machine_allows(limit: Limit) -> None:
    descriptors.raise_limit()

    assert (limit.soft, limit.hard) == (1_048_576, 1_048_576)


def test_the_last_sixteen_are_kept_back(limit: Limit) -> None:
    assert [Descriptors().are_scarce(number) for number in (1007, 1008, 1023)] == [False, True, True]


def test_while_there_are_many_the_limit_is_not_asked_for(limit: Limit) -> None:
    left = Descriptors()
    left.are_scarce(10)
    limit.asked = 0

    assert not any(left.are_scarce(number) for number in range(500))
    assert limit.asked == 0


def test_without_a_limit_none_is_ever_scarce(limit: Limit) -> None:
    limit.soft = resource.RLIM_INFINITY

    assert not Descriptors().are_scarce(1_000_000)


def test_it_is_said_at_once_then_once_a_minute_with_how_many_were_refused(
    limit: Limit, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    left = Descriptors()

    first, second, third = left.complaint(), left.complaint(), left.complaint()
    now += 60.0
    later = left.complaint()

    assert first == "of 1024 file descriptors hardly any is free: new connections are refused (ulimit -n)"
    assert (second, third) == (None, None)
    assert later == "of 1024 file descriptors hardly any is free: 3 connections were refused (ulimit -n)"
