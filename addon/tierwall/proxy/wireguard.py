"""WireGuard's keys, private to their owner: mitmproxy would write them for all to read, and tell them only to its log.

Knows two files beside the lab CA: `wireguard.conf`, the keys as mitmproxy keeps them, and `wireguard-client.conf`, what
a client's `wg-quick` or app is given. Refuses to log either.
"""

import json
import os
from pathlib import Path
from typing import Final

import mitmproxy_rs
from mitmproxy import ctx
from mitmproxy.proxy.mode_servers import WireGuardServerInstance

KEYS: Final = "wireguard.conf"
CLIENT: Final = "wireguard-client.conf"

_PRIVATE: Final = 0o600

_mitmproxy_start = WireGuardServerInstance._start  # noqa: SLF001  # the only place where keys are made


def keep_private() -> None:
    """Take the place of mitmproxy's way to make its keys."""
    WireGuardServerInstance._start = _start  # type: ignore[method-assign]  # noqa: SLF001


async def _start(self: WireGuardServerInstance) -> None:
    folder = Path(ctx.options.confdir).expanduser()
    keys = Path(self.mode.data).expanduser() if self.mode.data else folder / KEYS
    if keys.exists():
        keys.chmod(_PRIVATE)
    else:
        names = ("server_key", "client_key")
        _write_private(keys, json.dumps({name: mitmproxy_rs.wireguard.genkey() for name in names}, indent=4))
    await _mitmproxy_start(self)
    _write_private(keys.with_name(CLIENT), f"{self.client_conf()}\n")


def _write_private(path: Path, text: str) -> None:
    """Nobody else can read it at any moment, whatever stood there before."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
