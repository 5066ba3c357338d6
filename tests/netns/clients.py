"""Bare clients that run in a namespace, beside those of tierwall.standins.clients."""

import socket
import time

from tests.netns.lab import Machine
from tests.support.programs import read_to_end

SEGMENTS_APART_S = 0.05


def converse(machine: Machine, address: str, port: int, *segments: bytes, limit_s: float = 3.0) -> bytes:
    """Send this from there, a TCP segment a piece, and read to the end; see `read_to_end`."""

    def talk() -> bytes:
        with socket.create_connection((address, port), timeout=limit_s) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for segment in segments:
                client.sendall(segment)
                time.sleep(SEGMENTS_APART_S)
            return read_to_end(client)

    return machine.inside(talk)


def curl(machine: Machine, *arguments: object) -> tuple[int, str]:
    """Curl's exit status there, and what it printed."""
    done = machine.run("curl", "-q", "-sS", "--max-time", "5", *arguments)
    return done.returncode, done.stdout + done.stderr


def s_client(machine: Machine, address: str, *arguments: object) -> str:
    """All that `openssl s_client` says there."""
    done = machine.run("openssl", "s_client", "-connect", f"{address}:443", *arguments)
    return done.stdout + done.stderr
