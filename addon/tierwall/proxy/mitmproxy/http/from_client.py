"""HTTP/1 with a client: heads bounded in octets and time, answers as RFC 9112 has them, and an end that can be read.

Knows mitmproxy's Http1Server, whose place it takes. Refuses to decide: what it refuses makes no sense to any server.
"""

from typing import Final

from mitmproxy.connection import ConnectionState
from mitmproxy.http import Headers, Response
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import HTTPMode
from mitmproxy.proxy.layers.http._base import HttpEvent, ReceiveHttp
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    RequestData,
    RequestEndOfMessage,
    RequestHeaders,
    RequestProtocolError,
    RequestTrailers,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
    ResponseTrailers,
)
from mitmproxy.proxy.layers.http._http1 import Http1Server, should_make_pipe
from mitmproxy.proxy.mode_specs import UpstreamMode

from tierwall.opening import NeedMore
from tierwall.policy.limits import FIRST_BYTES_S, REQUEST_HEAD_OCTETS
from tierwall.proxy.mitmproxy.http import answers, fields, framing
from tierwall.proxy.mitmproxy.http.bodies import Body, Broken, Endpoint, Part
from tierwall.proxy.mitmproxy.http.heads import Read, Unreadable, read_request, response_head
from tierwall.proxy.mitmproxy.http.told import Informational, refused

type Commands = layer.CommandGenerator[None]

FAREWELL_S: Final = 2.0
"""Seconds that a client has to read its answer, and to stop sending what nobody reads."""

FAREWELL_OCTETS: Final = 8 * 1024 * 1024
"""Octets of an unwanted body that are taken and thrown away meanwhile."""

_READ_OUT_OCTETS: Final = 64 * 1024
"""Octets of an unwanted body that are read to its end, so that the connection can stay."""


class FromClient(Http1Server):
    """See the module. `state` is mitmproxy's name for what is done with the next event."""

    def __init__(self, context: Context, mode: HTTPMode) -> None:
        super().__init__(context)
        self._mode = mode
        self._needs = 1
        self._limit: commands.RequestWakeup | None = None
        self._body = Body(0)
        self._closes = self._chunks = self._says_body = False
        self._trailers = b""
        self._let_go = 0
        self._holds_back = False
        """Whether the client waits for a 100 before it sends its body, and has had none."""

    @property
    def held(self) -> int:
        """Octets that wait here."""
        return len(self.buf)

    def _handle_event(self, event: events.Event) -> Commands:
        if isinstance(event, events.Wakeup):
            if event.command is self._limit:
                yield from self._time_is_up()
        else:
            yield from super()._handle_event(event)

    # -- requests

    def read_headers(self, event: events.ConnectionEvent) -> Commands:
        """The next request's head."""
        if isinstance(event, events.ConnectionClosed):
            yield commands.CloseConnection(self.conn)
        elif len(self.buf) >= self._needs:
            yield from self._read_head()

    def _read_head(self) -> Commands:
        match read_request(self._begun(), to_proxy=self._mode is not HTTPMode.transparent):
            case NeedMore(octets=needed):
                self._needs = needed
                if self._limit is None and self._begun().strip(b"\r\n"):
                    self._limit = commands.RequestWakeup(FIRST_BYTES_S)
                    yield self._limit
            case Unreadable(why=why, status=status):
                yield from self._refuse(why, status)
            case Read(message=request, consumed=consumed):
                self._limit, self._needs = None, 1
                self.buf.maybe_extract_at_most(consumed)
                version, headers = request.http_version, request.headers
                self.request = request
                try:
                    length = framing.of_request(version, headers)
                except framing.Ambiguous as fault:
                    yield from self._refuse(str(fault))
                    return
                self._holds_back = length != 0 and fields.expects_continue(headers)
                self._take_what_ends_here(version, headers)
                self._body, self.state = Body(length), self.read_body
                yield ReceiveHttp(RequestHeaders(self.stream_id, request, length == 0))
                yield from self.read_body(events.DataReceived(self.conn, b""))

    def _begun(self) -> bytes:
        """As much of what waits as a head may take: of a long pipeline, copying all would cost much."""
        return bytes(memoryview(self.buf._data)[:REQUEST_HEAD_OCTETS])  # noqa: SLF001

    def _take_what_ends_here(self, version: str, headers: Headers) -> None:
        self._closes = fields.wants_close(version, headers)
        fields.take_hop_by_hop(headers, websocket=fields.becomes_websocket(headers))
        if version == "HTTP/1.0":
            headers.pop("expect", None)  # RFC 9110 section 10.1.1
        in_tunnel = self._mode is HTTPMode.transparent
        if in_tunnel and not isinstance(self.context.client.proxy_mode, UpstreamMode):
            headers.pop("proxy-authorization", None)

    def read_body(self, event: events.Event) -> Commands:
        """What comes of the request's body."""
        if isinstance(event, events.ConnectionClosed):
            yield commands.CloseConnection(self.conn)
            yield from self._fail("Client disconnected.", ErrorCode.CLIENT_DISCONNECTED)
            return
        while self.state == self.read_body:
            try:
                part = self._body.next(self.buf)
            except Broken as fault:
                yield from self._refuse(str(fault))
                yield from self._fail(str(fault), ErrorCode.GENERIC_CLIENT_ERROR)
                return
            match part:
                case None:
                    return
                case Part(octets=octets):
                    if octets:
                        self._holds_back = False
                        yield ReceiveHttp(RequestData(self.stream_id, octets))
                case Endpoint(trailers=trailers):
                    if self.request and self.request.method != "CONNECT":
                        if trailers:
                            yield ReceiveHttp(RequestTrailers(self.stream_id, trailers))
                        yield ReceiveHttp(RequestEndOfMessage(self.stream_id))
                    yield from self.mark_done(request=True)
                    return

    def _fail(self, why: str, code: ErrorCode) -> Commands:
        yield ReceiveHttp(RequestProtocolError(self.stream_id, why, code))

    def _refuse(self, why: str, status: int = 400) -> Commands:
        answered = self.response is not None
        yield refused(self.context, why, "close" if answered else str(status), self.request)
        if not answered:
            yield from self._say(answers.refusal(status, why))
        yield from self._farewell()

    def _time_is_up(self) -> Commands:
        self._limit = None
        if self.state == self.read_headers:
            yield from self._refuse(f"a request's head not finished within {FIRST_BYTES_S:.0f} s", 408)
        elif self.state == self.farewell:
            yield commands.CloseConnection(self.conn)
            self.state = self.done

    # -- answers

    def send(self, event: HttpEvent) -> Commands:
        """Write what the stream has for the client."""
        match event:
            case Informational(response=response):
                self._holds_back &= response.status_code != 100
                if self.request and self.request.http_version != "HTTP/1.0":  # RFC 9110 section 15.2
                    yield commands.SendData(self.conn, response_head(response, response.headers))
            case ResponseHeaders(response=response):
                yield from self._send_head(response)
            case ResponseData(data=octets):
                if octets and self._says_body:
                    data = b"%x\r\n%s\r\n" % (len(octets), octets) if self._chunks else octets
                    yield commands.SendData(self.conn, data)
            case ResponseTrailers(trailers=trailers):
                self._trailers = fields.as_lines(trailers)
            case ResponseEndOfMessage():
                if self._chunks and self._says_body:
                    yield commands.SendData(self.conn, b"0\r\n%s\r\n" % self._trailers)
                yield from self.mark_done(response=True)
            case ResponseProtocolError():
                yield from self._send_error(event)
            case _:
                raise AssertionError(f"unexpected event: {event}")

    def _send_head(self, response: Response) -> Commands:
        self.response = response
        method = self.request.method if self.request else "GET"
        headers, status = response.headers.copy(), response.status_code
        length: framing.Length = 0
        if not (switches := self._switches(response)):
            try:
                length = framing.of_response("HTTP/1.1", headers, method=method, status=status)
            except framing.Ambiguous:  # an addon's response
                length = framing.UNTIL_CLOSE
            self._closes |= "close" in fields.tokens(headers, "connection") or length == framing.UNTIL_CLOSE
            unwanted = not self.request_done and (self._body.left is None or self._body.left > _READ_OUT_OCTETS)
            # Whether the body still comes, nobody can know (RFC 9110 section 10.1.1); Go before 1.22.5 sends it never.
            self._closes |= self._holds_back or (status >= 400 and unwanted)
        self._says_body = length != 0 or switches
        self._chunks = length is framing.CHUNKED
        self._trailers = b""
        fields.take_hop_by_hop(headers, websocket=switches and status == 101)
        old = self.request is not None and self.request.http_version == "HTTP/1.0"
        if self._chunks and old:
            headers.pop("transfer-encoding", None)
            self._chunks, self._closes = False, True
        if self._closes and not switches:
            headers["Connection"] = "close"
        elif old and not switches:
            headers["Connection"] = "keep-alive"
        yield commands.SendData(self.conn, response_head(response, headers))

    def _switches(self, response: Response) -> bool:
        return self.request is not None and should_make_pipe(self.request, response)

    def _send_error(self, event: ResponseProtocolError) -> Commands:
        if not self.conn.state & ConnectionState.CAN_WRITE:
            return
        answer = answers.failed(event.code, event.message) if self.response is None else None
        if answer is None and not self.response_done:
            yield commands.CloseConnection(self.conn)
            self.state = self.done
            return
        if answer is not None:
            yield from self._say(answer)
        yield from self._farewell()

    def _say(self, answer: Response) -> Commands:
        """An answer of ours, after which the connection ends."""
        body = answer.raw_content or b""
        self.response = answer
        answer.headers["Connection"] = "close"
        head_only = self.request is not None and self.request.method == "HEAD"
        octets = response_head(answer, answer.headers) + (b"" if head_only else body)
        yield commands.SendData(self.conn, octets)

    # -- ends

    def mark_done(self, *, request: bool = False, response: bool = False) -> Commands:
        """One of the two messages is complete."""
        self.request_done |= request
        self.response_done |= response
        if self.request_done and self.response_done:
            if self.response is not None and self._switches(self.response):
                yield from self.make_pipe()
            elif self._closes:
                yield from self._farewell()
            else:
                yield from self._next()
        elif self.request_done:
            self.state = self.wait
        elif self.response_done and (self._body.left is None or self._body.left > _READ_OUT_OCTETS):
            yield from self._farewell()

    def _next(self) -> Commands:
        self.request_done = self.response_done = False
        self.request = self.response = None
        self.stream_id += 2
        self.state = self.read_headers
        if self.buf:
            yield from self._read_head()

    def make_pipe(self) -> Commands:
        """What comes from here on is octets of another protocol, all of them."""
        self.state = self.passthrough
        if octets := self.buf.maybe_extract_at_most(len(self.buf) or 1):
            yield from self.passthrough(events.DataReceived(self.conn, bytes(octets)))

    def _farewell(self) -> Commands:
        """Say that nothing more comes, and let the client read that: closing while it sends would reset it away."""
        self.state, self._let_go = self.farewell, len(self.buf)
        self.buf.maybe_extract_at_most(len(self.buf) or 1)
        if self.request_done and not self._let_go:
            yield commands.CloseConnection(self.conn)
            self.state = self.done
            return
        yield commands.CloseTcpConnection(self.conn, half_close=True)
        self._limit = commands.RequestWakeup(FAREWELL_S)
        yield self._limit

    def farewell(self, event: events.Event) -> Commands:
        """Nobody reads what still comes."""
        self._let_go += len(self.buf)
        self.buf.maybe_extract_at_most(len(self.buf) or 1)
        if isinstance(event, events.ConnectionClosed) or self._let_go > FAREWELL_OCTETS:
            yield commands.CloseConnection(self.conn)
            self.state = self.done
