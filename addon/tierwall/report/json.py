"""The summary for programs."""

import json
from dataclasses import asdict

from tierwall.report.summary import Summary


def render_json(summary: Summary) -> str:
    """One object, ASCII, with every destination that was kept."""
    return json.dumps(asdict(summary), indent=2) + "\n"
