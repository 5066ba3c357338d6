"""Every HTTP request of a connection that was handed over, judged before anything of it goes out.

Knows flows. Refuses to decide: every answer is the active policy's. What dials for a request is enforcement.py's.
"""

from contextlib import suppress
from dataclasses import dataclass, replace

from mitmproxy import connection, flow, http
from mitmproxy.proxy import mode_specs

from tierwall.events import Stage
from tierwall.policy.attempt import Attempt, NameSource, Seen, Verdict
from tierwall.policy.model import Transport
from tierwall.policy.site import HttpRefusal, TlsRefusal
from tierwall.proxy.connection.attempts import asked_for, named, reached, to_dial, with_name
from tierwall.proxy.connection.dial import Broken, Denied, check
from tierwall.proxy.connection.tunnel_request import told_to
from tierwall.proxy.middlebox.access.proxied_requests import ProxiedRequests
from tierwall.proxy.middlebox.inspection.http import Asked, HttpInspection
from tierwall.proxy.middlebox.once_per_connection import OncePerConnection
from tierwall.proxy.middlebox.resolution import AtResolution
from tierwall.proxy.mitmproxy.clients import caller_of
from tierwall.proxy.mitmproxy.guard import SECOND_CONNECT, UNJUDGED, journalled
from tierwall.proxy.mitmproxy.http.to_server import NO_SENSE
from tierwall.proxy.mitmproxy.http.told import names_of
from tierwall.proxy.state import block_page, refusal
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.destinations import Destination, Destinations
from tierwall.proxy.state.recorder import Caller, Recorder


@dataclass(frozen=True, slots=True)
class _Led:
    """Where a client's requests for one place are led."""

    attempt: Attempt
    """The last of them."""
    told_of: Attempt
    """The first, with what is dialled for it."""


class Requests:
    """The hooks of requests."""

    def __init__(  # the assembly
        self,
        active_policy: ActivePolicy,
        destinations: Destinations,
        recorder: Recorder,
        notes: OncePerConnection,
        later: ProxiedRequests,
    ) -> None:
        self._later = later
        self._active_policy, self._destinations, self._recorder = active_policy, destinations, recorder
        self._inside = HttpInspection(notes)
        self._at_resolution = AtResolution(active_policy, destinations, recorder)
        self._admitted: dict[tuple[str, connection.Address], _Led] = {}
        self._unanswered: dict[str, Asked] = {}
        """By flow: requests that were let through and have no answer yet."""

    def admitted(self, client: connection.Client, address: connection.Address) -> Attempt | None:
        """What a request was let through as that leads to this dial: its Host header is unknown there."""
        led = self._admitted.get((client.id, (address[0], address[1])))
        return None if led is None else led.attempt

    def forget(self, client: connection.Client) -> None:
        """Its client has left."""
        for key in [key for key in self._admitted if key[0] == client.id]:
            del self._admitted[key]

    @journalled(Stage.CONNECT)
    def http_connect(self, request_flow: http.HTTPFlow) -> None:
        """A CONNECT that did not come first: its denial stays."""
        request = request_flow.request
        attempt = named(NameSource.CONNECT, request.host, request.port, self._destinations)
        attempt = replace(attempt, malformed=attempt.malformed or SECOND_CONNECT)
        verdict = self._active_policy.judge(attempt)
        self._recorder.decided(caller_of(request_flow.client_conn), attempt, verdict, Stage.CONNECT, "421")

    @journalled(Stage.REQUEST)
    async def requestheaders(self, request_flow: http.HTTPFlow) -> None:
        """Every request of a connection that was handed over."""
        if request_flow.response is not None and not request_flow.metadata.pop(UNJUDGED, False):
            return  # another addon answered; nothing goes out
        client, request = request_flow.client_conn, request_flow.request
        caller = _caller(request_flow)
        attempt = self._requested(request_flow)
        if self._later.serves_portal(request_flow, caller, attempt):
            return
        verdict = self._active_policy.judge(attempt)
        told_of = attempt
        if verdict.passes:
            self._lead_by_name(client, request, attempt)
            led = self._admitted.get((client.id, (request.host, request.port)))
            if led is None:
                told_of, verdict = await self._led_to(client, attempt, verdict)
            else:
                told_of = reached(attempt, led.told_of.dialled, led.told_of.redirected)
        _mark(request_flow, verdict)
        if await self._later.stop(request_flow, caller, attempt, verdict):
            return
        wants = self._wanted(request)
        if verdict.passes:
            self._recorder.decided(caller, told_of, verdict, Stage.REQUEST)
            self._admitted[(client.id, (request.host, request.port))] = _Led(attempt, told_of)
            request_flow.response = None
            asked = self._unanswered[request_flow.id] = Asked(request_flow, told_of, verdict, caller)
            self._inside.asked(asked)
            return
        told = told_to(caller, self._recorder, told_of, verdict, self._active_policy.site.id)
        self._recorder.decided(caller, told_of, verdict, Stage.REQUEST, str(wants), event=told.event)
        if wants in (HttpRefusal.RESET, HttpRefusal.DROP):
            request_flow.kill()
            return
        page = block_page.page(told) if wants is HttpRefusal.PAGE else b""
        headers = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", **refusal.headers(verdict)}
        headers |= block_page.FIELDS if page else {}
        request_flow.response = http.Response.make(403, page, headers)

    def _lead_by_name(self, client: connection.Client, request: http.Request, attempt: Attempt) -> None:
        """In clear, where names that are only claimed are resolved, each leads to a connection of its own.

        Inside TLS the server has proved the name that its connection was led by.
        """
        if request.scheme != "http" or isinstance(client.proxy_mode, mode_specs.UpstreamMode):
            return
        host = to_dial(attempt, self._destinations, self._active_policy)
        if attempt.address is not None and isinstance(host, str):
            request.data.host = host

    async def _led_to(self, client: connection.Client, attempt: Attempt, verdict: Verdict) -> tuple[Attempt, Verdict]:
        """Judged again with the addresses of its name: who is refused for those gets the refusal, not a failed dial."""
        host = to_dial(attempt, self._destinations, self._active_policy)
        if host is None or isinstance(client.proxy_mode, mode_specs.UpstreamMode):
            return attempt, verdict
        with suppress(OSError):  # it does not resolve, or a behaviour keeps it from that: the dial will say so
            look = self._at_resolution.look(caller_of(client), attempt, verdict) if verdict.effects else None
            checked = await check(self._active_policy, self._destinations, attempt, host, look)
            match checked:
                case Denied():
                    return checked.attempt, checked.verdict
                case Broken():
                    pass
                case Destination(addresses=addresses, redirected=redirected):
                    return reached(attempt, addresses[0], redirected), verdict
        return attempt, verdict

    def _wanted(self, request: http.Request) -> HttpRefusal:
        """How the site refuses a request. With `tls: page`, TLS is opened only to show the page, whatever `http` is."""
        wants = self._active_policy.site.refuse
        return HttpRefusal.PAGE if request.scheme == "https" and wants.tls is TlsRefusal.PAGE else wants.http

    @journalled(Stage.REQUEST)
    def responseheaders(self, request_flow: http.HTTPFlow) -> None:
        """The head of an answer is there."""
        if (asked := self._unanswered.get(request_flow.id)) is not None:
            self._inside.answered(asked)

    def response(self, request_flow: http.HTTPFlow) -> None:
        """It was answered."""
        self._unanswered.pop(request_flow.id, None)
        self._inside.done(request_flow)

    def error(self, request_flow: http.HTTPFlow) -> None:
        """A request that was let through and got no answer, although its server was connected."""
        let_through = self._unanswered.pop(request_flow.id, None)
        self._inside.done(request_flow)
        connected = request_flow.server_conn.timestamp_tcp_setup is not None
        cause = request_flow.error.msg if request_flow.error else "no answer"
        if let_through is not None and connected and not cause.startswith(("Client", NO_SENSE)):  # which was told
            self._recorder.failed(let_through.caller, let_through.attempt, let_through.verdict, cause)

    def _requested(self, request_flow: http.HTTPFlow) -> Attempt:
        """The request's destination, with every name that was given for it: host, SNI, Host header."""
        client, request = request_flow.client_conn, request_flow.request
        transport = Transport(client.transport_protocol)
        encrypted = request.scheme == "https"
        base = asked_for(request.host, request.port, transport, self._destinations)
        seen = Seen.HTTP if not encrypted else Seen.QUIC if transport is Transport.UDP else Seen.TLS
        attempt = replace(base, seen=seen)
        if encrypted and client.sni:
            attempt = with_name(attempt, NameSource.SNI, client.sni)
        for host in names_of(request_flow):
            attempt = with_name(attempt, NameSource.HOST, host)
        return attempt


def _caller(request_flow: http.HTTPFlow) -> Caller:
    request = request_flow.request
    caller = caller_of(request_flow.client_conn)
    caller.url, caller.method = request.pretty_url, request.method
    caller.user_agent = request.headers.get("user-agent")
    return caller


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
