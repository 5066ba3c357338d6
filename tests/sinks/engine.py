"""An engine that tests hold: an HTTP server which keeps the bodies it is sent, and answers as it is told."""

import gzip
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Kept:
    """What it was sent."""

    def __init__(self) -> None:
        self.bodies: list[Any] = []
        self.headers: list[dict[str, str]] = []
        self.answer: Callable[[Any], tuple[int, bytes]] = lambda _: (200, b"{}")
        self.port = 0
        self._came = threading.Condition()

    def take(self, body: Any, headers: dict[str, str]) -> tuple[int, bytes]:
        with self._came:
            self.bodies.append(body)
            self.headers.append(headers)
            self._came.notify_all()
        return self.answer(body)

    @property
    def ids(self) -> list[str]:
        """Of OTLP's records."""
        return [
            attribute["value"]["stringValue"]
            for body in self.bodies
            for record in body["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
            for attribute in record["attributes"]
            if attribute["key"] == "event.id"
        ]

    def wait_for(self, holds: Callable[[], bool], limit_s: float = 10.0) -> None:
        with self._came:
            assert self._came.wait_for(holds, limit_s), self.bodies


@contextmanager
def an_engine(tls: ssl.SSLContext | None = None) -> Iterator[Kept]:
    """While the block runs."""
    kept = Kept()

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            status, said = kept.take(json.loads(body), dict(self.headers))
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Not on the console."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    kept.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
