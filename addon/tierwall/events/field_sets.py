"""The field sets of an event (Elastic Common Schema) that come from an attempt: when, who, where to, and by what.

Knows what each field is named and how long it may be. What happened to the attempt is build.py's.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from tierwall.events.enums import NetworkProtocol
from tierwall.events.hostile_text import NAME_OCTETS, cut
from tierwall.events.model import Destination, Nat, Network, Source, Tls, TlsClient
from tierwall.policy.attempt import Attempt, NameSource, Seen, Verdict
from tierwall.policy.model import Transport

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


# Names and addresses come again: to look one up takes a quarter of what it takes to look at it, or to spell it.
_name: Final = lru_cache(4096)(cut)
_text: Final = lru_cache(4096)(str)


def destination(attempt: Attempt, verdict: Verdict | None, received: int | None) -> Destination:
    """Where to: the name that decided, else the first, with the address and what was dialled in its place."""
    decided_by = None if verdict is None else verdict.name_source
    domain: str | None = None
    address, dialled = attempt.address or attempt.dialled, attempt.dialled
    for given in attempt.names:
        if not isinstance(given.value, str):
            address = address or given.value
        elif domain is None or given.source is decided_by:
            domain = given.value
    if domain is None and verdict is not None and verdict.name_source is not NameSource.ADDRESS and address is None:
        domain = verdict.name
    return Destination(
        domain=None if domain is None else _name(domain, NAME_OCTETS),
        ip=None if address is None else _text(address),
        nat=None if dialled is None or dialled == address else Nat(ip=_text(dialled)),
        port=attempt.port,
        bytes=received,
    )


@lru_cache
def network(transport: Transport, seen: Seen | None) -> Network:
    """What it went over, and what was spoken."""
    return Network(transport=transport, protocol=_PROTOCOLS.get(seen))


def tls(attempt: Attempt) -> Tls | None:
    """The server name of a ClientHello, where one came."""
    for given in attempt.names:
        if given.source is NameSource.SNI:
            return _server_name(str(given.value))
    return None


@lru_cache(maxsize=1024)
def _server_name(name: str) -> Tls:
    return Tls(client=TlsClient(server_name=cut(name, NAME_OCTETS)))
