"""The entries of a site's `behaviours`: a form for each kind, made from its specification, and the way back.

Knows how parameters are spelled; the specifications themselves, and what they mean, are policy/behaviour's.
"""

import re
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, replace
from enum import StrEnum
from functools import cache
from ipaddress import ip_address
from typing import Annotated, Any, ClassVar, Final, Union, get_args, get_origin, get_type_hints

from pydantic import Field as Key
from pydantic import PlainValidator, WithJsonSchema, create_model
from pydantic_core import PydanticKnownError

from tierwall.loader import spelling
from tierwall.loader.faults import quoted
from tierwall.loader.forms import units
from tierwall.loader.forms.form import Form
from tierwall.loader.forms.values import (
    BehaviourWord,
    HostText,
    NetworkText,
    PortsText,
    Prose,
    ProtocolWord,
    Some,
    TierWord,
    Word,
    one_of,
    pattern,
    read,
    said,
    words_of,
)
from tierwall.policy.behaviour import BY_NAME, EVERYTHING, Behaviour, Scope, parameters
from tierwall.policy.model import Address, Network, Transport

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2: token
_LAST_PORT: Final = 65535


class ScopeForm(Form):
    """Which traffic a behaviour acts on: all that its keys agree on."""

    vendor: Word | None = None
    """Only destinations that this vendor asks for."""
    tiers: Some[TierWord] | None = None
    """Only destinations that serve a service of these tiers."""
    services: Some[Word] | None = None
    """Only destinations that serve one of these services."""
    protocols: Some[ProtocolWord] | None = None
    """Only destinations that serve a service that speaks one of these."""
    hosts: Some[HostText] | None = None
    """Only destinations that were named so: exact, or `*.` before a name."""
    networks: Some[NetworkText] | None = None
    """Only destinations at these addresses. Beside `hosts`: one of the two is enough."""
    ports: Some[PortsText] | None = None
    """Only these ports."""
    transport: Annotated[Transport, one_of(Transport, "transport"), words_of(Transport)] | None = None
    """Only `tcp` or `udp`."""


class BehaviourForm(Form):
    """What a middlebox does to traffic that is admitted."""

    made_from: ClassVar[str] = ""
    """The name of the behaviour whose specification the form was made from."""

    behaviour: BehaviourWord
    """Which of them; docs/behaviours.md has them all."""
    scope: ScopeForm | None = None
    """The traffic that it acts on; all where this is left out."""

    def spec(self, users: Callable[[str], frozenset[parameters.Credential]]) -> Behaviour:
        """The specification that the entry says. `users` has read the file of that name."""
        scope = EVERYTHING if self.scope is None else _scope(self.scope)
        return BY_NAME[self.behaviour](scope=scope, **self._given(users))

    def changed(self, behaviour: Behaviour, users: Callable[[str], frozenset[parameters.Credential]]) -> Behaviour:
        """That behaviour with what the entry says; the rest of it stays."""
        scope = behaviour.scope if self.scope is None else _scope(self.scope)
        return replace(behaviour, scope=scope, **self._given(users))

    def _given(self, users: Callable[[str], frozenset[parameters.Credential]]) -> dict[str, Any]:
        given = {name: _frozen(getattr(self, name)) for name in self.model_fields_set - {"behaviour", "scope"}}
        return given | ({"users": users(given["users"])} if "users" in given else {})


@cache
def form_of(name: str, *, partial: bool = False) -> type[BehaviourForm]:
    """The form of the behaviour of that name: the scope, and a key for each parameter. Made when it is first needed.

    `partial`: nothing must be given, because a behaviour that stands is only changed.
    """
    kind = BY_NAME[name]
    hints = get_type_hints(kind)
    keys: dict[str, Any] = {
        field.name: (_spelled(hints[field.name]), _key(field, optional=partial))
        for field in fields(kind)
        if field.name != "scope"
    }
    its_name = (Annotated[str, WithJsonSchema({"const": name})], Key())
    made = create_model(kind.__name__, __base__=BehaviourForm, __doc__=kind.__doc__, behaviour=its_name, **keys)
    made.made_from = name
    return made


def _scope(form: ScopeForm) -> Scope:
    def many[T](given: list[T] | None) -> tuple[T, ...] | None:
        return None if given is None else tuple(given)

    return Scope(
        vendor=form.vendor,
        tiers=None if form.tiers is None else frozenset(form.tiers),
        services=None if form.services is None else frozenset(form.services),
        protocols=None if form.protocols is None else frozenset(form.protocols),
        hosts=many([parameters.HostPattern(host) for host in form.hosts] if form.hosts else None),
        networks=many(form.networks),
        ports=many(form.ports),
        transport=form.transport,
    )


def _frozen(value: object) -> Any:
    match value:
        case list():
            return tuple(value)
        case dict():
            return tuple((key, _frozen(found)) for key, found in value.items())
        case _:
            return value


# How parameters are spelled, by the type that the specification gives them


def _measure(parse: Callable[[object], object], shape: str) -> Any:
    """A number with its unit; a bare number reaches the parser too, which says what is missing."""

    def checked(value: object) -> object:
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise PydanticKnownError("string_type")
        return _saying(parse, value)

    return Annotated[Any, PlainValidator(checked), pattern(shape)]


def _number(first: int, last: int, what: str) -> Any:
    def checked(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not first <= value <= last:
            raise said(f"{quoted(str(value))} is not {what}, a whole number from {first} to {last}")
        return value

    return Annotated[
        int, PlainValidator(checked), WithJsonSchema({"type": "integer", "minimum": first, "maximum": last})
    ]


def _saying(parse: Callable[[object], object], value: object) -> object:
    try:
        return parse(value)
    except ValueError as fault:
        raise said(str(fault)) from None


def _host_name(raw: str) -> str:
    if "*" in raw:
        raise ValueError(f"{quoted(raw)}: one name is needed here, not a pattern")
    return spelling.host(raw)


def _address(raw: str) -> Address:
    try:
        return ip_address(raw)
    except ValueError:
        raise ValueError(f"{quoted(raw)} is not an address; expected e.g. 203.0.113.7 or 2001:db8::7") from None


def _left_alone(raw: str) -> object:
    """A host pattern, or an address or network."""
    if re.fullmatch(r"[0-9.]+(/[0-9]+)?|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(/[0-9]+)?", raw):
        return spelling.network(raw)
    return spelling.host(raw)


def _header_name(raw: str) -> str:
    if not _HEADER_NAME.fullmatch(raw):
        raise ValueError(f"{quoted(raw)} is no name of a header field (letters, digits, hyphens)")
    return raw.lower()


_HOST_NAME: Final = Annotated[str, read(_host_name), pattern(spelling.HOST_PATTERN)]
_ADDRESS: Final = Annotated[Any, read(_address), pattern(r"^[0-9A-Fa-f.:]+$")]
_HEADER: Final = Annotated[str, read(_header_name), pattern(rf"^{_HEADER_NAME.pattern}$")]

_SPELLED: Final[dict[object, Any]] = {
    parameters.Seconds: _measure(units.duration, units.DURATION_PATTERN),
    parameters.Octets: _measure(units.octets, units.OCTETS_PATTERN),
    parameters.OctetsPerSecond: _measure(units.rate, units.RATE_PATTERN),
    parameters.Count: _number(1, 1_000_000, "a count"),
    parameters.PortNumber: _number(1, _LAST_PORT, "a port"),
    parameters.HostName: _HOST_NAME,
    parameters.HeaderName: _HEADER,
    parameters.Answers: dict[_HOST_NAME, Some[_ADDRESS]],  # type: ignore[valid-type]
    parameters.HeaderFields: dict[_HEADER, Prose],  # type: ignore[valid-type]
    frozenset[parameters.Credential]: Word,
    parameters.HostPattern | Network: Annotated[Any, read(_left_alone), pattern(r"^\S+$")],
    Address: _ADDRESS,
    bool: bool,
    str: Prose,
}


def _spelled(hint: Any) -> Any:
    if hint in _SPELLED:
        return _SPELLED[hint]
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return Annotated[hint, one_of(hint, "word"), words_of(hint)]
    inner = get_args(hint)
    if get_origin(hint) is tuple:
        return Some[_spelled(inner[0])]  # type: ignore[misc]
    if type(None) in inner:
        others = [each for each in inner if each is not type(None)]
        return _spelled(Union[tuple(others)]) | None  # noqa: UP007 - made from values
    raise TypeError(f"no spelling for a parameter of type {hint}")


def key_of(parameter: str) -> str:
    """How files spell a parameter."""
    return _ALIASES.get(parameter, parameter)


def _key(field: Field[Any], *, optional: bool) -> Any:
    alias = _ALIASES.get(field.name)
    if field.default is not MISSING:
        return Key(default=field.default, alias=alias)
    return Key(default=None, alias=alias) if optional else Key(alias=alias)


_ALIASES: Final = {"excepted": "except"}
