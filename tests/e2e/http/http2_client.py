"""A client of HTTP/2 that sends whatever it is told to, and grants no more than what HTTP/2 begins with.

Knows h2. Refuses to be polite.
"""

from socket import socket
from typing import Any

import h2.config
import h2.connection
import h2.events


class Http2Client:
    """One connection."""

    def __init__(self, inside: socket) -> None:
        lax = h2.config.H2Configuration(validate_outbound_headers=False, normalize_outbound_headers=False)
        self._inside, self._h2 = inside, h2.connection.H2Connection(lax)
        self._h2.initiate_connection()
        self.informed: list[h2.events.InformationalResponseReceived] = []

    def ask(self, *fields: tuple[str, str], body: bytes | None = None) -> dict[str, str] | None:
        """The fields of the answer; None where the connection or the stream ends instead."""
        stream = self._h2.get_next_available_stream_id()
        self._h2.send_headers(stream, list(fields), end_stream=body is None)
        if body is not None:
            self._h2.send_data(stream, body, end_stream=True)
        return self.answer()

    def answer(self) -> dict[str, str] | None:
        """The same, of what was asked."""
        while (events := self._hear()) is not None:
            for event in events:
                if isinstance(event, h2.events.ResponseReceived):
                    return {_text(name): _text(value) for name, value in event.headers}
                if isinstance(event, h2.events.StreamReset | h2.events.ConnectionTerminated):
                    return None
        return None

    def pour(self, *fields: tuple[str, str], octets: int, end: bool = False) -> int:
        """Send a body for as long as that is granted; how much went out."""
        stream, sent = self._h2.get_next_available_stream_id(), 0
        self._h2.send_headers(stream, list(fields))
        self._inside.settimeout(1.0)
        try:
            while sent < octets:
                window = min(
                    self._h2.local_flow_control_window(stream), self._h2.max_outbound_frame_size, octets - sent
                )
                if window <= 0:
                    if self._hear() is None:
                        break
                    continue
                self._h2.send_data(stream, b"z" * window)
                sent += window
                self._inside.sendall(self._h2.data_to_send())
            if end:
                self._h2.end_stream(stream)
        except (TimeoutError, OSError, h2.exceptions.ProtocolError):
            pass
        self._inside.settimeout(8.0)
        return sent

    def take_back(self, *fields: tuple[str, str], times: int) -> bool:
        """Ask and reset at once, so often; whether the connection still stands."""
        for number in range(times):
            stream = self._h2.get_next_available_stream_id()
            self._h2.send_headers(stream, list(fields), end_stream=True)
            self._h2.reset_stream(stream)
            if number % 50 == 0:
                self._h2.ping(bytes(8))
                try:
                    heard = self._hear()
                except OSError:
                    return False
                if heard is None or any(isinstance(event, h2.events.ConnectionTerminated) for event in heard):
                    return False
        return True

    def _hear(self) -> list[Any] | None:
        self._inside.sendall(self._h2.data_to_send())
        octets = self._inside.recv(65536)
        if not octets:
            return None
        events = self._h2.receive_data(octets)
        self.informed += [event for event in events if isinstance(event, h2.events.InformationalResponseReceived)]
        return events


def fields(path: str = "/", authority: str = "two.corp.example", method: str = "GET") -> list[tuple[str, str]]:
    """What every request of HTTP/2 begins with."""
    return [(":method", method), (":scheme", "https"), (":authority", authority), (":path", path)]


def _text(octets: Any) -> str:
    return octets.decode() if isinstance(octets, bytes) else octets
