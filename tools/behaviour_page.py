"""docs/behaviours.md, from the specifications themselves: `python -m tools.behaviour_page` writes it.

Knows Markdown, and what the specifications say of themselves. A test says when the page is stale.
"""

import inspect
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from tierwall.loader.forms.behaviours import ScopeForm, key_of
from tierwall.loader.forms.descriptions import below_attributes, descriptions
from tierwall.policy.behaviour import (
    AtAccess,
    AtDatagrams,
    AtOpening,
    Behaviour,
    DialBlackhole,
    Inspecting,
    OfNames,
    OfTunnels,
    Sees,
    parameters,
    spelled,
)
from tierwall.policy.behaviour.documents import DOCUMENTS
from tierwall.policy.model import Address, Network, Protocol

PAGE = Path(__file__).parents[1] / "docs" / "behaviours.md"

_HEAD = """\
# Behaviours: what middleboxes do to traffic that is admitted

Written by `make docs` from the specifications in addon/tierwall/policy/behaviour/, and checked by a test: edit those.

A site lists them under `behaviours:`. Each thing that one of them breaks is an event with `event.action` `broken`,
`tierwall.behaviour` the name below, and in `tierwall.breaks` the services whose protocol it hits, among those that the
destination serves: what it leaves alone is not listed.

```yaml
version: 1
site: acme-branch
title: "The branch office's firewall"
extends: reference
behaviours:
  - {behaviour: idle-timeout, after: 60s, how: rst}
  - {behaviour: no-websocket, how: strip, scope: {vendor: vevox}}
  - {behaviour: bandwidth, rate: 512kbit/s, way: down, scope: {protocols: [media, stun]}}
```

## Several at once

They act in the order of this page, whatever stands first in the file; of one kind, in the order of the file.
`tierwall explain TARGET --site NAME` shows those that act on a target, in that order, and what each would break. Where
a site extends another, a behaviour with the scope of an earlier one of its kind takes that one's place; two of a kind
with the same scope in one file are a fault.

## Scope

With `scope:` a behaviour acts on some traffic only: on what all its keys agree on. Without it, on everything.

| key | |
| --- | --- |
"""

_UNITS = """
## Units

A number without its unit is a fault.

| | |
| --- | --- |
| durations | `250ms`, `60s`, `10m`, `1h`, `1d` |
| amounts | `1500B`, `64KiB`, `1MB` |
| rates | `512kbit/s`, `2Mbit/s`, `64kB/s` |

"""

_MOMENTS: Final[tuple[tuple[str, Any], ...]] = (
    ("At the door", AtAccess),
    ("At names", OfNames),
    ("At the dial", DialBlackhole),
    ("At the opening", AtOpening),
    ("Inside TLS and HTTP", Inspecting),
    ("On the octets of a connection", OfTunnels),
    ("On datagrams", AtDatagrams),
)

_SEES: Final = {
    Sees.OCTETS: "Decrypts nothing.",
    Sees.NAMES: "Decrypts nothing; looks at names on their way to an address.",
    Sees.HELLO: "Decrypts nothing; reads the ClientHello.",
    Sees.REQUESTS: "Reads HTTP requests: inside TLS it inspects, so that clients must trust the lab CA.",
    Sees.TLS: "Inspects: clients must trust the lab CA.",
    Sees.DATAGRAMS: "Only in modes that carry UDP (tun, wireguard), and in the lab's gateway.",
}

_WRITTEN: Final[dict[object, str]] = {
    parameters.Seconds: "a duration",
    parameters.Octets: "an amount",
    parameters.OctetsPerSecond: "a rate",
    parameters.Count: "a count",
    parameters.PortNumber: "ports",
    parameters.HostName: "a host name",
    parameters.HeaderName: "names of header fields",
    parameters.Answers: "names, each with its addresses",
    parameters.HeaderFields: "fields, each with its value",
    frozenset[parameters.Credential]: "a file",
    parameters.HostPattern | Network: "host patterns and networks",
    Address: "an address",
    bool: "`true` or `false`",
    str: "text",
}


def page() -> str:
    """The whole page."""
    scope = "".join(f"| `{key}` | {text} |\n" for key, text in descriptions(ScopeForm).items())
    return f"{_HEAD}{scope}{_UNITS}{''.join(_moment(*moment) for moment in _MOMENTS)}".rstrip() + "\n"


def _moment(title: str, kinds: Any) -> str:
    sections = "".join(_section(kind) for kind in get_args(kinds) or (kinds,))
    return f"## {title}\n\n{sections}"


def _section(kind: type[Behaviour]) -> str:
    return "\n".join(_lines(kind)) + "\n"


def _lines(kind: type[Behaviour]) -> Iterator[str]:
    yield f"### `{kind.NAME}`"
    yield ""
    yield inspect.cleandoc(kind.__doc__ or "")
    yield ""
    hits = "every service" if len(kind.HITS) == len(Protocol) else ", ".join(f"`{word}`" for word in sorted(kind.HITS))
    hits = hits or "nothing documented"
    yield f"{_SEES[kind.SEES]} Breaks {hits}."
    yield ""
    stands_on = DOCUMENTS.get(kind.NAME, ())
    yield f"Stands on: {'; '.join(stands_on)}." if stands_on else "No document was found that describes it."
    yield ""
    own = [field for field in fields(kind) if field.name != "scope"]
    if own:
        meanings = dict(below_attributes(kind))
        hints = get_type_hints(kind)
        yield "| parameter | is | default | |"
        yield "| --- | --- | --- | --- |"
        for field in own:
            meaning = meanings[field.name].replace("\n", " ")
            yield f"| `{key_of(field.name)}` | {_written(hints[field.name])} | {_default(field)} | {meaning} |"
        yield ""


def _written(hint: Any) -> str:
    if hint in _WRITTEN:
        return _WRITTEN[hint]
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return ", ".join(f"`{word}`" for word in hint)
    inner = [each for each in get_args(hint) if each not in (type(None), ...)]
    return _written(inner[0] if get_origin(hint) is tuple else Union[tuple(inner)])  # noqa: UP007 - made from values


def _default(field: Field[Any]) -> str:
    if field.default is MISSING:
        return "must be given"
    return "none" if field.default in (None, ()) else f"`{spelled(field.default)}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
