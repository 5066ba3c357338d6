"""mitmproxy's hooks, each in one visible place: which room of ours it asks.

Knows the names of hooks. An addon stays the same object from load to unload, as mitmproxy insists, while a change of
options puts another Enforcement in force; where there is none, a hook does nothing, and the denial that was set before
it ran (guard.py) stands.
"""

from collections.abc import Callable

from mitmproxy import connection, dns, http, tls
from mitmproxy.proxy import layer, server_hooks

from tierwall.proxy.mitmproxy.http.told import Crash, RefusedMessage
from tierwall.proxy.serving.enforcement import Enforcement

type InForce = Callable[[connection.Client], Enforcement | None]
"""For a client: each of several sites has its own."""


def hooks(in_force: InForce) -> list[object]:
    """The addons whose hooks these are, in the order in which a connection meets them."""
    return [Connections(in_force), Names(in_force), Tls(in_force), Requests(in_force), Failures(in_force)]


class _Hooks:
    def __init__(self, in_force: InForce) -> None:
        self._in_force = in_force

    @property
    def name(self) -> str:
        """As mitmproxy's addon manager knows it."""
        return f"tierwall_{type(self).__name__.lower()}"


class Connections(_Hooks):
    """Who connects, what follows in a connection, and what is dialled."""

    def client_connected(self, client: connection.Client) -> None:
        if (now := self._in_force(client)) is not None:
            now.client_connected(client)

    def client_disconnected(self, client: connection.Client) -> None:
        if (now := self._in_force(client)) is not None:
            now.client_disconnected(client)

    def next_layer(self, next_layer: layer.NextLayer) -> None:
        if (now := self._in_force(next_layer.context.client)) is not None:
            now.next_layer(next_layer)

    async def server_connect(self, data: server_hooks.ServerConnectionHookData) -> None:
        if (now := self._in_force(data.client)) is not None:
            await now.server_connect(data)

    def server_connected(self, data: server_hooks.ServerConnectionHookData) -> None:
        if (now := self._in_force(data.client)) is not None:
            now.server_connected(data)

    def server_connect_error(self, data: server_hooks.ServerConnectionHookData) -> None:
        if (now := self._in_force(data.client)) is not None:
            now.server_connect_error(data)


class Names(_Hooks):
    """Questions to the lab's own DNS, and their answers."""

    async def dns_request(self, dns_flow: dns.DNSFlow) -> None:
        if (now := self._in_force(dns_flow.client_conn)) is not None:
            await now.dns_request(dns_flow)

    async def dns_response(self, dns_flow: dns.DNSFlow) -> None:
        if (now := self._in_force(dns_flow.client_conn)) is not None:
            await now.dns_response(dns_flow)


class Tls(_Hooks):
    """Handshakes of inspected connections."""

    def tls_clienthello(self, data: tls.ClientHelloData) -> None:
        if (now := self._in_force(data.context.client)) is not None:
            now.inspection.tls_clienthello(data)

    def tls_start_client(self, data: tls.TlsData) -> None:
        if (now := self._in_force(data.context.client)) is not None:
            now.inspection.tls_start_client(data)

    def tls_start_server(self, data: tls.TlsData) -> None:
        if (now := self._in_force(data.context.client)) is not None:
            now.inspection.tls_start_server(data)

    def tls_failed_client(self, data: tls.TlsData) -> None:
        if (now := self._in_force(data.context.client)) is not None:
            now.tls_failed_client(data)

    def tls_failed_server(self, data: tls.TlsData) -> None:
        if (now := self._in_force(data.context.client)) is not None:
            now.tls_failed_server(data)


class Requests(_Hooks):
    """Requests of connections that were handed over, and their answers."""

    def http_connect(self, request_flow: http.HTTPFlow) -> None:
        if (now := self._in_force(request_flow.client_conn)) is not None:
            now.requests.http_connect(request_flow)

    async def requestheaders(self, request_flow: http.HTTPFlow) -> None:
        if (now := self._in_force(request_flow.client_conn)) is not None:
            await now.requests.requestheaders(request_flow)

    def responseheaders(self, request_flow: http.HTTPFlow) -> None:
        if (now := self._in_force(request_flow.client_conn)) is not None:
            now.requests.responseheaders(request_flow)

    def response(self, request_flow: http.HTTPFlow) -> None:
        if (now := self._in_force(request_flow.client_conn)) is not None:
            now.requests.response(request_flow)

    def error(self, request_flow: http.HTTPFlow) -> None:
        if (now := self._in_force(request_flow.client_conn)) is not None:
            now.requests.error(request_flow)


class Failures(_Hooks):
    """What mitmproxy's layers cannot read, and where they crash: hooks of ours."""

    def tierwall_refused(self, refused: RefusedMessage) -> None:
        if (now := self._in_force(refused.context.client)) is not None:
            now.tierwall_refused(refused)

    def tierwall_crashed(self, crash: Crash) -> None:
        if (now := self._in_force(crash.context.client)) is not None:
            now.tierwall_crashed(crash)
