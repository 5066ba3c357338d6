"""Options that name engines for events to go to, and what was typed after them.

Knows words and the files that `@FILE` names. What a URL means is sinks/address.py's.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

_WHAT: Final = {
    "otlp": "an OpenTelemetry collector, Loki, or whoever takes OTLP/HTTP logs: http://collector:4318",
    "elasticsearch": "Elasticsearch or OpenSearch, by _bulk: https://user:password@search:9200",
    "clickhouse": "ClickHouse, by HTTP: http://clickhouse:8123/?database=lab",
    "syslog": "a syslog server, RFC 5424: tls://siem:6514, or tcp://",
    "kafka": "a Kafka topic: kafka://broker:9092/tierwall.events (pip install 'tierwall[kafka]')",
    "nats": "a NATS JetStream subject: nats://broker:4222/tierwall.events (pip install 'tierwall[nats]')",
    "webhook": "whoever wants to be called when something core is denied: https://chat.example/hooks/42",
}
_MOST_OCTETS: Final = 64 * 1024


def sink_options[F: Callable[..., Any]](command: F) -> F:
    """Add `--otlp URL` and its siblings, and `--sink-trust`."""
    trust = click.option(
        "--sink-trust",
        metavar="FILE",
        type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
        help="Authorities (PEM) that may have signed the certificates of those engines, beside the system's.",
    )
    command = trust(command)
    for name, what in reversed(_WHAT.items()):
        kind = click.option(f"--{name}", metavar="URL", multiple=True, help=f"Send events to {what}.")
        command = kind(command)
    return command


def typed(options: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """By option, in its order: what was typed. Takes them out of the options."""
    return tuple((name, text) for name in _WHAT for text in options.pop(name))


def url_and_headers(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """A URL as it is; or of `@FILE` its first line, and HTTP headers from those that follow.

    Raises:
        ValueError: The file cannot be read, or a line of it is no header. Says nothing of what stands there.
    """
    if not text.startswith("@"):
        return text, ()
    path = Path(text[1:])
    try:
        with path.open(encoding="utf-8") as file:
            url, *lines = [line.strip() for line in file.read(_MOST_OCTETS).splitlines()] or [""]
    except (OSError, UnicodeDecodeError) as fault:
        raise ValueError(f"{path}: {getattr(fault, 'strerror', None) or 'is no UTF-8 text'}") from None
    headers: list[tuple[str, str]] = []
    for number, line in enumerate(lines, 2):
        name, colon, value = line.partition(":")
        if line and not (colon and name.strip().isascii() and value.strip().isprintable()):
            raise ValueError(f"{path}:{number}: expected a header, as in Authorization: ApiKey …")
        if line:
            headers.append((name.strip(), value.strip()))
    return url, tuple(headers)
