"""Envoy's log, judged again: a line becomes an event with tier, service and symptom, a verdict that differs drift.

Knows lines and events; whose files they are is the command line's. One verdict a destination, however many its lines.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from typing import Final

from cachetools import LRUCache
from msgspec import structs

from tierwall.events import Context, Event, Stage, closed, drift, failed, from_verdict
from tierwall.fleet.envoy.access_log import Seam
from tierwall.fleet.log_line import Did, Line, Made, NoLine, attempt_of, made_of, read
from tierwall.policy.attempt import Attempt, Reason, Verdict
from tierwall.policy.hostname import InvalidHost, normalise
from tierwall.policy.judge import judge
from tierwall.policy.model import Catalogue
from tierwall.policy.site import Site

_KEPT: Final = 65536
_STAGES: Final = {
    Seam.REQUEST: Stage.CONNECT,
    Seam.TUNNEL: Stage.TUNNEL,
    Seam.INSIDE: Stage.REQUEST,
    Seam.DIRECT: Stage.CLIENTHELLO,
    Seam.DIRECT_REQUEST: Stage.REQUEST,
}


@dataclass(slots=True)
class Ingested:
    """What has been counted so far."""

    lines: int = 0
    unread: Counter[str] = field(default_factory=Counter)
    did: Counter[Did] = field(default_factory=Counter)
    too_permissive: int = 0
    """Envoy let through what judge denies."""
    tried: int = 0
    """Envoy would have, and did not reach it: the kernel's guard, or nobody there."""
    stricter: int = 0
    """The other way round."""

    @property
    def drift(self) -> int:
        """All that differed."""
        return self.too_permissive + self.tried + self.stricter


class Ingest:
    """Lines under one site."""

    def __init__(self, site: Site, catalogue: Catalogue) -> None:
        self._site, self._catalogue = site, catalogue
        self._verdicts: LRUCache[Attempt, Verdict] = LRUCache(_KEPT)
        self.counts = Ingested()

    def under(self, site: Site, catalogue: Catalogue) -> None:
        """From now on judge by these, where they are others. What was counted stays."""
        if site is not self._site or catalogue is not self._catalogue:
            self._site, self._catalogue = site, catalogue
            self._verdicts.clear()

    def events(self, raw: bytes) -> Iterator[Event]:
        """Those of one line: what happened, and where judge differs, drift before it."""
        self.counts.lines += 1
        try:
            line = read(raw)
            when = datetime.fromisoformat(line.time)
        except (NoLine, ValueError) as wrong:
            self.counts.unread[str(wrong)[:200]] += 1
            return
        made = made_of(line)
        self.counts.did[made.did] += 1
        attempt = self._with_client(attempt_of(line, made.led), line, made)
        verdict = self._verdicts.get(attempt)
        if verdict is None:
            verdict = self._verdicts[attempt] = judge(self._site, self._catalogue, attempt)
        context = self._context(raw, line, made, when)
        if (differs := self._difference(made, verdict)) is not None:
            yield drift(verdict, attempt, structs.replace(context, id=f"{context.id}-drift"), differs)
        yield from _event(line, made, verdict, attempt, context)

    def _difference(self, made: Made, verdict: Verdict) -> str | None:
        if made.did is Did.NOTHING:
            return None
        if made.did is Did.DENIED:
            if not verdict.passes:
                return None
            self.counts.stricter += 1
            return f"Envoy denied it ({made.reason}), and judge lets it through"
        if verdict.passes:
            return None
        if made.did is Did.FAILED:
            self.counts.tried += 1
            return "Envoy tried to reach it, and judge denies it"
        self.counts.too_permissive += 1
        return "Envoy let it through, and judge denies it"

    def _with_client(self, attempt: Attempt, line: Line, made: Made) -> Attempt:
        """Who may use Envoy is asked where the site names its clients, or where Envoy says that it was that."""
        if self._site.clients is None and made.reason != Reason.CLIENT_REFUSED:
            return attempt
        ip, _ = _client(line)
        if ip is None:
            return attempt
        try:
            address = normalise(ip)
        except InvalidHost:
            return attempt
        return attempt if isinstance(address, str) else replace(attempt, client=address)

    def _context(self, raw: bytes, line: Line, made: Made, when: datetime) -> Context:
        ip, port = _client(line)
        refusal = None
        if made.did is Did.DENIED:
            refusal = str(line.code) if line.code else "close"
        return Context(
            when=when,
            id=blake2b(raw, digest_size=12).hexdigest(),  # the same line again is the same event
            stage=_STAGES[line.tierwall],
            site=self._site.id,
            client_ip=ip,
            client_port=port,
            refusal=refusal,
            method=line.method,
            user_agent=line.agent,
        )


def _event(line: Line, made: Made, verdict: Verdict, attempt: Attempt, context: Context) -> Iterator[Event]:
    if made.did is Did.DENIED:
        if not verdict.passes:
            yield from_verdict(verdict, attempt, context)
    elif made.did is Did.FAILED:
        yield failed(verdict, attempt, context, line.failure or line.detail or f"Envoy says {line.flags}")
    elif made.did is Did.PASSED:
        yield closed(
            verdict, attempt, context, by=None, sent=line.sent, received=line.received, duration=line.ms * 1_000_000
        )


def _client(line: Line) -> tuple[str | None, int | None]:
    if line.client is None:
        return None, None
    ip, _, port = line.client.rpartition(":")
    return (ip.strip("[]") or None), (int(port) if port.isascii() and port.isdigit() and int(port) < 65536 else None)
