"""A client and the servers that its requests lead to, in HTTP, without a socket.

Knows tierwall's HttpLayer and a hook that lets bodies flow. Refuses to judge: a test says what a hook does.
"""

from collections.abc import Callable

from mitmproxy.connection import Server
from mitmproxy.http import HTTPFlow, Response
from mitmproxy.proxy import commands
from mitmproxy.proxy.layers.http import HTTPMode
from mitmproxy.proxy.layers.http._hooks import HttpRequestHeadersHook, HttpResponseHeadersHook
from mitmproxy.proxy.layers.tls import TlsStartServerHook
from OpenSSL import SSL

from tests.support.layers import Driven, context
from tierwall.proxy.mitmproxy.http import layer
from tierwall.proxy.mitmproxy.http.layer import HttpLayer
from tierwall.proxy.mitmproxy.http.told import TierwallRefusedHook

layer.install()


def streaming(hook: commands.StartHook) -> None:
    """As tierwall's hooks have it: bodies flow."""
    match hook:
        case HttpRequestHeadersHook(flow=flow):
            flow.request.stream = True
        case HttpResponseHeadersHook(flow=flow) if flow.response is not None:
            flow.response.stream = flow.response.status_code != 101
        case TlsStartServerHook(data=data):
            data.ssl_conn = SSL.Connection(SSL.Context(SSL.TLS_CLIENT_METHOD))
            data.ssl_conn.set_connect_state()
        case _:
            pass


def denying(flow: HTTPFlow) -> None:
    """As tierwall's hooks refuse a request."""
    flow.response = Response.make(403, b"no")


class Proxied:
    """A client of HTTP/1 that uses a proxy, or (`inside`) has a tunnel to port 80 of a.example."""

    def __init__(
        self,
        *,
        inside: bool = False,
        judge: Callable[[HTTPFlow], None] = lambda _: None,
        dial: Callable[[Server], str | None] = lambda _: None,
    ) -> None:
        def hook(each: commands.StartHook) -> None:
            streaming(each)
            if isinstance(each, HttpRequestHeadersHook):
                judge(each.flow)

        made = context(address=("a.example", 80) if inside else None)
        mode = HTTPMode.transparent if inside else HTTPMode.regular
        self.inside = inside
        self.driven = Driven(HttpLayer(made, mode), hook=hook, dial=dial)

    def asks(self, *lines: str, method: str = "GET", path: str = "/", body: bytes = b"", version: str = "1.1") -> bytes:
        """Send a request; what is answered at once."""
        target = path if self.inside else f"http://a.example{path}"
        head = "\r\n".join([f"{method} {target} HTTP/{version}", "Host: a.example", *lines, "", ""])
        return self.says(head.encode() + body)

    def says(self, octets: bytes) -> bytes:
        """Send these; what is answered at once."""
        return self.driven.says(self.driven.client, octets)

    def answered(self, octets: bytes) -> bytes:
        """What the client hears when the newest server says this."""
        return self.driven.says(self.driven.opened[-1], octets)

    @property
    def sent(self) -> bytes:
        """What the newest server has got."""
        return bytes(self.driven.sent[self.driven.opened[-1]])

    @property
    def closed(self) -> bool:
        """Whether the client has been told that nothing more comes."""
        return not self.driven.client.state.value & 2

    @property
    def refusals(self) -> list[tuple[str, str]]:
        """What was refused, and how it was answered."""
        hooks = [hook.refused for hook in self.driven.hooks if isinstance(hook, TierwallRefusedHook)]
        return [(refused.why, refused.answer) for refused in hooks]
