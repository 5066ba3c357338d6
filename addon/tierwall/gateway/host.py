"""This machine, or the network namespace that the process is in: looked at, and acted upon.

Knows what programs are asked, /proc and /sys. Refuses to judge what it finds: that is checks.py's.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from tierwall import programs
from tierwall.gateway import facts
from tierwall.gateway.facts import Facts, Session
from tierwall.gateway.steps import Act, Ipv6, Run, Setting, as_key
from tierwall.gateway.topology import ROUTES
from tierwall.policy.model import Address

NEEDED: Final = ("ip", "nft")

_FAMILIES: Final = ("-4", "-6")

_NET_ADMIN: Final = 12
"""Bit of CAP_NET_ADMIN (capabilities(7))."""

_SETTINGS: Final = Path("/proc/sys")
_DOTS_AND_SLASHES: Final = str.maketrans("./", "/.")
"""In sysctl's names a slash stands for a dot that is in the name of an interface."""


class Failed(Exception):
    """An act that the kernel or a program refused, with what it said."""


def look(outside: str | None = None, environment: Mapping[str, str] = os.environ) -> Facts:
    """All that the checks ask for. `outside`: the interface that was named."""
    if missing := programs.missing(*NEEDED):
        return Facts(missing=missing, may_administer=_may_administer(), has_tun=_has_tun())
    routes = tuple(
        route for version in (4, 6) for route in facts.routes(said("ip", "-j", f"-{version}", "route"), version)
    )
    chains = said("nft", "-j", "list", "chains")
    return Facts(
        may_administer=_may_administer(),
        has_tun=_has_tun(),
        interfaces=facts.interfaces(said("ip", "-j", "-d", "addr")),
        routes=routes,
        has_table=facts.has_table(said("nft", "-j", "list", "tables")),
        owns_table=facts.owns_table(chains),
        dropping=tuple(facts.dropping(chains)),
        rules=tuple(rule for family in _FAMILIES for rule in facts.rules(said("ip", "-j", family, "rule"), family)),
        routed=tuple(
            family
            for family in _FAMILIES
            if facts.is_routed(said("ip", "-j", family, "route", "show", "table", ROUTES))
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
            try:
                ended = programs.run(words, stdin)
            except programs.CannotRun as fault:
                raise Failed(str(fault)) from None
            if ended.status != 0:
                raise Failed(f"{' '.join(words)}: {ended.complaint}")


def said(*words: object) -> str:
    """What a program prints; empty where it fails, or is not there."""
    return programs.output([str(word) for word in words])


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
        name = as_key(str(device))
        yield from (
            f"net.ipv6.conf.{name}.accept_ra",
            f"net.ipv4.conf.{name}.rp_filter",
            f"net.ipv4.conf.{name}.src_valid_mark",
        )


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
    return next((route.device for route in facts.routes(said("ip", "-j", "route", "get", address), 4)), None)


def _sshd_ports() -> Iterator[int]:
    """Where a program named sshd listens, in this namespace and as far as we may see whose sockets they are."""
    for line in said("ss", "-Hltnp").splitlines():
        if '"sshd"' in line:
            yield int(line.split()[3].rpartition(":")[2])
