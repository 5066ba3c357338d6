"""Three machines on this one: a client, a gateway where tierwall runs, and the vendors' servers behind it.

Knows network namespaces, addresses and nftables. Without tierwall and without rules the gateway forwards everything,
so that what does not arrive was kept from it by what is under test. Names carry our process id; nothing is left over.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self

from tests.netns.looks import packets as packets_of
from tests.support.needs import PATH
from tierwall.standins.origins import serve_in_thread

CLIENT: Final = "10.77.1.2"
CLIENT_6: Final = "fd77:1::2"
GATEWAY: Final = "10.77.1.1"
GATEWAY_6: Final = "fd77:1::1"
PORT: Final = 8080

SERVER: Final = "203.0.113.2"
OTHER_SERVER: Final = "203.0.113.3"
SERVER_6: Final = "2001:db8:203::2"
"""Documentation ranges (RFC 5737, RFC 3849): public to tierwall, nobody's on the internet."""

TURN: Final = "168.138.110.244"
"""8x8's TURN server in Sydney: TCP 443, UDP 443 and 49152-65535."""

BRIDGE: Final = "152.67.144.10"
"""In 8x8's network of video bridges in London: TCP 443, UDP 10000."""

_SERVED_4: Final = (SERVER, OTHER_SERVER, TURN, BRIDGE)
_WATCH: Final = """
table inet seen {
    counter syns { }
    counter datagrams { }
    chain arriving {
        type filter hook input priority -300;
        tcp flags & (fin | syn | rst | ack) == syn counter name syns
        meta l4proto udp counter name datagrams
    }
}
"""
REDIRECT: Final = f"""
table inet tierwall
delete table inet tierwall
table inet tierwall {{
    chain redirected {{
        type nat hook prerouting priority dstnat;
        iifname client meta l4proto tcp fib daddr type != local redirect to :{PORT}
    }}
}}
"""
TUN: Final = "twtun"
_ETC: Final = Path("/etc/netns")
"""Where `ip netns exec` looks for files to put over those in /etc."""
MARK: Final = """
table inet tierwall_marks
delete table inet tierwall_marks
table inet tierwall_marks {{
    chain marked {{
        type filter hook prerouting priority mangle;
        iifname client meta l4proto {{ {protocols} }} fib daddr type != local meta mark set 1
    }}
}}
"""


class _Origin(Protocol):
    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Machine:
    """One network namespace."""

    name: str

    def start(self, *command: object, **options: Any) -> subprocess.Popen[str]:
        """Start a program in there."""
        words = ["ip", "netns", "exec", self.name, *map(str, command)]
        return subprocess.Popen(words, text=True, errors="backslashreplace", **options)

    def run(self, *command: object, stdin: str = "", limit_s: float = 10.0) -> subprocess.CompletedProcess[str]:
        """Run a program in there to its end."""
        words = ["ip", "netns", "exec", self.name, *map(str, command)]
        clean = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
        return subprocess.run(
            words, input=stdin, capture_output=True, text=True, check=False, timeout=limit_s, env=clean | {"PATH": PATH}
        )

    def ip(self, words: str) -> None:
        """Run `ip` in there."""
        _run("ip", "-n", self.name, *words.split())

    def nft(self, rules: str) -> None:
        """Load nftables rules in there."""
        done = self.run("nft", "-f", "-", stdin=rules)
        assert done.returncode == 0, done.stderr

    def inside[T](self, work: Callable[[], T]) -> T:
        """Do this in a thread that is in there: sockets belong to the namespace they were made in."""
        outcome: list[T] = []
        error: list[BaseException] = []

        def enter_and_work() -> None:
            try:
                self.enter()
                outcome.append(work())
            except BaseException as raised:  # noqa: BLE001 - raised again where it is waited for
                error.append(raised)

        thread = threading.Thread(target=enter_and_work)
        thread.start()
        thread.join()
        if error:
            raise error[0]
        return outcome[0]

    def wait[T](self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What an asynchronous client in there comes to."""
        return self.inside(lambda: asyncio.run(work()))

    def enter(self) -> None:
        """Move the calling thread in there, for good."""
        descriptor = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
        try:
            os.setns(descriptor, os.CLONE_NEWNET)
        finally:
            os.close(descriptor)

    def etc(self, name: str, text: str) -> None:
        """What programs that are started in there find as /etc/NAME; gone with the machine."""
        folder = _ETC / self.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)

    @contextmanager
    def serving[O: _Origin](self, origin: O) -> Iterator[O]:
        """Serve an origin in there while the block runs."""
        with serve_in_thread(_Within(self, origin)):
            yield origin


class _Within[O: _Origin]:
    """An origin that listens in a namespace: its thread enters it first."""

    def __init__(self, machine: Machine, origin: O) -> None:
        self._machine, self._origin = machine, origin

    async def __aenter__(self) -> Self:
        self._machine.enter()
        await self._origin.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._origin.__aexit__(kind, error, trace)


@dataclass(frozen=True, slots=True)
class Seen:
    """What arrived at the server machine: SYNs, and datagrams."""

    tcp: int
    udp: int


@dataclass(frozen=True, slots=True)
class Lab:
    """The three machines."""

    client: Machine
    gateway: Machine
    server: Machine

    @contextmanager
    def through_tun(self, protocols: str) -> Iterator[None]:
        """Send what the client forwards of these protocols (`udp`, `tcp`) to the tun device that tierwall made."""
        self.gateway.nft(MARK.format(protocols=protocols))
        for family in ("-4", "-6"):
            self.gateway.ip(f"{family} rule add fwmark 1 lookup 100")
            self.gateway.ip(f"{family} route add default dev {TUN} table 100")
        try:
            yield
        finally:
            for family in ("-4", "-6"):
                self.gateway.ip(f"{family} rule del fwmark 1")

    def seen(self) -> Seen:
        """What has arrived at the server so far."""
        packets = packets_of(self.server.run("nft", "-j", "list", "counters").stdout)
        return Seen(packets["syns"], packets["datagrams"])


@contextmanager
def three_machines() -> Iterator[Lab]:
    """Make them, and remove them afterwards."""
    with ExitStack() as stack:
        client, gateway, server = (stack.enter_context(_machine(role)) for role in ("client", "gateway", "server"))
        _cable(client, "gateway", gateway, "client")
        _cable(gateway, "server", server, "gateway")
        client.ip(f"addr add {CLIENT}/24 dev gateway")
        client.ip(f"addr add {CLIENT_6}/64 dev gateway nodad")
        client.ip(f"route add default via {GATEWAY}")
        client.ip(f"-6 route add default via {GATEWAY_6}")
        gateway.ip(f"addr add {GATEWAY}/24 dev client")
        gateway.ip(f"addr add {GATEWAY_6}/64 dev client nodad")
        gateway.ip("addr add 203.0.113.1/24 dev server")
        gateway.ip("addr add 2001:db8:203::1/64 dev server nodad")
        gateway.ip(f"route add default via {SERVER}")
        gateway.ip(f"-6 route add default via {SERVER_6}")
        gateway.run("sysctl", "-q", "-w", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        for address in _SERVED_4:
            server.ip(f"addr add {address}/{24 if address in {SERVER, OTHER_SERVER} else 32} dev gateway")
        server.ip(f"addr add {SERVER_6}/64 dev gateway nodad")
        server.ip("route add default via 203.0.113.1")
        server.ip("-6 route add default via 2001:db8:203::1")
        server.nft(_WATCH)
        yield Lab(client, gateway, server)


@contextmanager
def _machine(role: str) -> Iterator[Machine]:
    machine = Machine(f"tw{os.getpid()}{role}")
    _run("ip", "netns", "add", machine.name)
    try:
        machine.ip("link set lo up")
        yield machine
    finally:
        _run("ip", "netns", "del", machine.name)
        shutil.rmtree(_ETC / machine.name, ignore_errors=True)


def _cable(one: Machine, name: str, other: Machine, other_name: str) -> None:
    _run(*f"ip link add {name} netns {one.name} type veth peer name {other_name} netns {other.name}".split())
    one.ip(f"link set {name} up")
    other.ip(f"link set {other_name} up")


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"


def bound(kind: socket.SocketKind, family: socket.AddressFamily = socket.AF_INET) -> socket.socket:
    """A socket of the calling thread's namespace, with a time limit."""
    made = socket.socket(family, kind)
    made.settimeout(3.0)
    return made
