"""An address -> the sink that goes there: its outlet, which events it wants, and the file of its position.

Knows the kinds. See delivery.py for what a sink does.
"""

import hashlib
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from tierwall.sinks.address import Address, Kind
from tierwall.sinks.delivery import Delivery, Voice, keep, kept_position
from tierwall.sinks.entry import Entry, Outlet
from tierwall.sinks.following import START, Follower, Position
from tierwall.sinks.formats import webhook
from tierwall.sinks.outlets.http import HttpOutlet
from tierwall.sinks.outlets.kafka import KafkaOutlet
from tierwall.sinks.outlets.nats import NatsOutlet
from tierwall.sinks.outlets.syslog import SyslogOutlet
from tierwall.sinks.outlets.web import ClickHouse, Elasticsearch, Otlp, Webhook


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be sent where."""

    journal: Path
    sinks: tuple[Address, ...]
    trust: Path | None = None
    """Certificates (PEM) that engines may be signed by, besides the system's."""


def outlet(address: Address, trust: Path | None) -> Outlet:
    """The way there. Raises InvalidSink for a library that is not installed, OSError for an unreadable trust file."""
    host = socket.gethostname()
    match address.kind:
        case Kind.OTLP:
            return HttpOutlet(address, Otlp(address, host), trust)
        case Kind.ELASTICSEARCH:
            return HttpOutlet(address, Elasticsearch(address), trust)
        case Kind.CLICKHOUSE:
            return HttpOutlet(address, ClickHouse(address), trust)
        case Kind.WEBHOOK:
            return HttpOutlet(address, Webhook(address), trust, packed=False)
        case Kind.SYSLOG:
            return SyslogOutlet(address, trust, host, os.getpid())
        case Kind.KAFKA:
            return KafkaOutlet(address, trust)
        case Kind.NATS:
            return NatsOutlet(address, trust)
        case _:
            assert_never(address.kind)


def delivery(wanted: Wanted, address: Address, voice: Voice) -> Delivery:
    """The sink, not started. Raises as `outlet` does."""
    kept_at = position_file(wanted.journal, address)
    return Delivery(
        address.shown,
        outlet(address, wanted.trust),
        Follower(wanted.journal, kept_position(kept_at) or START),
        kept_at,
        voice,
        wanted=webhook.wanted if address.kind is Kind.WEBHOOK else _everything,
    )


def begin(wanted: Wanted, where: Callable[[Path], Position], *, again: bool = False) -> None:
    """Sinks that never had anything of this journal begin there; `again`: all of them. Raises OSError."""
    for address in wanted.sinks:
        kept_at = position_file(wanted.journal, address)
        if again or kept_position(kept_at) is None:
            keep(kept_at, where(wanted.journal))


def position_file(journal: Path, address: Address) -> Path:
    """Beside the journal. Its name tells sinks apart, and no password."""
    whole = f"{address.shown} {address.path} {address.query}"
    return journal.with_name(f"{journal.name}.{address.kind}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}.position")


def _everything(_: Entry) -> bool:
    return True
