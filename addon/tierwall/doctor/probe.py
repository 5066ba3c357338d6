"""Looks at this machine, as far as it may, and says what it could not see. Changes nothing; asks no network.

Knows /proc, what iproute2 and nft are asked, and the kernel's clock. Refuses to judge: network.py and local.py do.
"""

import ctypes
import http.client
import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from tierwall import programs
from tierwall.doctor.facts import TIERWALL, Facts, Namespace, Socket, redirects, sockets
from tierwall.gateway import host
from tierwall.gateway.facts import interfaces
from tierwall.gateway.topology import read
from tierwall.policy.model import Address, Transport
from tierwall.trust.certificate import CERTIFICATE, Certificate, Unreadable, read_certificate
from tierwall.trust.finding import Machine, find_stores

_ANSWER_S: Final = 1.0
_ANSWER_OCTETS: Final = 4096
_NAMESPACES_AT_MOST: Final = 64
_TIME_ERROR: Final = 5
"""What adjtimex(2) returns for a clock that nothing synchronises."""
_PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """What the command line and the files already said."""

    listen: tuple[Address, int]
    gateway: bool
    inspects: bool
    vendors: tuple[str, ...]
    state: Path
    """The folder of the journal and the lab CA."""


def look(lab: Lab, environment: Mapping[str, str] = os.environ) -> Facts:
    """All of it."""
    here, tuns = _here(), tuple(_tuns())
    certificate = _certificate(lab.state)
    home = Path(environment.get("HOME") or "/")
    machine = Machine(root=Path("/"), home=home, environment=environment)
    return Facts(
        listen=lab.listen,
        is_tierwall=_is_tierwall(lab.listen, here),
        here=here,
        others=tuple(_others()),
        gateway=lab.gateway,
        tuns=tuns,
        has_nft=programs.find("nft") is not None,
        settings=dict(_settings(tuns)),
        has_ipv6_route=bool(host.said("ip", "-6", "route", "show", "default").strip()),
        marks_ipv6=any("fwmark" in rule for rule in json.loads(host.said("ip", "-j", "-6", "rule") or "[]")),
        environment={name: value for name, value in environment.items() if name.lower().endswith("_proxy")},
        vendors=lab.vendors,
        configuration=_configuration(home),
        versions=dict(_versions()),
        certificate=certificate,
        stores=find_stores(machine, certificate) if certificate else (),
        inspects=lab.inspects,
        now=datetime.now(UTC),
        synchronised=_synchronised(),
        written=dict(_written(lab.state)),
        not_seen=tuple(_unseen()),
    )


def _is_tierwall(listen: tuple[Address, int], here: Namespace) -> bool:
    """Whether its process says so, or, where we may not see that, its status page is there."""
    listening = [each for each in here.sockets if each.transport is Transport.TCP and each.port == listen[1]]
    if any(each.owner is not None and TIERWALL in each.owner for each in listening):
        return True
    return bool(listening) and all(each.owner is None for each in listening) and _shows_its_page(*listen)


def _shows_its_page(address: Address, port: int) -> bool:
    to = ("::1" if address.version == 6 else "127.0.0.1") if address.is_unspecified else str(address)
    connection = http.client.HTTPConnection(to, port, timeout=_ANSWER_S)
    try:
        connection.request("GET", "/", headers={"Connection": "close"})
        return b"<title>tierwall: " in connection.getresponse().read(_ANSWER_OCTETS)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _unseen() -> Iterator[str]:
    """What we may not look at, or have nothing to look with."""
    as_root = os.geteuid() == 0
    if not as_root:
        yield "nftables' rules, other network namespaces and other users' processes: that needs root"
    if not _processes():
        yield "which processes there are, and their sockets: /proc is not mounted"
    wanted = {"ip": "addresses, routes and rules", "nft": "nftables' rules", "nsenter": "other network namespaces"}
    for name, what in wanted.items():
        if (as_root or name == "ip") and programs.find(name) is None:
            yield f"{what}: {programs.absent(name)}"


def _here() -> Namespace:
    found = tuple(_sockets({name: _read(_PROC / "net" / name) for name in _TABLES}))
    owners = _owners({each.inode for each in found})
    listed = host.said("nft", "-j", "list", "ruleset") if os.geteuid() == 0 else ""
    return Namespace(
        name="this one",
        sockets=tuple(replace(each, owner=owners.get(each.inode)) for each in found),
        redirects=tuple(redirects(listed)),
    )


def _others() -> Iterator[Namespace]:
    """Those that a process is in or that have a name."""
    if os.geteuid() != 0 or programs.find("nsenter") is None:
        return
    for name, path in _namespaces():
        enter = ("nsenter", f"--net={path}")
        tables = {table: host.said(*enter, "cat", f"/proc/net/{table}") for table in _TABLES}
        listed = host.said(*enter, "nft", "-j", "list", "ruleset")
        yield Namespace(name=name, sockets=tuple(_sockets(tables)), redirects=tuple(redirects(listed)))


_TABLES: Final = {"tcp": Transport.TCP, "tcp6": Transport.TCP, "udp": Transport.UDP, "udp6": Transport.UDP}


def _sockets(tables: Mapping[str, str]) -> Iterator[Socket]:
    for table, listed in tables.items():
        yield from sockets(listed, _TABLES[table])


def _namespaces() -> Iterator[tuple[str, Path]]:
    """Each once, by its name where it has one."""
    known = {_inode(_PROC / "self/ns/net")}
    named = [(path.name, path) for path in sorted(Path("/run/netns").glob("*"))]
    of_processes = [(f"of process {path.name}", path / "ns/net") for path in _processes()]
    for name, path in [*named, *of_processes]:
        inode = _inode(path)
        if inode is not None and inode not in known and len(known) <= _NAMESPACES_AT_MOST:
            known.add(inode)
            yield name, path


def _owners(inodes: set[int]) -> dict[int, str]:
    """Who has each socket open, as far as we may see."""
    wanted = {f"socket:[{inode}]": inode for inode in inodes}
    owners: dict[int, str] = {}
    for process in _processes():
        with suppress(OSError):  # it ended, or is another user's
            for descriptor in (process / "fd").iterdir():
                with suppress(OSError):
                    inode = wanted.get(str(descriptor.readlink()))
                    if inode is not None:
                        owners.setdefault(inode, _name(process))
    return owners


def _name(process: Path) -> str:
    """`tierwall (pid 12)`; Python programs by their module, as everything that runs by an interpreter is `python`."""
    words = [Path(word).name for word in _read(process / "cmdline").split("\0")]
    name = TIERWALL if TIERWALL in words else (words[0] or _read(process / "comm").strip() or "?")
    return f"{name} (pid {process.name})"


def _processes() -> list[Path]:
    try:
        found = [path for path in _PROC.iterdir() if path.name.isdecimal()]
    except OSError:
        return []
    return sorted(found, key=lambda path: int(path.name))


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


def _tuns() -> Iterator[str]:
    for each in interfaces(host.said("ip", "-j", "-d", "addr") or "[]"):
        if each.kind == "tun" and (each.name == "twtun" or read(each.alias, each.name) is not None):
            yield each.name


def _settings(tuns: Sequence[str]) -> Iterator[tuple[str, str]]:
    names = ["net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding", "net.ipv4.conf.all.rp_filter"]
    for name in (*names, *(f"net.ipv4.conf.{tun}.rp_filter" for tun in tuns)):
        if value := _read(_PROC / "sys" / name.replace(".", "/")).strip():
            yield name, value


def _configuration(home: Path) -> tuple[Path, str] | None:
    for name in ("config.yaml", "config.yml"):
        path = home / ".mitmproxy" / name
        if path.is_file():
            return path, _read(path)
    return None


def _versions() -> Iterator[tuple[str, str]]:
    yield "python", platform.python_version()
    for package in ("mitmproxy", "uvloop"):
        with suppress(PackageNotFoundError):
            yield package, version(package)


def _certificate(state: Path) -> Certificate | None:
    with suppress(Unreadable):
        return read_certificate(state / "ca" / CERTIFICATE)
    return None


def _written(state: Path) -> Iterator[tuple[Path, datetime]]:
    for path in (state / "ca" / CERTIFICATE, state / "journal.jsonl", Path(__file__)):
        with suppress(OSError):
            yield path, datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _synchronised() -> bool | None:
    """adjtimex(2) with nothing to adjust; a struct timex takes 208 octets where it is largest."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != _TIME_ERROR


def _read(path: Path) -> str:
    """What the file holds; nothing where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="backslashreplace")
    except OSError:
        return ""
