"""Switches outlive a reload, and what makes no sense changes nothing."""

import asyncio
from dataclasses import replace

import pytest

from tests.policy.catalogues import CATALOGUE, everything
from tierwall.loader import Fault, InvalidFiles
from tierwall.policy.behaviour import Buffering
from tierwall.policy.site import Site
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.in_force.behaviour_overrides import BehaviourOverrides

SITE = Site(id="lab", admit=(everything(),), behaviours=(Buffering(),))


def overrides() -> BehaviourOverrides:
    return BehaviourOverrides(ActivePolicy(SITE, CATALOGUE))


def names(of: BehaviourOverrides) -> list[str]:
    return [behaviour.NAME for behaviour in of.behaviours]


def test_one_is_switched_on_and_off_and_all_are_taken_back() -> None:
    async def switching() -> list[list[str]]:
        of = overrides()
        seen = []
        for change in (of.switch("no-websocket", []), of.switch("buffering", None), of.take_back()):
            await change
            seen.append(sorted(names(of)))
        return seen

    assert asyncio.run(switching()) == [["buffering", "no-websocket"], ["no-websocket"], ["buffering"]]


def test_a_switch_outlives_changed_files() -> None:
    async def loading() -> BehaviourOverrides:
        of = overrides()
        await of.switch("buffering", None)
        await of.load(replace(SITE, id="changed"), CATALOGUE)
        return of

    of = asyncio.run(loading())

    assert (of.site, names(of), of.said) == ("changed", [], {"buffering": None})


def test_what_is_no_behaviour_changes_nothing() -> None:
    of = overrides()

    with pytest.raises(InvalidFiles):
        asyncio.run(of.switch("no-such-thing", []))

    assert (names(of), of.said) == (["buffering"], {})


def test_what_cannot_be_shown_here_changes_nothing() -> None:
    def suits(site: Site) -> Site:
        if len(site.behaviours) > 1:
            raise InvalidFiles([Fault("site", None, "", "not in these modes")])
        return site

    of = BehaviourOverrides(ActivePolicy(SITE, CATALOGUE), suits)

    with pytest.raises(InvalidFiles):
        asyncio.run(of.switch("no-websocket", []))

    assert names(of) == ["buffering"]
