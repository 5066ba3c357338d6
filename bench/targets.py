"""What must be reached, and whether it is: the table of the issue that the benchmark was built for.

Knows figures and limits; how they are printed is report.py's.
"""

from dataclasses import dataclass
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


TARGETS: Final = (
    Target(what="new tunnels a second", figure="tunnels.rate", sense=">=", limit=1.0, against="squid"),
    Target(what="new tunnels a second", figure="tunnels.rate", sense=">=", limit=15.0, against="mitmproxy"),
    Target(what="proxy CPU a tunnel", figure="tunnels.cpu", sense="<=", limit=1.0, against="squid"),
    Target(what="denials a second", figure="denials.rate", sense=">=", limit=1.0, against="squid"),
    Target(what="one bulk stream", figure="bulk.rate", sense=">=", limit=1.0, against="squid"),
    Target(what="64-octet echo, p50", figure="echo.p50", sense="<=", limit=1.2, against="squid"),
    Target(what="64-octet echo, p99", figure="echo.p99", sense="<=", limit=1.2, against="squid"),
    Target(what="memory of an idle tunnel (PSS)", figure="memory.pss", sense="<=", limit=12.0),
    Target(what="memory of an idle tunnel (PSS)", figure="memory.pss", sense="<=", limit=0.4, against="squid"),
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
    Target(what="start to listening", figure="start.seconds", sense="<=", limit=1.3, against="mitmproxy"),
    Target(what="lines of a Squid log, of CPU time", figure="audit.rate", sense=">=", limit=200_000.0),
    Target(what="memory for them, above the start", figure="audit.memory", sense="<=", limit=50.0),
    Target(
        what="tunnels a second, two workers against one",
        figure="workers.rate",
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
