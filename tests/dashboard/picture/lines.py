"""Lines of a journal for the picture's tests, under the bundled vendors' policies."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from tierwall import events
from tierwall.dashboard.picture.picture import Picture
from tierwall.dashboard.serving import serving
from tierwall.events import ClosedBy, Context, Stage, to_line
from tierwall.loader import load_catalogue, load_site
from tierwall.policy.attempt import Impact, Reason, Verdict
from tierwall.policy.judge import judge
from tierwall.policy.model import Catalogue
from tierwall.policy.target import attempt_for

NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


@cache
def catalogue() -> Catalogue:
    return load_catalogue([])


@cache
def _verdict(target: str, site: str) -> Verdict:
    return judge(load_site(site, catalogue()), catalogue(), attempt_for(target))


@dataclass(frozen=True)
class Try:
    """A client's try under a bundled site."""

    target: str
    site: str = "8x8-core-only"
    second: int = 0
    client: str = "10.77.1.2"
    called: str | None = None
    """What the site is called in the event."""

    @property
    def verdict(self) -> Verdict:
        return _verdict(self.target, self.site)

    @property
    def context(self) -> Context:
        when = NOON + timedelta(seconds=self.second)
        site = self.called or self.site
        return Context(when=when, id="1-1", stage=Stage.CONNECT, site=site, client_ip=self.client, client_port=4000)

    def line(self) -> bytes:
        """As the site decides."""
        return to_line(events.from_verdict(self.verdict, attempt_for(self.target), self.context))

    def broken(self, behaviour: str, *breaks: Impact) -> bytes:
        """Let through, and broken."""
        hit = replace(self.verdict, breaks=breaks or self.verdict.breaks)
        attempt = attempt_for(self.target)
        return to_line(events.broken(hit, attempt, self.context, reason=Reason.BEHAVIOUR, behaviour=behaviour))

    def failed(self) -> bytes:
        """Let through, and nobody answered."""
        return to_line(events.failed(self.verdict, attempt_for(self.target), self.context, "connection refused"))

    def closed(self, sent: int, received: int) -> bytes:
        """The end of its tunnel."""
        by, ended = ClosedBy.CLIENT, timedelta(seconds=2)
        attempt = attempt_for(self.target)
        return to_line(
            events.closed(self.verdict, attempt, self.context, by=by, sent=sent, received=received, duration=ended)
        )


def picture(*lines: bytes) -> Picture:
    made = Picture(catalogue(), serving(catalogue()))
    for line in lines:
        made.write(line)
    return made
