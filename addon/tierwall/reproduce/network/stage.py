"""`python -m tierwall.reproduce.network.stage REQUEST`: plays the checks of one round, in namespaces that are its own.

Whoever starts it has moved it into a new network and mount namespace. What it says goes to stdout, an object a line.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from tierwall import programs
from tierwall.loader import load_catalogue, load_site
from tierwall.policy.model import Address
from tierwall.reproduce.addresses import addresses_of
from tierwall.reproduce.check import Check, Means, Pattern, Wanted
from tierwall.reproduce.checks import checks_of
from tierwall.reproduce.network import servers
from tierwall.reproduce.network.clients import Known, outcome_of
from tierwall.reproduce.network.messages import Asked, Told, told
from tierwall.reproduce.network.topology import (
    CLIENT,
    CLIENT_6,
    GATEWAY,
    GATEWAY_6,
    PROXY_PORT,
    TUN,
    VENDORS,
    CannotBuild,
    Served,
    Topology,
    build,
    lead_udp_into_tun,
)
from tierwall.reproduce.patience import asked, asked_again
from tierwall.reproduce.trial import events_in
from tierwall.standins.certificates import Authority
from tierwall.standins.clients import Outcome
from tierwall.standins.process import ProxyFailed, Screen, running

AT_ONCE: Final = 24
DATAGRAMS_AT_ONCE: Final = 96
"""Of clients that send one, and wait."""
_TURN: Final = {Pattern.TURN_UDP, Pattern.TURN_TCP}
_SCREEN: Final = Screen(width=100, is_terminal=False)


@dataclass(frozen=True, slots=True)
class _Scene:
    asked: Asked
    checks: tuple[tuple[int, Check], ...]
    """With their numbers among all checks."""
    addresses: dict[str, Address]
    tell: Callable[[Told], None]

    @property
    def has_ipv6(self) -> bool:
        """Whether the machines have it."""
        return self.asked.means["no_ipv6"] is None


def main(arguments: Sequence[str]) -> int:
    """Play what the request asks for; 1 where that cannot be, with the reason as the last line."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # coturn and others talk; nobody listens

    def tell(line: Told) -> None:
        out.write(msgspec.json.encode(line).decode() + "\n")
        out.flush()

    failures: list[str] = []
    try:
        _play(_scene(msgspec.json.decode(Path(arguments[0]).read_bytes(), type=Asked), tell))
    except* (CannotBuild, ProxyFailed, programs.CannotRun, OSError) as failed:
        failures += [str(each) for each in _leaves(failed)]
    if failures:
        tell(Told(failed=" ".join(failures)))
    return int(bool(failures))


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    found: list[BaseException] = []
    for each in group.exceptions:
        found += _leaves(each) if isinstance(each, BaseExceptionGroup) else [each]
    return found


def _scene(asked: Asked, tell: Callable[[Told], None]) -> _Scene:
    catalogue = load_catalogue([Path(path) for path in asked.policies])
    sites = {name: load_site(name, catalogue) for name, _ in asked.parts}
    means, only = Means(**asked.means), frozenset(asked.only)
    every = list(
        enumerate(
            check
            for name, vendor in asked.parts
            for wanted in [Wanted(vendor=vendor, longest_s=asked.longest_s, only=only)]
            for check in checks_of(catalogue, sites[name], wanted, means)
        )
    )
    ours = tuple(every[number] for number in asked.numbers)
    names = [str(check.of.host) for _, check in every if isinstance(check.of.host, str)]
    return _Scene(asked, ours, addresses_of(name for name in names if not name.startswith("own-cas-")), tell)


def _play(scene: _Scene) -> None:
    folder = Path(scene.asked.folder)
    authority = Authority(folder)
    resolver = folder / "resolv.conf"
    resolver.write_text(f"nameserver {VENDORS}\n")
    checks = [check for _, check in scene.checks]
    sources = sorted({check.client for check in checks} - {CLIENT, CLIENT_6})
    served = Served(turn=_places(scene, _TURN), quic=_places(scene, {Pattern.QUIC}))
    topology = build(sources, served, resolver, ipv6=scene.has_ipv6)
    wanted = servers.Wanted(
        authority=authority,
        names=sorted({str(check.of.host) for check in checks}),
        addresses=scene.addresses,
        turn=any(check.pattern in _TURN for check in checks),
        quic=any(check.pattern is Pattern.QUIC for check in checks),
        ipv6=scene.has_ipv6,
        folder=folder,
    )
    with servers.serving(topology.vendors, wanted) as names:
        known = Known(ca=folder / "managed.pem", names=names, addresses=scene.addresses)
        asyncio.run(_behind_the_gateway(scene, topology, authority, known))


def _places(scene: _Scene, patterns: set[Pattern]) -> frozenset[tuple[Address, int]]:
    found = set()
    for _, check in scene.checks:
        if check.pattern in patterns:
            host = check.of.host
            found.add((scene.addresses[host] if isinstance(host, str) else host, check.of.port))
    return frozenset(found)


async def _behind_the_gateway(scene: _Scene, topology: Topology, authority: Authority, known: Known) -> None:
    folder = Path(scene.asked.folder)
    arguments = ["--site", scene.asked.under, "--journal", "journal.jsonl", "--events", "all", "--partial"]
    arguments += ["--trust", authority.ca_pem.name]
    arguments += ["--mode", f"transparent@{GATEWAY}:{PROXY_PORT}", "--mode", f"dns@{GATEWAY}:53"]
    arguments += ["--mode", f"transparent@{GATEWAY_6}:{PROXY_PORT}"] if scene.has_ipv6 else []
    by_udp = any(check.of.transport == "udp" for _, check in scene.checks)
    arguments += ["--mode", f"tun:{TUN}"] if by_udp else []
    for policy in scene.asked.policies:
        arguments += ["--policy", policy]
    async with running(arguments, folder, _SCREEN):
        if by_udp:
            lead_udp_into_tun(ipv6=scene.has_ipv6)
        lab_ca = folder / "state" / "tierwall" / "ca" / "mitmproxy-ca-cert.pem"
        known.ca.write_bytes(authority.ca_pem.read_bytes() + lab_ca.read_bytes())
        await asyncio.to_thread(topology.client.inside, lambda: asyncio.run(_drive(scene, known)))


async def _drive(scene: _Scene, known: Known) -> None:
    room, of_datagrams = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(DATAGRAMS_AT_ONCE)

    async def ask(check: Check, limit_s: float) -> Outcome:
        return await outcome_of(check, known, limit_s)

    async def drive(number: int, check: Check) -> Outcome:
        async with of_datagrams if check.pattern is Pattern.DATAGRAMS else room:
            scene.tell(Told(check=number, begins=True))
            outcome = await asked(check, ask)
        scene.tell(told(number, outcome))
        return outcome

    async with asyncio.TaskGroup() as group:
        tasks = {check: group.create_task(drive(number, check)) for number, check in scene.checks}
    outcomes = {check: task.result() for check, task in tasks.items()}
    again = await asked_again(outcomes, lambda: events_in(Path(scene.asked.folder)), ask)
    for number, check in scene.checks:
        if again[check] is not outcomes[check]:
            scene.tell(told(number, again[check]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
