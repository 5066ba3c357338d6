"""The field sets of an event (Elastic Common Schema) that come from an attempt: when, who, where to, and by what.

Knows what each field is named and how long it may be. What happened to the attempt is build.py's.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from tierwall.events.enums import NetworkProtocol
from tierwall.events.hostile_text import NAME_OCTETS, cut, cut_if_any
from tierwall.events.model import Destination, Nat, Network, Source, Tls, TlsClient
from tierwall.policy.attempt import Attempt, NameSource, Seen, Verdict
from tierwall.policy.limits import VERDICTS_CACHED

_PROTOCOLS: Final[dict[Seen | None, NetworkProtocol]] = {
    Seen.TLS: NetworkProtocol.TLS,
    Seen.HTTP: NetworkProtocol.HTTP,
    Seen.QUIC: NetworkProtocol.QUIC,
    Seen.DNS: NetworkProtocol.DNS,
}
_MILLISECONDS: Final = tuple(f".{number:03d}Z" for number in range(1000))


def timestamp(when: datetime | int) -> str:
    """As it is written: in UTC, to the millisecond."""
    if isinstance(when, datetime):
        return _second(int(when.timestamp() // 1)) + _MILLISECONDS[when.microsecond // 1000]
    return _second(when // 1_000_000_000) + _MILLISECONDS[when // 1_000_000 % 1000]


@lru_cache(maxsize=2)
def _second(since_epoch: int) -> str:
    return datetime.fromtimestamp(since_epoch, UTC).isoformat()[:19]


def source(ip: str | None, port: int | None, sent: int | None) -> Source | None:
    """Who asked; None where nobody is known."""
    return None if ip is None else Source(ip=ip, port=port, bytes=sent)


@dataclass(frozen=True, slots=True)
class OfAttempt:
    """What an attempt and its verdict say of where to and by what: the same each time, so it is made once."""

    destination: Destination
    network: Network
    tls: Tls | None


def of_attempt(attempt: Attempt, verdict: Verdict | None) -> OfAttempt:
    """Where to and by what."""
    return _of(attempt, None, None) if verdict is None else _of(attempt, verdict.name_source, verdict.name)


@lru_cache(VERDICTS_CACHED)
def _of(attempt: Attempt, decided_by: NameSource | None, name: str | None) -> OfAttempt:
    return OfAttempt(
        destination=_destination(attempt, decided_by, name),
        network=Network(transport=attempt.transport, protocol=_PROTOCOLS.get(attempt.seen)),
        tls=_tls(attempt),
    )


def _destination(attempt: Attempt, decided_by: NameSource | None, name: str | None) -> Destination:
    """The name that decided, else the first, with the address and what was dialled in its place."""
    domain: str | None = None
    address, dialled = attempt.address or attempt.dialled, attempt.dialled
    for given in attempt.names:
        if not isinstance(given.value, str):
            address = address or given.value
        elif domain is None or given.source is decided_by:
            domain = given.value
    if domain is None and decided_by not in {None, NameSource.ADDRESS} and address is None:
        domain = name
    return Destination(
        domain=cut_if_any(domain, NAME_OCTETS),
        ip=None if address is None else str(address),
        nat=None if dialled is None or dialled == address else Nat(ip=str(dialled)),
        port=attempt.port,
    )


def _tls(attempt: Attempt) -> Tls | None:
    """The server name of a ClientHello, where one came."""
    for given in attempt.names:
        if given.source is NameSource.SNI:
            return Tls(client=TlsClient(server_name=cut(str(given.value), NAME_OCTETS)))
    return None
