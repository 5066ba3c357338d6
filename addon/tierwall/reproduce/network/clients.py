"""The client's machine: each check's client, from an address of its own, behind the gateway.

Knows what a client of each pattern does. What that means is results.py's.
"""

import re
import secrets
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from tierwall import programs
from tierwall.policy.model import Address
from tierwall.reproduce.addresses import moved
from tierwall.reproduce.check import Check, Pattern
from tierwall.reproduce.network.servers import ACCOUNT, PEER_PORT, Names
from tierwall.reproduce.network.topology import GATEWAY, VENDORS
from tierwall.standins.clients import Cause, Direct, Outcome, Stage, fetch_https, udp_echo
from tierwall.standins.clients.outcome import Failed
from tierwall.standins.clients.udp import ask
from tierwall.standins.dns import A, question, read_answer
from tierwall.standins.quic import quic_echo

_TURN_SLOWER: Final = 1.6
"""Times a step: coturn's client takes several."""
_MESSAGES: Final = 10
_ENOUGH: Final = 0.5
"""The part of them that must come back: a call survives some loss, and a busy machine loses some."""
_FILLING: Final = ("http/1.1", *(f"filling-{number:03}-{'x' * 200}" for number in range(10)))
"""Protocols that nobody speaks, longer together than a segment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What every client needs."""

    ca: Path
    names: Names
    addresses: dict[str, Address]


async def outcome_of(check: Check, known: Known, limit_s: float) -> Outcome:
    """Run the client of one check; `limit_s` is for each of its steps."""
    host = check.of.host
    try:
        match check.pattern:
            case Pattern.OTHER_ADDRESS:
                return await _page(check, str(moved(known.addresses[str(host)])), known, limit_s)
            case Pattern.MOVED:
                return await _moved(check, known, limit_s)
            case Pattern.LOOK_UP:
                await _look_up(check, str(host), limit_s)
                return Outcome(stage=Stage.EXCHANGE)
            case _:
                address = await _look_up(check, host, limit_s) if isinstance(host, str) else str(host)
                return await _at(check, address, known, limit_s)
    except Failed as failed:
        return Outcome(stage=failed.stage, cause=failed.cause, detail=failed.detail)


async def _at(check: Check, address: str, known: Known, limit_s: float) -> Outcome:
    match check.pattern:
        case Pattern.DATAGRAMS:
            payload = b"after %d media" % check.hold_s if check.hold_s else b"media"
            return await udp_echo(
                address, check.of.port, payload=payload, source=check.client, limit_s=check.hold_s + limit_s
            )
        case Pattern.QUIC:
            return await _quic(check, address, known, limit_s)
        case Pattern.TURN_UDP | Pattern.TURN_TCP:
            return await _turn(check, address, limit_s * _TURN_SLOWER)
        case Pattern.LARGE_HELLO:
            return await _page(check, address, known, limit_s, alpn=_FILLING)
        case _:
            return await _page(check, address, known, limit_s)


async def _page(
    check: Check, address: str, known: Known, limit_s: float, *, alpn: tuple[str, ...] = ("http/1.1",)
) -> Outcome:
    via = Direct(address=address, source=check.client)
    return await fetch_https(via, str(check.of.host), check.of.port, ca=known.ca, alpn=alpn, limit_s=limit_s)


async def _moved(check: Check, known: Known, limit_s: float) -> Outcome:
    """Once where the name leads, so that it is known there; then where it leads later, whatever is still cached."""
    host = str(check.of.host)
    first = await _page(check, await _look_up(check, host, limit_s), known, limit_s)
    if not first.ok:
        return first
    known.names.move(host)
    return await _page(check, str(moved(known.addresses[host])), known, limit_s)


async def _look_up(check: Check, name: str, limit_s: float) -> str:
    """Its address, by the gateway's DNS. Raises Failed."""
    number = secrets.randbits(16)
    answered = read_answer(await ask(GATEWAY, 53, question(name, A, number), limit_s, check.client))
    if answered.code != "noerror" or not answered.data:
        raise Failed(Stage.DIAL, Cause.UNREACHABLE, f"{name} does not resolve: {answered.code}")
    return str(ip_address(answered.data[0]))


async def _quic(check: Check, address: str, known: Known, limit_s: float) -> Outcome:
    name = str(check.of.host)
    found = await quic_echo(address, name, ca=known.ca, port=check.of.port, limit_s=limit_s)
    if not found.connected:
        return Outcome(stage=Stage.DIAL, cause=Cause.TIMEOUT, detail=f"no QUIC within {limit_s:g} s")
    return Outcome(stage=Stage.EXCHANGE, echoes=(found.echo,))


async def _turn(check: Check, address: str, limit_s: float) -> Outcome:
    """A relay is allocated, and media goes through it to an echo and comes back; coturn's client tries for ever."""
    over_tcp = ["-t"] if check.pattern is Pattern.TURN_TCP else []
    words = [
        *("timeout", f"{limit_s:g}", "turnutils_uclient", *over_tcp, "-L", check.client),
        *("-u", ACCOUNT, "-w", ACCOUNT, "-p", str(check.of.port), "-g", "-c"),
        *("-e", VENDORS, "-r", str(PEER_PORT), "-n", str(_MESSAGES), "-m", "1", "-l", "160", address),
    ]
    ended = await programs.run_meanwhile(words, "", limit_s + 5)
    counts = re.findall(r"tot_send_msgs=(\d+), tot_recv_msgs=(\d+)", ended.stdout)
    sent, received = map(int, counts[-1]) if counts else (0, 0)
    if not received:
        detail = f"no relay within {limit_s:g} s" if not sent else f"{sent} messages sent, none came back"
        return Outcome(stage=Stage.EXCHANGE, cause=Cause.TIMEOUT, detail=detail)
    if received < sent * _ENOUGH:
        detail = f"{sent} messages sent, {received} came back"
        return Outcome(stage=Stage.EXCHANGE, cause=Cause.CLOSED, detail=detail)
    return Outcome(stage=Stage.EXCHANGE)
