"""`tierwall fleet status`: which Envoy runs what, as the control plane last wrote it down.

Knows its file, and whether its process still runs.
"""

import json
import os
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from tierwall.cli.faults import BadInput
from tierwall.cli.output import report, talk, write
from tierwall.events.hostile_text import visible
from tierwall.loader.faults import shown_path

_COLOURS = {"current": "green", "connected": "yellow", "refused": "bold red", "unserved": "bold red", "gone": "dim"}


def status(path: Path, *, as_json: bool) -> int:
    """0 where the control plane runs, and every node that is there what it should; 1 without any. Raises BadInput."""
    try:
        said: dict[str, Any] = json.loads(path.read_text())
        nodes, pid = list(said["nodes"]), int(said["pid"])
    except FileNotFoundError:
        raise BadInput([f"{shown_path(path)}: there is none; `tierwall fleet serve` writes it"]) from None
    except (OSError, ValueError, KeyError, TypeError):
        raise BadInput([f"{shown_path(path)}: is no state of a control plane"]) from None
    runs = not said.get("ended") and _is_running(pid)
    if as_json:
        write(json.dumps({**said, "running": runs}, indent=2))
    else:
        _print(said, nodes, runs)
    return int(not runs or not nodes or any(node["state"] not in {"current", "gone"} for node in nodes))


def _print(said: dict[str, Any], nodes: list[dict[str, Any]], runs: bool) -> None:
    if not runs:
        talk().print("the control plane does not run; every Envoy goes on with what it has", style="yellow")
    table = Table(box=None, pad_edge=False)
    for head in ("node", "site", "state", "runs", "since", ""):
        table.add_column(head, overflow="fold")
    for node in nodes:
        words = [visible(str(node.get(key) or "-")) for key in ("node", "site", "state", "runs", "since")]
        cells = [Text(word, _COLOURS.get(word, "") if at == 2 else "") for at, word in enumerate(words)]
        table.add_row(*cells, Text(visible(str(node.get("detail") or "")) if node["state"] != "current" else ""))
    report().print(table if nodes else f"no Envoy has come to {visible(str(said.get('listen')))} yet")


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
