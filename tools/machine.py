"""The picture of one connection in docs/design.md, from the machine's table: `python -m tools.machine` draws it.

Knows connection/states.py and Mermaid. That every state can end is said in words: arrows for it would hide the rest.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tierwall.proxy.connection.states import AFTER, BY_TASK, Happens, State

PAGE: Final = Path(__file__).parents[1] / "docs" / "design.md"

_BEGIN: Final = "<!-- one connection: written by tools/machine.py -->\n"
_END: Final = "<!-- end of one connection -->\n"


def page() -> str:
    """docs/design.md with the machine as the table has it today."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{_picture()}\n{_END}{after}"


def _picture() -> str:
    return "\n".join(("```mermaid", "stateDiagram-v2", *_lines(), "```", ""))


def _lines() -> Iterator[str]:
    yield f"    [*] --> {_name(State.OPENING)}"
    for state in State:
        mark = " (task)" if state in BY_TASK else ""
        yield f'    state "{state}{mark}" as {_name(state)}'
    for state, follows in AFTER.items():
        targets: dict[State, list[str]] = {}
        for what, then in follows.items():
            if what is not Happens.END and what is not Happens.REFUSE:
                targets.setdefault(then, []).append(what.name.lower().replace("_", " "))
        for then, names in targets.items():
            yield f"    {_name(state)} --> {_name(then)}: {', '.join(names)}"
    yield f"    {_name(State.THROUGH)} --> {_name(State.OVER)}: end"
    yield f"    {_name(State.HANDED_OVER)} --> {_name(State.OVER)}: end"


def _name(state: State) -> str:
    return state.name.lower()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
