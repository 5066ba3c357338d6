"""A result -> the file that is sent back, and such a file -> the result.

Knows JSON and the seal: a hash over all that is in the file, so that a file that was cut or edited says so. The seal
is no signature: who edits can seal again. Reading is lenient where the file is of another version, and says so.
"""

import hashlib
import ipaddress
import json
import re
from collections.abc import Mapping
from typing import Any

from tierwall.probe.values import Check, Result, State, split_target

VERSION = 1
MOST_OCTETS = 32 * 1024 * 1024
"""Of a file that is read."""
_SEAL = "sha256"
_HIGHEST = 1e8
"""No time in seconds or milliseconds, no size and no rate that matters is more."""
_LONGEST = 500
_LAST_PORT = 65535
_ADDRESSES = frozenset({"address", "old", "new"})
_SIGNED = frozenset({"clock_off_s", "off_s"})
_HOST = re.compile(r"[0-9A-Fa-f:]+(%\w+)?|[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")


class NotAResult(ValueError):
    """The file is none, or cannot be read; the message says what is wrong with it and what mends it."""


def to_json(result: Result) -> str:
    """The text of the file."""
    found: dict[str, Any] = {
        "probe": VERSION,
        "when": result.when,
        "system": dict(result.system),
        "proxy": dict(result.proxy),
        "vendors": list(result.vendors),
        "hold_s": result.hold_s,
        "whole": result.whole,
        "checks": [_object(check) for check in result.checks],
    }
    found[_SEAL] = _seal(found)
    return json.dumps(found, indent=1, ensure_ascii=True) + "\n"


def from_json(text: str) -> Result:
    """What the file says. Raises NotAResult."""
    try:
        found = json.loads(text, parse_constant=_no_number)
    except RecursionError:
        raise NotAResult("is nested deeper than any result of a probe") from None
    except ValueError as fault:
        ended = text.lstrip().startswith("{") and not text.rstrip().endswith("}")
        what = "ends in the middle: it was cut, or the transfer was" if ended else f"is no JSON: {fault}"
        raise NotAResult(f"{what}; ask for the file that the probe wrote") from None
    if not isinstance(found, dict) or "probe" not in found or not isinstance(found.get("checks"), list):
        raise NotAResult("is no result of a probe: it has no `probe` and no list of `checks`")
    notes = list(_doubts(found))
    read = [_check_or_fault(each) for each in found["checks"]]
    checks = [each for each in read if isinstance(each, Check)]
    notes += [
        f"check {number} could not be read, and is left out: {each}"
        for number, each in enumerate(read, start=1)
        if isinstance(each, Exception)
    ]
    hold_s = found.get("hold_s")
    return Result(
        when=str(found.get("when", "")),
        system=_texts(found.get("system")),
        proxy=_texts(found.get("proxy")),
        checks=tuple(checks),
        vendors=tuple(str(each) for each in found.get("vendors") or ()),
        hold_s=float(hold_s) if isinstance(hold_s, (int, float)) else 0.0,
        whole=found.get("whole") is not False,
        notes=tuple(notes),
    )


def _doubts(found: dict[str, Any]) -> list[str]:
    doubts = []
    if found["probe"] != VERSION:
        other = f"is of version {found['probe']!r}, this reads version {VERSION}"
        doubts.append(f"{other}: what it does not know is left out")
    kept = {key: value for key, value in found.items() if key != _SEAL}
    if _SEAL not in found:
        doubts.append("has no seal, so that nothing says whether it is as the probe wrote it")
    elif found[_SEAL] != _seal(kept):
        doubts.append("is not as the probe wrote it: its seal does not fit")
    if found.get("whole") is False:
        doubts.append("was stopped before its end: what is missing was not run")
    return doubts


def _object(check: Check) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key in ("vendor", "service", "tier"):
        if getattr(check, key):
            found[key] = getattr(check, key)
    found |= {"what": check.what, "target": check.target, "state": check.state.value, "saw": check.saw}
    if check.ms is not None:
        found["ms"] = round(check.ms, 1)
    if check.detail:
        found["detail"] = dict(check.detail)
    return found


def _check_or_fault(found: Any) -> Check | Exception:
    try:
        return _check(found)
    except (TypeError, ValueError, KeyError) as fault:
        return fault


def _check(found: Any) -> Check:
    if not isinstance(found, dict):
        raise TypeError("it is no object")
    ms = found.get("ms")
    detail = found.get("detail")
    return Check(
        what=str(found["what"]),
        target=_target(found.get("target", ""), str(found["what"])),
        state=State(found["state"]),
        saw=_printable(str(found.get("saw", ""))),
        vendor=str(found.get("vendor", "")),
        service=str(found.get("service", "")),
        tier=str(found.get("tier", "")),
        ms=float(ms) if isinstance(ms, (int, float)) else None,
        detail=_detail(detail) if isinstance(detail, dict) else {},
    )


def _target(found: object, what: str) -> str:
    """A place or a host; of what could not be tried, whatever was said. Raises ValueError."""
    target = _printable(str(found))
    if target and what != "place":
        host, port = split_target(target)
        if _HOST.fullmatch(host) is None or (port is not None and not 0 < port <= _LAST_PORT):
            raise ValueError("its target is no host with a port")
    return target


def _detail(found: dict[str, Any]) -> dict[str, str | float | bool | list[str]]:
    """What of it is of a kind that a probe writes; addresses that are addresses, numbers that can be measured."""
    kept: dict[str, str | float | bool | list[str]] = {}
    for key, value in found.items():
        if isinstance(value, list):
            kept[key] = [each for each in value if isinstance(each, str) and _is_address(each)]
        elif isinstance(value, str):
            if key not in _ADDRESSES or _is_address(value):
                kept[key] = _printable(value)
        elif isinstance(value, bool):
            kept[key] = value
        elif isinstance(value, (int, float)):
            kept[key] = min(max(value, -_HIGHEST if key in _SIGNED else 0.0), _HIGHEST)
    return kept


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else "?" for each in text[:_LONGEST])


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is no number")


def _texts(found: Any) -> Mapping[str, str]:
    if isinstance(found, str):
        return {"used": found}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def _seal(found: Mapping[str, Any]) -> str:
    octets = json.dumps(found, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
    return hashlib.sha256(octets).hexdigest()
