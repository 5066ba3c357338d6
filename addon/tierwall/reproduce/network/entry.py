"""From here into namespaces: whether this machine allows it, as root or as anybody, and the process that plays there.

Knows unshare, and what to say where something is missing. The process and all that it starts end with this one, also
where this one is killed: the kernel ends them, and with them the namespaces go.
"""

import os
import socket
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Final

import msgspec

from tierwall import programs
from tierwall.reproduce.check import Means
from tierwall.reproduce.network.messages import Asked, Told

_PROGRAMS: Final = ("unshare", "setpriv", "ip", "nft", "mount")
_TURN: Final = ("turnserver", "turnutils_peer", "turnutils_uclient")
_TUN: Final = Path("/dev/net/tun")
_NEW: Final = ("--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
_AS_ROOT_THERE: Final = ("--user", "--map-root-user")
_TRIAL: Final = (
    "ip link add tw0 type veth peer name tw1 && ip link set tw0 up && echo 1 >/proc/sys/net/ipv4/ip_forward && "
    "nft add table inet tw && echo may && ip addr add fd77:1::1/64 dev tw0 nodad && "
    "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding && echo ipv6"
)
_HOW: Final = (
    "run it with sudo, or allow unprivileged user namespaces (sysctl kernel.apparmor_restrict_unprivileged_userns=0 on "
    "Ubuntu, user.max_user_namespaces above 0)"
)


class CannotPlay(Exception):
    """The process in the namespaces ended early; with what it said."""


def means_here() -> Means:
    """What this machine allows. Tries it, and leaves nothing."""
    tried = _tried()
    no_network = tried if isinstance(tried, str) else None
    return Means(
        no_network=no_network,
        no_udp=None if no_network is not None else _no_udp(),
        no_turn=next(
            (f"TURN is not run: {programs.absent(name)}" for name in _TURN if programs.find(name) is None), None
        ),
        no_quic=_no_quic(),
        no_ipv6=None if no_network is not None or "ipv6" in tried else "IPv6 is not run: this machine has none",
    )


def _tried() -> tuple[str, ...] | str:
    """What may be done in namespaces, in words of the trial; why nothing may, in a sentence."""
    if sys.platform != "linux":
        return "needs network namespaces, which only Linux has"
    if missing := programs.missing(*_PROGRAMS):
        return f"needs network namespaces: {missing[0]}"
    try:
        ended = programs.run([*_into(), "sh", "-c", _TRIAL])
    except programs.CannotRun as fault:
        return f"needs network namespaces: {fault}"
    if (may := tuple(ended.stdout.split())) and may[0] == "may":
        return may
    if os.geteuid():
        return f"needs network namespaces: {_HOW} ({ended.complaint})"
    return f"needs network namespaces, and root may make none here: {ended.complaint}"


def _no_udp() -> str | None:
    if not _TUN.exists():
        return f"UDP is not run: there is no {_TUN} (modprobe tun)"
    if not os.access(_TUN, os.R_OK | os.W_OK):
        return f"UDP is not run: {_TUN} may not be opened; run it with sudo"
    return None


def _no_quic() -> str | None:
    """The library's sockets are IPv6 ones, also for IPv4."""
    try:
        socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).close()
    except OSError:
        return "QUIC is not run: this machine has no IPv6, whose sockets it needs"
    return None


def _into() -> list[str]:
    """The words before a command that is to be in namespaces of its own, and to end with the first of them."""
    as_root = _AS_ROOT_THERE if os.geteuid() else ()
    return ["unshare", *as_root, *_NEW]


async def play(asked: Asked, hear: Callable[[Told], None]) -> None:
    """Play one round there; each line that is said is heard. Raises CannotPlay."""
    request = Path(asked.folder, "request.json")
    request.write_bytes(msgspec.json.encode(asked))
    words = [*_into(), sys.executable, "-m", "tierwall.reproduce.network.stage", str(request)]
    errors = Path(asked.folder, "stage.log")
    with errors.open("wb") as log:
        process = await programs.start_ending_with_us(
            words,
            folder=Path(asked.folder),
            environment=os.environ | {"PATH": programs.search_path()},
            errors=log.fileno(),
        )
        why = ""
        try:
            while process.stdout is not None and (line := await process.stdout.readline()):
                told = msgspec.json.decode(line, type=Told)
                why = why or told.failed
                if not told.failed:
                    hear(told)
            status = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if status != 0:
        last = errors.read_text(errors="backslashreplace").strip().splitlines()[-3:]
        raise CannotPlay(why or "; ".join(last) or f"it ended with status {status}")


def as_asked(means: Means) -> dict[str, str | None]:
    """As the request has it."""
    return asdict(means)
