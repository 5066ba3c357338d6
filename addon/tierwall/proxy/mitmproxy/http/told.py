"""What our HTTP layers tell: hooks for addons, and one event that travels between them.

Knows mitmproxy's commands. Refuses to decide: who hears of a refusal was refused already, by a rule of the protocol.
"""

from dataclasses import dataclass
from typing import Final

from mitmproxy.http import HTTPFlow, Request, Response
from mitmproxy.proxy import commands
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http._base import HttpEvent

from tierwall.events import Stage

NAMES: Final = "tierwall: names"
"""Key of a flow's metadata: every host that the request names, in the client's spelling, until it is judged."""

SILENT: Final = "tierwall: silent"
"""Key of a flow's metadata: nothing passes on the WebSocket that its request opens."""


@dataclass(frozen=True, slots=True)
class RefusedMessage:
    """What makes no sense to any recipient, and was not passed on."""

    context: Context
    why: str
    """One clause, without anything that was received."""
    answer: str
    """What the client sees: a status, `close`."""
    request: Request | None = None
    stage: Stage = Stage.REQUEST


@dataclass(frozen=True, slots=True)
class Crash:
    """A layer raised; its connection ends."""

    context: Context
    failure: str


@dataclass
class TierwallRefusedHook(commands.StartHook):
    """A message was refused; who sent it was told already."""

    blocking = False
    refused: RefusedMessage


@dataclass
class TierwallCrashedHook(commands.StartHook):
    """A layer crashed."""

    blocking = False
    crash: Crash


@dataclass
class Informational(HttpEvent):
    """An answer of the 1xx class, which another will follow (RFC 9110 section 15.2)."""

    response: Response


def refused(context: Context, why: str, answer: str, request: Request | None = None) -> TierwallRefusedHook:
    """The hook that tells of a refused request, or of the answer to it."""
    return TierwallRefusedHook(RefusedMessage(context, why, answer, request))


def names_of(flow: HTTPFlow) -> tuple[str, ...]:
    """Every host that the flow's request named."""
    return tuple(flow.metadata.pop(NAMES, ()))
