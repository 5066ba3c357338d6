"""mitmproxy's hooks: requests of connections that were handed over, UDP, QUIC and DNS, judged by the same function.

Knows flows and hook data. Refuses to decide: every answer is the rulebook's. mitmproxy's hooks fail open when they
raise, so a denial is set before they run (`deny_until_judged`) and cleared only by an allow.
"""

import logging
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_address
from typing import Final

from mitmproxy import connection, dns, flow, http
from mitmproxy.net.dns import response_codes
from mitmproxy.proxy import commands, layer, mode_specs, server_hooks
from mitmproxy.proxy.layers.dns import DnsRequestHook
from mitmproxy.proxy.layers.http._hooks import HttpConnectHook, HttpRequestHeadersHook

from tierwall.events import Stage
from tierwall.policy.attempt import Action, Attempt, NameSource, Reason, Seen, Verdict
from tierwall.policy.model import Address, Transport
from tierwall.policy.site import HttpRefusal, TlsRefusal
from tierwall.proxy import name_server, refusal
from tierwall.proxy.attempts import at_address, named, with_name
from tierwall.proxy.clients import caller_of, literal
from tierwall.proxy.datagrams import DatagramGate
from tierwall.proxy.destinations import Destinations
from tierwall.proxy.dial import Denied, check
from tierwall.proxy.flows import Flows
from tierwall.proxy.learned import judge_unnamed
from tierwall.proxy.name_server import NameServer
from tierwall.proxy.passage import target
from tierwall.proxy.recorder import Caller, Recorder
from tierwall.proxy.refusal import Refused
from tierwall.proxy.rulebook import Rulebook

logger = logging.getLogger(__name__)

UNJUDGED: Final = "tierwall: not judged"
"""The error that hook data carries until a verdict clears it."""

SECOND_CONNECT: Final = "a CONNECT after other requests of its connection; open a new one for it"
"""Said to a client whose tunnel mitmproxy would inspect, where the front door passes it through."""

GATEWAY_MODES: Final = (
    mode_specs.TransparentMode,
    mode_specs.WireGuardMode,
    mode_specs.TunMode,
    mode_specs.LocalMode,
    mode_specs.DnsMode,
)
"""Modes whose clients are not configured to use a proxy."""


def deny_until_judged(hook: commands.StartHook) -> None:
    """Set the denial on the hook's data."""
    match hook:
        case server_hooks.ClientConnectedHook(client=client):
            client.error = UNJUDGED
        case server_hooks.ServerConnectHook(data=data):
            data.server.error = UNJUDGED
        case HttpConnectHook(flow=connect_flow):
            connect_flow.response = http.Response.make(421, SECOND_CONNECT, {"X-Tierwall-Reason": "malformed"})
        case HttpRequestHeadersHook(flow=http_flow):
            http_flow.response = http.Response.make(403, UNJUDGED, {"X-Tierwall-Reason": "error"})
            http_flow.metadata[UNJUDGED] = True
        case DnsRequestHook(flow=dns_flow):
            dns_flow.response = dns_flow.request.fail(response_codes.REFUSED)
            dns_flow.metadata[UNJUDGED] = True
        case _:
            pass


class Enforcement:
    """The hooks. Each clears the denial only after an allow; what raises in here leaves it standing."""

    def __init__(self, rulebook: Rulebook, destinations: Destinations, recorder: Recorder) -> None:
        self._rulebook, self._destinations, self._recorder = rulebook, destinations, recorder
        self._admitted: dict[tuple[str, connection.Address], Attempt] = {}
        """What a request of a connection was admitted as, for its dial: its Host header is unknown there."""
        self._names = NameServer(rulebook, destinations, recorder)
        self._flows = Flows(rulebook, destinations, recorder)
        self._asked_for: dict[str, connection.Address] = {}
        """By server connection: what it was asked for, while its address is the one that was checked."""

    def client_connected(self, client: connection.Client) -> None:
        """A client of UDP, DNS, or handed over."""
        address, port = ip_address(client.peername[0].partition("%")[0]), client.peername[1]
        gateway = isinstance(client.proxy_mode, GATEWAY_MODES)
        verdict = self._rulebook.refused(address, through_gateway=gateway)
        if verdict is None:
            _clear(client)
            return
        transport = Transport(client.transport_protocol)
        attempt = Attempt(transport=transport, port=client.sockname[1], client=address)
        client.error = str(verdict.reason)
        self._recorder.decided(Caller(address, port), attempt, verdict, Stage.ACCEPT, "drop")

    def client_disconnected(self, client: connection.Client) -> None:
        """Forget what was admitted for it."""
        for key in [key for key in self._admitted if key[0] == client.id]:
            del self._admitted[key]
        self._flows.forget(client)

    def http_connect(self, request_flow: http.HTTPFlow) -> None:
        """A CONNECT that did not come first: its denial stays."""
        request = request_flow.request
        attempt = named(NameSource.CONNECT, request.host, request.port, self._destinations)
        verdict = Verdict(action=Action.DENY, reason=Reason.MALFORMED, detail=SECOND_CONNECT)
        self._recorder.decided(caller_of(request_flow.client_conn), attempt, verdict, Stage.CONNECT, "421")

    async def requestheaders(self, request_flow: http.HTTPFlow) -> None:
        """Every request of a connection that was handed over."""
        if request_flow.response is not None and not request_flow.metadata.pop(UNJUDGED, False):
            return  # another addon answered; nothing goes out
        client, request = request_flow.client_conn, request_flow.request
        caller = caller_of(client)
        caller.url, caller.method = request.pretty_url, request.method
        caller.user_agent = request.headers.get("user-agent")
        attempt = self._requested(request_flow)
        verdict = self._rulebook.judge(attempt)
        if verdict.passes and (client.id, (request.host, request.port)) not in self._admitted:
            attempt, verdict = await self._led_to(client, attempt, verdict)
        _mark(request_flow, verdict)
        wants = self._wanted(request)
        if verdict.passes:
            self._recorder.decided(caller, attempt, verdict, Stage.REQUEST)
            self._admitted[(client.id, (request.host, request.port))] = attempt
            request_flow.response = None
            return
        self._recorder.decided(caller, attempt, verdict, Stage.REQUEST, str(wants))
        if wants in (HttpRefusal.RESET, HttpRefusal.DROP):
            request_flow.kill()
            return
        told = Refused(verdict=verdict, target=target(attempt, verdict), site=self._rulebook.site.id)
        page = refusal.page(told) if wants is HttpRefusal.PAGE else b""
        headers = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", **refusal.headers(verdict)}
        request_flow.response = http.Response.make(403, page, headers)

    async def _led_to(self, client: connection.Client, attempt: Attempt, verdict: Verdict) -> tuple[Attempt, Verdict]:
        """Judged again with the addresses of its name: who is refused for those gets the refusal, not a failed dial."""
        host = self._host(attempt)
        if host is None or isinstance(client.proxy_mode, mode_specs.UpstreamMode):
            return attempt, verdict
        with suppress(OSError):  # it does not resolve: the dial will say so
            checked = await check(self._rulebook, self._destinations, attempt, host)
            return (checked.attempt, checked.verdict) if isinstance(checked, Denied) else (attempt, verdict)
        return attempt, verdict

    def _host(self, attempt: Attempt) -> str | Address | None:
        """What is to be dialled: the address that the client chose, unless its name is sent elsewhere."""
        host = next((name.value for name in attempt.names if name.source is not NameSource.DNS), attempt.address)
        if attempt.address is None or (isinstance(host, str) and self._destinations.redirect(host, attempt.port)):
            return host
        return attempt.address

    def _wanted(self, request: http.Request) -> HttpRefusal:
        """How the site refuses a request. With `tls: page`, TLS is opened only to show the page, whatever `http` is."""
        wants = self._rulebook.site.refuse
        return HttpRefusal.PAGE if request.scheme == "https" and wants.tls is TlsRefusal.PAGE else wants.http

    def next_layer(self, next_layer: layer.NextLayer) -> None:
        """UDP but for DNS: relayed as it is, or not at all."""
        client, server = next_layer.context.client, next_layer.context.server
        if client.transport_protocol != "udp" or server.address is None or server.address[1] == name_server.PORT:
            return
        if isinstance(client.proxy_mode, GATEWAY_MODES):
            next_layer.layer = DatagramGate(next_layer.context, self._flows)

    async def server_connect(self, data: server_hooks.ServerConnectionHookData) -> None:
        """The backstop of every mode: nothing is dialled that was not judged, and only the address that was checked."""
        server, client = data.server, data.client
        if server.error is not None and server.error != UNJUDGED:
            return
        server.error = UNJUDGED
        if server.address is None:
            return
        if self._is_infrastructure(client, server):
            server.error = None
            return
        attempt = self._admitted.get((client.id, (server.address[0], server.address[1])))
        if attempt is None:
            attempt = self._flows.attempt(client, server) or self._from_connection(client, server)
        attempt, first = judge_unnamed(self._rulebook, attempt)
        host = self._host(attempt)
        stage = Stage.UDP if attempt.transport is Transport.UDP else Stage.DIAL
        if host is None or not first.passes:
            self._deny_dial(data, attempt, first, stage)
            return
        try:
            checked = await check(self._rulebook, self._destinations, attempt, host)
        except OSError as exc:
            server.error = f"{host} does not resolve: {exc.strerror}"
            self._recorder.failed(caller_of(client), attempt, first, server.error)
            return
        if isinstance(checked, Denied):
            self._deny_dial(data, checked.attempt, checked.verdict, stage)
            return
        if attempt.transport is Transport.UDP:
            self._flows.admitted(client, attempt, first)
        addresses, port = checked
        self._asked_for[server.id] = server.address
        if isinstance(host, str) and server.sni is None:
            server.sni = host
        server.address = (str(addresses[0]), port)
        server.error = None

    def server_connected(self, data: server_hooks.ServerConnectionHookData) -> None:
        """Give the connection back the name it was asked for, so that mitmproxy finds it for the next request."""
        if (asked_for := self._asked_for.pop(data.server.id, None)) is not None:
            # mitmproxy forbids this on an open connection, lest it be thought to lead elsewhere. It does not.
            object.__setattr__(data.server, "address", asked_for)

    def server_connect_error(self, data: server_hooks.ServerConnectionHookData) -> None:
        """An admitted destination that does not answer."""
        asked_for = self._asked_for.pop(data.server.id, None)
        if asked_for is None:
            return  # we denied it, and said so
        data.server.address = asked_for
        attempt = self._admitted.get((data.client.id, (asked_for[0], asked_for[1])))
        attempt = attempt or self._from_connection(data.client, data.server)
        cause = str(data.server.error or "no answer")
        self._recorder.failed(caller_of(data.client), attempt, self._rulebook.judge(attempt), cause)

    async def dns_request(self, dns_flow: dns.DNSFlow) -> None:
        """A question to the lab's own DNS."""
        if dns_flow.response is None or dns_flow.metadata.pop(UNJUDGED, False):
            await self._names.answer(dns_flow)

    def dns_response(self, dns_flow: dns.DNSFlow) -> None:
        """Its answer."""
        self._names.answered(dns_flow)

    def _requested(self, request_flow: http.HTTPFlow) -> Attempt:
        """The request's destination, with every name that was given for it: host, SNI, Host header."""
        client, request = request_flow.client_conn, request_flow.request
        transport = Transport(client.transport_protocol)
        encrypted = request.scheme == "https"
        base = self._destination(request.host, request.port, transport, NameSource.CONNECT)
        seen = Seen.HTTP if not encrypted else Seen.QUIC if transport is Transport.UDP else Seen.TLS
        attempt = replace(base, seen=seen)
        if encrypted and client.sni:
            attempt = with_name(attempt, NameSource.SNI, client.sni)
        if request.host_header:
            attempt = with_name(attempt, NameSource.HOST, _without_port(request.host_header))
        return attempt

    def _from_connection(self, client: connection.Client, server: connection.Server) -> Attempt:
        """What is known at a dial that no request led to."""
        host, port = (server.address or ("", 0))[:2]
        transport = Transport(server.transport_protocol)
        attempt = self._destination(host, port, transport, NameSource.CONNECT)
        if client.sni:
            seen = Seen.QUIC if transport is Transport.UDP else Seen.TLS
            attempt = with_name(replace(attempt, seen=seen), NameSource.SNI, client.sni)
        return attempt

    def _destination(self, host: str, port: int, transport: Transport, source: NameSource) -> Attempt:
        attempt = named(source, host, port, self._destinations)
        if attempt.address is not None:
            return at_address(attempt.address, port, transport, self._destinations)
        return replace(attempt, transport=transport)

    def _is_infrastructure(self, client: connection.Client, server: connection.Server) -> bool:
        """The parent proxy of upstream mode, and the name server that our own DNS asks."""
        mode, address = client.proxy_mode, server.address
        if isinstance(mode, mode_specs.UpstreamMode) and address == mode.address:
            own = literal(mode.address[0])
            return own is None or not self._destinations.is_self(own, mode.address[1])
        return isinstance(mode, GATEWAY_MODES) and self._names.asks(client, server)

    def _deny_dial(
        self, data: server_hooks.ServerConnectionHookData, attempt: Attempt, verdict: Verdict, stage: Stage
    ) -> None:
        data.server.error = f"tierwall: {verdict.reason}"
        self._recorder.decided(caller_of(data.client), attempt, verdict, stage, "drop")


def _clear(client: connection.Client) -> None:
    if client.error == UNJUDGED:
        client.error = None


def _mark(marked: flow.Flow, verdict: Verdict) -> None:
    """The verdict where people look in mitmproxy: the flow's comment and marker."""
    what = "deny" if not verdict.passes else str(verdict.action)
    said = [f"tierwall: {what}"]
    if verdict.reason is not None:
        said.append(str(verdict.reason) if not verdict.passes else f"would deny: {verdict.reason}")
    said.append(f"tier {verdict.tier}")
    said += [f"{hit.vendor}/{hit.service}" for hit in verdict.breaks[:3]]
    marked.comment = ", ".join(said)
    marked.marked = "" if verdict.reason is None else ":warning:" if verdict.passes else ":no_entry:"


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.rpartition(":")[0] if host.count(":") == 1 else host
