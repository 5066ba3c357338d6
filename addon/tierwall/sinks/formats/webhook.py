"""What a webhook is told: denials that break something core, with a sentence that chat services show.

Knows which events those are, and the body.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from tierwall.events import Action
from tierwall.policy.model import Tier
from tierwall.sinks.entry import Entry
from tierwall.sinks.formats.sentence import sentence

CONTENT_TYPE: Final = "application/json"
_SAID: Final = 5


def wanted(entry: Entry) -> bool:
    """Whether it is one to be called for. What is no event is the request's to refuse."""
    try:
        event = entry.event
    except ValueError:
        return True
    return event.action is Action.DENIED and event.tierwall.tier is Tier.CORE


def request(entries: Sequence[Entry]) -> bytes:
    """`text` for people (Slack, Mattermost, Google Chat read that field), `events` for programs."""
    said = [sentence(entry.event) for entry in entries[:_SAID]]
    if len(entries) > _SAID:
        said.append(f"and {len(entries) - _SAID} more")
    return msgspec.json.encode({"text": "\n".join(said), "events": [msgspec.Raw(entry.line) for entry in entries]})
