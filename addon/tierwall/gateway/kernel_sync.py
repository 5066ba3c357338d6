"""Keeps the kernel's sets as the site in force says, while the proxy runs: that is what they live by.

Knows asyncio, the clock and what nft is told. Refuses to decide: policy/projections/kernel_bypass.py says what goes
straight. Whatever cannot be written stays closed: the lease runs out, and an answer that leads somewhere waits for its
elements.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import Final

from tierwall import programs
from tierwall.gateway.elements import Element, begin, end, exchange, fill, loadable, renew
from tierwall.gateway.names import Full, Names
from tierwall.gateway.topology import RUNS
from tierwall.policy.model import Address, Catalogue
from tierwall.policy.projections.kernel_bypass import Span, led, spans
from tierwall.policy.projections.unanswered_syns import Unanswered, unanswered
from tierwall.policy.site import Site

RENEW_EVERY_S: Final = 1.5
"""Three renewals fit into one lease."""

ANSWER_WAITS_S: Final = 1.0
"""Seconds that an answer waits for its elements, at most; then the client is told to ask again."""

_NFT_LIMIT_S: Final = 2.0

type Nft = Callable[[str], Awaitable[str | None]]
"""Loads commands, all or none of them; says what went wrong, or None."""


class KernelSync:
    """One run of the proxy. `keep` is a task; answers come in meanwhile."""

    def __init__(
        self,
        in_force: Callable[[], tuple[Site, Catalogue]],
        complain: Callable[[str], None],
        nft: Nft | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._in_force, self._complain, self._nft, self._clock = in_force, complain, nft or through_nft, clock
        self._run = RUNS[0] + secrets.randbelow(RUNS[-1] - RUNS[0])
        self._names = Names(lambda name, address: led(*in_force(), name, address))
        self._site: Site | None = None
        self._spans: Sequence[Span] = ()
        self._silent: Sequence[Unanswered] = ()
        self._stands = False
        """Whether the sets are ours, as far as we know."""
        self._written: dict[Address, tuple[Element, ...]] = {}
        self._unwritten: set[Address] = set()
        self._being_written: set[Address] = set()
        self._waiting: list[asyncio.Future[bool]] = []
        self._wake = asyncio.Event()
        self._fault: str | None = None

    async def keep(self) -> None:
        """Write what changed and renew the lease, until cancelled. Several answers are one batch."""
        try:
            while True:
                await self._write()
                with suppress(TimeoutError):
                    async with asyncio.timeout(RENEW_EVERY_S):
                        await self._wake.wait()
                self._wake.clear()
        finally:
            await self._nft(end())

    async def led_to(self, name: str, answers: Iterable[tuple[Address, float]]) -> bool:
        """An answer gives these addresses, with their TTL, for the name: whether the client may have it now."""
        addresses = []
        for address, ttl_s in answers:
            addresses.append(address)
            try:
                if self._names.heard(name, address, ttl_s, self._clock()):
                    self._unwritten.add(address)
            except Full as fault:
                self._say(str(fault))
                return False
        if (self._unwritten | self._being_written).isdisjoint(addresses):
            return True
        written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(written)
        self._wake.set()
        try:
            async with asyncio.timeout(ANSWER_WAITS_S):
                return await written
        except TimeoutError:
            return False

    async def _write(self) -> None:
        site, catalogue = self._in_force()
        if site is not self._site:
            # In a thread: a site may list a hundred thousand networks, and connections go on meanwhile.
            found = await asyncio.to_thread(spans, site, catalogue)
            self._spans = loadable(found)
            if found and not self._spans:
                self._complain(f"all UDP goes through the proxy: {len(found)} networks and ports are too many to load")
            self._silent = unanswered(site)
            self._site, self._stands = site, False
        waiting, self._waiting = self._waiting, []
        self._being_written, self._unwritten = self._unwritten, set()
        fault = await self._exchange() if self._stands else "not ours yet"
        if fault is not None:
            fault = await self._take_over()
        self._stands = fault is None
        if fault is not None:
            self._unwritten |= self._being_written
        self._being_written = set()
        for each in waiting:
            if not each.done():
                each.set_result(fault is None)
        self._say(fault)

    async def _exchange(self) -> str | None:
        """The lease, and the elements of addresses that names led to since."""
        now = self._clock()
        before = {address: self._written.get(address, ()) for address in self._being_written}
        after = {address: self._names.elements(address, now) for address in self._being_written}
        fault = await self._nft(renew(self._run) + exchange(before, after, now))
        if fault is None:
            self._written |= after
        return fault

    async def _take_over(self) -> str | None:
        """Everything: the first time, under another site, and where somebody made the table anew."""
        now = self._clock()
        after = {address: self._names.elements(address, now) for address in self._names.addresses()}
        fault = await self._nft(fill(self._spans, self._silent) + exchange({}, after, now) + begin(self._run))
        if fault is None:
            self._written = after
        return fault

    def _say(self, fault: str | None) -> None:
        """Each fault once, until it is over."""
        if fault is not None and fault != self._fault:
            self._complain(f"nothing goes straight through the gateway, nor do names that would: {fault}")
        self._fault = fault


async def through_nft(commands: str) -> str | None:
    """Load them with the program nft, as one transaction."""
    try:
        ended = await programs.run_meanwhile(["nft", "-f", "-"], commands, _NFT_LIMIT_S)
    except programs.CannotRun as fault:
        return str(fault)
    return ended.complaint if ended.status else None
