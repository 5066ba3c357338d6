"""The few fields of a journal's line that the picture needs, read in two microseconds.

Knows the shape of a line. The rest of it stays in the octets, for whoever opens the destination's detail.
"""

from typing import Any, Final

import msgspec
from msgspec import DecodeError, Raw, Struct, field

from tierwall.policy.model import Tier


class _Event(Struct, gc=False):
    action: str
    """Not an enum, whose hash costs as much as the rest: what no table knows is read and left alone."""
    reason: str = ""


class _Source(Struct, gc=False):
    ip: str
    bytes: int = 0


class _Destination(Struct, gc=False):
    port: int
    domain: str | None = None
    ip: str | None = None
    bytes: int = 0


class _Network(Struct, gc=False):
    transport: str


class _Error(Struct, gc=False):
    message: str


class _Tierwall(Struct, gc=False):
    tier: str
    stage: str
    breaks: Raw
    site: str = ""
    behaviour: str | None = None


class Line(Struct, gc=False):
    """What is read of one event."""

    timestamp: str = field(name="@timestamp")
    event: _Event
    tierwall: _Tierwall
    source: _Source | None = None
    destination: _Destination | None = None
    network: _Network | None = None
    error: _Error | None = None
    message: str | None = None


class Served(Struct, frozen=True, gc=False):
    """A service that a destination serves, or that broke there: an entry of `tierwall.breaks`."""

    vendor: str
    service: str
    tier: Tier
    symptom: str = ""


_LINE: Final = msgspec.json.Decoder(Line)
_BREAKS: Final = msgspec.json.Decoder(tuple[Served, ...])
_ANYTHING: Final[msgspec.json.Decoder[Any]] = msgspec.json.Decoder()


NO_EVENT: Final = (DecodeError, ValueError)
"""What `read` raises where a line holds no event: msgspec's is no ValueError in every version."""

read: Final = _LINE.decode
"""The event on a line. A call of its own would cost a tenth of all that a line costs."""


def services(breaks: Raw) -> tuple[Served, ...]:
    """What an event breaks. Raises ValueError where that is no list of services."""
    try:
        return _BREAKS.decode(breaks)
    except DecodeError as wrong:
        raise ValueError(str(wrong)) from None


def whole(line: bytes) -> Any:
    """The line with every field, for people who want to see the event itself."""
    return _ANYTHING.decode(line)
