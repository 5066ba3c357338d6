"""Clients, credentials and folders out of a report, before anybody sends it: the same client is the same pseudonym.

Knows how they look in results. What the pseudonym of a client is, the caller says.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Final, cast

from tierwall.report.findings.model import Raw, Report
from tierwall.report.seal import intact, sealed, sha256
from tierwall.report.wording import plural

_CREDENTIALS: Final = re.compile(r"(?<=://)[^/\s\"'@]+@")
_QUERY: Final = re.compile(r"(https?://[^\s\"'?]+\?)(?!\[redacted\])[^\s\"']+")
_HOME: Final = re.compile(r"(?:/home/[^/\s\"']+|/root|/Users/[^/\s\"']+|[A-Z]:\\+Users\\+[^\\\s\"']+)(?=[/\\])")
_PERSONAL: Final = frozenset({"client", "client_ip", "hostname", "host_name", "user", "username", "user_name"})
"""Keys of raw data whose values name a person or a machine."""


def redacted(report: Report, pseudonym: Callable[[str], str] | None) -> Report:
    """Without what is nobody else's business. None for `pseudonym` names clients as the sources do."""
    names = set(report.clients)
    if pseudonym is not None:
        for each in report.raw:
            names |= set(_personal(json.loads(each.text))) if each.text else set()
    swap = _Swap({name: pseudonym(name) for name in names} if pseudonym is not None else {})
    cleaned = cast("Report", _through(replace(report, raw=(), clients=frozenset()), swap))
    raw = tuple(_raw(each, swap) for each in report.raw)
    return replace(cleaned, raw=raw, redacted=tuple(_said(swap, len(names), shown=pseudonym is None)))


class _Swap:
    """Replaces in texts, and counts."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names
        words = sorted(map(re.escape, names), key=len, reverse=True)
        self._pattern = re.compile(rf"(?<![\w.:-])(?:{'|'.join(words)})(?![\w:-]|\.\w)") if words else None
        self.credentials = self.queries = self.homes = 0

    def __call__(self, text: str) -> str:
        text, credentials = _CREDENTIALS.subn("[redacted]@", text)
        text, queries = _QUERY.subn(lambda found: f"{found[1]}[redacted]", text)
        text, homes = _HOME.subn("~", text)
        self.credentials, self.queries, self.homes = (
            self.credentials + credentials,
            self.queries + queries,
            self.homes + homes,
        )
        return self._pattern.sub(lambda found: self._names[found[0]], text) if self._pattern is not None else text


def _personal(value: object, key: str = "") -> Iterator[str]:
    match value:
        case dict():
            for name, inside in value.items():
                yield from _personal(inside, name)
        case list():
            for inside in value:
                yield from _personal(inside, key)
        case str() if key.lower() in _PERSONAL and value and not value.startswith("client-"):
            yield value


def _through(value: object, swap: _Swap) -> object:
    match value:
        case str() if type(value) is str:
            return swap(value)
        case tuple():
            return tuple(_through(each, swap) for each in value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            changed = {each.name: _through(getattr(value, each.name), swap) for each in fields(value)}
            return replace(value, **changed)
        case _:
            return value


def _raw(raw: Raw, swap: _Swap) -> Raw:
    if not raw.text:
        return raw
    given = json.loads(raw.text)
    sound = isinstance(given, dict) and intact(given)  # what somebody changed is not made good here
    value = _json(given, swap)
    if isinstance(value, dict) and sound:
        value = sealed(value)
    text = json.dumps(value, indent=1)
    return replace(raw, text=text, sha256=sha256(text))


def _json(value: object, swap: _Swap) -> object:
    match value:
        case dict():
            return {swap(key): _json(inside, swap) for key, inside in value.items()}
        case list():
            return [_json(inside, swap) for inside in value]
        case str():
            return swap(value)
        case _:
            return value


def _said(swap: _Swap, clients: int, *, shown: bool) -> Iterator[str]:
    if shown:
        yield "Clients are named as the sources name them (--show-clients)."
    elif clients:
        yield (
            f"{plural(clients, 'client')}: named by pseudonyms. The same client has the same one in every report "
            "of the machine that wrote this, and nobody else can find out whose it is."
        )
    else:
        yield "Clients: the sources name none, or by pseudonyms already."
    yield "Queries and credentials of URLs: left out when they were journalled" + (
        f", and {plural(swap.credentials + swap.queries, 'more')} here." if swap.credentials + swap.queries else "."
    )
    yield "Folders of files: left out, and home folders in texts."
