"""The whole event of a connection to a Vevox host that a behaviour broke."""

from typing import Any

from tests.support.journal_lines import about
from tests.support.running import Proxy
from tierwall.events import Event


def broken(proxy: Proxy, domain: str, behaviour: str | None = None) -> dict[str, Any]:
    """What was journalled of it, its detail included and what differs from run to run left out."""

    def holds(event: Event) -> bool:
        return about(domain, "broken")(event) and behaviour in (None, event.tierwall.behaviour)

    whole = proxy.whole_of(holds)
    whole["tierwall"]["detail"] = proxy.wait_for(holds).tierwall.detail
    for hit in whole["tierwall"]["breaks"]:
        del hit["symptom"]
    return whole


def event(domain: str, rule: str, *, reason: str, tier: str, services: dict[str, str], **said: Any) -> dict[str, Any]:
    """The event that is expected. `services`: what it breaks, with its tier; `said`: fields of `tierwall`."""
    vendor, _, name = rule.partition("/")
    top = {key: said.pop(key) for key in ("url", "http", "user_agent") if key in said}
    breaks = [{"vendor": vendor, "service": service, "tier": of, "rule": name} for service, of in services.items()]
    return {
        "ecs": {"version": "8.17.0"},
        "event": {
            "kind": "event",
            "category": ["network"],
            "type": ["connection", "end"],
            "action": "broken",
            "reason": reason,
        },
        "source": {"ip": "127.0.0.1"},
        "destination": {"domain": domain, "port": 443},
        "network": {"transport": "tcp", "protocol": "tls"},
        "tls": {"client": {"server_name": domain}},
        **({"rule": {"name": name, "ruleset": vendor, "category": "core"}} if services else {}),
        "observer": {"product": "tierwall"},
        "tierwall": {
            "tier": tier,
            "site": "lab",
            "name_source": "connect",
            "admitted_by": rule,
            "breaks": breaks,
            "near": [],
            **said,
        },
        **top,
    }
