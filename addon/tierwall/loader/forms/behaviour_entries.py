"""The `behaviours` of a chain of site files: what contradicts itself, the files they name, and what they become.

Knows entries that are filled forms; their keys are behaviours.py's, what pydantic says of those pydantic_errors.py's.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tierwall.loader.faults import Fault, InvalidFiles, quoted, unknown
from tierwall.loader.forms.behaviours import BehaviourForm, form_of
from tierwall.loader.forms.pydantic_errors import shape_faults
from tierwall.loader.yaml.octets import check_regular, read_text
from tierwall.loader.yaml.tree import Document, Place
from tierwall.loader.yaml.untyped import records, text
from tierwall.policy.behaviour import (
    BY_NAME,
    Behaviour,
    DnsAnswer,
    DnsFilter,
    Reset,
    Scope,
    Stall,
)
from tierwall.policy.behaviour.parameters import Credential
from tierwall.policy.model import Catalogue

_TWICE: Final = "two `{}` have the same scope; leave one out, or give each its own `scope`"


@dataclass(frozen=True, slots=True)
class Entries:
    """The behaviours of one file."""

    behaviours: tuple[Behaviour, ...]
    faults: tuple[Fault, ...]
    files: tuple[Path, ...]
    """Those that its entries name."""


def read_behaviours(document: Document, catalogue: Catalogue) -> Entries:
    """The behaviours that a site file says, and all that is wrong with them."""
    known: dict[int, Behaviour] = {}
    faults: list[Fault] = []
    files: list[Path] = []
    for at, entry in records(document.content, "behaviours"):
        place: Place = ("behaviours", at)
        name = text(entry, "behaviour")
        filled = shape_faults(document, form_of(name) if name in BY_NAME else BehaviourForm, place, entry)
        if isinstance(filled, list):
            faults += filled if name in BY_NAME else [fault for fault in filled if fault.where.endswith(".behaviour")]
            continue
        try:
            behaviour = filled.spec(lambda name: users_in(document.path.parent / name))
        except ValueError as fault:
            faults.append(document.fault((*place, "users"), str(fault)))
            continue
        files += [document.path.parent / name for name in (text(entry, "users"),) if name is not None]
        faults += [document.fault((*place, key), message) for key, message in contradictions(behaviour)]
        faults += unknown_words(document, place, behaviour.scope, catalogue)
        faults += [
            document.fault(place, f"contradicts behaviours[{before}]: {_TWICE.format(behaviour.NAME)}")
            for before, other in known.items()
            if type(other) is type(behaviour) and other.scope == behaviour.scope
        ]
        known[at] = behaviour
    return Entries(tuple(known.values()), tuple(faults), tuple(files))


def merged(layers: Iterable[Iterable[Behaviour]]) -> tuple[Behaviour, ...]:
    """Those of the file that is extended first, then those of the files that extend it.

    A behaviour with the scope of an earlier one of its kind takes that one's place.
    """
    together: dict[tuple[str, Scope], Behaviour] = {}
    for layer in layers:
        for behaviour in layer:
            together[behaviour.NAME, behaviour.scope] = behaviour
    return tuple(together.values())


def users_in(path: Path) -> frozenset[Credential]:
    """A `name:password` a line; empty lines and those that begin with `#` say nothing. Raises ValueError."""
    found: set[Credential] = set()
    try:
        check_regular(path)
        content = read_text(path)
    except InvalidFiles as invalid:
        raise ValueError(f"{quoted(path.name)}: {invalid.faults[0].message}") from None
    for number, line in enumerate(content.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, password = line.partition(":")
        if not colon or not name or not password:
            raise ValueError(f"{quoted(path.name)}: line {number} is not `name:password`")  # and never what it is
        found.add(Credential(name, password))
    return frozenset(found)


def contradictions(behaviour: Behaviour) -> Iterator[tuple[str, str]]:
    """By key: parameters that do not go together."""
    match behaviour:
        case Stall() | Reset() if behaviour.after is None and behaviour.octets is None:
            yield "behaviour", f"{quoted(behaviour.NAME)} never happens: say when, with `after: 10s` or `octets: 64KiB`"
        case DnsFilter() if behaviour.answer is DnsAnswer.ADDRESS and behaviour.address is None:
            yield "answer", "`answer: address` needs the `address` that is answered"
        case DnsFilter() if behaviour.answer is not DnsAnswer.ADDRESS and behaviour.address is not None:
            yield "address", f"`address` is for `answer: address`, not for `answer: {behaviour.answer}`"
        case _:
            pass
    scope = behaviour.scope
    wanted = {scope.transport} if scope.transport else set() | {ports.transport for ports in scope.ports or ()}
    if wanted and not wanted & behaviour.TRANSPORTS:
        only = ", ".join(sorted(behaviour.TRANSPORTS))
        yield "scope", f"{quoted(behaviour.NAME)} acts on {only} only, which this scope leaves out"


def unknown_words(document: Document, place: Place, scope: Scope, catalogue: Catalogue) -> Iterator[Fault]:
    """Vendors and services of a scope that no policy has."""
    vendors = {vendor.id: vendor for vendor in catalogue.vendors}
    if scope.vendor is not None and scope.vendor not in vendors:
        yield document.fault((*place, "scope", "vendor"), unknown("vendor", scope.vendor, vendors))
    among = [vendors[scope.vendor]] if scope.vendor in vendors else list(catalogue.vendors)
    services = list(dict.fromkeys(service.id for vendor in among for service in vendor.services))
    for at, service in enumerate(sorted(scope.services or ())):
        if service not in services:
            yield document.fault((*place, "scope", "services", at), unknown("service", service, services))
