"""A real Squid that is asked for its verdicts: which hosts a configuration or a list lets through on CONNECT.

Knows Squid's command line and HTTP, and nothing of tierwall. Nothing leaves the machine: what Squid admits it hands to
a parent proxy that is not there, so that an admitted CONNECT is answered 500 or 503, and a denied one 403. Every list
has a client address of its own, so that one Squid answers for hundreds of lists.
"""

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.squid_files import always, open_to_squid

START_S = 20
ANSWER_S = 15
AT_A_TIME = 64
DESCRIPTORS = 4096
_SETTINGS = """\
cache_peer 127.0.0.1 parent {nobody} 0 no-query no-digest
never_direct allow all
dns_nameservers 127.0.0.1
dns_timeout 1 second
access_log none
"""
_FATAL = re.compile(r"FATAL: (?P<why>.*)")


class NoSquid(LookupError):
    """There is no Squid here; the message says how to get one."""


def program() -> str:
    """Squid's path. Raises NoSquid."""
    found = shutil.which("squid", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/sbin")
    if found is None:
        raise NoSquid("there is no squid: apt-get install squid-openssl")
    return found


def refusal_to_start(folder: Path, configuration: str) -> str | None:
    """Why Squid does not start with the configuration; None where it does."""
    path = folder / "parsed.conf"
    path.write_text(f"http_port 127.0.0.1:3128\n{configuration}", encoding="utf-8", errors="surrogateescape")
    done = subprocess.run(
        [program(), "-k", "parse", "-f", path], check=False, capture_output=True, text=True, errors="replace"
    )
    if done.returncode == 0:
        return None
    fatal = _FATAL.search(done.stderr)
    return fatal["why"] if fatal else done.stderr[-400:]


@dataclass(frozen=True, slots=True)
class Asked:
    """One CONNECT: from which client address, to which host and port."""

    host: str
    port: int = 443
    client: str = "127.0.0.1"


class Squid:
    """One that runs. Its answers are True for what it lets through."""

    def __init__(self, port: int) -> None:
        self._port = port

    def admits(self, asked: Asked) -> bool:
        """Whether the CONNECT was let through."""
        host = asked.host.encode()
        target = b"%s:%d" % (b"[%s]" % host if b":" in host else host, asked.port)
        status = self.ask(b"CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (target, target), asked.client)
        match status:
            case 403:
                return False
            case 500 | 503:  # no parent to hand it to, or none that answers
                return True
            case _:
                raise AssertionError(f"squid answered {status} to {asked}")

    def admit(self, several: Sequence[Asked]) -> list[bool]:
        """The same of several, many at a time: a host that is an address waits for a reverse look-up in vain."""
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            return list(pool.map(self.admits, several))

    def ask(self, request: bytes, client: str = "127.0.0.1") -> int:
        """The status that a request is answered with."""
        with closing(socket.create_connection(("127.0.0.1", self._port), ANSWER_S, (client, 0))) as connection:
            connection.sendall(request)
            answer = b""
            while b"\r\n" not in answer:
                octets = connection.recv(4096)
                if not octets:
                    raise AssertionError(f"squid closed without an answer to {request!r}")
                answer += octets
        return int(answer.split(b" ", 2)[1])


@contextmanager
def running(folder: Path, configuration: str, hosts: str = "") -> Iterator[Squid]:
    """A Squid with the configuration, its logs in the folder; `hosts` is what it knows of names and addresses."""
    port, nobody = free_ports(2)
    (folder / "hosts").write_text(hosts)
    settings = _SETTINGS.format(nobody=nobody) + always(folder, DESCRIPTORS)
    path = folder / "squid.conf"
    text = f"http_port 127.0.0.1:{port}\n{configuration}\n{settings}"
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    open_to_squid(folder)
    process = subprocess.Popen(
        [program(), "-N", "-f", path], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace"
    )
    try:
        until_listening(process, port)
        yield Squid(port)
    finally:
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


def of_lists(folder: Path, lists: Sequence[str], acl: str = "dstdomain") -> tuple[str, list[str]]:
    """A configuration in which each list admits what it lists to a client of its own; the clients in their order.

    A list is what stands in a file of its own, as Squid reads it.
    """
    lines: list[str] = []
    clients = [f"127.1.{at // 250}.{at % 250 + 1}" for at in range(len(lists))]
    for at, (text, client) in enumerate(zip(lists, clients, strict=True)):
        file = folder / f"list-{at}"
        file.write_text(text, encoding="utf-8", errors="surrogateescape")
        lines += [f'acl l{at} {acl} "{file}"', f"acl c{at} src {client}", f"http_access allow c{at} l{at}"]
    return "\n".join([*lines, "http_access deny all"]), clients


def until_listening(process: subprocess.Popen[str], port: int) -> None:
    """Polls, because Squid says nowhere that it listens but in a file of which it does not say when it is written."""
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if process.poll() is not None:
            said = process.stderr.read() if process.stderr is not None else ""
            raise AssertionError(f"squid did not start: {said[-800:]}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"squid did not listen within {START_S} s")


def free_ports(count: int) -> list[int]:
    """Of loopback, free a moment ago."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
