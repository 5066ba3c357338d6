"""UDP flows: what each wants by its first datagrams, which were admitted, and when they end.

Knows what datagram_layer.py saw. Refuses to decide: verdicts are given.
"""

import time
from dataclasses import dataclass, replace
from typing import Final

from mitmproxy import connection
from mitmproxy.proxy.context import Context

from tierwall.events import ClosedBy, Stage
from tierwall.policy.attempt import Attempt, NameSource, Verdict
from tierwall.policy.model import Transport
from tierwall.policy.site import Site
from tierwall.proxy.connection.attempts import at_address, with_name
from tierwall.proxy.connection.learned_names import judge_unnamed
from tierwall.proxy.middlebox.datagrams import AtDatagrams, forgets_after
from tierwall.proxy.mitmproxy.clients import caller_of, literal
from tierwall.proxy.mitmproxy.datagram_layer import FirstFlight, Flow
from tierwall.proxy.state.active_policy import OUR_FAILURE, ActivePolicy
from tierwall.proxy.state.destinations import Destinations
from tierwall.proxy.state.recorder import Recorder

_TOLD: Final = 64
"""Denials within one flow that are journalled; a client can make up more names than anybody reads."""


@dataclass(slots=True)
class _Admitted:
    attempt: Attempt
    verdict: Verdict
    """Of the site that was in force when a datagram last passed: open flows feel another site's behaviours."""
    site: Site
    began_ns: int
    forgets_after: float | None = None


class Flows:
    """All flows of UDP that stand, by their client."""

    def __init__(self, active_policy: ActivePolicy, destinations: Destinations, recorder: Recorder) -> None:
        self._active_policy, self._destinations, self._recorder = active_policy, destinations, recorder
        self._first: dict[str, FirstFlight] = {}
        self._admitted: dict[str, _Admitted] = {}
        self._told: dict[str, set[FirstFlight]] = {}
        """By client: what a standing flow said and was denied."""
        self._behaviours = AtDatagrams(recorder)

    def flow_begins(self, context: Context, first: FirstFlight) -> None:
        """Keep what it wants until it is dialled."""
        self._first[context.client.id] = first

    def flow_unfinished(self, context: Context, first: FirstFlight) -> None:
        """Journal the denial of what never was dialled."""
        self._first[context.client.id] = first
        attempt = self.attempt(context.client, context.server)
        verdict = self._active_policy.judge(attempt) if attempt is not None else OUR_FAILURE
        self._recorder.decided(
            caller_of(context.client), attempt or Attempt(transport=Transport.UDP, port=0), verdict, Stage.UDP, "drop"
        )

    def flow_ends(self, context: Context, flow: Flow, by: ClosedBy) -> None:
        """Journal what passed."""
        admitted = self._admitted.pop(context.client.id, None)
        if admitted is not None:
            self._recorder.closed(
                caller_of(context.client),
                admitted.attempt,
                admitted.verdict,
                by=by,
                sent=flow.sent,
                received=flow.received,
                ns=time.monotonic_ns() - admitted.began_ns,
            )

    def flow_says(self, context: Context, more: FirstFlight) -> bool:
        """Judge it as a flow of its own to the same place: a denial, or what stops it, is journalled once."""
        client = context.client
        attempt = self._attempt(more, context.server)
        attempt, verdict = (attempt, OUR_FAILURE) if attempt is None else judge_unnamed(self._active_policy, attempt)
        told = self._told.setdefault(client.id, set())
        if attempt is None or not verdict.passes or verdict.would_deny:
            if more not in told and len(told) < _TOLD:
                told.add(more)
                at = attempt or Attempt(transport=Transport.UDP, port=0)
                how = None if verdict.passes else "drop"
                self._recorder.decided(caller_of(client), at, verdict, Stage.UDP, how)
            return verdict.passes
        return not (verdict.effects and self._behaviours.stops(client, attempt, verdict))

    def attempt(self, client: connection.Client, server: connection.Server) -> Attempt | None:
        """What a flow's dial is for; None where it is no flow of ours."""
        return self._attempt(self._first.get(client.id), server)

    def _attempt(self, first: FirstFlight | None, server: connection.Server) -> Attempt | None:
        address = literal(server.address[0]) if server.address is not None else None
        if first is None or address is None or server.address is None:
            return None
        at = at_address(address, server.address[1], Transport.UDP, self._destinations)
        attempt = replace(at, seen=first.seen)
        for name in first.names:
            attempt = with_name(attempt, NameSource.SNI, name)
        return replace(attempt, malformed=first.malformed or attempt.malformed)

    def forgets_after(self, context: Context) -> float | None:
        """Seconds of silence after which a behaviour of the site in force forgets the flow; None: never."""
        admitted = self._admitted.get(context.client.id)
        if admitted is None:
            return None
        if admitted.site is not self._active_policy.site:
            self._take_up(admitted)
        return admitted.forgets_after

    def flow_forgotten(self, context: Context, then: str) -> None:
        """Journal that it was."""
        admitted = self._admitted.get(context.client.id)
        if admitted is not None:
            self._behaviours.forgotten(context.client, admitted.attempt, admitted.verdict, then)

    def _take_up(self, admitted: _Admitted) -> None:
        """Another site is in force. What it denies stays, and behaves as it did."""
        verdict = self._active_policy.judge(admitted.attempt)
        admitted.site = self._active_policy.site
        if verdict.passes:
            admitted.verdict, admitted.forgets_after = verdict, forgets_after(verdict)

    def begins(self, client: connection.Client, attempt: Attempt, verdict: Verdict) -> bool:
        """It is dialled now, unless a behaviour stops it."""
        if verdict.effects and self._behaviours.stops(client, attempt, verdict):
            return False
        self._recorder.decided(caller_of(client), attempt, verdict, Stage.UDP)
        site, began_ns = self._active_policy.site, time.monotonic_ns()
        self._admitted[client.id] = _Admitted(attempt, verdict, site, began_ns, forgets_after(verdict))
        return True

    def forget(self, client: connection.Client) -> None:
        """The client is gone."""
        self._first.pop(client.id, None)
        self._admitted.pop(client.id, None)
        self._told.pop(client.id, None)
