"""The engines that are spoken to over HTTP: which request holds which entries, and which answers mean what.

Knows paths and queries. Bodies are formats/'s.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from tierwall.sinks.address import Address
from tierwall.sinks.entry import TAKEN, Entry, Outcome
from tierwall.sinks.formats import clickhouse, elasticsearch, otlp, webhook
from tierwall.sinks.outlets.http import Request

_NAMESPACE: Final = "default"
_OURS: Final = frozenset({"table", "namespace"})


@dataclass(frozen=True, slots=True)
class Otlp:
    """A collector, or any engine that takes OTLP."""

    address: Address
    host: str

    def request(self, entries: Sequence[Entry]) -> Request:
        """All of them as one resource's logs."""
        return Request(_with_query(self.address), otlp.CONTENT_TYPE, otlp.request(entries, self.host))

    def outcome(self, body: bytes, entries: Sequence[Entry]) -> Outcome:  # noqa: ARG002 - the answer names none
        """A partial success."""
        return otlp.outcome(body)


@dataclass(frozen=True, slots=True)
class Elasticsearch:
    """Elasticsearch or OpenSearch: the data stream `logs-tierwall.events-NAMESPACE`."""

    address: Address

    def request(self, entries: Sequence[Entry]) -> Request:
        """One bulk request."""
        stream = quote(f"logs-tierwall.events-{self.address.asked('namespace') or _NAMESPACE}", safe="")
        path = f"{self.address.path}/{stream}/_bulk"
        return Request(path, elasticsearch.CONTENT_TYPE, elasticsearch.request(entries))

    def outcome(self, body: bytes, entries: Sequence[Entry]) -> Outcome:
        """Item by item."""
        return elasticsearch.outcome(body, entries)


@dataclass(frozen=True, slots=True)
class ClickHouse:
    """ClickHouse's HTTP interface; the URL's query goes along, as `?database=lab` does."""

    address: Address

    def request(self, entries: Sequence[Entry]) -> Request:
        """One insert."""
        said = dict(self.address.query)
        query = clickhouse.query(said.get("table") or clickhouse.TABLE)
        settings = {"query": query, "insert_deduplication_token": clickhouse.token(entries)}
        settings |= {name: value for name, value in said.items() if name not in _OURS}
        path = f"{self.address.path}?{urlencode(settings)}"
        return Request(path, clickhouse.CONTENT_TYPE, clickhouse.request(entries))

    def outcome(self, body: bytes, entries: Sequence[Entry]) -> Outcome:  # noqa: ARG002 - it says nothing of each
        """An insert is taken whole."""
        return TAKEN


@dataclass(frozen=True, slots=True)
class Webhook:
    """Whoever wants to be called."""

    address: Address

    def request(self, entries: Sequence[Entry]) -> Request:
        """One call for all that came together."""
        return Request(_with_query(self.address), webhook.CONTENT_TYPE, webhook.request(entries))

    def outcome(self, body: bytes, entries: Sequence[Entry]) -> Outcome:  # noqa: ARG002 - it is only called
        """Heard is heard."""
        return TAKEN


def _with_query(address: Address) -> str:
    return f"{address.path}?{urlencode(address.query)}" if address.query else address.path
