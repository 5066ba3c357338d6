"""HTTP/2 on both sides: mitmproxy's, with windows that bound what is held, 1xx answers, and refusals that are told.

Knows h2 and RFC 9113. Refuses to decide.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

import h2.config
import h2.errors
import h2.events
import h2.exceptions
from mitmproxy.connection import Connection
from mitmproxy.http import Headers, Response
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import ResponseEndOfMessage, ResponseHeaders, ResponseProtocolError
from mitmproxy.proxy.layers.http._http2 import Http2Client, Http2Connection, Http2Server, format_h2_response_headers
from mitmproxy.proxy.layers.http._http_h2 import BufferedH2Connection

from tierwall.proxy.mitmproxy.http import answers
from tierwall.proxy.mitmproxy.http.told import Informational, refused

type Commands = layer.CommandGenerator[None]

STREAM_WINDOW: Final = 512 * 1024
"""Octets of one message's body that its sender may be ahead of us."""

CONNECTION_WINDOW: Final = 2 * 1024 * 1024
"""The same, of all messages of a connection."""

RESETS: Final = 200
"""Streams that a client may reset at once, twice as many as may be open; and then:"""
RESETS_A_SECOND: Final = 33

_MITMPROXYS_UNREADABLE: Final = "Invalid HTTP/2 request headers"

_HEADER_OCTETS: Final = 64 * 1024
_SWITCHING: Final = 101
"""RFC 9113 section 8.6: there is none in HTTP/2, and a client of HTTP/1 would take it for the end of HTTP."""


class Windowed(BufferedH2Connection):
    """mitmproxy grants two gigabytes at once. This grants a window, and more only while `patient` is off."""

    def __init__(self, config: h2.config.H2Configuration) -> None:
        super().__init__(config)
        self.local_settings.initial_window_size = STREAM_WINDOW
        self.local_settings.max_frame_size = 64 * 1024
        self.max_inbound_frame_size = 64 * 1024
        self.local_settings.max_header_list_size = _HEADER_OCTETS
        self.decoder.max_header_list_size = _HEADER_OCTETS
        self.local_settings.acknowledge()
        self.patient = False
        """Whether what comes is not to be followed by more."""
        self._owed: deque[tuple[int, int]] = deque()

    @property
    def held(self) -> int:
        """Octets of bodies that wait for the peer to take more."""
        return sum(len(each.data) for waiting in self.stream_buffers.values() for each in waiting)

    def initiate_connection(self) -> None:
        """The preface and the settings, with the connection's own window."""
        super(BufferedH2Connection, self).initiate_connection()
        self.increment_flow_control_window(CONNECTION_WINDOW - self.inbound_flow_control_window)

    def acknowledge_received_data(self, acknowledged_size: int, stream_id: int) -> None:
        """Grant as much again, or later."""
        if self.patient:
            self._owed.append((acknowledged_size, stream_id))
        else:
            super().acknowledge_received_data(acknowledged_size, stream_id)

    def pay(self) -> None:
        """Grant what was not granted meanwhile."""
        while self._owed:
            super().acknowledge_received_data(*self._owed.popleft())


@dataclass
class Congestion(events.Event):
    """The other side of a connection holds as much as it may, or takes more again."""

    is_there: bool


class _Windows:
    """What both sides do with these."""

    h2_conn: Any
    conn: Connection

    def __init__(self, context: Context) -> None:
        super().__init__(context)  # type: ignore[call-arg]
        connection = cast("Http2Connection", self)
        self.h2_conn = Windowed(connection.h2_conf)

    @property
    def held(self) -> int:
        """Octets that wait here."""
        octets: int = self.h2_conn.held
        return octets

    def _handle_event(self, event: events.Event) -> Commands:
        if not isinstance(event, Congestion):
            yield from super()._handle_event(event)  # type: ignore[misc]
            return
        self.h2_conn.patient = event.is_there
        if not event.is_there:
            self.h2_conn.pay()
        if octets := self.h2_conn.data_to_send():
            yield commands.SendData(self.conn, octets)


class Http2FromClient(_Windows, Http2Server):
    """With a client. What it takes back as soon as it has asked is no concurrent stream, and costs us all the same
    (CVE-2023-44487): some are borne, as nghttp2 does."""

    def __init__(self, context: Context, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(context)
        self._clock = clock
        self._may_reset: float = RESETS
        self._counted_at = clock()

    def handle_h2_event(self, event: h2.events.Event) -> layer.CommandGenerator[bool]:
        if isinstance(event, h2.events.StreamReset) and not self._bears_reset():
            yield refused(self.context, "it takes back too many requests", "close")
            yield from super().protocol_error("too many resets", h2.errors.ErrorCodes.ENHANCE_YOUR_CALM)
            return True
        return (yield from super().handle_h2_event(event))

    def _handle_event(self, event: events.Event) -> Commands:
        match event:
            case Informational(stream_id=stream_id, response=response):
                if self.is_open_for_us(stream_id):
                    head = ResponseHeaders(stream_id, response, end_stream=False)
                    self.h2_conn.send_headers(stream_id, (yield from format_h2_response_headers(self.context, head)))
                    yield commands.SendData(self.conn, self.h2_conn.data_to_send())
            case ResponseProtocolError() if (answer := self._answer(event)) is not None:
                head = ResponseHeaders(event.stream_id, answer)
                sent = yield from format_h2_response_headers(self.context, head)
                self.h2_conn.send_headers(event.stream_id, sent)
                self.h2_conn.send_data(event.stream_id, answer.raw_content or b"", end_stream=True)
                yield commands.SendData(self.conn, self.h2_conn.data_to_send())
                yield from self._want_no_more(event.stream_id)
            case ResponseEndOfMessage(stream_id=stream_id):
                yield from super()._handle_event(event)
                yield from self._want_no_more(stream_id)
            case _:
                yield from super()._handle_event(event)

    def protocol_error(self, message: str, error_code: int = h2.errors.ErrorCodes.PROTOCOL_ERROR) -> Commands:
        """What the client sends makes no sense."""
        unreadable = message.startswith(_MITMPROXYS_UNREADABLE)
        why = "a request's head that cannot be read" if unreadable else "it does not keep to HTTP/2"
        yield refused(self.context, why, "close")
        yield from super().protocol_error(message, error_code)

    def _bears_reset(self) -> bool:
        now = self._clock()
        self._may_reset = min(RESETS, self._may_reset + (now - self._counted_at) * RESETS_A_SECOND) - 1
        self._counted_at = now
        return self._may_reset >= 0

    def _answer(self, event: ResponseProtocolError) -> Response | None:
        if not self.is_open_for_us(event.stream_id):
            return None
        if self.h2_conn.streams[event.stream_id].state_machine.headers_sent:
            return None
        return answers.failed(event.code, event.message)

    def _want_no_more(self, stream_id: int) -> Commands:
        """The answer is complete before the request: RFC 9113 section 8.1 has a word for it."""
        if not self.is_closed(stream_id) and not self.h2_conn.stream_buffers.get(stream_id):
            self.h2_conn.reset_stream(stream_id, h2.errors.ErrorCodes.NO_ERROR)
            self.streams.pop(stream_id, None)
            yield commands.SendData(self.conn, self.h2_conn.data_to_send())


class Http2ToServer(_Windows, Http2Client):
    """With a server."""

    def handle_h2_event(self, event: h2.events.Event) -> layer.CommandGenerator[bool]:
        if isinstance(event, h2.events.InformationalResponseReceived):
            hint = _response(event.headers)
            if hint.status_code == _SWITCHING:
                yield refused(self.context, "the server's answer makes no sense: HTTP/2 has no 101", "502")
                yield from self.protocol_error("101 in HTTP/2")
                return True
            yield ReceiveHttp(Informational(event.stream_id, hint))
            return False
        return (yield from super().handle_h2_event(event))


def _response(fields: list[tuple[bytes, bytes]]) -> Response:
    status = next((int(value) for name, value in fields if name == b":status"), 103)
    response = Response.make(status)
    response.http_version = "HTTP/2.0"
    response.headers = Headers([(name, value) for name, value in fields if not name.startswith(b":")])
    return response
