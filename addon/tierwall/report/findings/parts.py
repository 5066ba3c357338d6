"""What the readers of results share: parts that may make no sense, tiers, destinations, and the raw data.

Knows JSON values; not what any command means by them.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from tierwall.policy.authority import place
from tierwall.policy.hostname import InvalidHost, normalise
from tierwall.policy.model import Address, Catalogue, Tier, Transport
from tierwall.report.findings.model import Raw, Source
from tierwall.report.seal import sha256

RAW_OCTETS: Final = 1_000_000
"""Of a source, in a report."""


class InvalidResult(Exception):
    """A file that is no result, in one line with the mend."""


def parts[T](kind: type[T], values: object, left_out: list[str], what: str) -> Iterator[T]:
    """Each of a list, as this type; of those that are none, `left_out` gets a line."""
    if values is None:
        return
    if not isinstance(values, list):
        left_out.append(f"its {what} are no list, and are left out")
        return
    bad = 0
    why = ""
    for value in values:
        try:
            yield msgspec.convert(value, kind, strict=False)
        except msgspec.ValidationError as wrong:
            bad, why = bad + 1, why or str(wrong)
    if bad:
        left_out.append(f"{bad} of its {what} make no sense here, and are left out ({why})")


def as_text(value: object) -> str | None:
    """A text, or nothing where there is something else."""
    return value if isinstance(value, str) and value else None


def said(value: object) -> str:
    """Any value of JSON, in one line."""
    match value:
        case None:
            return ""
        case str():
            return value
        case dict():
            return ", ".join(f"{key} {said(each)}" for key, each in value.items() if each not in (None, "", [], {}))
        case list():
            return ", ".join(said(each) for each in value)
        case _:
            return json.dumps(value)


def tier_of(word: str | None, catalogue: Catalogue, vendor: str, service: str) -> Tier | None:
    """As the source says, else as the catalogue does."""
    if word is not None and word in Tier:
        return Tier(word)
    for each in catalogue.vendors:
        if each.id == vendor:
            return next((its.tier for its in each.services if its.id == service), None)
    return None


def symptom_of(catalogue: Catalogue, vendor: str, service: str) -> str:
    """As the catalogue has it; empty where it does not know the service."""
    for each in catalogue.vendors:
        if each.id == vendor:
            return next((its.symptom for its in each.services if its.id == service), "")
    return ""


def host_of(text: str | None) -> str | Address | None:
    """A name or address, normalised; None where it is neither."""
    if not text:
        return None
    try:
        return normalise(text)
    except InvalidHost:
        return None


def shown(host: str, port: int | None, transport: Transport | None) -> str:
    """A destination as people write it."""
    return host if port is None else place(host, port, transport)


def raw_of(source: Source, value: Mapping[str, object] | list[object]) -> Raw:
    """The data of a source, for people who have programs; of what is too much, that it is left out."""
    text = json.dumps(value, indent=1)
    if len(text) > RAW_OCTETS:
        return Raw(source=source.name, text="", sha256="", left_out=f"{len(text):,} octets, more than a report holds")
    return Raw(source=source.name, text=text, sha256=sha256(text))


def times_of(stamps: Iterable[str | None]) -> tuple[str | None, str | None]:
    """The first and the last of them."""
    known = sorted(stamp for stamp in stamps if stamp)
    return (known[0], known[-1]) if known else (None, None)
