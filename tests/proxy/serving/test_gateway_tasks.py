"""What keeps the kernel in step ends with an event, and SYNs that nobody can hear are said once."""

from typing import Any

import pytest

from tests.policy.catalogues import CATALOGUE
from tests.support.endpoints import Told, run
from tierwall.events import Stage
from tierwall.policy.site import Site
from tierwall.proxy.serving import gateway_tasks
from tierwall.proxy.serving.gateway_tasks import hear_unanswered, keep, keeper_of
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.destinations import Destinations
from tierwall.proxy.state.recorder import Recorder


class Gateway:
    """A policy, and what is journalled."""

    def __init__(self) -> None:
        self.policy, self.told = ActivePolicy(Site(id="lab"), CATALOGUE), Told()
        self.recorder = Recorder(self.told, self.policy, everything=True)


class Keeping:
    """A keeper that ends as a test says."""

    def __init__(self, failure: Exception | None = None) -> None:
        self._failure = failure

    async def keep(self) -> None:
        if self._failure is not None:
            raise self._failure


def test_where_keeping_fails_it_is_journalled_that_nothing_goes_straight_any_more(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gateway, keeping = Gateway(), Keeping(RuntimeError("nft is gone"))
    fails: Any = keeping

    run(lambda: keep(fails, gateway.recorder))

    event = gateway.told.only
    assert event.error is not None
    assert event.error.message == "nothing goes straight through the gateway any more: nft is gone"
    assert (event.tierwall.stage, event.event.action) == (Stage.CONFIG, "fault")
    assert "keeping the gateway failed" in caplog.text


def test_where_it_ends_in_order_there_is_nothing_to_say() -> None:
    gateway, ends = Gateway(), Keeping()
    ended: Any = ends

    run(lambda: keep(ended, gateway.recorder))

    assert gateway.told.events == []


def test_where_the_kernel_lets_nobody_hear_it_is_journalled_and_the_run_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def deaf(_: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(gateway_tasks, "hear", deaf)
    gateway = Gateway()

    run(lambda: hear_unanswered(gateway.policy, Destinations(), gateway.recorder))

    event = gateway.told.only
    assert event.error is not None
    assert event.error.message == "SYNs that the gateway leaves unanswered have no events: Operation not permitted"


def test_the_keeper_follows_the_site_that_is_in_force_when_it_looks() -> None:
    gateway = Gateway()
    keeper = keeper_of(gateway.policy, gateway.recorder)

    gateway.policy.replace(Site(id="other"), CATALOGUE)

    in_force: Any = keeper
    assert in_force._in_force()[0].id == "other"
