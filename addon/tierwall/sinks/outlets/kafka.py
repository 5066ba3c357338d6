"""Kafka, by kafka-python: one message an event, keyed by site, acknowledged by all replicas.

Knows that library, which is the extra `kafka`. It sends again what a broker did not answer, by the producer's number
(KIP-98), so that a retry is no second message; `?idempotence=no` is for brokers that know none of it.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tierwall.sinks.address import Address, InvalidSink
from tierwall.sinks.entry import Entry, NotNow, Outcome, Unwelcome
from tierwall.sinks.outlets.http import tls_context

_ANSWER_S: Final = 10.0
_HEADERS: Final = [("schema", b"urn:tierwall:event"), ("content-type", b"application/json")]


class KafkaOutlet:
    """A producer, made when the first events go, and anew when it failed."""

    def __init__(self, address: Address, trust: Path | None) -> None:
        """Raises InvalidSink where the library is not installed."""
        try:
            import kafka  # type: ignore[import-untyped]  # noqa: PLC0415 - an extra
            import kafka.errors  # type: ignore[import-untyped]  # noqa: PLC0415
        except ImportError:
            raise InvalidSink("--kafka needs kafka-python: pip install 'tierwall[kafka]'") from None
        logging.getLogger("kafka").setLevel(logging.CRITICAL)  # what matters of it is raised, and said once
        self._kafka: Any = kafka
        self._topic = address.path.strip("/")
        self._settings: dict[str, Any] = {
            "bootstrap_servers": [f"{address.host}:{address.port}"],
            "acks": "all",
            "linger_ms": 20,
            "compression_type": "gzip",
            "enable_idempotence": address.asked("idempotence") != "no",
            "request_timeout_ms": int(_ANSWER_S * 500),
            "delivery_timeout_ms": int(_ANSWER_S * 1000),
            "max_block_ms": int(_ANSWER_S * 500),
            "security_protocol": ("SASL_" if address.user else "") + ("SSL" if address.secure else "PLAINTEXT"),
        }
        if address.secure:
            self._settings["ssl_context"] = tls_context(trust)
        if address.user:
            login = {"sasl_plain_username": address.user, "sasl_plain_password": address.password or ""}
            self._settings |= {"sasl_mechanism": address.asked("mechanism") or "PLAIN"} | login
        self._producer: Any = None

    def send(self, entries: Sequence[Entry]) -> Outcome:
        """Wait until each is acknowledged or failed."""
        errors = self._kafka.errors
        try:
            if self._producer is None:
                self._producer = self._kafka.KafkaProducer(**self._settings)
            coming = [
                self._producer.send(
                    self._topic, key=(entry.event.tierwall.site or "").encode(), value=entry.line, headers=_HEADERS
                )
                for entry in entries
            ]
            self._producer.flush(_ANSWER_S)
        except errors.MessageSizeTooLargeError as fault:
            raise Unwelcome(str(fault)) from None
        except (errors.KafkaError, OSError) as fault:
            self.close()
            raise NotNow(_said(fault)) from None
        return self._outcome(entries, coming)

    def close(self) -> None:
        """Let the connections go; what is still under way is sent again by whoever comes next."""
        if self._producer is not None:
            producer, self._producer = self._producer, None
            producer.close(timeout=1)

    def _outcome(self, entries: Sequence[Entry], coming: Sequence[Any]) -> Outcome:
        refused, said, again = 0, "", []
        for entry, one in zip(entries, coming, strict=True):
            if one.succeeded():
                continue
            fault = one.exception if one.is_done else None
            if isinstance(fault, self._kafka.errors.MessageSizeTooLargeError | self._kafka.errors.InvalidRecordError):
                refused, said = refused + 1, _said(fault)
            else:
                again.append(entry)
                said = said or _said(fault)
        if again:
            self.close()
            if len(again) == len(entries):
                raise NotNow(said)
        return Outcome(refused=refused, why=said, again=tuple(again))


def _said(fault: object) -> str:
    return "it did not answer in time" if fault is None else f"{type(fault).__name__}: {fault}"
