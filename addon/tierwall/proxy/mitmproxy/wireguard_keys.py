"""WireGuard's keys, private to their owner: mitmproxy would write them for all to read, and tell them only to its log.

Knows two files, beside the lab CA unless the mode names another place: `wireguard.conf`, the keys as mitmproxy keeps
them, and `tierwall.conf`, what a client's `wg-quick` or app is given. Refuses to log either.
"""

import json
import os
from pathlib import Path
from typing import Final

import mitmproxy_rs
from mitmproxy import ctx
from mitmproxy.net import local_ip
from mitmproxy.proxy.mode_servers import ServerInstance, WireGuardServerInstance
from mitmproxy.proxy.mode_specs import ProxyMode

from tierwall.policy.authority import host_port

KEYS: Final = "wireguard.conf"
CLIENT: Final = "tierwall.conf"

_PRIVATE: Final = 0o600
_EVERYWHERE: Final = ("0.0.0.0", "::")

_mitmproxy_start = WireGuardServerInstance._start  # noqa: SLF001  # the only place where keys are made


def keep_private() -> None:
    """Take the place of mitmproxy's way to make its keys."""
    WireGuardServerInstance._start = _start  # type: ignore[method-assign]  # noqa: SLF001


def client_file(server: ServerInstance[ProxyMode]) -> Path | None:
    """The file that a client of this server is given; None where it is no WireGuard server."""
    return _keys(server).with_name(CLIENT) if isinstance(server, WireGuardServerInstance) else None


async def _start(self: WireGuardServerInstance) -> None:
    keys = _keys(self)
    if keys.exists():
        keys.chmod(_PRIVATE)
    else:
        names = ("server_key", "client_key")
        _write_private(keys, json.dumps({name: mitmproxy_rs.wireguard.genkey() for name in names}, indent=4))
    await _mitmproxy_start(self)
    _write_private(keys.with_name(CLIENT), f"{_reachable(self.client_conf() or '')}\n")


def _keys(server: WireGuardServerInstance) -> Path:
    return Path(server.mode.data or Path(ctx.options.confdir) / KEYS).expanduser()


def _reachable(configuration: str) -> str:
    """With an endpoint that a client can dial: mitmproxy writes 0.0.0.0 where it listens on every address, and an IPv6
    address without its brackets."""
    before, _, endpoint = configuration.rpartition("Endpoint = ")
    host, _, port = endpoint.rpartition(":")
    if host in _EVERYWHERE:
        host = local_ip.get_local_ip() or local_ip.get_local_ip6() or host
    return f"{before}Endpoint = {host_port(host, port)}"


def _write_private(path: Path, text: str) -> None:
    """Nobody else can read it at any moment, whatever stood there before."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
