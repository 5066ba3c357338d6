"""`tierwall behaviour`: what a running proxy's middleboxes do, switched through its control socket.

Knows sockets and what they answer. Which names and parameters there are is the proxy's to say.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from tierwall.cli.faults import BadInput
from tierwall.cli.folders import control_folder
from tierwall.cli.output import report, write
from tierwall.control.running import Refused, ask, one
from tierwall.events.hostile_text import visible
from tierwall.loader.faults import unknown
from tierwall.policy.behaviour import BY_NAME
from tierwall.report.indented import Indented


@dataclass(frozen=True, slots=True)
class Where:
    """Which proxy is meant, and which of its sites."""

    proxy: int | None = None
    site: str | None = None


def listed(where: Where) -> dict[str, Any]:
    """What stands. Raises BadInput."""
    return _asked(where, {"do": "list"})


def switched(where: Where, name: str, assignments: Sequence[str] | None) -> dict[str, Any]:
    """Switch one, on with these parameters, or off. Raises BadInput."""
    if name not in BY_NAME:
        raise BadInput([f"{unknown('behaviour', name, tuple(BY_NAME))}; `tierwall behaviour list --all` has them all"])
    given = None if assignments is None else list(assignments)
    return _asked(where, {"do": "switch", "name": name, "assignments": given})


def taken_back(where: Where) -> dict[str, Any]:
    """As the site's file says again. Raises BadInput."""
    return _asked(where, {"do": "take-back"})


def known() -> list[dict[str, str]]:
    """Every kind there is, in the order in which they act."""
    return [{"behaviour": name, "does": (kind.__doc__ or "").partition("\n")[0]} for name, kind in BY_NAME.items()]


def print_known_text(kinds: Sequence[dict[str, str]]) -> int:
    """For people."""
    console = report()
    for each in kinds:
        console.print(Indented(Text.assemble((each["behaviour"], "bold"), f": {each['does']}"), 2))
    console.print(Text("parameters and scopes: `tierwall help behaviours`", "dim"))
    return 0


def print_known_json(kinds: Sequence[dict[str, str]]) -> int:
    """For programs."""
    write(json.dumps({"behaviours": kinds}, indent=2))
    return 0


def print_text(state: dict[str, Any]) -> int:
    """For people."""
    console = report()
    others = ", ".join(visible(other["site"]) for other in state["others"])
    also = f"  (served besides: {others}; --site says which)" if others else ""
    console.print(Text.assemble("site ", (visible(state["site"]), "bold"), also))
    for each in state["behaviours"]:
        by_hand = "  (switched on)" if each["behaviour"] in state["switched"] else ""
        said = Text.assemble((each["behaviour"], "bold"), (by_hand, "yellow"), f": {visible(each['does'])}")
        console.print(Indented(said, 2))
    for name, how in state["switched"].items():
        if how == "off":
            console.print(Indented(Text.assemble((name, "bold"), ("  (switched off)", "yellow")), 2))
    if not state["behaviours"]:
        console.print("  no behaviour is on")
    return 0


def print_json(state: dict[str, Any]) -> int:
    """For programs."""
    write(json.dumps({key: state[key] for key in ("site", "behaviours", "switched")}, indent=2))
    return 0


def _asked(where: Where, request: dict[str, Any]) -> dict[str, Any]:
    asked = request | ({} if where.site is None else {"site": where.site})
    try:
        return ask(one(control_folder(), where.proxy), asked)
    except Refused as fault:
        raise BadInput([fault]) from None
