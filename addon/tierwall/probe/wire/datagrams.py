"""A datagram and its answer: sent again a few times, each try waiting longer.

Knows sockets; what is an answer, the caller does.
"""

import socket
import time
from collections.abc import Callable

from tierwall.probe.wire.failure import Malformed, word_for

TRIES_S = (0.5, 1.0, 2.0)
"""How long each try waits; RFC 8489 section 6.2.1 doubles likewise."""


def ask(address: str, port: int, datagram: bytes, meaning: Callable[[bytes], str]) -> tuple[str, float]:
    """What the answer means, or a failure, and after how many milliseconds of the try that was answered.

    `meaning` raises Malformed where what came is no answer to this.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    began = time.monotonic()
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect((address, port))
            for limit_s in TRIES_S:
                sent = time.monotonic()
                sock.settimeout(limit_s)
                sock.send(datagram)
                try:
                    return meaning(sock.recv(65535)), (time.monotonic() - sent) * 1000
                except (TimeoutError, Malformed):
                    continue
        except OSError as fault:
            return word_for(fault), (time.monotonic() - began) * 1000
    return "silence", (time.monotonic() - began) * 1000
