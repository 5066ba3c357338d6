"""mitmproxy's hooks: who connects, what is dialled, UDP and DNS, judged by the same function; requests.py has the rest.

Knows flows and hook data. Refuses to decide: every answer is the active policy's. mitmproxy's hooks fail open when they
raise, so a denial is set before they run (guard.py) and cleared only by an allow.
"""

import asyncio
from dataclasses import replace
from typing import Final

from mitmproxy import connection, dns, tls
from mitmproxy.proxy import layer, layers, mode_specs, server_hooks

from tierwall.events import Stage
from tierwall.policy.attempt import Attempt, NameSource, Seen, Verdict
from tierwall.policy.limits import DIAL_S
from tierwall.policy.model import Transport
from tierwall.proxy.connection.attempts import asked_for, reached, to_dial, with_name
from tierwall.proxy.connection.dial import Broken, Denied, check
from tierwall.proxy.connection.learned_names import judge_unnamed
from tierwall.proxy.middlebox.access.access import AtAccess
from tierwall.proxy.middlebox.access.portal import UNTRUSTED, portal_of
from tierwall.proxy.middlebox.access.proxied_requests import ProxiedRequests
from tierwall.proxy.middlebox.inspection.tls import TlsInspection
from tierwall.proxy.middlebox.once_per_connection import OncePerConnection
from tierwall.proxy.middlebox.resolution import AtResolution
from tierwall.proxy.mitmproxy.certificate_names import is_verifiable
from tierwall.proxy.mitmproxy.clients import caller_of, literal
from tierwall.proxy.mitmproxy.datagram_layer import DatagramGate
from tierwall.proxy.mitmproxy.guard import UNJUDGED, journalled
from tierwall.proxy.mitmproxy.handler import AfterTls
from tierwall.proxy.mitmproxy.http.told import Crash, RefusedMessage
from tierwall.proxy.serving.modes import name_server
from tierwall.proxy.serving.modes.name_server import NameServer, Paths
from tierwall.proxy.serving.requests import Requests
from tierwall.proxy.serving.udp_flows import Flows
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.breakage import Breakage
from tierwall.proxy.state.destinations import Destination, Destinations
from tierwall.proxy.state.recorder import Caller, Recorder
from tierwall.proxy.transport.addresses import socket_address

GATEWAY_MODES: Final = (
    mode_specs.TransparentMode,
    mode_specs.WireGuardMode,
    mode_specs.TunMode,
    mode_specs.LocalMode,
    mode_specs.DnsMode,
)
"""Modes whose clients are not configured to use a proxy."""


class Enforcement:
    """What hooks.py asks, with `requests` and `inspection`.

    Each hook clears the denial only after an allow; what raises in here leaves it standing.
    """

    def __init__(  # the assembly
        self,
        active_policy: ActivePolicy,
        destinations: Destinations,
        recorder: Recorder,
        door: AtAccess,
        paths: Paths | None = None,
    ) -> None:
        self._active_policy, self._destinations, self._recorder = active_policy, destinations, recorder
        self._notes = OncePerConnection(recorder)
        later = ProxiedRequests(door, active_policy, recorder)
        self.requests = Requests(active_policy, destinations, recorder, self._notes, later)
        self._at_resolution = AtResolution(active_policy, destinations, recorder)
        self._names = NameServer(active_policy, destinations, recorder, paths)
        self.inspection = TlsInspection(active_policy, destinations, recorder, self._notes)
        self._flows = Flows(active_policy, destinations, recorder)
        self._asked_for: dict[str, connection.Address] = {}
        """By server connection: what it was asked for, while its address is the one that was checked."""

    @journalled(Stage.ACCEPT)
    def client_connected(self, client: connection.Client) -> None:
        """A client of UDP, DNS, or handed over."""
        address, port = socket_address(client.peername[0]), client.peername[1]
        gateway = isinstance(client.proxy_mode, GATEWAY_MODES)
        verdict = self._active_policy.refused(address, through_gateway=gateway)
        if verdict is None:
            _clear(client)
            return
        transport = Transport(client.transport_protocol)
        attempt = Attempt(transport=transport, port=client.sockname[1], client=address)
        client.error = str(verdict.reason)
        self._recorder.decided(Caller(address, port), attempt, verdict, Stage.ACCEPT, "drop")

    def client_disconnected(self, client: connection.Client) -> None:
        """Forget what was admitted for it."""
        self.requests.forget(client)
        self._notes.forget(client)
        self._flows.forget(client)

    @journalled(Stage.UDP)
    def next_layer(self, next_layer: layer.NextLayer) -> None:
        """What follows TLS; DNS, whatever its first octets look like; other UDP is relayed as it is, or not at all."""
        if isinstance(next_layer, AfterTls):
            self.inspection.next_layer(next_layer)
            return
        client, server = next_layer.context.client, next_layer.context.server
        if server.address is None or not isinstance(client.proxy_mode, GATEWAY_MODES):
            return
        if server.address[1] == name_server.PORT and isinstance(client.proxy_mode, name_server.LED_HERE):
            next_layer.layer = layers.DNSLayer(next_layer.context)
        elif client.transport_protocol == "udp" and server.address[1] != name_server.PORT:
            next_layer.layer = DatagramGate(next_layer.context, self._flows)

    @journalled(Stage.DIAL)
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
        attempt = self.requests.admitted(client, server.address)
        if attempt is None:
            attempt = self._flows.attempt(client, server) or self._from_connection(client, server)
        attempt, first = judge_unnamed(self._active_policy, attempt)
        host = to_dial(attempt, self._destinations, self._active_policy)
        stage = Stage.UDP if attempt.transport is Transport.UDP else Stage.DIAL
        if host is None or not first.passes:
            self._deny_dial(data, attempt, first, stage)
            return
        try:
            look = self._at_resolution.look(caller_of(client), attempt, first) if first.effects else None
            checked = await check(self._active_policy, self._destinations, attempt, host, look)
        except OSError as exc:
            server.error = f"{host} does not resolve: {exc.strerror}"
            self._recorder.failed(caller_of(client), attempt, first, server.error)
            return
        if isinstance(checked, Denied | Broken):
            await self._keep_from_dialling(data, attempt, first, checked)
            return
        told_of = reached(attempt, checked.addresses[0], checked.redirected)
        if attempt.transport is Transport.UDP and not self._flows.begins(client, told_of, first):
            server.error = "tierwall: stopped by a behaviour of the site"
            return
        if isinstance(host, str) and server.sni is None:
            server.sni = host
        self._lead_to(data, told_of, first, checked)

    def server_connected(self, data: server_hooks.ServerConnectionHookData) -> None:
        """Give the connection back the name it was asked for, so that mitmproxy finds it for the next request."""
        if (wanted := self._asked_for.pop(data.server.id, None)) is not None:
            # mitmproxy forbids this on an open connection, lest it be thought to lead elsewhere. It does not.
            object.__setattr__(data.server, "address", wanted)

    def server_connect_error(self, data: server_hooks.ServerConnectionHookData) -> None:
        """An admitted destination that does not answer."""
        wanted = self._asked_for.pop(data.server.id, None)
        if wanted is None:
            return  # we denied it, and said so
        data.server.address = wanted
        attempt = self.requests.admitted(data.client, wanted)
        attempt = attempt or self._from_connection(data.client, data.server)
        cause = str(data.server.error or "no answer")
        self._recorder.failed(caller_of(data.client), attempt, self._active_policy.judge(attempt), cause)

    def tls_failed_client(self, data: tls.TlsData) -> None:
        """A client that does not trust the lab CA: inspected (a pinned native app, say), or of a captive portal."""
        attempt = self._from_connection(data.context.client, data.context.server)
        if portal_of(self._active_policy.site, attempt) is not None:
            distrusting = replace(attempt, malformed=UNTRUSTED)
            judged = self._active_policy.judge(distrusting)
            self._recorder.decided_once(caller_of(data.context.client), distrusting, judged, Stage.CLIENTHELLO, "close")
            return
        verdict = self._active_policy.judge(attempt)
        cause = data.context.client.error or "the client rejects the lab CA"
        if verdict.passes and not self.inspection.explains(data.context, cause, "the client"):
            self._recorder.rejected(caller_of(data.context.client), attempt, verdict, cause)

    def tls_failed_server(self, data: tls.TlsData) -> None:
        """A server that mitmproxy does not trust on behalf of an inspected client."""
        attempt = self._from_connection(data.context.client, data.context.server)
        cause = data.context.server.error or "the TLS handshake with the server failed"
        if self.inspection.explains(data.context, cause, "the server"):
            return
        self._recorder.failed(caller_of(data.context.client), attempt, self._active_policy.judge(attempt), cause)

    @journalled(Stage.REQUEST)
    def tierwall_refused(self, refused: RefusedMessage) -> None:
        """What makes no sense was not passed on."""
        context, request = refused.context, refused.request
        caller = caller_of(context.client)
        if request is not None:
            caller.method, caller.user_agent = request.method, request.headers.get("user-agent")
        attempt = replace(self._from_connection(context.client, context.server), malformed=refused.why)
        self._recorder.decided(caller, attempt, self._active_policy.judge(attempt), refused.stage, refused.answer)

    def tierwall_crashed(self, crash: Crash) -> None:
        """mitmproxy, or a layer of ours in it, has crashed; the connection has ended."""
        self._recorder.error(caller_of(crash.context.client), Stage.REQUEST, crash.failure)

    @journalled(Stage.DNS)
    async def dns_request(self, dns_flow: dns.DNSFlow) -> None:
        """A question to the lab's own DNS."""
        if dns_flow.response is None or dns_flow.metadata.pop(UNJUDGED, False):
            await self._names.answer(dns_flow)

    @journalled(Stage.DNS)
    async def dns_response(self, dns_flow: dns.DNSFlow) -> None:
        """Its answer."""
        await self._names.answered(dns_flow)

    def _from_connection(self, client: connection.Client, server: connection.Server) -> Attempt:
        """What is known at a dial that no request led to."""
        host, port = (server.address or ("", 0))[:2]
        transport = Transport(server.transport_protocol)
        attempt = asked_for(host, port, transport, self._destinations)
        if client.sni:
            seen = Seen.QUIC if transport is Transport.UDP else Seen.TLS
            attempt = with_name(replace(attempt, seen=seen), NameSource.SNI, client.sni)
        return attempt

    def _is_infrastructure(self, client: connection.Client, server: connection.Server) -> bool:
        """The parent proxy of upstream mode, and the name server that our own DNS asks."""
        mode, address = client.proxy_mode, server.address
        if isinstance(mode, mode_specs.UpstreamMode) and address == mode.address:
            own = literal(mode.address[0])
            return own is None or not self._destinations.is_self(own, mode.address[1])
        return isinstance(mode, GATEWAY_MODES) and self._names.asks(client, server)

    def _lead_to(
        self, data: server_hooks.ServerConnectionHookData, attempt: Attempt, verdict: Verdict, checked: Destination
    ) -> None:
        """Let it be dialled, and nothing else than what was checked."""
        server, client = data.server, data.client
        asked = server.address or (str(checked.addresses[0]), checked.port)
        if server.tls and not is_verifiable(server.sni or client.sni or asked[0]):
            server.error = "a certificate for such a name cannot be verified: a label begins or ends with a hyphen"
            self._recorder.failed(caller_of(client), attempt, verdict, server.error)
            return
        self._asked_for[server.id] = asked
        server.address = (str(checked.addresses[0]), checked.port)
        server.error = None

    def _deny_dial(
        self, data: server_hooks.ServerConnectionHookData, attempt: Attempt, verdict: Verdict, stage: Stage
    ) -> None:
        data.server.error = f"tierwall: {verdict.reason}"
        self._recorder.decided(caller_of(data.client), attempt, verdict, stage, "drop")

    async def _keep_from_dialling(
        self, data: server_hooks.ServerConnectionHookData, attempt: Attempt, verdict: Verdict, why: Denied | Broken
    ) -> None:
        """mitmproxy answers 502 with the error, after the dial's limit where a behaviour of the site is silent."""
        if isinstance(why, Denied):
            stage = Stage.UDP if attempt.transport is Transport.UDP else Stage.DIAL
            self._deny_dial(data, why.attempt, why.verdict, stage)
            return
        data.server.error = f"tierwall: {why.detail}"
        told = Breakage(attempt, verdict, why.effect, Stage.DIAL, why.detail, "502")
        self._recorder.broken(caller_of(data.client), told)
        if why.silent:
            await asyncio.sleep(DIAL_S)


def _clear(client: connection.Client) -> None:
    if client.error == UNJUDGED:
        client.error = None
