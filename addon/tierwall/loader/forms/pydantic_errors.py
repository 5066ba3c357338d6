"""What pydantic found wrong with a file -> faults in our own words, with their lines.

Knows pydantic's error types; what the sentences of single values say is spelling.py's.
"""

import re
from collections.abc import Iterator
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tierwall.loader.faults import Fault, quoted, unknown
from tierwall.loader.forms.descriptions import descriptions
from tierwall.loader.forms.values import SAID
from tierwall.loader.yaml.tree import Document, NotText, Place, kind_of

_EXPECTED = {
    "string_type": "text",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "bool_type": "true or false",
}
"""Pydantic's error types for a value of the wrong kind."""


def shape_faults[F: BaseModel](
    document: Document, form: type[F], at: Place = (), content: object = None
) -> F | list[Fault]:
    """The filled form, or everything that keeps the document, or the `content` at that place, from being one."""
    content = content if at else document.content
    try:
        return form.model_validate(content)
    except ValidationError as errors:
        return list(_faults(document, form, at, content, errors))


def _faults(
    document: Document, form: type[BaseModel], at: Place, content: object, errors: ValidationError
) -> Iterator[Fault]:
    for error in errors.errors(include_url=False, include_context=False):
        inner = _place(content, error)
        place = (*at, *inner)
        if any(place[:length] in document.spoiled for length in range(len(place) + 1)):
            continue
        yield document.fault(place, _sentence(form, inner, document.raw.get(place), error))


def _place(content: object, error: ErrorDetails) -> Place:
    """Pydantic's location without the parts that name a branch of a union, and with the key that is missing."""
    place: list[str | int] = []
    for part in error["loc"]:
        if isinstance(content, dict) and part in content:  # noqa: SIM114 - mypy narrows each branch by itself
            content = content[part]
        elif isinstance(content, list) and isinstance(part, int):
            content = content[part]
        else:
            continue
        place.append(part)
    return (*place, error["loc"][-1]) if error["type"] == "missing" else tuple(place)


def _sentence(form: type[BaseModel], place: Place, raw: str | None, error: ErrorDetails) -> str:
    match error["type"]:
        case "missing":
            return "is missing" + _purpose(form, place)
        case "extra_forbidden":
            return unknown("key", str(place[-1]), _keys(_form_at(form, place[:-1])))
        case "literal_error":
            return f"expected a list, or the word `unspecified`; found {quoted(str(error['input']))}"
        case "too_short":
            return "must not be empty"
        case kind if kind in _EXPECTED:
            return _wrong_kind(_EXPECTED[kind], error["input"], raw)
        case _:
            return error["msg"] if error["type"] == SAID else f"{error['msg']}, found {kind_of(error['input'])}"


def _wrong_kind(expected: str, found: object, raw: str | None) -> str:
    match found:
        case bool() | int() | NotText() if expected == "text" and raw is not None:
            return f'expected text, and YAML takes {quoted(raw)} for {kind_of(found)}: quote it, "{quoted(raw)[1:-1]}"'
        case str() if expected == "a list":
            return f"expected a list, found text: write [{quoted(found)[1:-1]}]"
        case str():
            return f"expected {expected}, found {quoted(found)}"
        case bool() | int() | NotText() if raw is not None:
            return f"expected {expected}, found {quoted(raw)}"
        case _:
            return f"expected {expected}, found {kind_of(found)}"


def _purpose(form: type[BaseModel], place: Place) -> str:
    """What the missing key is for, from the form's own description."""
    description = descriptions(_form_at(form, place[:-1])).get(str(place[-1]), "")
    return f" ({re.split('[.;:] ', description)[0].rstrip('.')})" if description else ""


def _keys(form: type[BaseModel]) -> tuple[str, ...]:
    return tuple(info.alias or name for name, info in form.model_fields.items())


def _form_at(form: type[BaseModel], place: Place) -> type[BaseModel]:
    """The form of the mapping at that place."""
    is_key_of_form = True
    for part in place:
        if not is_key_of_form:
            is_key_of_form = True  # an index of a list, or an id of our own choosing
            continue
        for name, info in form.model_fields.items():
            if (info.alias or name) == part:
                is_key_of_form = not _holds(info.annotation, (list, dict))
                form = next(_forms(info.annotation), form)
    return form


def _holds(annotation: Any, kinds: tuple[type, ...]) -> bool:
    if get_origin(annotation) in (Union, UnionType):
        return any(_holds(part, kinds) for part in get_args(annotation))
    return get_origin(annotation) in kinds


def _forms(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _forms(part)
