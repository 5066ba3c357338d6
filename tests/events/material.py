"""What the tests of events share: one attempt, denied and allowed, and what the shell knows of it."""

import json
from datetime import UTC, datetime
from typing import Any

from jsonschema import Draft202012Validator

from tierwall import events
from tierwall.events import Context, Event, Stage, parse, to_line
from tierwall.policy.attempt import Action, Attempt, GivenName, Impact, NameSource, Reason, Seen, Verdict
from tierwall.policy.model import Evidence, Tier, Transport

NOW = datetime(2026, 11, 21, 2, 3, 4, 567890, tzinfo=UTC)
VALIDATOR = Draft202012Validator(json.loads(events.schema_text()))

AMPLITUDE = Impact(
    vendor="8x8",
    service="analytics",
    tier=Tier.ANALYTICS,
    rule="api.amplitude.com",
    evidence=Evidence.STATED,
    source="8x8, Analytics",
    symptom="Users notice nothing.",
)
ATTEMPT = Attempt(
    transport=Transport.TCP,
    port=443,
    names=(GivenName(NameSource.CONNECT, "api.amplitude.com"), GivenName(NameSource.SNI, "api.amplitude.com")),
    seen=Seen.TLS,
)
DENIED = Verdict(
    action=Action.DENY,
    reason=Reason.TIER_CLOSED,
    tier=Tier.ANALYTICS,
    breaks=(AMPLITUDE,),
    name="api.amplitude.com",
    name_source=NameSource.CONNECT,
)
ALLOWED = Verdict(
    action=Action.ALLOW,
    tier=Tier.ANALYTICS,
    admitted_by="8x8/api.amplitude.com",
    breaks=(AMPLITUDE,),
    name="api.amplitude.com",
    name_source=NameSource.CONNECT,
)


def context(**more: Any) -> Context:
    return Context(when=NOW, id="7", stage=Stage.CONNECT, site="lab", client_ip="10.77.1.2", client_port=55312, **more)


def as_json(event: Event) -> Any:
    line = to_line(event)
    document = json.loads(line)
    VALIDATOR.validate(document)
    assert parse(line) == event
    return document
