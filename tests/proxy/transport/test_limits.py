"""Limits by one sweep: none passes early, none is forgotten, and one that fails keeps no other from passing."""

import asyncio

import pytest

from tests.support.endpoints import run, until
from tierwall.proxy.transport.limits import Limits


class Who:
    """Notes when its limit passed."""

    def __init__(self) -> None:
        self.passed_at: float | None = None

    def limit_passed(self) -> None:
        self.passed_at = asyncio.get_running_loop().time()


class Failing(Who):
    """Fails then."""

    def limit_passed(self) -> None:
        raise RuntimeError("it cannot")


def test_a_limit_passes_when_its_time_is_over_and_not_before() -> None:
    async def scene() -> float:
        who, began = Who(), asyncio.get_running_loop().time()
        Limits.here().begin(0.05, who)
        await until(lambda: who.passed_at)
        return (who.passed_at or 0) - began

    assert 0.05 <= run(scene) < 1


def test_who_ends_its_limit_is_not_told() -> None:
    async def scene() -> tuple[float | None, float | None]:
        ended, other = Who(), Who()
        Limits.here().begin(0.01, ended).pop(ended)
        Limits.here().begin(0.02, other)
        await until(lambda: other.passed_at)
        return ended.passed_at, other.passed_at

    ended, other = run(scene)
    assert ended is None
    assert other is not None


def test_a_short_limit_does_not_wait_for_the_sweep_of_a_long_one() -> None:
    async def scene() -> float:
        long, short, began = Who(), Who(), asyncio.get_running_loop().time()
        Limits.here().begin(100.0, long)
        Limits.here().begin(0.01, short)
        await until(lambda: short.passed_at)
        return (short.passed_at or 0) - began

    assert run(scene) < 0.5


def test_one_that_fails_keeps_no_other_from_passing(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> bool:
        failing, other = Failing(), Who()
        Limits.here().begin(0.01, failing)
        Limits.here().begin(0.01, other)
        await until(lambda: other.passed_at)
        return True

    assert run(scene)
    assert "had no effect" in caplog.text
