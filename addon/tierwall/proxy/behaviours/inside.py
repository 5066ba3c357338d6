"""Behaviours that look inside TLS, or at requests: what acts on a connection that mitmproxy drives, and its events.

Knows mitmproxy's connections, and notes each behaviour once for each of them. Refuses to decide: verdicts do.
"""

from dataclasses import replace

from mitmproxy import connection
from mitmproxy.proxy import layer
from mitmproxy.proxy.context import Context

from tierwall.events import Stage
from tierwall.policy.attempt import Attempt, Effect, NameSource, Seen, Verdict
from tierwall.policy.behaviour import DpiHttpsOnly
from tierwall.policy.model import Transport
from tierwall.proxy.attempts import asked_for, with_name
from tierwall.proxy.behaviours.inside_tls import InsideTls
from tierwall.proxy.clients import caller_of
from tierwall.proxy.destinations import Destinations
from tierwall.proxy.handover import reset_at_the_end
from tierwall.proxy.recorder import Recorder
from tierwall.proxy.rulebook import Rulebook


class Inside:
    """The hooks of behaviours that mitmproxy's own layers carry out."""

    def __init__(self, rulebook: Rulebook, destinations: Destinations, recorder: Recorder) -> None:
        self._rulebook, self._destinations, self._recorder = rulebook, destinations, recorder

    def next_layer(self, next_layer: layer.NextLayer) -> None:
        """What follows TLS with the client."""
        next_layer.layer = InsideTls(next_layer.context, self)

    # -- what InsideTls asks and tells

    def only_https(self, context: Context) -> bool:
        """Whether anything but HTTPS is cut."""
        return self._dpi(context)[2] is not None

    def relayed(self, context: Context) -> None:
        """It is not HTTP, and goes on."""
        attempt, verdict, _ = self._dpi(context)
        if not verdict.would_deny:  # noted before the dial
            self._recorder.decided(caller_of(context.client), attempt, verdict, Stage.TUNNEL)

    def cut(self, context: Context, detail: str) -> None:
        """It is not HTTPS, and ends now."""
        attempt, verdict, effect = self._dpi(context)
        if effect is not None:
            self._recorder.broken(caller_of(context.client), attempt, verdict, effect, Stage.TUNNEL, detail, "reset")
        reset_at_the_end(context.client)

    def _dpi(self, context: Context) -> tuple[Attempt, Verdict, Effect | None]:
        attempt = self._attempt(context.client, context.server)
        verdict = self._rulebook.judge(attempt)
        dpi = (effect for effect in verdict.effects if isinstance(effect.behaviour, DpiHttpsOnly))
        return attempt, verdict, next(dpi, None)

    def _attempt(self, client: connection.Client, server: connection.Server) -> Attempt:
        """What is known of the connection before a request says more."""
        host, port = (server.address or ("", 0))[:2]
        attempt = asked_for(host, port, Transport(server.transport_protocol), self._destinations)
        return with_name(replace(attempt, seen=Seen.TLS), NameSource.SNI, client.sni)
