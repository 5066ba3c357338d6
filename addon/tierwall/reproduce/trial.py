"""One round of checks through an explicit proxy: stand-ins for the vendor, the proxy between, a client for each check.

Knows processes, origins and clients. What the round means is results.py's; what needs a network is network/'s.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tierwall.events import Event
from tierwall.journal.reading import read_journal
from tierwall.reproduce.check import Check, Pattern
from tierwall.reproduce.patience import Ask, asked, asked_again
from tierwall.standins.certificates import Authority
from tierwall.standins.clients import HttpProxy, Outcome, fetch_https, native_session, plain_http, websocket_session
from tierwall.standins.origins import HttpsOrigin, RedirectOrigin
from tierwall.standins.process import Screen, running

AT_ONCE: Final = 24
"""Clients side by side that hold no connection; those that do little else need no room."""

_LAB_CA: Final = Path("state", "tierwall", "ca", "mitmproxy-ca-cert.pem")
_WIDTH: Final = 100


@dataclass(frozen=True, slots=True)
class Round:
    """What became of each check, and what the proxies journalled meanwhile."""

    outcomes: dict[Check, Outcome]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Who is told when a check begins and when it is over."""

    begins: Callable[[Check], None]
    ends: Callable[[Check], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What is played: the checks, under a site."""

    site: str
    policies: tuple[Path, ...]
    checks: tuple[Check, ...]
    login: str | None = None
    """`name:password` for a proxy that asks."""


async def play(played: Played, folder: Path, telling: Telling) -> Round:
    """Run them all, in this empty folder. Raises ProxyFailed."""
    authority = Authority(folder)
    names = sorted({str(check.of.host) for check in played.checks})
    async with AsyncExitStack() as stack:
        secure = await stack.enter_async_context(HttpsOrigin(authority, names))
        redirect = await stack.enter_async_context(RedirectOrigin())
        arguments = ["--site", played.site, "--listen", "127.0.0.1:0", "--journal", "journal.jsonl", "--events", "all"]
        arguments += ["--trust", authority.ca_pem.name, "--partial"]
        for policy in played.policies:
            arguments += ["--policy", str(policy.absolute())]
        for place, plain in sorted({(check.of.place, check.pattern is Pattern.REDIRECT) for check in played.checks}):
            arguments += ["--resolve", f"{place}:127.0.0.1:{(redirect if plain else secure).port}"]
        screen = Screen(width=_WIDTH, is_terminal=False)
        async with running(arguments, folder, screen) as proxy:
            managed = folder / "managed.pem"
            managed.write_bytes(authority.ca_pem.read_bytes() + (folder / _LAB_CA).read_bytes())
            clients = _Clients(played, proxy.port, managed, authority.ca_pem)
            outcomes = await _drive(played.checks, clients.ask, telling)
            outcomes = await asked_again(outcomes, lambda: events_in(folder), clients.ask)
    return Round(outcomes, events_in(folder))


def events_in(folder: Path) -> tuple[Event, ...]:
    """What the proxy that ran there journalled."""
    return tuple(event for event in read_journal(folder / "journal.jsonl") if isinstance(event, Event))


async def _drive(checks: Sequence[Check], ask: Ask, telling: Telling) -> dict[Check, Outcome]:
    room = asyncio.Semaphore(AT_ONCE)

    async def drive(check: Check) -> Outcome:
        async with room if not check.hold_s else asyncio.Semaphore():
            telling.begins(check)
            outcome = await asked(check, ask)
        telling.ends(check)
        return outcome

    async with asyncio.TaskGroup() as group:
        tasks = {check: group.create_task(drive(check)) for check in checks}
    return {check: task.result() for check, task in tasks.items()}


@dataclass(frozen=True, slots=True)
class _Clients:
    """Those of one round."""

    played: Played
    port: int
    managed: Path
    """Authorities that a machine of the company trusts."""
    own: Path
    """Those that the vendor's own clients trust."""

    async def ask(self, check: Check, limit_s: float) -> Outcome:
        """Run the client of one check."""
        login = self.played.login if check.logs_in else None
        via = HttpProxy("127.0.0.1", self.port, check.client, login)
        host, port, ca, hold_s = str(check.of.host), check.of.port, self.managed, check.hold_s
        match check.pattern:
            case Pattern.PAGE:
                return await fetch_https(via, host, port, ca=ca, limit_s=limit_s)
            case Pattern.EVENTS:
                return await fetch_https(via, host, port, ca=ca, path="/events", limit_s=limit_s)
            case Pattern.SOCKET:
                return await websocket_session(via, host, port, ca=ca, hold_s=hold_s, limit_s=limit_s)
            case Pattern.NATIVE:
                return await native_session(via, host, port, ca=ca, hold_s=hold_s, limit_s=limit_s)
            case Pattern.PINNED:
                return await native_session(via, host, port, ca=self.own, hold_s=hold_s, limit_s=limit_s)
            case Pattern.REDIRECT:
                return await plain_http(via, host, port, limit_s=limit_s)
            case _:
                raise AssertionError(f"{check.pattern} goes by a gateway")
