"""What the demo tries, under which sites, and what the policies say of each try.

Knows destinations and the pure judge. No expectation is written down here: each follows from policies and site.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from tierwall.policy.attempt import Attempt, NameSource, Verdict
from tierwall.policy.judge import judge
from tierwall.policy.model import Catalogue
from tierwall.policy.site import Site
from tierwall.policy.target import attempt_for


class Client(StrEnum):
    """Who makes the try."""

    PAGE = "page"
    """A browser that fetches a page by https."""
    SOCKET = "socket"
    """A web app with its WebSocket."""
    NATIVE = "native"
    """A native app: its own protocol inside TLS."""
    REDIRECT = "redirect"
    """A browser that was given http://."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One client that reaches for one destination. Within a scene no two steps have the same destination."""

    title: str
    target: str
    """As `tierwall explain` takes it."""
    client: Client
    sni: str | None = None
    """The name in the ClientHello, where it is another than the target's."""

    @property
    def attempt(self) -> Attempt:
        """What the proxy gets to see of it."""
        return attempt_for(self.target, sni=self.sni)

    @property
    def host(self) -> str:
        """The target's host."""
        return str(self.attempt.names[0].value)

    @property
    def port(self) -> int:
        """The target's port."""
        return self.attempt.port


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A site, and what is tried under it."""

    site: str
    """As `tierwall run --site` takes it."""
    heading: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What must come of a step, as the policies have it."""

    step: Step
    verdict: Verdict
    refusal: str | None
    """How the site refuses it; None where it is admitted."""
    dialled: bool
    """Whether the proxy may connect to the target's host (and send it nothing, where the denial comes after that)."""


def expected_of(site: Site, catalogue: Catalogue, step: Step) -> Expected:
    """Ask the judge."""
    attempt = step.attempt
    verdict = judge(site, catalogue, attempt)
    by_connect = judge(site, catalogue, replace(attempt, names=attempt.names[:1]))
    return Expected(
        step=step,
        verdict=verdict,
        refusal=None if verdict.passes else _refusal(site, step, verdict),
        dialled=by_connect.passes,
    )


def _refusal(site: Site, step: Step, verdict: Verdict) -> str:
    if verdict.name_source is NameSource.SNI:
        return str(site.refuse.tls)
    return str(site.refuse.http if step.client is Client.REDIRECT else site.refuse.connect)


SITE_FILE: Final = "demo.yaml"
SITE_TEXT: Final = """\
version: 1
site: demo
title: All of Vevox is open, and of 8x8 what its document calls core
admit:
  - {vendor: vevox}
  - {vendor: 8x8, tiers: [core]}
"""

SCENES: Final = (
    Scene(
        site=SITE_FILE,
        heading="Site demo: all of Vevox is open, and of 8x8 what its document calls core",
        steps=(
            Step(title="Vevox web dashboard", target="wss://acme.vevox.com", client=Client.SOCKET),
            Step(title="Vevox native attendee app", target="tls://acme.meetoo.com:443", client=Client.NATIVE),
            Step(title="Vevox attendee page", target="https://vevox.app", client=Client.PAGE),
            Step(title="Vevox, typed as http://", target="http://acme.vevox.app", client=Client.REDIRECT),
            Step(title="8x8 meeting page", target="https://8x8.vc", client=Client.PAGE),
            Step(title="8x8 TURN relay by address", target="168.138.110.244:443", client=Client.NATIVE),
            Step(title="8x8 profile pictures", target="https://www.gravatar.com", client=Client.PAGE),
            Step(title="8x8 usage analytics", target="https://api.amplitude.com", client=Client.PAGE),
            Step(title="A look-alike of 8x8.com", target="https://evil8x8.com", client=Client.PAGE),
            Step(
                title="Another name in the SNI", target="https://meet.8x8.vc", sni="www.dropbox.com", client=Client.PAGE
            ),
            Step(title="An address without a name", target="203.0.113.7:443", client=Client.PAGE),
        ),
    ),
    Scene(
        site="stated-only",
        heading="Site stated-only: nothing beyond the wording of the vendors' documents",
        steps=(Step(title="Vevox attendee page", target="https://vevox.app", client=Client.PAGE),),
    ),
)
