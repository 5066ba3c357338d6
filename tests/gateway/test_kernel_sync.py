"""The keeper against a scripted nft: what it writes and when, who waits, and what it says of failures."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address

import pytest

from tests.policy.catalogues import CATALOGUE, listed
from tierwall.gateway import elements
from tierwall.gateway import kernel_sync as keeping
from tierwall.gateway.kernel_sync import KernelSync
from tierwall.policy.site import Site

HERE = ip_address("192.0.2.1")
SITE = Site(id="one", admit=(listed("turn.example", on=["udp/3478"]), listed("198.51.100.0/24", on=["udp/443"])))
ELEMENT = "named4 { 192.0.2.1 . 3478 timeout 120s }"
OTHER = Site(id="other", admit=(listed("198.51.100.0/24", on=["udp/444"]),))


class ScriptedNft:
    """Remembers what it was given. `faults` are the answers to come; each waits for `go_on`."""

    def __init__(self) -> None:
        self.asked = 0
        self.batches: list[str] = []
        self.faults: list[str | None] = []
        self.go_on = asyncio.Event()
        self.go_on.set()
        self._happened = asyncio.Event()

    async def __call__(self, commands: str) -> str | None:
        self.asked += 1
        self._happened.set()
        await self.go_on.wait()
        self.batches.append(commands)
        self._happened.set()
        return self.faults.pop(0) if self.faults else None

    async def until(self, holds: Callable[[], bool]) -> None:
        """Until this holds, which only what it is given changes."""
        async with asyncio.timeout(5):
            while not holds():
                self._happened.clear()
                await self._happened.wait()


class Scene:
    """A keeper at work."""

    def __init__(self) -> None:
        self.site = SITE
        self.said: list[str] = []
        self.nft = ScriptedNft()
        self.syncing = KernelSync(lambda: (self.site, CATALOGUE), self.said.append, self.nft, lambda: 0.0)

    async def stuck(self) -> None:
        """From now on nft is slow, and the next batch is with it already."""
        self.nft.go_on.clear()
        before = self.nft.asked
        await self.nft.until(lambda: self.nft.asked > before)

    async def batches(self, count: int) -> list[str]:
        """All so far, once there are so many."""
        await self.nft.until(lambda: len(self.nft.batches) >= count)
        return self.nft.batches


@asynccontextmanager
async def at_work() -> AsyncIterator[Scene]:
    scene = Scene()
    task = asyncio.get_running_loop().create_task(scene.syncing.keep())
    try:
        yield scene
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "RENEW_EVERY_S", 0.01)
    monkeypatch.setattr(keeping, "ANSWER_WAITS_S", 0.2)


def test_it_fills_the_sets_first_and_then_only_renews_the_lease() -> None:
    async def play() -> list[str]:
        async with at_work() as scene:
            return (await scene.batches(3))[:3]

    first, second, third = asyncio.run(play())
    assert "direct4 { 198.51.100.0-198.51.100.255 . 443 }" in first
    assert "of_this_run ct mark set 0x7457" in first
    assert second == third
    assert second.startswith("delete element inet tierwall_gateway lease")
    assert len(second.splitlines()) == 2


def test_its_end_ends_the_lease() -> None:
    async def play() -> list[str]:
        async with at_work() as scene:
            await scene.batches(2)
        return scene.nft.batches

    assert asyncio.run(play())[-1] == "flush set inet tierwall_gateway lease\n"


def test_an_answer_waits_until_its_elements_are_written() -> None:
    async def play() -> tuple[bool, bool]:
        async with at_work() as scene:
            await scene.batches(1)
            await scene.stuck()
            answer = asyncio.ensure_future(scene.syncing.led_to("turn.example", [(HERE, 60)]))
            await asyncio.wait([answer], timeout=0.05)
            waited = not answer.done()
            scene.nft.go_on.set()
            given = await answer
            return waited, given and any(
                "named4 { 192.0.2.1 . 3478 timeout 120s }" in each for each in scene.nft.batches
            )

    assert asyncio.run(play()) == (True, True)


def test_the_same_answer_to_another_client_waits_for_the_same_writing() -> None:
    async def play() -> list[bool]:
        async with at_work() as scene:
            await scene.batches(1)
            await scene.stuck()
            answers = [asyncio.ensure_future(scene.syncing.led_to("turn.example", [(HERE, 60)])) for _ in range(3)]
            await asyncio.wait(answers, timeout=0.05)
            done = [answer.done() for answer in answers]
            scene.nft.go_on.set()
            return done + await asyncio.gather(*answers)

    assert asyncio.run(play()) == [False, False, False, True, True, True]


def test_an_answer_that_opens_nothing_does_not_wait() -> None:
    async def play() -> bool:
        async with at_work() as scene:
            await scene.batches(1)
            await scene.stuck()
            given = await scene.syncing.led_to("web.example", [(HERE, 60)])
            scene.nft.go_on.set()
            return given

    assert asyncio.run(play())


def test_an_answer_that_cannot_be_written_in_time_is_not_given() -> None:
    async def play() -> bool:
        async with at_work() as scene:
            await scene.batches(1)
            await scene.stuck()
            given = await scene.syncing.led_to("turn.example", [(HERE, 60)])
            scene.nft.go_on.set()
            return given

    assert not asyncio.run(play())


def test_where_nft_fails_no_answer_is_given_and_the_fault_is_said_once() -> None:
    async def play() -> tuple[bool, list[str], bool]:
        async with at_work() as scene:
            await scene.batches(1)
            scene.nft.faults = ["no such table"] * 20
            refused = await scene.syncing.led_to("turn.example", [(HERE, 60)])
            await scene.batches(12)
            said = list(scene.said)
            scene.nft.faults = []
            await scene.batches(len(scene.nft.batches) + 3)
            return refused, said, await scene.syncing.led_to("turn.example", [(HERE, 60)])

    refused, said, given = asyncio.run(play())
    assert (refused, given) == (False, True)
    assert said == ["nothing goes straight through the gateway, nor do names that would: no such table"]


def test_a_lease_that_ran_out_is_taken_over_with_all_that_was_known() -> None:
    async def play() -> str:
        async with at_work() as scene:
            await scene.batches(1)
            await scene.syncing.led_to("turn.example", [(HERE, 60)])
            count = len(scene.nft.batches)
            scene.nft.faults = ["no such element"]
            return (await scene.batches(count + 2))[count + 1]

    batch = asyncio.run(play())
    assert "direct4 { 198.51.100.0-198.51.100.255 . 443 }" in batch
    assert ELEMENT in batch


def test_another_site_replaces_all_that_goes_straight() -> None:
    async def play() -> str:
        async with at_work() as scene:
            await scene.batches(1)
            await scene.syncing.led_to("turn.example", [(HERE, 60)])
            scene.site = OTHER
            count = len(scene.nft.batches)
            return next(each for each in (await scene.batches(count + 3))[count:] if "delete set" in each)

    batch = asyncio.run(play())
    assert "direct4 { 198.51.100.0-198.51.100.255 . 444 }" in batch
    assert "add element inet tierwall_gateway named4" not in batch


def test_networks_that_are_too_many_are_said_and_the_rest_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elements, "SPANS_AT_MOST", 0)

    async def play() -> tuple[str, list[str]]:
        async with at_work() as scene:
            return (await scene.batches(2))[0], scene.said

    batch, said = asyncio.run(play())
    assert "direct4 { 198" not in batch
    assert said == ["all UDP goes through the proxy: 1 networks and ports are too many to load"]
