"""Events as the tests expect them, whole: everything but what e2e's `whole` leaves out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tests.netns.lab import CLIENT, TURN, Lab, Seen
from tests.support.journal_lines import whole
from tests.support.running import Proxy

AMPLITUDE: Final = {
    "rule": {"name": "api.amplitude.com", "ruleset": "8x8", "category": "analytics"},
    "tier": "analytics",
    "breaks": [
        {
            "vendor": "8x8",
            "service": "analytics",
            "tier": "analytics",
            "rule": "api.amplitude.com",
            "symptom": "Nothing perceptible to end users; 8x8's analysis of user activity is hampered, and with it "
            "diagnosing problems and improving the product.",
        }
    ],
}
"""What a denial of it says, as the arguments of `denied`."""

MEETINGS_NEAR: Final = {
    "vendor": "8x8",
    "service": "meetings",
    "tier": "core",
    "rule": "8x8.vc",
    "symptom": "Users cannot use the meetings products at all.",
}

TURN_RELAY: Final = {
    "vendor": "8x8",
    "service": "turn-relay",
    "tier": "core",
    "rule": "turn-sydney",
    "symptom": "Core service is missing in that region: clients that cannot reach a video bridge directly relay audio "
    "and video over its TURN servers, with TCP 443, UDP 443 and UDP 49152-65535.",
}


def denied(  # an event has as many parts
    reason: str,
    *,
    stage: str,
    refusal: str,
    destination: dict[str, Any],
    network: dict[str, str],
    name_source: str = "address",
    site: str = "gateway",
    client: str = CLIENT,
    tier: str = "none",
    breaks: list[Any] | None = None,
    near: list[Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A denial; `more` are its other parts: tls, url, http, user_agent, rule."""
    return {
        "ecs": {"version": "8.17.0"},
        "event": {"kind": "event", "category": ["network"], "type": ["denied"], "action": "denied", "reason": reason},
        "source": {"ip": client},
        "destination": destination,
        "network": network,
        **more,
        "observer": {"product": "tierwall"},
        "tierwall": {
            "tier": tier,
            "site": site,
            "stage": stage,
            "name_source": name_source,
            "refusal": refusal,
            "breaks": breaks or [],
            "near": near or [],
        },
    }


def sni(name: str) -> dict[str, Any]:
    """The part `tls` of an event."""
    return {"client": {"server_name": name}}


@dataclass(frozen=True, slots=True)
class Happened[T]:
    """What one act of a client led to."""

    outcome: T
    event: dict[str, Any]
    """The first event that it caused, whole."""
    arrived: Seen
    """What it made arrive at the server machine."""


def watch[T](lab: Lab, proxy: Proxy, act: Callable[[], T]) -> Happened[T]:
    """Let a client act, and wait for the event that this causes. No other client may be busy meanwhile."""
    known = {event.event.id for event in proxy.events()}
    before = lab.seen()
    outcome = act()
    caused = proxy.wait_for(lambda event: event.event.id not in known and event.event.action != "closed")
    after = lab.seen()
    event = whole(next(said for said in proxy.said() if said["event"]["id"] == caused.event.id))
    return Happened(outcome, event, Seen(after.tcp - before.tcp, after.udp - before.udp))


def turn_closed(port: int) -> dict[str, Any]:
    """The denial of media to 8x8's TURN relays, at a site that is closed to 8x8."""
    return denied(
        "tier-closed",
        stage="udp",
        refusal="drop",
        destination={"ip": TURN, "port": port},
        network={"transport": "udp"},
        tier="core",
        breaks=[TURN_RELAY],
        rule={"name": "turn-sydney", "ruleset": "8x8", "category": "core"},
    )
