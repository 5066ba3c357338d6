"""The same attempts put to judge and to a real Envoy: where they differ, and how many of each kind.

Knows how a site is exported and how both are asked. What Envoy lets through and judge denies must not be there.
"""

import json
import sys
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Final

from tests.fleet.proof.attempts import Spoken, Try, Way, verdict_on
from tests.fleet.proof.clients import ALLOWED, UNSENT
from tests.fleet.proof.envoys import running
from tests.fleet.proof.ground import GATEWAY, PROXY_PORT, REDIRECTED_PORT, UID, Ground
from tierwall.cli.export.envoy import written
from tierwall.fleet.envoy import Place, Settings
from tierwall.fleet.ingest import Ingest, Ingested
from tierwall.policy.hostname import is_private
from tierwall.policy.model import Catalogue
from tierwall.policy.site import Site

_UNSERVED: Final = frozenset({"loop", "metadata"})
"""First labels of names that lead to the machine itself, or to its link."""


@dataclass
class Outcome:
    """What came of all attempts under one site."""

    site: str
    attempts: int = 0
    same: int = 0
    too_permissive: list[str] = field(default_factory=list)
    stricter: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    allowed: int = 0
    """By both."""
    reasons: Counter[str] = field(default_factory=Counter)
    arrivals: int = 0
    log: Ingested = field(default_factory=Ingested)
    """What `fleet ingest` makes of its access log."""


def compared(made: Ground, site: Site, catalogue: Catalogue, tries: Sequence[Try]) -> Outcome:
    """Start an Envoy under the site and make the attempts."""
    site = replace(site, clients=(ip_network("10.99.0.0/24"),))
    folder = made.folder / site.id
    settings = Settings(
        explicit=Place(host=GATEWAY, port=PROXY_PORT), transparent=Place(host="0.0.0.0", port=REDIRECTED_PORT), uid=UID
    )
    written(site, catalogue, settings, folder)
    before = len(made.arrivals)
    with running(made, folder):
        said = made.clients.run(
            sys.executable, "-m", "tests.fleet.proof.clients", stdin="".join(_lines(tries)), limit_s=600
        )
    assert said.returncode == 0, said.stderr[-3000:]
    outcome = _outcome(site, catalogue, tries, [json.loads(line) for line in said.stdout.splitlines()])
    outcome.arrivals = len(made.arrivals) - before
    outcome.log = _ingested(site, catalogue, folder / "access.log")
    return outcome


def _ingested(site: Site, catalogue: Catalogue, log: Path) -> Ingested:
    ingesting = Ingest(site, catalogue)
    for line in log.read_bytes().splitlines():
        deque(ingesting.events(line), maxlen=0)
    return ingesting.counts


def _lines(tries: Sequence[Try]) -> Iterator[str]:
    for each in tries:
        yield json.dumps([each.way, each.host, each.port, each.spoken, each.name]) + "\n"


def _outcome(site: Site, catalogue: Catalogue, tries: Sequence[Try], said: Sequence[str]) -> Outcome:
    outcome = Outcome(site.id)
    for attempt, what in zip(tries, said, strict=True):
        if what == UNSENT:
            continue
        outcome.attempts += 1
        passed, _, arrived = what.partition(" ")
        allowed = passed == ALLOWED
        verdict = verdict_on(attempt, site, catalogue, ip_address(arrived) if allowed else None)
        outcome.reasons[str(verdict.reason)] += 1
        if verdict.passes is allowed:
            outcome.same += 1
            outcome.allowed += verdict.passes
        elif verdict.passes:
            kind = _kind(attempt, what)
            outcome.stricter[kind] += 1
            outcome.examples.setdefault(kind, str(attempt))
        else:
            outcome.too_permissive.append(f"{verdict.reason}: {attempt}")
    return outcome


def _kind(attempt: Try, what: str) -> str:
    texts = [attempt.host, *([] if attempt.name is None else [attempt.name])]
    if any(":" in text for text in texts):
        return "an IPv6 literal, on a ground without IPv6"
    if any(
        not text.isascii() or not set(text.lower()) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_.") for text in texts
    ):
        return "a name in another spelling than plain ASCII"
    if attempt.way is Way.DIRECT and is_private(ip_address(attempt.host)):
        return "redirected from a private address, though its name leads elsewhere"
    if attempt.way is Way.DIRECT and attempt.spoken is Spoken.HTTP and attempt.name and attempt.name[-1].isdigit():
        return "a redirected request to a literal"
    if any(text.startswith(("127.", "169.254.", "0.")) or text.split(".")[0].lower() in _UNSERVED for text in texts):
        return "an address that this ground does not serve"
    if any(text.split(".")[0].startswith("-") for text in texts):
        return "a name that begins with a hyphen, which the C library does not resolve"
    if any(text.split(".")[0].lower() == "nowhere" for text in texts):
        return "a name that leads nowhere"
    return f"{attempt.way} {attempt.spoken}, {what}"
