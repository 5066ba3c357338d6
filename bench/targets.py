"""What must be reached, and whether it is: the table of the issue that the benchmark was built for.

Knows figures and limits; how they are printed is report.py's.
"""

from dataclasses import dataclass, replace
from typing import Final, Literal

from bench.results import Results


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One row: our figure against a peer's, or against a limit."""

    what: str
    figure: str
    sense: Literal[">=", "<=", ""]
    limit: float = 0.0
    ours: str = "tierwall"
    against: str | None = None
    """The peer of which `limit` is a multiple; None where it is absolute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A row with its figures. `reached` is None where a figure is missing, or nothing is asked."""

    target: Target
    ours: float | None
    theirs: float | None
    ratio: float | None
    reached: bool | None


def _both(  # noqa: PLR0913, PLR0917 - one row of a table
    what: str, figure: str, sense: Literal[">=", "<="], here: float, debian: float, against: str | None
) -> tuple[Target, Target]:
    """The row for the interpreter that runs the benchmark, and for Debian's."""
    first = Target(what=what, figure=figure, sense=sense, limit=here, against=against)
    return first, replace(first, what=f"{what}, on Debian's Python", limit=debian, ours="tierwall, Debian")


TARGETS: Final = (
    *_both("new tunnels a second", "tunnels.rate", ">=", 1.0, 1.15, "squid"),
    *_both("new tunnels a second", "tunnels.rate", ">=", 15.0, 15.0, "mitmproxy"),
    *_both("new tunnels a second, by name", "names.rate", ">=", 1.0, 1.15, "squid"),
    *_both("proxy CPU a tunnel", "tunnels.cpu", "<=", 1.0, 0.85, "squid"),
    *_both("proxy CPU a tunnel, by name", "names.cpu", "<=", 0.6, 0.6, "envoy"),
    *_both("denials a second", "denials.rate", ">=", 1.15, 1.4, "squid"),
    *_both("proxy CPU a denial", "denials.cpu", "<=", 0.95, 0.75, "squid"),
    *_both("redirected tunnels a second", "transparent.rate", ">=", 1.0, 1.0, "squid"),
    *_both("64-octet echo, p50", "echo.p50", "<=", 1.0, 1.0, "squid"),
    *_both("64-octet echo, p99", "echo.p99", "<=", 1.0, 1.0, "squid"),
    *_both("proxy CPU an echo", "echo.cpu", "<=", 1.0, 1.0, "squid"),
    *_both("one bulk stream", "bulk.rate", ">=", 1.3, 1.3, "squid"),
    *_both("proxy CPU for bulk", "bulk.cpu", "<=", 0.7, 0.7, "squid"),
    *_both("memory of an idle tunnel (PSS)", "memory.pss", "<=", 4.0, 4.0, None),
    *_both("plain HTTP requests a second", "requests.rate", ">=", 3.0, 3.0, "mitmproxy"),
    Target(what="plain HTTP requests a second", figure="requests.rate", sense="", against="squid"),
    Target(what="inspected requests a second", figure="inspected.rate", sense="", against="mitmproxy"),
    Target(
        what="tunnels a second with ten behaviours that act elsewhere",
        figure="behaviours.rate",
        sense=">=",
        limit=0.9,
        ours="ten behaviours",
        against="tierwall",
    ),
    Target(what="datagrams a second through the gateway", figure="datagrams.rate", sense="", against="kernel forward"),
    Target(
        what="datagrams a second that the proxy looks at",
        figure="datagrams.rate",
        sense="",
        ours="through the proxy",
        against="kernel forward",
    ),
    Target(what="verdict, cached (slowest kind)", figure="verdict.cached", sense="<=", limit=2.0),
    Target(what="verdict, not cached (slowest kind)", figure="verdict.uncached", sense="<=", limit=15.0),
    *(
        Target(
            what=f"verdict among many {kind} against 20, {outcome}",
            figure=f"rules.{kind}.{outcome}",
            sense="<=",
            limit=1.5,
            ours="many",
            against="few",
        )
        for kind in ("hosts", "networks")
        for outcome in ("allowed", "denied")
    ),
    Target(what="loading many hosts", figure="rules.hosts.load", sense="<=", limit=20.0, ours="many"),
    Target(what="memory with many hosts (peak)", figure="rules.hosts.peak", sense="<=", limit=400.0, ours="many"),
    Target(what="loading many networks", figure="rules.networks.load", sense="", ours="many"),
    Target(what="memory with many networks (peak)", figure="rules.networks.peak", sense="", ours="many"),
    Target(what="start to listening", figure="start.seconds", sense="<=", limit=1.2, against="mitmproxy"),
    Target(what="lines of a Squid log, of CPU time", figure="audit.rate", sense=">=", limit=200_000.0),
    Target(what="memory for them, above the start", figure="audit.memory", sense="<=", limit=50.0),
    Target(
        what="tunnels a second, two workers against one",
        figure="workers.rate",
        sense=">=",
        limit=1.85,
        ours="two workers",
        against="one worker",
    ),
    Target(
        what="cores that all of it keeps busy",
        figure="workers.busy",
        sense="",
        ours="two workers",
        against="one worker",
    ),
    Target(
        what="tunnels a second, with sinks against without",
        figure="sinks.rate",
        sense=">=",
        limit=0.95,
        ours="with sinks",
        against="without sinks",
    ),
    *(
        Target(
            what=f"{what} a second, with a live page against without",
            figure=f"{figure}.rate",
            sense=">=",
            limit=0.95,
            ours="with page",
            against="without page",
        )
        for what, figure in (("tunnels", "page"), ("denials", "page.denials"))
    ),
    Target(what="events a second beside that page", figure="page.events", sense="", ours="with page"),
    Target(what="longest wait of that page for news", figure="page.gap", sense="<=", limit=1.0, ours="with page"),
)


def judged(results: Results, target: Target) -> Judged:
    """The row, as far as it was measured."""
    ours = results.of(target.figure, target.ours)
    if target.against is None:
        theirs, ratio, measured = None, None, ours
    else:
        theirs = results.of(target.figure, target.against)
        measured = ratio = results.ratio(target.figure, target.ours, target.against)
    reached: bool | None = None
    if measured is not None and target.sense:
        reached = measured >= target.limit if target.sense == ">=" else measured <= target.limit
    return Judged(target=target, ours=ours, theirs=theirs, ratio=ratio, reached=reached)
