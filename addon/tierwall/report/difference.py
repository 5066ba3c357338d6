"""What changed of a vendor policy, for people and for programs.

Knows changes and words; what is different is policy/projections/difference.py's.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from rich.text import Text

from tierwall.events.hostile_text import visible
from tierwall.policy.projections.difference import Change, Kind
from tierwall.report.indented import Indented

_SIGNS: Final = {Kind.ADDED: ("+", "green"), Kind.REMOVED: ("-", "red"), Kind.CHANGED: ("~", "yellow")}
_SHOWN: Final = 12
"""Values of a list, to a person; programs get all."""


def lines(changes: Iterable[Change]) -> Iterator[Indented]:
    """A block for each change: what it is, then what came and what went of each key."""
    for change in changes:
        sign, style = _SIGNS[change.kind]
        yield Indented(Text.assemble((f"{change.what} {visible(change.id)}", "bold")), 4, Text(f"  {sign}", style))
        for value in change.values:
            said = [Text(f"+ {visible(each)}", "green") for each in value.added[:_SHOWN]]
            said += [Text(f"- {visible(each)}", "red") for each in value.removed[:_SHOWN]]
            more = max(len(value.added) - _SHOWN, 0) + max(len(value.removed) - _SHOWN, 0)
            said += [Text(f"and {more} more", "dim")] if more else []
            yield Indented(Text.assemble(f"{value.key}: ", Text(", ").join(said)), 6)


def as_objects(changes: Iterable[Change]) -> list[dict[str, object]]:
    """An object a change, with all of its values."""
    return [
        {
            "kind": change.kind.value,
            "what": change.what,
            "id": change.id,
            "values": [
                {"key": value.key, "added": list(value.added), "removed": list(value.removed)}
                for value in change.values
            ],
        }
        for change in changes
    ]
