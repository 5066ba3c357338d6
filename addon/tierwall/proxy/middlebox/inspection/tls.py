"""Behaviours that look inside TLS: what acts on a connection that mitmproxy opened, before its first request.

Knows mitmproxy's connections and hooks. Refuses to decide: verdicts do.
"""

from dataclasses import dataclass, replace
from typing import Final

from mitmproxy import connection, tls
from mitmproxy.proxy import layer
from mitmproxy.proxy.context import Context

from tierwall.events import Stage
from tierwall.opening import ClientHello, Malformed, Opaque
from tierwall.policy.attempt import Attempt, Effect, NameSource, Seen, Verdict
from tierwall.policy.behaviour import DpiHttpsOnly, Inspecting, NoHttp2, TlsMaxVersion, TlsVersion
from tierwall.policy.model import Transport
from tierwall.proxy.connection.attempts import asked_for, with_name, with_opening
from tierwall.proxy.connection.learned_names import judge_unnamed
from tierwall.proxy.middlebox.access.portal import NO_HTTP, portal_of
from tierwall.proxy.middlebox.inspection import handshake
from tierwall.proxy.middlebox.inspection.sniff import InsideTls, Rules
from tierwall.proxy.middlebox.once_per_connection import OncePerConnection
from tierwall.proxy.mitmproxy.clients import caller_of
from tierwall.proxy.mitmproxy.guard import journalled
from tierwall.proxy.mitmproxy.handover import reset_at_the_end
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.breakage import Breakage
from tierwall.proxy.state.destinations import Destinations
from tierwall.proxy.state.recorder import Recorder

_NO_COMMON_VERSION: Final = ("unsupported protocol", "protocol version", "cannot agree on a tls version")
"""What OpenSSL or mitmproxy says, on whichever side, where the two ends speak no version of TLS that both know."""


@dataclass(frozen=True, slots=True)
class _Case:
    """A connection, and what was decided of it."""

    client: connection.Client
    attempt: Attempt
    verdict: Verdict
    answered_here: bool = False
    """A captive portal's own host: nothing is dialled for it, and nothing but HTTP is spoken."""

    def effect[B: Inspecting](self, of: type[B]) -> tuple[Effect, B] | None:
        """The first behaviour of this kind that acts on it."""
        for effect in self.verdict.effects:
            if isinstance(effect.behaviour, of):
                return effect, effect.behaviour
        return None

    def breakage(self, effect: Effect, stage: Stage, detail: str, how: str | None = None) -> Breakage:
        """What this effect does to it."""
        return Breakage(self.attempt, self.verdict, effect, stage, detail, how)

    @property
    def newest(self) -> TlsVersion | None:
        """The newest version of TLS that is spoken."""
        limited = self.effect(TlsMaxVersion)
        return limited[1].version if limited else None


class TlsInspection:
    """The hooks of these behaviours."""

    def __init__(
        self, active_policy: ActivePolicy, destinations: Destinations, recorder: Recorder, notes: OncePerConnection
    ) -> None:
        self._active_policy, self._destinations = active_policy, destinations
        self._recorder, self._notes = recorder, notes

    @journalled(Stage.CLIENTHELLO)
    def tls_clienthello(self, data: tls.ClientHelloData) -> None:
        """The client says what it would speak: note what becomes of that."""
        case, hello = self._case(data.context), data.client_hello
        if (limited := case.effect(TlsMaxVersion)) and handshake.offers_newer(hello, limited[1].version):
            detail = f"the client would speak a newer TLS than {limited[1].version}, which is spoken on both sides"
            self._note(case, limited[0], detail)
        if (without := case.effect(NoHttp2)) and handshake.HTTP2 in hello.alpn_protocols:
            self._note(case, without[0], "h2 is taken out of ALPN on both sides: HTTP/1.1 is spoken")

    @journalled(Stage.CLIENTHELLO)
    def tls_start_client(self, data: tls.TlsData) -> None:
        """Before the handshake with the client."""
        case = self._case(data.context)
        handshake.start_with_client(data, newest=case.newest, http2=case.effect(NoHttp2) is None)

    @journalled(Stage.CLIENTHELLO)
    def tls_start_server(self, data: tls.TlsData) -> None:
        """Before the handshake with the server; not with a parent proxy on the way there."""
        if data.conn is not data.context.server:
            return
        case = self._case(data.context)
        handshake.start_with_server(data, newest=case.newest, http2=case.effect(NoHttp2) is None)

    def explains(self, context: Context, cause: str, whose: str) -> bool:
        """Whether a handshake failed for the limit on its version; then it was noted. `whose`: client's or server's."""
        case = self._case(context)
        limited = case.effect(TlsMaxVersion)
        if limited is None or not any(words in cause.lower() for words in _NO_COMMON_VERSION):
            return False
        effect, behaviour = limited
        self._notes.forget(case.client)  # that it was limited may have been noted; this is more
        detail = f"{whose} speaks no TLS as old as {behaviour.version}"
        self._notes.broken(case.client, case.breakage(effect, Stage.CLIENTHELLO, detail))
        return True

    def next_layer(self, next_layer: layer.NextLayer) -> None:
        """What follows TLS with the client."""
        next_layer.layer = InsideTls(next_layer.context, self)

    # -- what InsideTls asks and tells

    def rules(self, context: Context) -> Rules:
        """What holds for it."""
        case = self._case(context)
        admitted = case.verdict.passes and not case.answered_here
        return Rules(admitted=admitted, only_https=case.effect(DpiHttpsOnly) is not None)

    def admits(self, context: Context, opening: ClientHello | Opaque | Malformed) -> bool:
        """Whether what is not HTTP may go on. Where not, that is journalled, and the connection ends by RST."""
        case = self._case(context)
        attempt = with_opening(case.attempt, opening)
        if case.answered_here:
            attempt = replace(attempt, malformed=attempt.malformed or NO_HTTP)
        attempt, verdict = judge_unnamed(self._active_policy, attempt)
        if verdict.reason is not None and verdict.reason is not case.verdict.reason:
            how = None if verdict.passes else "reset"
            self._recorder.decided(caller_of(case.client), attempt, verdict, Stage.TUNNEL, how)
        if not verdict.passes:
            reset_at_the_end(context.client)
        return verdict.passes

    def relayed(self, context: Context) -> None:
        """It is not HTTP, and goes on."""
        case = self._case(context)
        if case.verdict.passes and not case.verdict.would_deny:  # others were noted before
            self._recorder.decided(caller_of(case.client), case.attempt, case.verdict, Stage.TUNNEL)

    def cut(self, context: Context, detail: str) -> None:
        """It is not HTTPS, and ends now."""
        case = self._case(context)
        if (dpi := case.effect(DpiHttpsOnly)) is not None:
            self._notes.broken(case.client, case.breakage(dpi[0], Stage.TUNNEL, detail, "reset"))
        reset_at_the_end(context.client)

    # -- private

    def _note(self, case: _Case, effect: Effect, detail: str) -> None:
        self._notes.changed(case.client, case.breakage(effect, Stage.CLIENTHELLO, detail))

    def _case(self, context: Context) -> _Case:
        """What is known of the connection before a request says more."""
        host, port = (context.server.address or ("", 0))[:2]
        attempt = asked_for(host, port, Transport(context.server.transport_protocol), self._destinations)
        attempt = with_name(replace(attempt, seen=Seen.TLS), NameSource.SNI, context.client.sni)
        answered_here = portal_of(self._active_policy.site, attempt) is not None
        return _Case(context.client, attempt, self._active_policy.judge(attempt), answered_here)
