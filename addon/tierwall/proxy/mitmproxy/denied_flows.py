"""What the front door refused, as flows in mitmproxy's own list: the program that people look at shows them.

Knows mitmproxy's flows and its view (mitmproxy, mitmweb); mitmdump has none. Refuses to keep more than a list is read
for: the oldest goes. What mitmproxy itself handled is a flow already, and is not told here.
"""

from collections import deque
from typing import TYPE_CHECKING, Final

from mitmproxy import connection, flow, http, tcp, udp

from tierwall.events import ALWAYS, Action, Event, Stage
from tierwall.policy.model import Transport
from tierwall.report.run.console import what_happened, why

if TYPE_CHECKING:
    from mitmproxy.addons.view import View

KEPT: Final = 1000

_CONNECTS: Final = frozenset({Stage.CONNECT, Stage.DIAL})
_ADMITTED: Final = frozenset({Action.WOULD_DENY})


class DeniedFlows:
    """A sink. Each event that people should see becomes a flow with its error, comment and marker."""

    def __init__(self, view: "View") -> None:
        self._view = view
        self._shown: deque[flow.Flow] = deque()

    def write(self, event: Event) -> None:
        """Show it, unless it is about no connection."""
        if event.action not in ALWAYS or event.action in _ADMITTED or event.destination is None:
            return
        shown = _flow(event)
        self._view.add([shown])
        self._shown.append(shown)
        if len(self._shown) > KEPT:
            self._view.remove([self._shown.popleft()])


def _flow(event: Event) -> flow.Flow:
    client = connection.Client(
        peername=(event.source.ip or "", event.source.port or 0) if event.source else ("", 0),
        sockname=("", 0),
        timestamp_start=event.when.timestamp(),
        state=connection.ConnectionState.CLOSED,
    )
    there = event.destination
    host, port = (there.domain or there.ip or "", there.port or 0) if there else ("", 0)
    server = connection.Server(address=(host, port))
    made: flow.Flow
    if event.network is not None and event.network.transport is Transport.UDP:
        made = udp.UDPFlow(client, server, live=False)
    elif event.tierwall.stage is Stage.REQUEST and event.url is not None:
        made = http.HTTPFlow(client, server, live=False)
        method = event.http.request.method if event.http else None
        made.request = http.Request.make(method or "GET", event.url.full)
    elif event.tierwall.stage in _CONNECTS:
        made = http.HTTPFlow(client, server, live=False)
        made.request = _connect(host, port)
    else:
        made = tcp.TCPFlow(client, server, live=False)
    made.timestamp_created = event.when.timestamp()
    if isinstance(made, http.HTTPFlow):
        made.request.timestamp_start = made.request.timestamp_end = event.when.timestamp()
    because = why(event)
    what = what_happened(event)
    made.error = flow.Error(f"{what}: {because}" if because else what, event.when.timestamp())
    hit = [f"{each.vendor}/{each.service}" for each in event.tierwall.breaks[:3]]
    said = f"deny, {what}" if event.action is Action.DENIED else what  # as flows of mitmproxy's own are marked
    made.comment = ", ".join([f"tierwall: {said}", f"tier {event.tierwall.tier}", *hit])
    made.marked = ":no_entry:" if event.action is Action.DENIED else ":warning:"
    return made


def _connect(host: str, port: int) -> http.Request:
    return http.Request(
        host=host,
        port=port,
        method=b"CONNECT",
        scheme=b"",
        authority=f"{host}:{port}".encode(errors="replace"),
        path=b"",
        http_version=b"HTTP/1.1",
        headers=http.Headers(),
        content=b"",
        trailers=None,
        timestamp_start=0,
        timestamp_end=0,
    )
