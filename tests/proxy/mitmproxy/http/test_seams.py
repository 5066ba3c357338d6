"""What of mitmproxy's is mended or replaced still is as it was: where one of these fails, a mend may go, or follow.

docs/mitmproxy-seams.md has the same list, with the reasons.
"""

import inspect
from collections.abc import Callable

import pytest
from mitmproxy.proxy import mode_servers, server
from mitmproxy.proxy.layers import websocket
from mitmproxy.proxy.layers.dns import DNSLayer
from mitmproxy.proxy.layers.http import HttpLayer, HttpStream
from mitmproxy.proxy.layers.http._http1 import Http1Client, Http1Connection, Http1Server
from mitmproxy.proxy.layers.http._http2 import Http2Client, Http2Connection
from mitmproxy.proxy.layers.http._http_h2 import BufferedH2Connection

type Source = Callable[..., object] | type

STILL: dict[str, tuple[Source, str]] = {
    "trailers crash the layer": (Http1Connection.read_body, "HTTP trailers are not implemented yet"),
    "an Expect is answered by mitmproxy": (HttpStream.state_wait_for_request_headers, "continue_response"),
    "a request's head has no limit": (Http1Server.read_headers, "protect against header size DoS"),
    "an answer's head has no limit": (Http1Client.read_headers, "protect against header size DoS"),
    "octets after a 101 are eaten": (Http1Connection.make_pipe, r'lstrip(b"\r\n")'),
    "messages of WebSocket are gathered": (websocket.WebsocketLayer, "frame_buf"),
    "HTTP/2 grants two gigabytes": (BufferedH2Connection, "2**31 - 1"),
    "HTTP/2 swallows 1xx": (Http2Client.handle_h2_event, "Swallowing HTTP/2 informational response"),
    "HTTP/2 grants as it receives": (Http2Connection.handle_h2_event, "acknowledge_received_data"),
    "a crash leaves the client waiting": (server.ConnectionHandler.server_event, "mitmproxy has crashed!"),
    "every writer is waited for": (server.ConnectionHandler.drain_writers, "list(self.transports.values())"),
    "a malformed question ends without a word": (DNSLayer.state_query, "sent an invalid message"),
    "the client's layer may be set before": (HttpLayer._handle_event, "self.connections.setdefault"),
    "servers' layers are made by HttpClient": (HttpLayer.get_connection, "HttpClient(context)"),
    "streams are made in one place": (HttpLayer.make_stream, "HttpStream(ctx, stream_id)"),
    "servers make the DNS layer by its name": (mode_servers.DnsInstance, "layers.DNSLayer"),
}

NOT_YET: dict[str, tuple[Source, str]] = {
    "1xx answers": (Http1Client.read_headers, "status_code < 200"),
    "framing of bodies that came by HTTP/2": (Http1Client.send, 'insert(0, "Transfer-Encoding'),
    "hop-by-hop fields": (HttpStream, "keep-alive"),
}


@pytest.mark.parametrize("what", STILL)
def test_mitmproxy_still(what: str) -> None:
    where, text = STILL[what]

    assert text in inspect.getsource(where)


@pytest.mark.parametrize("what", NOT_YET)
def test_mitmproxy_does_not_know_yet(what: str) -> None:
    where, text = NOT_YET[what]

    assert text.lower() not in inspect.getsource(where).lower()
