"""What a probe found: checks, and the result that holds them.

Knows values only. result_file.py writes and reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

Detail = Mapping[str, str | float | bool | list[str]]
"""What was seen besides, by names that each check's page in docs/probe.md explains."""


class State(str, Enum):
    """What became of a check. Only `works` says that something works."""

    WORKS = "works"
    BROKEN = "broken"
    DEGRADED = "degraded"
    """It works, and somebody on the way changed it."""
    NOT_TESTABLE = "not-testable"
    """Nothing that could be sent from here would tell."""
    NOT_RUN = "not-run"
    """It could have been tested and was not; `saw` says why."""


@dataclass(frozen=True)
class Check:
    """One measurement: what was asked, and what was seen."""

    what: str
    """Its kind: `dns`, `tcp`, `connect`, `tls`, `http`, …; each is explained in docs/probe.md."""
    target: str
    """`host:port`, `host:port/udp`, or a host; empty where it is about the machine."""
    state: State
    saw: str
    """One word, or the status of an answer: `answered`, `reset`, `silence`, `407`."""
    vendor: str = ""
    """Empty where it is about the machine, as are the next two."""
    service: str = ""
    tier: str = ""
    ms: float | None = None
    """How long it took, in milliseconds."""
    detail: Detail = field(default_factory=dict)

    @property
    def host(self) -> str:
        """The name or address in the target, without brackets."""
        return split_target(self.target)[0]

    @property
    def port(self) -> int | None:
        """The port in the target."""
        return split_target(self.target)[1]


@dataclass(frozen=True)
class Result:
    """All that one run measured."""

    when: str
    """Its beginning, as RFC 3339 has it, in UTC, by the clock of that machine."""
    system: Mapping[str, str]
    """Which system and Python it ran on. No name and no address of the machine."""
    proxy: Mapping[str, str]
    """`used`: the proxy's URL without credentials, or `none`; `source`: who said so; `pac`: what the system names."""
    checks: tuple[Check, ...]
    vendors: tuple[str, ...] = ()
    hold_s: float = 0.0
    """How long connections were held, in seconds."""
    whole: bool = True
    """Whether it came to its end."""
    notes: tuple[str, ...] = ()
    """What a reader of the file has to know about it."""


def split_target(target: str) -> tuple[str, int | None]:
    """`[2001:db8::1]:3478/udp` -> the address and 3478; a host alone has no port."""
    place = target.removesuffix("/udp")
    host, colon, port = place.rpartition(":")
    if not colon or not port.isdecimal() or (":" in host and not host.startswith("[")):
        return place.strip("[]"), None
    return host.strip("[]"), int(port)
