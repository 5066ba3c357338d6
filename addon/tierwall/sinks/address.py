"""What `--otlp URL` and the other options name, read: kind, way and credentials.

Knows spellings. Refuses to know the network; nothing of a password is in what is shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit


class Kind(StrEnum):
    """The engines, each an option of its name."""

    OTLP = "otlp"
    ELASTICSEARCH = "elasticsearch"
    CLICKHOUSE = "clickhouse"
    SYSLOG = "syslog"
    KAFKA = "kafka"
    NATS = "nats"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class Spelling:
    """How the URL of a kind is written."""

    schemes: Mapping[str, int]
    """With the port where none is given."""
    example: str


_WEB: Final = {"http": 80, "https": 443}
SPELLINGS: Final[Mapping[Kind, Spelling]] = {
    Kind.OTLP: Spelling({"http": 4318, "https": 4318}, "http://collector:4318"),
    Kind.ELASTICSEARCH: Spelling({"http": 9200, "https": 9200}, "https://user:password@search:9200"),
    Kind.CLICKHOUSE: Spelling({"http": 8123, "https": 8443}, "http://clickhouse:8123/?database=lab"),
    Kind.SYSLOG: Spelling({"tls": 6514, "tcp": 601}, "tls://siem:6514"),
    Kind.KAFKA: Spelling({"kafka": 9092, "kafkas": 9093}, "kafka://broker:9092/tierwall.events"),
    Kind.NATS: Spelling({"nats": 4222, "tls": 4222}, "nats://broker:4222/tierwall.events"),
    Kind.WEBHOOK: Spelling(_WEB, "https://chat.example/hooks/42"),
}


class InvalidSink(ValueError):
    """What is wrong with a sink's URL, in one line that names no password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a sink is, and how it is entered."""

    kind: Kind
    scheme: str
    host: str
    port: int
    path: str
    query: tuple[tuple[str, str], ...] = ()
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def secure(self) -> bool:
        """Whether it is TLS."""
        return self.scheme in {"https", "tls", "kafkas"}

    @property
    def shown(self) -> str:
        """For people and files' names. A webhook's path is its password, and is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        path = "/…" if self.kind is Kind.WEBHOOK else self.path
        return f"{self.kind} {self.scheme}://{host}:{self.port}{path}"

    def asked(self, name: str) -> str | None:
        """What the URL's query says of this."""
        return dict(self.query).get(name)


def parse_address(kind: Kind, text: str, headers: tuple[tuple[str, str], ...] = ()) -> Address:
    """Read one. Raises InvalidSink."""
    spelling = SPELLINGS[kind]
    expected = f"--{kind}: expected {' or '.join(f'{scheme}://' for scheme in spelling.schemes)} and a host, as in "
    expected += spelling.example
    try:
        url = urlsplit(text.strip())
        port = url.port
    except ValueError as fault:
        raise InvalidSink(f"{expected} ({fault})") from None
    if url.scheme not in spelling.schemes:
        raise InvalidSink(f"{expected}; this begins with {url.scheme or text[:20]!a}")
    if not url.hostname:
        raise InvalidSink(f"{expected}; this names no host")
    if url.fragment:
        raise InvalidSink(f"{expected}; a # is written %23")
    return Address(
        kind=kind,
        scheme=url.scheme,
        host=url.hostname,
        port=port or spelling.schemes[url.scheme],
        path=_path(kind, url),
        query=tuple(parse_qsl(url.query, keep_blank_values=True)),
        user=None if url.username is None else unquote(url.username),
        password=None if url.password is None else unquote(url.password),
        headers=headers,
    )


def _path(kind: Kind, url: SplitResult) -> str:
    path = url.path.rstrip("/")
    match kind:
        case Kind.OTLP:
            return path if path.endswith("/v1/logs") else f"{path}/v1/logs"
        case Kind.KAFKA | Kind.NATS:
            return path or "/tierwall.events"
        case Kind.WEBHOOK | Kind.CLICKHOUSE:
            return url.path or "/"
        case _:
            return path
