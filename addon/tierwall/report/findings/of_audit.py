"""What `tierwall audit --json` prints -> findings.

Knows its keys as audit/findings.py has them. Clients are pseudonyms there already, unless they were asked for.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from msgspec import Struct, field

from tierwall.policy.dialect import Dialect
from tierwall.policy.model import Catalogue, Transport
from tierwall.report.findings.model import Evidence, Health, Open, Refused, Report, ServiceHealth, Source
from tierwall.report.findings.parts import host_of, parts, raw_of, said, shown, tier_of, times_of

EVIDENCE: Final = 200
_CLIENTS: Final = 3


class Destination(Struct, frozen=True):
    """A destination with what the log has of it."""

    host: str | None = None
    address: str | None = None
    port: int | None = None
    transport: Transport | None = None
    denied: int = 0
    allowed: int = 0
    auth: int = 0
    error: int = 0
    first: str | None = None
    last: str | None = None
    words: list[str] = field(default_factory=list)
    clients: list[str] = field(default_factory=list)


class Found(Struct, frozen=True):
    """A service, in any of the lists."""

    vendor: str
    service: str
    tier: str | None = None
    symptom: str = ""
    allowed: int = 0
    destinations: object = None
    """A list of destinations where something went wrong, a number where it did not."""


class Told(Struct, frozen=True):
    """Lines that do not say what was decided, or could not be read."""

    words: str = ""
    lines: int = 0


class Addition(Struct, frozen=True):
    """An entry that opens something: its dialect is the customer's."""

    dialect: str | None = None


class File(Struct, frozen=True):
    """A log."""

    file: str = "?"
    format: str = "?"
    lines: int = 0
    unread: int = 0


_LISTS: Final = (("broken", "denied"), ("auth", "auth"), ("error", "error"))
_CAUSES: Final = {"denied": "denied", "auth": "asked to authenticate", "error": "failed"}


def of_audit(source: Source, value: Mapping[str, object], catalogue: Catalogue) -> Report:
    """All that it says."""
    left_out: list[str] = []
    services: list[ServiceHealth] = []
    refused: list[Refused] = []
    evidence: list[Evidence] = []
    stamps: list[str | None] = []
    for key, what in _LISTS:
        for found in parts(Found, value.get(key), left_out, key):
            where = list(parts(Destination, found.destinations, left_out, "destinations"))
            stamps += [stamp for each in where for stamp in (each.first, each.last)]
            services.append(_service(found, what, where, catalogue, source.name))
            refused += [each for it in where if what == "denied" for each in _refused(found, it)]
            evidence += [_evidence(it, what, source.name) for it in where]
    works = parts(Found, value.get("works"), left_out, "works")
    services += [_service(found, "allowed", [], catalogue, source.name) for found in works]
    logs = list(parts(File, value.get("sources"), left_out, "sources"))
    unique = list(dict.fromkeys(evidence))
    first, last = times_of(stamps)
    notices = [*source.notices, *left_out, *_unread(logs)]
    if value.get("partial"):
        notices.append("is of a reading that was stopped before its end")
    return Report(
        sources=(replace(source, first=first, last=last, notices=tuple(dict.fromkeys(notices))),),
        sites=tuple(_sites(value)),
        services=tuple(services),
        refused=tuple(refused),
        evidence=tuple(unique[:EVIDENCE]),
        evidence_cut=max(len(unique) - EVIDENCE, 0),
        not_tested=tuple(
            Open(what=f"{each.vendor}/{each.service}", why="no line of the log is about it")
            for each in parts(Found, value.get("not_seen"), left_out, "not_seen")
        ),
        not_attributable=tuple(
            Open(what=each.words or "(no words)", why=f"{each.lines:,} lines that do not say what was decided")
            for each in parts(Told, value.get("unexplained"), left_out, "unexplained")
        ),
        again=(f"tierwall audit {' '.join(_base(each.file) for each in logs) or 'FILE...'}",),
        raw=(raw_of(source, value),),
        clients=frozenset(
            client for found in evidence for client in (found.client or "").split(", ") if _is_client(client)
        ),
        dialect=_dialect(value, left_out),
    )


def _service(found: Found, what: str, where: list[Destination], catalogue: Catalogue, source: str) -> ServiceHealth:
    passed = what == "allowed" or (where and all(each.allowed for each in where))
    return ServiceHealth(
        vendor=found.vendor,
        service=found.service,
        tier=tier_of(found.tier, catalogue, found.vendor, found.service),
        health=Health.WORKS if what == "allowed" else Health.DEGRADED if passed else Health.BROKEN,
        symptom=found.symptom,
        causes=() if what == "allowed" else (_CAUSES[what],),
        times=found.allowed if what == "allowed" else sum(_count(each, what) for each in where),
        sources=(source,),
    )


def _count(found: Destination, what: str) -> int:
    return {"denied": found.denied, "auth": found.auth, "error": found.error}[what]


def _refused(found: Found, where: Destination) -> Iterator[Refused]:
    host = host_of(where.host or where.address)
    if host is not None:
        serves = (f"{found.vendor}/{found.service}",)
        yield Refused(host=host, port=where.port or 443, transport=where.transport or Transport.TCP, serves=serves)


def _evidence(found: Destination, what: str, source: str) -> Evidence:
    more = len(found.clients) - _CLIENTS
    return Evidence(
        source=source,
        when=found.first,
        client=", ".join(found.clients[:_CLIENTS]) + (f", and {more} more" if more > 0 else "") or None,
        what=shown(found.host or found.address or "?", found.port, found.transport),
        decided=f"{_CAUSES[what]}, {_count(found, what):,} times"
        + (f"; let through {found.allowed:,} times besides" if found.allowed else ""),
        saw=", ".join(found.words),
    )


def _is_client(word: str) -> bool:
    return bool(word) and not word.startswith(("client-", "and "))


def _unread(logs: list[File]) -> Iterator[str]:
    for each in logs:
        if each.unread:
            yield f"{each.unread:,} of {each.lines:,} lines of {_base(each.file)} could not be read ({each.format})"


def _base(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2] or path


def _sites(value: Mapping[str, object]) -> Iterator[str]:
    beside = value.get("as_site")
    if isinstance(beside, dict) and isinstance(beside.get("site"), str):
        yield said(beside["site"])


def _dialect(value: Mapping[str, object], left_out: list[str]) -> str | None:
    for each in parts(Addition, value.get("to_add"), left_out, "to_add"):
        if each.dialect in Dialect and each.dialect is not None:
            return each.dialect
    return None
