"""Why a server of the proxy's cannot be started, in one line with the mend.

Knows what systems and mitmproxy say when it fails. Refuses to try again, or elsewhere: whoever runs it decides.
"""

import errno
import os
import re
from typing import Final

from mitmproxy.proxy import mode_specs

from tierwall.policy.authority import host_port

_LAST_PORT: Final = 65535
_FIRST_FREE_PORT: Final = 1024
"""Those below are root's (ip(7), ip_unprivileged_port_start)."""

_INTERFACE_CHARACTERS: Final = 15
"""IFNAMSIZ of Linux, its ending NUL apart."""
_OS_ERROR: Final = re.compile(r"os error (\d+)")
"""As Rust's standard library has it, at the end of what the system said."""

_NO_TUN: Final = {
    errno.EPERM: "making a tun device needs CAP_NET_ADMIN: run it as root",
    errno.EACCES: "making a tun device needs CAP_NET_ADMIN: run it as root",
    errno.ENOENT: "there is no /dev/net/tun: `modprobe tun`, or give the container that device",
    errno.ENODEV: "there is no /dev/net/tun: `modprobe tun`, or give the container that device",
    errno.EBUSY: "another program has that device; choose another name",
    errno.EINVAL: "the system takes no such name for a device; at most 15 letters and digits",
}


def cannot_start(
    mode: mode_specs.ProxyMode, listen: tuple[str, int], cause: BaseException, *, tls: str | None = None
) -> str:
    """The line about a server of this mode. `listen`: where it listens unless its spec says otherwise; `tls`: the spec
    that --listen-tls made."""
    if isinstance(mode, mode_specs.TunMode):
        return f"--mode {mode.full_spec}: {_no_tun(mode.data, cause)}"
    host, port = mode.listen_host(listen[0]).strip("[]"), mode.listen_port(listen[1])
    if isinstance(cause, OSError) and cause.errno is not None and port is not None:
        own = mode.custom_listen_port is not None
        if mode.full_spec == tls:
            return cannot_listen(f"{mode.description} for TLS", (host, port), cause, option="--listen-tls")
        return cannot_listen(mode.description, (host, port), cause, spec=mode.full_spec if own else None)
    return f"--mode {mode.full_spec}: {_first_line(cause)}"


def cannot_listen(
    what: str, at: tuple[str, int], cause: OSError, spec: str | None = None, option: str = "--listen"
) -> str:
    """The line about an address that cannot be had. `spec`: the mode's, where that is what names the port and not the
    option."""
    host, port = at
    other = port + 1 if port < _LAST_PORT else port - 1
    elsewhere = f"{option} {host_port(host or '0.0.0.0', other)}"
    if spec is not None:
        elsewhere = f"--mode {spec.rpartition('@')[0]}@{host_port(host, other) if host else other}"
    match cause.errno:
        case errno.EADDRINUSE:
            why = f"the port is taken; `tierwall doctor` says by what, and {elsewhere} is another"
        case errno.EACCES if port < _FIRST_FREE_PORT:
            why = f"ports below {_FIRST_FREE_PORT} are root's; choose another, or run it as root"
        case errno.EADDRNOTAVAIL:
            why = "this machine does not have that address; `ip address` lists those that it has"
        case None:
            why = _first_line(cause)
        case number:
            why = os.strerror(number)
    return f"{what} cannot listen on {host_port(host or '*', port)}: {why}"


def _no_tun(name: str, cause: BaseException) -> str:
    if len(name) > _INTERFACE_CHARACTERS:
        return f"an interface's name has at most {_INTERFACE_CHARACTERS} characters"
    found = _OS_ERROR.search(str(cause))
    number = int(found[1]) if found else getattr(cause, "errno", None)
    return _NO_TUN.get(number, os.strerror(number)) if number else _first_line(cause)


def _first_line(cause: BaseException) -> str:
    """Without the backtrace that some libraries put below it."""
    return next((line.strip() for line in str(cause).splitlines() if line.strip()), type(cause).__name__)
