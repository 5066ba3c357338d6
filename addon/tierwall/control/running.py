"""Which proxies run, and a request to one of them with its answer.

Knows sockets. A proxy of several processes has a socket each, and is asked as one.
"""

import json
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ANSWER_S: Final = 60.0
"""A site with a million entries takes its time to be put in force."""


class Refused(Exception):
    """What a proxy did not do, or why there is none to ask: every fault, one a line."""


@dataclass(frozen=True, slots=True)
class Running:
    """A proxy that runs: all processes of one `tierwall run`."""

    run: int
    """The id of its first process, which people know."""
    sockets: tuple[Path, ...]


def running(folder: Path) -> Iterator[Running]:
    """All of them."""
    runs: dict[int, list[Path]] = {}
    for path in sorted(folder.glob("*.*.sock")):
        first = path.name.split(".")[0]
        if first.isdecimal() and _answers(path):
            runs.setdefault(int(first), []).append(path)
    for run, paths in runs.items():
        yield Running(run, tuple(paths))


def one(folder: Path, proxy: int | None) -> Running:
    """The proxy that is meant: the only one that runs, or the one of that process id. Raises Refused."""
    found = list(running(folder))
    if proxy is not None:
        chosen = [each for each in found if each.run == proxy]
        if not chosen:
            raise Refused(f"--proxy {proxy}: no proxy of yours runs with that process id ({_ids(found)})")
        return chosen[0]
    if not found:
        raise Refused("no proxy of yours runs: start one with `tierwall run`, as the same user")
    if len(found) > 1:
        raise Refused(f"{len(found)} proxies run ({_ids(found)}): say which with --proxy")
    return found[0]


def ask(proxy: Running, request: dict[str, Any]) -> dict[str, Any]:
    """Every process of it; the first one's answer, since they all give the same. Raises Refused."""
    answers = [exchange(path, request) for path in proxy.sockets]
    if faults := list(dict.fromkeys(fault for answer in answers for fault in answer.get("faults", ()))):
        raise Refused("\n".join(faults))
    return answers[0]


def exchange(path: Path, request: dict[str, Any], within_s: float = ANSWER_S) -> dict[str, Any]:
    """One process. Raises Refused where it does not answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(within_s)
        try:
            client.connect(str(path))
            client.sendall(json.dumps(request).encode() + b"\n")
            with client.makefile("rb") as answer:
                found: dict[str, Any] = json.loads(answer.readline())
        except (OSError, ValueError) as fault:
            raise Refused(f"the proxy does not answer at {path}: {fault}") from None
    return found


def _ids(found: Sequence[Running]) -> str:
    return "process ids: " + ", ".join(str(each.run) for each in found) if found else "none runs"


def _answers(path: Path) -> bool:
    """What a killed proxy left behind does not."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True
