"""One request and its answer: mitmproxy's HttpStream, which sends on only what was judged, and reads no body in vain.

Knows RFC 9110 and mitmproxy's hooks. Refuses to decide: a response that a hook sets is the answer, at the head.
"""

from mitmproxy.http import HTTPFlow, Response
from mitmproxy.proxy import events, layer
from mitmproxy.proxy.layers.http import HTTPMode, HttpStream, SendHttp
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    RequestEndOfMessage,
    RequestHeaders,
    RequestProtocolError,
    RequestTrailers,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
    ResponseTrailers,
)
from mitmproxy.proxy.layers.http._hooks import HttpRequestHeadersHook

from tierwall.proxy.mitmproxy.http import fields
from tierwall.proxy.mitmproxy.http.names import Unsound, judge_by, send_by
from tierwall.proxy.mitmproxy.http.switched import Switched
from tierwall.proxy.mitmproxy.http.told import NAMES, SILENT, Informational, refused

type Commands = layer.CommandGenerator[None]

_FORWARDED_SO_OFTEN = frozenset({"TRACE", "OPTIONS"})
"""RFC 9110 section 7.6.2: the methods that Max-Forwards is for."""


class Stream(HttpStream):
    """See the module. `state_…` are mitmproxy's names for what is done with the next event of either side."""

    def _handle_event(self, event: events.Event) -> Commands:
        match event:
            case Informational():
                if self.server_state == self.state_wait_for_response_headers:
                    yield SendHttp(event, self.context.client)
                return
            case RequestTrailers() | ResponseTrailers():
                event.trailers = fields.may_trail(event.trailers)
            case _:
                pass
        yield from super()._handle_event(event)

    def state_wait_for_request_headers(self, event: RequestHeaders) -> Commands:
        """Judge the head, by a hook; then answer it, or let it through."""
        request = event.request
        self.flow = HTTPFlow(self.context.client, self.context.server)
        self.flow.request, self.flow.live = request, True
        tunnel = self.mode is HTTPMode.transparent
        if request.method == "CONNECT" and not tunnel:
            yield from self.handle_connect()
            return
        try:
            self.flow.metadata[NAMES] = judge_by(request)
            send_by(request, self.context.server if tunnel else None, by_parent=self.mode is HTTPMode.upstream)
        except Unsound as fault:
            yield from self._refuse(str(fault))
            return
        expects = fields.expects_continue(request.headers)
        fields.add_via(request)
        yield HttpRequestHeadersHook(self.flow)
        if (yield from self.check_killed(True)):
            return
        self.server_state = self.state_wait_for_response_headers
        if self.flow.response is None:
            self._forward_once_more()
        if self.flow.response is not None:
            yield from self._answer_now()
        elif request.stream and not event.end_stream:
            yield from self.start_request_stream()
        else:
            if expects:  # an addon wants the body first, which would not come
                request.headers.pop("expect", None)
                yield SendHttp(Informational(self.stream_id, _bare(100)), self.context.client)
            self.client_state = self.state_consume_request_body

    def state_wait_for_response_headers(self, event: ResponseHeaders) -> Commands:
        """An answer's head, which came through here too."""
        if event.response.status_code != 101:
            fields.add_via(event.response)
        yield from super().state_wait_for_response_headers(event)

    def state_done(self, _: events.Event) -> Commands:
        """What still comes of a body that nobody needs is let go."""
        yield from ()

    def handle_protocol_error(self, event: RequestProtocolError | ResponseProtocolError) -> Commands:
        """A server that has answered and takes no more of the body has not failed: the answer stands."""
        answered = self.server_state == self.state_done
        if (
            isinstance(event, ResponseProtocolError)
            and answered
            and self.client_state == self.state_stream_request_body
        ):
            self.client_state = self.state_done
            yield from self.flow_done()
            return
        yield from super().handle_protocol_error(event)

    def flow_done(self) -> Commands:
        """The answer is complete. What follows a 101 is octets, whatever they mean (RFC 9110 section 7.8)."""
        if self.flow.response is None or self.flow.response.status_code != 101:
            yield from super().flow_done()
            return
        self.child_layer = Switched(self.context, silent=bool(self.flow.metadata.pop(SILENT, False)))
        self._handle_event = self.passthrough  # type: ignore[method-assign]
        yield from self.child_layer.handle_event(events.Start())
        yield SendHttp(ResponseEndOfMessage(self.stream_id), self.context.client)

    # -- private

    def _refuse(self, why: str) -> Commands:
        yield refused(self.context, why, "400", self.flow.request)
        error = ResponseProtocolError(self.stream_id, why, ErrorCode.REQUEST_VALIDATION_FAILED)
        yield SendHttp(error, self.context.client)
        self.flow.live = False
        self.client_state = self.server_state = self.state_errored

    def _answer_now(self) -> Commands:
        """By a response that a hook has set: the body was not asked for, and is not read."""
        yield from self.state_consume_request_body(RequestEndOfMessage(self.stream_id))

    def _forward_once_more(self) -> None:
        """RFC 9110 section 7.6.2: a request may say how far it goes."""
        request = self.flow.request
        left = request.headers.get("max-forwards", "")
        if request.method not in _FORWARDED_SO_OFTEN or not (left.isascii() and left.isdigit()):
            return
        if int(left[:9]):
            request.headers["Max-Forwards"] = str(int(left[:9]) - 1)
        elif request.method == "TRACE":
            self.flow.response = Response.make(200, fields.trace(request), {"Content-Type": "message/http"})
        else:
            self.flow.response = Response.make(200, b"", {"Allow": "GET, HEAD, OPTIONS, TRACE"})


def _bare(status: int) -> Response:
    response = Response.make(status)
    response.headers.clear()
    return response
