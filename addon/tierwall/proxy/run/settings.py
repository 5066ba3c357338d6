"""What `tierwall run` is asked for, and the modes and addresses that follow from it.

Knows mitmproxy's mode specs and this machine's addresses. Nothing listens here.
"""

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface, ip_address, ip_interface
from pathlib import Path
from typing import Final

import ifaddr
from mitmproxy.proxy import mode_specs

from tierwall.loader.faults import unknown
from tierwall.policy.model import Address
from tierwall.policy.site import PRIVATE_CLIENTS
from tierwall.proxy.state.in_force.served_sites import parse_serves
from tierwall.report.modes import MODES

_EXAMPLES: Final = {mode.spec.partition(":")[0]: mode.example for mode in MODES}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """What the command line asks for."""

    site: str = "reference"
    policies: tuple[Path, ...] = ()
    bundle: Path | None = None
    """The name that leads to the bundle in force."""
    modes: tuple[str, ...] = ("regular",)
    listen: tuple[str, int] = ("127.0.0.1", 8080)
    listen_tls: tuple[str, int] | None = None
    """Where clients that speak TLS to the proxy itself connect."""
    journal: Path
    ca: Path
    """Folder of the lab CA, which mitmproxy makes on first use."""
    everything: bool = False
    resolve: tuple[str, ...] = ()
    serve: tuple[str, ...] = ()
    """Other sites, for a listener of their own or for a network of clients."""
    partial: bool = False
    """Leave out what none of the modes can show of the site, instead of not starting."""
    trust: Path | None = None
    """Certificates (PEM) that servers of inspected connections may be signed by, beside the public authorities."""
    control: Path | None = None
    """Folder of the control sockets, through which behaviours are switched while it runs."""
    workers: int = 1
    clients: tuple[str, ...] = ()
    """Networks to serve besides loopback, where the site names none."""
    gateway: bool = False
    """Keep the rules of the gateway that is up here."""


class CannotStart(Exception):
    """Why the proxy cannot run: every fault, one a line."""


def modes(settings: RunSettings) -> list[str]:
    """The specs, with an address for transparent modes that have none: a redirect cannot reach a loopback listener.

    Raises:
        CannotStart: A spec is none, or cannot be served by several workers.
    """
    specs: list[str] = []
    faults: list[str] = []
    served = [spec for each in parse_serves(settings.serve) if (spec := each.spec) is not None]
    for text in (*settings.modes, *served):
        try:
            mode = mode_specs.ProxyMode.parse(text)
        except ValueError as fault:
            faults.append(_mode_fault(text, fault))
            continue
        if settings.workers > 1 and mode.transport_protocol != "tcp":
            faults.append(f"--mode {text}: several workers share TCP ports only; run this mode with --workers 1")
        on_loopback = ip_address(settings.listen[0]).is_loopback
        if isinstance(mode, mode_specs.TransparentMode) and mode.custom_listen_host is None and on_loopback:
            port = mode.custom_listen_port or settings.listen[1]
            specs += [f"transparent@{address}:{port}" for address in _client_side()] or [text]
        else:
            specs.append(text)
    if faults:
        raise CannotStart("\n".join(faults))
    return [*specs, spec] if (spec := tls_spec(settings)) is not None else specs


def tls_addresses(settings: RunSettings) -> list[Address]:
    """The address that the port for TLS was given, unless that is all of them."""
    if settings.listen_tls is None or (address := ip_address(settings.listen_tls[0])).is_unspecified:
        return []
    return [address]


def tls_spec(settings: RunSettings) -> str | None:
    """The mode of the port for TLS: that of the other one, where there is one."""
    if settings.listen_tls is None:
        return None
    host, port = settings.listen_tls
    parsed = (text.rpartition("@")[0] or text for text in settings.modes if text.startswith("upstream:"))
    return f"{next(parsed, 'regular')}@{host}:{port}"


def _mode_fault(text: str, fault: ValueError) -> str:
    name = text.partition("@")[0].partition(":")[0]
    if name not in _EXAMPLES:
        return f"--mode {text}: {unknown('mode', name, tuple(_EXAMPLES))}"
    return f"--mode {text}: {str(fault).strip(': ').lower()}; write it as in {_EXAMPLES[name]}"


def own_addresses() -> tuple[IPv4Interface | IPv6Interface, ...]:
    """This machine's addresses that others may reach, with their networks."""
    found = [
        ip_interface(f"{ip.ip[0] if isinstance(ip.ip, tuple) else ip.ip}/{ip.network_prefix}")
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
    ]
    return tuple(dict.fromkeys(each for each in found if not each.is_link_local and not each.is_loopback))


def stops() -> tuple[signal.Signals, ...]:
    """The signals that end a run in order: a terminal that closes is one, unless it was told not to be (nohup)."""
    asked = (signal.SIGINT, signal.SIGTERM)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return asked
    return (*asked, signal.SIGHUP)


def _client_side() -> Sequence[str]:
    """This machine's addresses in private ranges: where a gateway's clients are."""
    return [str(each.ip) for each in own_addresses() if any(each.ip in network for network in PRIVATE_CLIENTS)]
