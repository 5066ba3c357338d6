"""Requests to one HTTP(S) server over one kept connection, and which of its answers are worth another try.

Knows HTTP and TLS. Asks no proxy: what is sent are the events of one.
"""

import base64
import gzip
import http.client
import select
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from tierwall import __version__
from tierwall.sinks.address import Address
from tierwall.sinks.entry import Entry, NotNow, Outcome, Unwelcome

PATIENCE_S: Final = 30.0
_MOST_ANSWERED: Final = 8 * 1024 * 1024
_WORTH_PACKING: Final = 1024
_UNWELCOME: Final = frozenset({400, 413, 422})
"""The request itself is at fault. What else is refused (401, 404) is for people to mend: it is tried again."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is posted."""

    path: str
    content_type: str
    body: bytes


class Words(Protocol):
    """Entries in an engine's words, and its answers in ours."""

    def request(self, entries: Sequence[Entry]) -> Request:
        """To say them all."""

    def outcome(self, body: bytes, entries: Sequence[Entry]) -> Outcome:
        """Of an answer 2xx. Raises NotNow."""


class HttpOutlet:
    """Posts what the words say."""

    def __init__(self, address: Address, words: Words, trust: Path | None, *, packed: bool = True) -> None:
        """`trust`: certificates (PEM) besides the system's. `packed`: bodies go as gzip."""
        self._address, self._words, self._packed = address, words, packed
        self._tls = tls_context(trust) if address.secure else None
        self._connection: http.client.HTTPConnection | None = None
        self._headers = {"User-Agent": f"tierwall/{__version__}", "Accept": "application/json"}
        if address.user is not None:
            login = f"{address.user}:{address.password or ''}".encode()
            self._headers["Authorization"] = f"Basic {base64.b64encode(login).decode()}"
        self._headers |= dict(address.headers)

    def send(self, entries: Sequence[Entry]) -> Outcome:
        """One request."""
        status, after_s, body = self._post(self._words.request(entries))
        if 200 <= status < 300:
            return self._words.outcome(body, entries)
        said = f"it answers {status}: {_text(body)}" if body else f"it answers {status}"
        if status in _UNWELCOME:
            raise Unwelcome(said)
        raise NotNow(said, after_s)

    def close(self) -> None:
        """Let the connection go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _post(self, request: Request) -> tuple[int, float | None, bytes]:
        headers = self._headers | {"Content-Type": request.content_type}
        body = request.body
        if self._packed and len(body) > _WORTH_PACKING:
            body = gzip.compress(body, compresslevel=3)
            headers["Content-Encoding"] = "gzip"
        try:
            connection = self._connected()
            connection.request("POST", request.path, body, headers)
            answer = connection.getresponse()
            said = answer.read(_MOST_ANSWERED)
            if answer.length and len(said) < _MOST_ANSWERED:
                raise http.client.IncompleteRead(said, answer.length)
            if not answer.isclosed():
                self.close()
            return answer.status, _seconds(answer.getheader("Retry-After")), said
        except (OSError, http.client.HTTPException) as trouble:
            self.close()
            raise NotNow(why(trouble)) from None

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is not None and _has_ended(self._connection):
            self.close()
        if self._connection is None:
            host, port = self._address.host, self._address.port
            if self._tls is None:
                self._connection = http.client.HTTPConnection(host, port, timeout=PATIENCE_S)
            else:
                self._connection = http.client.HTTPSConnection(host, port, timeout=PATIENCE_S, context=self._tls)
        return self._connection


def tls_context(trust: Path | None) -> ssl.SSLContext:
    """Who is believed: the system's authorities, and these. Raises OSError where the file holds no certificate."""
    context = ssl.create_default_context()
    if trust is not None:
        context.load_verify_locations(trust)
    return context


def why(trouble: Exception) -> str:
    """A failure of the network, for people."""
    match trouble:
        case ssl.SSLCertVerificationError():
            return f"its certificate is not to be trusted: {trouble.verify_message} (--sink-trust names authorities)"
        case TimeoutError():
            return "it did not answer in time"
        case http.client.HTTPException():
            return f"it does not speak HTTP as it should: {trouble!r}"
        case OSError():
            return trouble.strerror or str(trouble) or repr(trouble)
        case _:
            return repr(trouble)


def _has_ended(connection: http.client.HTTPConnection) -> bool:
    """A server that was answered in full and says more says its end."""
    return connection.sock is not None and bool(select.select([connection.sock], [], [], 0)[0])


def _seconds(text: str | None) -> float | None:
    """Retry-After, where it is a number (RFC 9110 section 10.2.3); a date is left to our own pauses."""
    return float(text) if text is not None and text.isdecimal() and len(text) < 6 else None


def _text(body: bytes) -> str:
    return body[:300].decode(errors="replace").strip()
