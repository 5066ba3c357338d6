"""Checks of this machine's own state: environment, mitmproxy's configuration, versions, certificates, the clock.

Knows what mitmproxy and clients trip over. Looks at facts only.
"""

from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import yaml

from tierwall.doctor.facts import Facts, Finding, Level
from tierwall.policy.authority import host_port
from tierwall.policy.model import Address
from tierwall.trust.stores import title, why_not

_PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy")
_SLACK: Final = timedelta(minutes=1)
"""Between a file system's clock and the kernel's."""


def environment(facts: Facts) -> Iterator[Finding]:
    """Programs that are started here go where these say."""
    ours = _authority(facts)
    for name, value in sorted(facts.environment.items()):
        if name.lower() in _PROXIES and value and not _is_ours(value, facts):
            what = f"{name} sends programs to {_without_credentials(value)}, not to this proxy"
            yield Finding("environment", what, f"unset {name}, or export {name}=http://{ours}")
        if name.lower() == "no_proxy":
            kept = [entry for entry in value.replace(" ", ",").split(",") if entry and _keeps_away(entry, facts)]
            if kept:
                yield Finding("environment", f"{name} keeps {', '.join(kept)} from every proxy", f"unset {name}")


def configuration(facts: Facts) -> Iterator[Finding]:
    """`block_global` closes connections of clients with public addresses, IPv6 ones above all, without a word."""
    if facts.configuration is None:
        return
    path, text = facts.configuration
    try:
        options = yaml.safe_load(text) or {}
    except yaml.YAMLError:
        options = None
    if not isinstance(options, dict):
        yield Finding("mitmproxy", f"{path} is no mapping of options", "mend it, or move it away")
    elif options.get("block_global"):
        what = f"{path} has block_global: stock mitmproxy drops clients with public addresses"
        yield Finding("mitmproxy", what, "set block_global: false in it (`tierwall run` does not read it)")


def versions(facts: Facts) -> Iterator[Finding]:
    """What the project's own requirements rule out, and an environment put together by hand may have."""
    has = {name: _version(text) for name, text in facts.versions.items()}
    if not (12, 3, 1) <= has.get("mitmproxy", (12, 3, 1)) < (12, 4):
        what = f"mitmproxy {facts.versions['mitmproxy']} is not 12.3 from 12.3.1 on, two of whose names are replaced"
        yield Finding("versions", what, "pip install 'mitmproxy>=12.3.1,<12.4'")
    if has.get("uvloop", (0,)) >= (0, 23) and has.get("python", (0,))[:2] == (3, 13):
        what = f"with uvloop {facts.versions['uvloop']} on Python {facts.versions['python']} mitmproxy does not start"
        yield Finding("versions", what, "pip install 'uvloop<0.23'")


def certificates(facts: Facts) -> Iterator[Finding]:
    """An inspecting site without the lab CA in a store fails in every program that reads that store."""
    level = Level.FINDING if facts.inspects else Level.NOTE
    if facts.certificate is None:
        if facts.inspects:
            yield Finding("ca", "the site inspects, and there is no lab CA yet", "tierwall ca install", level)
        return
    mend = "tierwall ca install" if facts.inspects else "tierwall ca install, if a site is to inspect"
    for store in facts.stores:
        if (reason := why_not(store)) is not None:
            yield Finding("ca", f"{title(store)}: cannot be looked at", reason, Level.NOTE)
        elif not store.trusted:
            yield Finding("ca", f"{title(store)} does not have the lab CA", mend, level)


def clock(facts: Facts) -> Iterator[Finding]:
    """No other clock is asked, for there may be no network: only what this machine itself shows is compared."""
    mend = "set the clock: timedatectl set-ntp true, or date -s"
    now = f"{facts.now:%Y-%m-%d %H:%M} UTC"
    for path, when in sorted(facts.written.items()):
        if when > facts.now + _SLACK:
            yield Finding("clock", f"it is {now} here, and {path} was written on {when:%Y-%m-%d %H:%M}", mend)
    certificate = facts.certificate
    if certificate is not None and facts.now < certificate.begins:
        yield Finding("clock", f"it is {now} here, before the lab CA's first day, {certificate.begins:%Y-%m-%d}", mend)
    if certificate is not None and facts.now > certificate.ends:
        what = f"it is {now} here, after the lab CA's last day, {certificate.ends:%Y-%m-%d}"
        yield Finding("clock", what, f"set the clock; if it is right, move {certificate.path.parent} away for a new CA")
    if facts.synchronised is False:
        what = f"the kernel says that nothing keeps its clock right; it is {now}"
        yield Finding("clock", what, "compare it with another; timedatectl set-ntp true", Level.NOTE)


CHECKS: Final = (environment, configuration, versions, certificates, clock)


def _authority(facts: Facts) -> str:
    address, port = facts.listen
    host = "127.0.0.1" if address.is_unspecified else str(address)
    return host_port(host, port)


def _is_ours(value: str, facts: Facts) -> bool:
    """Whether it leads to where the proxy listens; a name is taken for loopback only where it is `localhost`."""
    try:
        url = urlsplit(value if "://" in value else f"http://{value}")
        host, port = url.hostname or "", url.port or 80
        address: Address = ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return False
    listening = facts.listen[0]
    reaches = address == listening or listening.is_unspecified or (address.is_loopback and listening.is_loopback)
    return reaches and port == facts.listen[1]


def _without_credentials(value: str) -> str:
    return value.rpartition("@")[2].removeprefix("http://").removeprefix("https://").rstrip("/")


def _keeps_away(entry: str, facts: Facts) -> bool:
    name = entry.strip().lower().removeprefix("*").removeprefix(".")
    return not name or any(vendor == name or vendor.endswith(f".{name}") for vendor in facts.vendors)


def _version(text: str) -> tuple[int, ...]:
    numbers = []
    for part in text.split("."):
        if not part.isdecimal():
            break
        numbers.append(int(part))
    return tuple(numbers)
