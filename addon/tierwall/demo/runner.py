"""Plays a scene: an origin for each destination, the proxy as a process between, a client for each step.

Knows the order of things. What must come of a step is steps.py's, whether it did expectations.py's.
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, assert_never

from tierwall.demo.expectations import MESSAGES, PAYLOADS, Seen, compare
from tierwall.demo.steps import SITE_FILE, Client, Expected, Scene, Step, expected_of
from tierwall.events import Event
from tierwall.journal.reading import read_journal
from tierwall.loader import load_catalogue, load_site
from tierwall.standins.certificates import Authority
from tierwall.standins.clients import HttpProxy, Outcome, fetch_https, native_session, plain_http, websocket_session
from tierwall.standins.origins import HttpsOrigin, RedirectOrigin, TcpOrigin
from tierwall.standins.process import Screen, running

HOLD_S: Final = 1.0
"""How long persistent connections stay silent, while the other clients come and go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One step: what the policies say, what happened, and how the two differ."""

    expected: Expected
    seen: Seen
    events: tuple[Event, ...]
    mismatches: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """One scene, played: its steps, and what stood in the proxy's terminal."""

    scene: Scene
    command: str
    played: tuple[Played, ...]
    said: tuple[str, ...]


async def play(scene: Scene, folder: Path, screen: Screen, advance: Callable[[], None]) -> Performance:
    """Play it in this folder. `advance` is called after each step. Raises ProxyFailed."""
    journal = folder / f"{Path(scene.site).stem}.jsonl"
    authority = Authority(_made(folder / Path(scene.site).stem))
    async with AsyncExitStack() as stack:
        origins = [await stack.enter_async_context(origin_of(step, authority)) for step in scene.steps]
        resolve = [
            f"{step.host}:{step.port}:{origin.host}:{origin.port}"
            for step, origin in zip(scene.steps, origins, strict=True)
        ]
        arguments = ["--site", scene.site, "--listen", "127.0.0.1:0", "--journal", journal.name, "--events", "all"]
        asked = [part for each in resolve for part in ("--resolve", each)]
        async with running([*arguments, *asked], folder, screen) as proxy:
            via = HttpProxy("127.0.0.1", proxy.port)
            outcomes = await _drive(scene.steps, via, authority.ca_pem, advance)
        # The proxy has ended: whatever it sent is on its way or there, and every event is written.
        saw = [await _seen(outcome, origin) for outcome, origin in zip(outcomes, origins, strict=True)]
    catalogue = load_catalogue(())
    site = load_site(str(folder / scene.site) if scene.site == SITE_FILE else scene.site, catalogue)
    events = tuple(event for event in read_journal(journal) if isinstance(event, Event))
    return Performance(
        scene=scene,
        command=" ".join(["tierwall run", *arguments, "--resolve …"]),
        played=tuple(
            _played(expected_of(site, catalogue, step), seen, events)
            for step, seen in zip(scene.steps, saw, strict=True)
        ),
        said=tuple(proxy.said),
    )


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def origin_of(step: Step, authority: Authority) -> TcpOrigin:
    """A stand-in for the step's destination."""
    match step.client:
        case Client.REDIRECT:
            return RedirectOrigin()
        case Client.PAGE | Client.SOCKET | Client.NATIVE:
            return HttpsOrigin(authority, [name for name in (step.host, step.sni) if name is not None])
        case _:
            assert_never(step.client)


async def _drive(steps: tuple[Step, ...], via: HttpProxy, ca: Path, advance: Callable[[], None]) -> tuple[Outcome, ...]:
    """The persistent clients side by side; the others come one after the other meanwhile."""

    async def drive(step: Step) -> Outcome:
        outcome = await outcome_of(step, via, ca)
        advance()
        return outcome

    async with asyncio.TaskGroup() as group:
        persistent = {step: group.create_task(drive(step)) for step in steps if _is_persistent(step)}
        brief = {step: await drive(step) for step in steps if step not in persistent}
    return tuple(persistent[step].result() if step in persistent else brief[step] for step in steps)


def _is_persistent(step: Step) -> bool:
    return step.client in {Client.SOCKET, Client.NATIVE}


async def outcome_of(step: Step, via: HttpProxy, ca: Path) -> Outcome:
    """What the step's client comes to."""
    match step.client:
        case Client.PAGE:
            return await fetch_https(via, step.host, step.port, ca=ca, sni=step.sni)
        case Client.REDIRECT:
            return await plain_http(via, step.host, step.port)
        case Client.SOCKET:
            return await websocket_session(via, step.host, step.port, ca=ca, messages=MESSAGES, hold_s=HOLD_S)
        case Client.NATIVE:
            return await native_session(via, step.host, step.port, ca=ca, payloads=PAYLOADS, hold_s=HOLD_S)
        case _:
            assert_never(step.client)


async def _seen(outcome: Outcome, origin: TcpOrigin) -> Seen:
    """What the origin has, once all that was sent to it has been read."""
    reached = origin.reached
    protocols, names = tuple(reached.protocols), tuple(reached.names)
    # Connections are accepted in their order: when this last one is over, every earlier one is in the record.
    reader, writer = await asyncio.open_connection(origin.host, origin.port)
    with suppress(OSError):
        writer.write_eof()
        await reader.read()
    writer.close()
    await asyncio.to_thread(reached.until, lambda record: record.ended == record.connections)
    return Seen(
        outcome=outcome,
        connections=reached.connections - 1,
        octets=reached.octets,
        protocols=protocols,
        names=names,
    )


def _played(expected: Expected, seen: Seen, events: tuple[Event, ...]) -> Played:
    """With the events of its destination: that which the verdict names."""
    own = tuple(event for event in events if _is_about(event, expected))
    return Played(expected=expected, seen=seen, events=own, mismatches=compare(expected, seen, own))


def _is_about(event: Event, expected: Expected) -> bool:
    there = event.destination
    return there is not None and there.port == expected.step.port and expected.verdict.name in {there.domain, there.ip}
