"""What the machine says of itself: which system, which proxy, by whom. No name and no address of it.

Knows the environment, Windows' registry and macOS's scutil, as Python's own urllib reads them, and where a PAC file is
named. pac.py asks that.
"""

import os
import platform
import re
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from urllib.request import getproxies

from tierwall.probe import pac
from tierwall.probe.wire.streams import Proxy, read_proxy

_NAME_ONE = "measured without a proxy; name one with --proxy"


@dataclass(frozen=True)
class ProxyChoice:
    """The proxy that is used, and why."""

    proxy: Proxy | None
    source: str
    """`option`, `environment`, `system`, or `none`."""
    pac: str = ""
    """The PAC file that the system, or the option, names."""
    note: str = ""
    by_host: Mapping[str, "Proxy | None"] = field(default_factory=dict)
    """What the PAC file says of each host, where it could be asked."""

    def to_json(self) -> Mapping[str, str]:
        """For the result: without credentials."""
        ways = dict.fromkeys((self.proxy,) if not self.by_host else self.by_host.values())
        used = ", ".join(["none" if way is None else way.url for way in ways])
        found = {"used": used, "source": self.source}
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


def choose_proxy(asked: str, hosts: Iterable[str] = ()) -> ProxyChoice:
    """`auto`, `none`, a proxy's URL or a PAC file's. Raises ValueError, which says what is expected."""
    if asked == "none":
        return ProxyChoice(None, "option")
    if asked == "auto":
        return _of_the_system(hosts)
    if pac.is_named(asked):
        return _by_pac(asked, "option", hosts)
    return ProxyChoice(read_proxy(asked), "option")


def _by_pac(url: str, source: str, hosts: Iterable[str]) -> ProxyChoice:
    """As the file says for each host; where that cannot be told, straight, and what it names is said."""
    where = without_credentials(url)
    try:
        text = pac.fetch(url)
    except (OSError, ValueError, HTTPException) as fault:
        return ProxyChoice(None, source, url, f"{where} cannot be fetched ({fault}): {_NAME_ONE}")
    try:
        return ProxyChoice(None, source, url, by_host=pac.answers(text, hosts))
    except pac.NoEngine as why:
        named = pac.named(text)
        said = f"it names {', '.join(named)}" if named else "it names no proxy as such"
        return ProxyChoice(None, source, url, f"{where} is a PAC file, and {why}; {said}: {_NAME_ONE}")


def _of_the_system(hosts: Iterable[str]) -> ProxyChoice:
    found = getproxies()
    url = found.get("https") or found.get("http") or found.get("all")
    named = _pac()
    choice = _by_pac(named, "system", hosts) if named else None
    note = "" if choice is None else choice.note
    if choice is not None and choice.by_host:
        return choice
    if url:
        environment = any(name.lower().endswith("_proxy") for name in os.environ)
        try:
            return ProxyChoice(read_proxy(url), "environment" if environment else "system", named, note)
        except ValueError as fault:
            return ProxyChoice(None, "none", named, f"the system names a proxy that cannot be spoken to: {fault}")
    if not named and _wpad_exists():
        note = "the name wpad exists here: browsers may get a proxy from http://wpad/wpad.dat; name it with --proxy"
    return ProxyChoice(None, "none", named, note)


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
