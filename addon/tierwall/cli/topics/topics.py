"""`tierwall help TOPIC`: what a word in a message, a mode or a key of a site file means.

Knows where that is written: below each value in the code, in the schemas, in the behaviours' own text.
"""

import ast
import inspect
import json
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields
from itertools import pairwise
from typing import Any, Final

from rich.text import Text

from tierwall import shipped
from tierwall.cli.output import report
from tierwall.loader.forms.behaviours import ScopeForm, key_of
from tierwall.loader.forms.descriptions import below_attributes, descriptions
from tierwall.policy.attempt import Reason
from tierwall.policy.behaviour import BY_NAME, Behaviour, spelled
from tierwall.policy.dialect import PRODUCTS
from tierwall.report.indented import Indented
from tierwall.report.modes import MODES, NOTE

type Said = tuple[str, str]
"""A word, and what it means."""

_AT: Final = 4


def print_topic(name: str) -> int:
    """One of TOPICS, to stdout."""
    console = report()
    heading, said = TOPICS[name]
    console.print(Text(heading, "bold"))
    for word, meaning in said():
        if word:
            console.print(Text(f"  {word}", "bold"))
        console.print(Indented(Text(" ".join(meaning.split())), _AT if word else 2))
    return 0


def meanings() -> list[tuple[Reason, str]]:
    """Each reason with the text below it, in their order."""
    definition = ast.parse(inspect.getsource(Reason)).body[0]
    body = definition.body if isinstance(definition, ast.ClassDef) else []
    return [
        (Reason[attribute.targets[0].id], text.value.value)
        for attribute, text in pairwise(body)
        if isinstance(attribute, ast.Assign) and isinstance(attribute.targets[0], ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str)
    ]


def _modes() -> Iterator[Said]:
    for mode in MODES:
        yield mode.spec, f"{mode.clients}. TCP {mode.tcp}, UDP and QUIC {mode.udp}. --mode {mode.example}"
    yield "", NOTE


def _reasons() -> Iterator[Said]:
    yield from ((str(reason), text) for reason, text in meanings())


def _site() -> Iterator[Said]:
    yield "", "A YAML file; `tierwall schema site` prints its JSON Schema, for editors. `tierwall lint FILE` checks it."
    whole: dict[str, Any] = json.loads(shipped.schema("site"))
    for key, described in whole["properties"].items():
        yield key, _described(described)
    for form, under in (("AdmitForm", "admit"), ("RefuseForm", "refuse")):
        for key, described in whole["$defs"][form].get("properties", {}).items():
            yield f"{under}: {{{key}: …}}", _described(described)
    yield "", "behaviours and their scopes: `tierwall help behaviours`"


def _described(schema: dict[str, Any]) -> str:
    said = str(schema.get("description", ""))
    if words := schema.get("enum"):
        said += f" One of: {', '.join(map(str, words))}."
    return said


def _behaviours() -> Iterator[Said]:
    for name, kind in BY_NAME.items():
        yield name, f"{(kind.__doc__ or '').partition(chr(10))[0]} {' '.join(_parameters(kind))}".rstrip()
    for key, meaning in descriptions(ScopeForm).items():
        yield f"scope: {{{key}: …}}", meaning


def _parameters(kind: type[Behaviour]) -> Iterator[str]:
    texts = dict(below_attributes(kind))
    for each in fields(kind):
        if each.name != "scope":
            default = "" if each.default is MISSING else f" [{spelled(each.default)}]"
            yield f"`{key_of(each.name)}`{default}: {texts.get(each.name, '')}"


def _dialects() -> Iterator[Said]:
    yield "literal", "As the vendors write: `*.x` is one or more labels before x, never x itself."
    for dialect, product in PRODUCTS.items():
        yield str(dialect), product.title


TOPICS: Final[dict[str, tuple[str, Callable[[], Iterator[Said]]]]] = {
    "modes": ("Modes of `tierwall run`: how clients come here", _modes),
    "reasons": ("Reasons: why an attempt is not let through; the first that holds wins", _reasons),
    "site": ("The keys of a site file", _site),
    "behaviours": ("Behaviours: what middleboxes do to traffic that is admitted", _behaviours),
    "dialects": ("Dialects: which product reads a site's host patterns", _dialects),
}
