"""One round of checks: stand-ins for the vendor, the proxy as a process between, a client for each check.

Knows processes, origins and clients. What the round means is results.py's.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, assert_never

from tierwall.events import Event
from tierwall.journal.reading import read_journal
from tierwall.reproduce.checks import Check, Pattern
from tierwall.standins.certificates import Authority
from tierwall.standins.clients import HttpProxy, Outcome, fetch_https, native_session, plain_http, websocket_session
from tierwall.standins.origins import HttpsOrigin, RedirectOrigin
from tierwall.standins.process import Screen, running

AT_ONCE: Final = 24
"""Clients side by side; those that hold a connection do little else."""

_LAB_CA: Final = Path("state", "tierwall", "ca", "mitmproxy-ca-cert.pem")
_WIDTH: Final = 100


@dataclass(frozen=True, slots=True)
class Round:
    """What became of each check, and what the proxy journalled meanwhile."""

    outcomes: dict[Check, Outcome]
    events: tuple[Event, ...]


async def play(
    site: str, policies: Sequence[Path], checks: Sequence[Check], folder: Path, advance: Callable[[], None]
) -> Round:
    """Run them all, in this empty folder. `advance` is called after each. Raises ProxyFailed."""
    authority = Authority(folder)
    names = sorted({str(check.of.host) for check in checks})
    async with AsyncExitStack() as stack:
        secure = await stack.enter_async_context(HttpsOrigin(authority, names))
        redirect = await stack.enter_async_context(RedirectOrigin())
        arguments = ["--site", site, "--listen", "127.0.0.1:0", "--journal", "journal.jsonl", "--events", "all"]
        arguments += ["--trust", authority.ca_pem.name, "--partial"]
        for policy in policies:
            arguments += ["--policy", str(policy.absolute())]
        for place, plain in sorted({(check.of.place, check.pattern is Pattern.REDIRECT) for check in checks}):
            arguments += ["--resolve", f"{place}:127.0.0.1:{(redirect if plain else secure).port}"]
        screen = Screen(width=_WIDTH, is_terminal=False)
        async with running(arguments, folder, screen) as proxy:
            via = HttpProxy("127.0.0.1", proxy.port)
            managed = folder / "managed.pem"
            managed.write_bytes(authority.ca_pem.read_bytes() + (folder / _LAB_CA).read_bytes())
            outcomes = await _drive(checks, via, managed, authority.ca_pem, advance)
    events = tuple(event for event in read_journal(folder / "journal.jsonl") if isinstance(event, Event))
    return Round(outcomes, events)


async def _drive(
    checks: Sequence[Check], via: HttpProxy, managed: Path, own: Path, advance: Callable[[], None]
) -> dict[Check, Outcome]:
    room = asyncio.Semaphore(AT_ONCE)

    async def drive(check: Check) -> Outcome:
        async with room:
            outcome = await _outcome(check, via, managed, own)
        advance()
        return outcome

    async with asyncio.TaskGroup() as group:
        tasks = {check: group.create_task(drive(check)) for check in checks}
    return {check: task.result() for check, task in tasks.items()}


async def _outcome(check: Check, via: HttpProxy, managed: Path, own: Path) -> Outcome:
    host, port = str(check.of.host), check.of.port
    match check.pattern:
        case Pattern.PAGE:
            return await fetch_https(via, host, port, ca=managed)
        case Pattern.SOCKET:
            return await websocket_session(via, host, port, ca=managed, hold_s=check.hold_s)
        case Pattern.NATIVE:
            return await native_session(via, host, port, ca=managed, hold_s=check.hold_s)
        case Pattern.PINNED:
            return await native_session(via, host, port, ca=own, hold_s=check.hold_s)
        case Pattern.REDIRECT:
            return await plain_http(via, host, port)
        case Pattern.DATAGRAMS:
            raise AssertionError("UDP is not run")
        case _:
            assert_never(check.pattern)
