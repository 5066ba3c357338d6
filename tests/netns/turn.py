"""A real TURN server (coturn), with an echo behind it, and its own load client."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.netns.lab import Machine
from tests.support.waiting import eventually

ECHO_PORT: Final = 3480
_ACCOUNT: Final = "lab"
"""User and password alike."""

_OPTIONS: Final = "-n --no-tls --no-dtls --no-cli --lt-cred-mech --min-port 49152 --max-port 49400 --simple-log"


@dataclass(frozen=True, slots=True)
class Media:
    """What a client sent through its relay, and what came back."""

    sent: int
    received: int


@contextmanager
def coturn(machine: Machine, port: int, folder: Path, *addresses: str) -> Iterator[None]:
    """Serve TURN over UDP in there while the block runs, at each address; its log is in the folder."""
    listening = [word for address in addresses for word in ("-L", address)]
    server = (
        *("turnserver", *_OPTIONS.split(), *listening, "-p", port, "-u", f"{_ACCOUNT}:{_ACCOUNT}", "-r", "lab.example"),
        *("--userdb", folder / "turndb", "--pidfile", folder / "turn.pid", "--log-file", "stdout"),
    )
    echo = ("turnutils_peer", *listening, "-p", ECHO_PORT)
    with (folder / "turn.log").open("w") as log, _running(machine, log, *server), _running(machine, log, *echo):
        eventually(lambda: len(addresses) <= _listening(machine, port))
        eventually(lambda: len(addresses) <= _listening(machine, ECHO_PORT))
        yield


def send_media(machine: Machine, server: str, port: int, *, messages: int = 20, limit_s: float = 10.0) -> Media:
    """Allocate relays there, send messages through them to the echo beside it, and count; it would try for ever."""
    family = ("-x",) if ":" in server else ()
    done = machine.run(
        *("timeout", limit_s, "turnutils_uclient", *family, "-u", _ACCOUNT, "-w", _ACCOUNT, "-p", port, "-g", "-c"),
        *("-e", server, "-r", ECHO_PORT, "-n", messages, "-m", 1, "-l", 160, server),
        limit_s=limit_s + 5,
    )
    counts = re.findall(r"tot_send_msgs=(\d+), tot_recv_msgs=(\d+)", done.stdout)
    sent, received = counts[-1] if counts else (0, 0)
    return Media(int(sent), int(received))


def _listening(machine: Machine, port: int) -> int:
    """At how many addresses something does."""
    listed = machine.run("ss", "-Hlnu", f"sport = :{port}").stdout.splitlines()
    return len({line.split()[3] for line in listed})


@contextmanager
def _running(machine: Machine, log: object, *command: object) -> Iterator[None]:
    process = machine.start(*command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)
        process.kill()
        process.wait()
