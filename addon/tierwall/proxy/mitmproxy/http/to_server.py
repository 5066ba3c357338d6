"""HTTP/1 with a server: requests framed and addressed by us, answers read as RFC 9112 section 2 to 6 tells a proxy.

Knows mitmproxy's Http1Client, whose place it takes. Refuses to pass on an answer that could be read in two ways.
"""

from mitmproxy.connection import ConnectionState
from mitmproxy.http import Headers, Request, Response
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
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
from mitmproxy.proxy.layers.http._http1 import Http1Client, should_make_pipe

from tierwall.opening import NeedMore
from tierwall.proxy.mitmproxy.http import fields, framing
from tierwall.proxy.mitmproxy.http.bodies import Body, Broken, Endpoint, Part
from tierwall.proxy.mitmproxy.http.heads import Read, Unreadable, read_response, request_head
from tierwall.proxy.mitmproxy.http.told import Informational, refused

type Commands = layer.CommandGenerator[None]

NO_ANSWER = "the server closed the connection before it answered"
NO_SENSE = "the server's answer makes no sense"
CUT_SHORT = "the server closed the connection in the middle of its answer"


class ToServer(Http1Client):
    """See the module. `state` is mitmproxy's name for what is done with the next event."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._body = Body(0)
        self._chunks = self._closes = False
        self._trailers = b""

    # -- requests

    def send(self, event: HttpEvent) -> Commands:
        """Write what the stream has for the server."""
        if isinstance(event, RequestProtocolError):
            yield commands.CloseConnection(self.conn)
            self.state = self.done
            return
        if self.state == self.done and not isinstance(event, RequestHeaders):
            return  # it has gone, and what is left of the body with it
        match event:
            case RequestHeaders(stream_id=stream_id, request=request, end_stream=end_stream):
                self.stream_id, self.request = stream_id, request
                yield commands.SendData(self.conn, self._head(request, end_stream=end_stream))
            case RequestData(data=octets):
                if octets:
                    data = b"%x\r\n%s\r\n" % (len(octets), octets) if self._chunks else octets
                    yield commands.SendData(self.conn, data)
            case RequestTrailers(trailers=trailers):
                self._trailers = fields.as_lines(trailers)
            case RequestEndOfMessage():
                if self._chunks:
                    yield commands.SendData(self.conn, b"0\r\n%s\r\n" % self._trailers)
                yield from self.mark_done(request=True)
            case _:
                raise AssertionError(f"unexpected event: {event}")

    def _head(self, request: Request, *, end_stream: bool) -> bytes:
        if request.is_http2 or request.is_http3:
            request = _as_http1(request)
        coded = "transfer-encoding" in request.headers
        if not (coded or end_stream or "content-length" in request.headers):
            request = request.copy()  # HTTP/2 frames bodies by itself; unframed, this one would be read as a request
            request.headers["Transfer-Encoding"] = "chunked"
            coded = True
        self._chunks, self._trailers = coded, b""
        return request_head(request)

    # -- answers

    def read_headers(self, event: events.ConnectionEvent) -> Commands:
        """The answer's head, and those of the 1xx class before it."""
        if isinstance(event, events.ConnectionClosed):
            if self.conn.state & ConnectionState.CAN_WRITE:
                yield commands.CloseConnection(self.conn)
            self.state = self.done
            if self.stream_id is not None:
                yield from self._fail(NO_ANSWER)
            return
        if self.request is None or self.stream_id is None:
            yield commands.Log("a server said something that nobody had asked for")
            yield commands.CloseConnection(self.conn)
            self.state = self.done
            return
        while self.state == self.read_headers and self.buf:
            match read_response(bytes(self.buf)):
                case NeedMore():
                    return
                case Unreadable(why=why):
                    yield from self._refuse(why)
                case Read(message=response, consumed=consumed):
                    self.buf.maybe_extract_at_most(consumed)
                    yield from self._read(self.request, self.stream_id, response)

    def _read(self, request: Request, stream_id: int, response: Response) -> Commands:
        status, headers = response.status_code, response.headers
        if status < 200 and status != 101:
            fields.take_hop_by_hop(headers, websocket=False)
            yield ReceiveHttp(Informational(stream_id, response))
            return
        if status == 101 and not (fields.becomes_websocket(request.headers) and fields.became_websocket(headers)):
            yield from self._refuse("it changes to a protocol that was not asked for")
            return
        try:
            length = framing.of_response(response.http_version, headers, method=request.method, status=status)
        except framing.Ambiguous as fault:
            yield from self._refuse(str(fault))
            return
        self._closes = fields.wants_close(response.http_version, headers) or length == framing.UNTIL_CLOSE
        if status in {204, 304} or status == 101:
            headers.pop("transfer-encoding", None)
        if len(headers.get_all("content-length")) > 1:
            headers["Content-Length"] = str(length)
        fields.take_hop_by_hop(headers, websocket=status == 101)
        self.response = response
        self._body, self.state = Body(length), self.read_body
        yield ReceiveHttp(ResponseHeaders(stream_id, response, length == 0))
        yield from self.read_body(events.DataReceived(self.conn, b""))

    def read_body(self, event: events.Event) -> Commands:
        """What comes of its body."""
        if isinstance(event, events.ConnectionClosed) and not self._body.ends_with_connection():
            yield commands.CloseConnection(self.conn)
            self.state = self.done
            yield from self._fail(CUT_SHORT)
            return
        while self.state == self.read_body and self.stream_id is not None:
            try:
                part = self._body.next(self.buf)
            except Broken as fault:
                yield from self._refuse(str(fault))
                return
            match part:
                case Part(octets=octets):
                    if octets:
                        yield ReceiveHttp(ResponseData(self.stream_id, octets))
                case Endpoint(trailers=trailers):
                    yield from self._end(self.stream_id, trailers)
                case None if isinstance(event, events.ConnectionClosed):
                    yield from self._end(self.stream_id, Headers())
                case None:
                    return

    def _end(self, stream_id: int, trailers: Headers) -> Commands:
        if trailers:
            yield ReceiveHttp(ResponseTrailers(stream_id, trailers))
        yield ReceiveHttp(ResponseEndOfMessage(stream_id))
        yield from self.mark_done(response=True)

    def early(self, event: events.Event) -> Commands:
        """It has answered before it had the whole request, which still goes to it for as long as it listens."""
        if isinstance(event, events.ConnectionClosed):
            yield commands.CloseConnection(self.conn)
            self.state = self.done
            yield from self._fail("the server wants no more of the request")

    def _fail(self, why: str, code: ErrorCode = ErrorCode.GENERIC_SERVER_ERROR) -> Commands:
        if self.stream_id is not None:
            yield ReceiveHttp(ResponseProtocolError(self.stream_id, why, code))

    def _refuse(self, why: str) -> Commands:
        why = f"{NO_SENSE}: {why}"
        yield commands.CloseConnection(self.conn)
        self.state = self.done
        yield refused(self.context, why, "502" if self.response is None else "close", self.request)
        yield from self._fail(why, ErrorCode.RESPONSE_VALIDATION_FAILED)

    # -- ends

    def mark_done(self, *, request: bool = False, response: bool = False) -> Commands:
        """One of the two messages is complete."""
        self.request_done |= request
        self.response_done |= response
        if self.response_done and not self.request_done:
            self.state = self.early
            if self._closes:
                yield from self.early(events.ConnectionClosed(self.conn))
            return
        if not (self.request_done and self.response_done and self.request and self.response):
            return
        if should_make_pipe(self.request, self.response):
            yield from self.make_pipe()
        elif self._closes or self.request.is_http2 or self.request.is_http3:  # one request each, as mitmproxy counts
            yield commands.CloseConnection(self.conn)
            self.state = self.done
        else:
            self.request_done = self.response_done = False
            self.request = self.response = self.stream_id = None
            self.state = self.read_headers

    def make_pipe(self) -> Commands:
        """What comes from here on is octets of another protocol, all of them."""
        self.state = self.passthrough
        if octets := self.buf.maybe_extract_at_most(len(self.buf) or 1):
            yield from self.passthrough(events.DataReceived(self.conn, bytes(octets)))


def _as_http1(request: Request) -> Request:
    request = request.copy()
    if request.authority:
        request.headers.insert(0, "Host", request.authority)
    request.authority = ""
    request.headers.pop("te", None)  # of its hop, as in HTTP/1
    cookies = request.headers.get_all("cookie")
    if len(cookies) > 1:  # RFC 9113 section 8.2.3
        request.headers["Cookie"] = "; ".join(cookies)
    return request
