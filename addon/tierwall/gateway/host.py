"""This machine, or the network namespace that the process is in: looked at, and acted upon.

Knows programs, /proc and /sys. Refuses to judge what it finds: that is checks.py's.
"""

import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from tierwall.gateway import facts
from tierwall.gateway.facts import Facts, Session
from tierwall.gateway.steps import Act, Ipv6, Run, Setting
from tierwall.gateway.topology import ROUTES
from tierwall.policy.model import Address

NEEDED: Final = ("ip", "nft")
_PACKAGES: Final = {"ip": "iproute2", "nft": "nftables"}

_FAMILIES: Final = ("-4", "-6")

_PATH: Final = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
"""Of users who are not root it often lacks the folders of these programs."""

_LIMIT_S: Final = 30.0
_NET_ADMIN: Final = 12
"""Bit of CAP_NET_ADMIN (capabilities(7))."""

_SETTINGS: Final = Path("/proc/sys")
_DOTS_AND_SLASHES: Final = str.maketrans("./", "/.")
"""In sysctl's names a slash stands for a dot that is in the name of an interface."""


class Failed(Exception):
    """An act that the kernel or a program refused, with what it said."""


def look(outside: str | None = None, environment: Mapping[str, str] = os.environ) -> Facts:
    """All that the checks ask for. `outside`: the interface that was named."""
    missing = tuple(f"{name} (package {_PACKAGES[name]})" for name in NEEDED if shutil.which(name, path=_PATH) is None)
    if missing:
        return Facts(missing=missing, may_administer=_may_administer(), has_tun=_has_tun())
    routes = tuple(
        route for version in (4, 6) for route in facts.routes(_said("ip", "-j", f"-{version}", "route"), version)
    )
    chains = _said("nft", "-j", "list", "chains")
    return Facts(
        may_administer=_may_administer(),
        has_tun=_has_tun(),
        interfaces=facts.interfaces(_said("ip", "-j", "-d", "addr")),
        routes=routes,
        has_table=facts.has_table(_said("nft", "-j", "list", "tables")),
        owns_table=facts.owns_table(chains),
        dropping=tuple(facts.dropping(chains)),
        rules=tuple(rule for family in _FAMILIES for rule in facts.rules(_said("ip", "-j", family, "rule"), family)),
        routed=tuple(
            family
            for family in _FAMILIES
            if facts.is_routed(_said("ip", "-j", family, "route", "show", "table", ROUTES))
        ),
        ipv6=_ipv6(),
        settings={key: value for key in _watched(outside, routes) if (value := _setting(key)) is not None},
        session=_session(environment.get("SSH_CONNECTION", "")),
        sshd_ports=frozenset(_sshd_ports()),
    )


def act(what: Act) -> None:
    """Do this. Raises Failed."""
    match what:
        case Setting(key=key, value=value):
            try:
                _file_of(key).write_text(value)
            except OSError as fault:
                mend = "in a container, set it from outside with --sysctl"
                raise Failed(f"{what}: {fault.strerror}; {mend}") from None
        case Run(words=words, stdin=stdin):
            done = _run(words, stdin)
            if done.returncode != 0:
                raise Failed(f"{' '.join(words)}: {_first_line(done.stderr)}")


def said(*words: object) -> str:
    """What a program prints; empty where it fails."""
    return _said(*words)


def _said(*words: object) -> str:
    done = _run([str(word) for word in words])
    return done.stdout if done.returncode == 0 else ""


def _run(words: Sequence[str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PATH": _PATH, "LC_ALL": "C"}
    program = shutil.which(words[0], path=_PATH) or words[0]
    return subprocess.run(  # noqa: S603  # words are ours, and no shell reads them
        [program, *words[1:]],
        input=stdin,
        capture_output=True,
        text=True,
        errors="backslashreplace",
        check=False,
        timeout=_LIMIT_S,
        env=environment,
    )


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


def _may_administer() -> bool:
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return os.geteuid() == 0
    found = re.search(r"^CapEff:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return found is not None and bool(int(found[1], 16) >> _NET_ADMIN & 1)


def _has_tun() -> bool:
    try:
        return stat.S_ISCHR(Path("/dev/net/tun").stat().st_mode)
    except OSError:
        return False


def _ipv6() -> Ipv6:
    match _setting("net.ipv6.conf.default.disable_ipv6"):
        case "0":
            return Ipv6.ON
        case None:
            return Ipv6.ABSENT
        case _:
            return Ipv6.OFF


def _watched(outside: str | None, routes: Sequence[facts.Route]) -> Iterator[str]:
    yield from ("net.ipv4.ip_forward", "net.ipv4.conf.all.rp_filter", "net.ipv6.conf.all.forwarding")
    for device in {outside, *(route.device for route in routes if route.network is None)} - {None}:
        yield f"net.ipv6.conf.{str(device).replace('.', '/')}.accept_ra"


def _setting(key: str) -> str | None:
    try:
        return _file_of(key).read_text(encoding="ascii").strip()
    except OSError:
        return None


def _file_of(key: str) -> Path:
    return _SETTINGS / key.translate(_DOTS_AND_SLASHES)


def _session(connection: str) -> Session | None:
    """sshd sets it to the client's address and port, then its own."""
    match connection.split():
        case [client, _, server, port] if port.isdecimal():
            ends = (ip_address(client.partition("%")[0]), ip_address(server.partition("%")[0]))
            by = [_by(end) for end in ends]
            return Session(client=ends[0], server=ends[1], port=int(port), client_by=by[0], server_by=by[1])
        case _:
            return None


def _by(address: Address) -> str | None:
    return next((route.device for route in facts.routes(_said("ip", "-j", "route", "get", address), 4)), None)


def _sshd_ports() -> Iterator[int]:
    """Where a program named sshd listens, in this namespace and as far as we may see whose sockets they are."""
    if shutil.which("ss", path=_PATH) is None:
        return
    for line in _said("ss", "-Hltnp").splitlines():
        if '"sshd"' in line:
            yield int(line.split()[3].rpartition(":")[2])
