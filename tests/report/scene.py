"""Events of every kind, for the reports' golden tests."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from rich.console import Console

from tierwall import events
from tierwall.events import ClosedBy, Context, Event, Stage
from tierwall.policy.attempt import Action, Attempt, GivenName, Impact, NameSource, Reason, Verdict
from tierwall.policy.model import Address, Evidence, Tier, Transport
from tierwall.report.run.summary import Summary, Tally
from tierwall.report.run.text import print_summary

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def impact(vendor: str, service: str, tier: Tier, symptom: str) -> Impact:
    return Impact(
        vendor=vendor,
        service=service,
        tier=tier,
        rule=f"{service}-rule",
        evidence=Evidence.STATED,
        source="",
        symptom=symptom,
    )


ANALYTICS = impact("8x8", "analytics", Tier.ANALYTICS, "Users notice nothing; the vendor's analysis is hampered.")
CORE = impact("8x8", "core", Tier.CORE, "Users cannot use the meetings products at all.")
BRIDGES = impact("8x8", "video-bridges", Tier.CORE, "No audio and video in that region.")
SOCKET = impact("vevox", "websocket", Tier.CORE, "Attendees see the page but never connect.")

OPEN = Verdict(
    action=Action.ALLOW,
    tier=Tier.CORE,
    breaks=(CORE,),
    admitted_by="8x8/core-rule",
    name="8x8.vc",
    name_source=NameSource.CONNECT,
)


def attempt(name: str, port: int = 443, transport: Transport = Transport.TCP) -> Attempt:
    value: str | Address = ip_address(name) if name[0].isdigit() and name[-1].isdigit() else name
    return Attempt(transport=transport, port=port, names=(GivenName(NameSource.CONNECT, value),))


def context(second: int = 0) -> Context:
    return Context(
        when=NOON + timedelta(seconds=second),
        id=str(second),
        stage=Stage.CONNECT,
        site="lab",
        client_ip="10.77.1.2",
        client_port=40000,
    )


def denial(name: str, reason: Reason, *breaks: Impact, second: int = 0, detail: str | None = None) -> Event:
    verdict = Verdict(
        action=Action.DENY,
        reason=reason,
        tier=breaks[0].tier if breaks else Tier.NONE,
        breaks=breaks,
        name=name,
        name_source=NameSource.CONNECT,
        detail=detail,
    )
    return events.from_verdict(verdict, attempt(name), context(second))


def scene() -> Iterator[Event]:
    for second in range(3):
        yield denial("api.amplitude.com", Reason.TIER_CLOSED, ANALYTICS, second=second)
    yield denial("vevox.app", Reason.WILDCARD_GAP, SOCKET, second=3, detail="`*.vevox.app` is not vevox.app itself")
    udp = attempt("168.138.110.244", 10000, Transport.UDP)
    closed = Verdict(
        action=Action.DENY,
        reason=Reason.PORT_CLOSED,
        tier=Tier.CORE,
        breaks=(BRIDGES, CORE),
        name="168.138.110.244",
    )
    yield events.from_verdict(closed, udp, context(4))
    yield denial("evil8x8.com", Reason.UNLISTED, second=5)
    yield denial("x\x1b[31m|`\u202e", Reason.MALFORMED, second=6, detail="a control character in the host")
    yield events.failed(OPEN, attempt("8x8.vc"), context(7), "connection refused")
    yield events.broken(
        OPEN,
        attempt("8x8.vc"),
        context(8),
        reason=Reason.INSPECTION_REJECTED,
        behaviour="inspect-tls",
        detail="the client rejects the lab CA",
    )
    yield events.from_verdict(replace(OPEN, reason=Reason.TIER_CLOSED), attempt("8x8.vc"), context(9))
    yield events.error("RuntimeError: boom", context(10))
    yield events.from_verdict(OPEN, attempt("8x8.vc"), context(11))
    yield events.closed(
        OPEN,
        attempt("8x8.vc"),
        context(12),
        by=ClosedBy.CLIENT,
        sent=1234,
        received=34_567_890,
        duration=timedelta(seconds=1),
    )
    yield events.fault(
        "lab.yaml:3: unknown tier `coer`\nlab.yaml:7: no such port",
        Stage.CONFIG,
        when=context(13).when,
        id="13",
        site="lab",
    )


def summarise(happened: Iterable[Event]) -> Summary:
    """The summary of these events."""
    tally = Tally()
    for event in happened:
        tally.write(event)
    return tally.summary()


def as_text(summary: Summary, width: int = 100) -> str:
    """What the terminal shows of it, without colour."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    with console.capture() as printed:
        print_summary(summary, console)
    return "\n".join(line.rstrip() for line in printed.get().splitlines()) + "\n"
