"""`tierwall behaviour`: what a running proxy's middleboxes do, switched through its control socket.

Knows sockets and what they answer. Which names and parameters there are is the proxy's to say.
"""

import json
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.text import Text

from tierwall.cli.faults import BadInput
from tierwall.cli.folders import control_folder
from tierwall.cli.output import report, write
from tierwall.events.hostile_text import visible
from tierwall.loader.faults import unknown
from tierwall.policy.behaviour import BY_NAME
from tierwall.report.indented import Indented
from tierwall.report.wording import plural

_ANSWER_S: Final = 60.0
"""A site with a million entries takes its time to be put in force."""


@dataclass(frozen=True, slots=True)
class Running:
    """A proxy that runs: all processes of one `tierwall run`."""

    run: int
    """The id of its first process, which people know."""
    sockets: tuple[Path, ...]


def listed(proxy: int | None) -> dict[str, Any]:
    """What stands. Raises BadInput."""
    return _ask(_one(proxy), {"do": "list"})


def switched(proxy: int | None, name: str, assignments: Sequence[str] | None) -> dict[str, Any]:
    """Switch one, on with these parameters, or off. Raises BadInput."""
    if name not in BY_NAME:
        raise BadInput([f"{unknown('behaviour', name, tuple(BY_NAME))}; `tierwall behaviour list --all` has them all"])
    given = None if assignments is None else list(assignments)
    return _ask(_one(proxy), {"do": "switch", "name": name, "assignments": given})


def taken_back(proxy: int | None) -> dict[str, Any]:
    """As the site's file says again. Raises BadInput."""
    return _ask(_one(proxy), {"do": "take-back"})


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
    console.print(Text.assemble("site ", (visible(state["site"]), "bold")))
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


def _one(proxy: int | None) -> Running:
    """The proxy that is meant: the only one that runs, or the one of that process id."""
    found = list(_running())
    if proxy is not None:
        chosen = [each for each in found if each.run == proxy]
        if not chosen:
            raise BadInput([f"--proxy {proxy}: no proxy of yours runs with that process id ({_ids(found)})"])
        return chosen[0]
    if not found:
        raise BadInput(["no proxy of yours runs: start one with `tierwall run`, as the same user"])
    if len(found) > 1:
        raise BadInput([f"{plural(len(found), 'proxy', 'proxies')} run ({_ids(found)}): say which with --proxy"])
    return found[0]


def _ids(found: Sequence[Running]) -> str:
    return "process ids: " + ", ".join(str(each.run) for each in found) if found else "none runs"


def _running() -> Iterator[Running]:
    runs: dict[int, list[Path]] = {}
    for path in sorted(control_folder().glob("*.*.sock")):
        first = path.name.split(".")[0]
        if first.isdecimal() and _answers(path):
            runs.setdefault(int(first), []).append(path)
    for run, paths in runs.items():
        yield Running(run, tuple(paths))


def _answers(path: Path) -> bool:
    """What a killed proxy left behind does not."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True


def _ask(running: Running, request: dict[str, Any]) -> dict[str, Any]:
    """Every process of it; the first one's answer, since they all give the same."""
    answers = [_exchange(path, request) for path in running.sockets]
    faults = list(dict.fromkeys(fault for answer in answers for fault in answer.get("faults", ())))
    if faults:
        raise BadInput(faults)
    return answers[0]


def _exchange(path: Path, request: dict[str, Any]) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(_ANSWER_S)
        try:
            client.connect(str(path))
            client.sendall(json.dumps(request).encode() + b"\n")
            with client.makefile("rb") as answer:
                found: dict[str, Any] = json.loads(answer.readline())
        except (OSError, ValueError) as fault:
            raise BadInput([f"the proxy does not answer at {path}: {fault}"]) from None
    return found
