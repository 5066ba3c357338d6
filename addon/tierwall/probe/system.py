"""What the machine says of itself: which system, which proxy, by whom. No name and no address of it.

Knows the environment, Windows' registry and macOS's scutil, as Python's own urllib reads them, and where a PAC file is
named. Evaluates no PAC: that takes an engine, which Python has not.
"""

import os
import platform
import re
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import getproxies

from tierwall.probe.wire.streams import Proxy, read_proxy


@dataclass(frozen=True)
class ProxyChoice:
    """The proxy that is used, and why."""

    proxy: Proxy | None
    source: str
    """`option`, `environment`, `system`, or `none`."""
    pac: str = ""
    """The PAC file that the system, or the option, names; not evaluated."""
    note: str = ""

    def to_json(self) -> Mapping[str, str]:
        """For the result: without credentials."""
        found = {"used": "none" if self.proxy is None else self.proxy.url, "source": self.source}
        if self.pac:
            found["pac"] = without_credentials(self.pac)
        if self.note:
            found["note"] = self.note
        return found


def about() -> Mapping[str, str]:
    """The system and the Python."""
    return {
        "os": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "python": platform.python_version(),
    }


def choose_proxy(asked: str) -> ProxyChoice:
    """`auto`, `none`, a proxy's URL or a PAC file's. Raises ValueError, which says what is expected."""
    if asked == "none":
        return ProxyChoice(None, "option")
    if asked == "auto":
        return _of_the_system()
    if re.search(r"\.(pac|dat|js)$", urlsplit(asked).path) or urlsplit(asked).scheme == "file":
        note = (
            "a PAC file takes an engine, which there is none of here: measured without a proxy; name one with --proxy"
        )
        return ProxyChoice(None, "option", asked, note)
    return ProxyChoice(read_proxy(asked), "option")


def _of_the_system() -> ProxyChoice:
    found = getproxies()
    url = found.get("https") or found.get("http") or found.get("all")
    pac = _pac()
    note = (
        f"the system names a PAC file ({pac}), which is not evaluated here: name its proxy with --proxy" if pac else ""
    )
    if url:
        environment = any(name.lower().endswith("_proxy") for name in os.environ)
        try:
            return ProxyChoice(read_proxy(url), "environment" if environment else "system", pac, note)
        except ValueError as fault:
            return ProxyChoice(None, "none", pac, f"the system names a proxy that cannot be spoken to: {fault}")
    if not pac and _wpad_exists():
        note = "the name wpad exists here: browsers may get a proxy from http://wpad/wpad.dat; name it with --proxy"
    return ProxyChoice(None, "none", pac, note)


def _pac() -> str:
    if sys.platform == "win32":
        import winreg  # noqa: PLC0415 - Windows alone has it

        path = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, path) as key:
                return str(winreg.QueryValueEx(key, "AutoConfigURL")[0])
        except OSError:
            return ""
    if sys.platform == "darwin":
        try:
            told = subprocess.run(
                ["/usr/sbin/scutil", "--proxy"], capture_output=True, text=True, check=False, timeout=5
            ).stdout
        except (OSError, subprocess.SubprocessError):
            return ""
        named = re.search(r"ProxyAutoConfigURLString : (\S+)", told)
        return named.group(1) if named and re.search(r"ProxyAutoConfigEnable : 1", told) else ""
    return ""


def _wpad_exists() -> bool:
    try:
        return bool(socket.gethostbyname("wpad"))
    except OSError:
        return False


def without_credentials(url: str) -> str:
    """The URL as it may be kept."""
    return re.sub(r"//[^/@]*@", "//", url)


def own_address() -> str:
    """The address that connections leave this machine by."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        return str(sock.getsockname()[0])
