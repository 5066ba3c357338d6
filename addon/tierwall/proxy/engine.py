"""`tierwall run`: a mitmproxy master with only what is needed, on uvloop, from start-up talk to the last summary.

Knows modes, listening addresses and signals. Connections are front_door.py's, what is said of events report's.
"""

import asyncio
import logging
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import ifaddr
import rich.console
from mitmproxy import exceptions, options
from mitmproxy.addons import (
    core,
    disable_h2c,
    dns_resolver,
    next_layer,
    proxyserver,
    strip_dns_https_records,
    tlsconfig,
    update_alt_svc,
    upstream_auth,
)
from mitmproxy.master import Master
from mitmproxy.proxy import mode_specs
from rich.text import Text

from tierwall.events import visible
from tierwall.policy.site import PRIVATE_CLIENTS
from tierwall.proxy.addon import TierwallAddon
from tierwall.proxy.entrances import DOORWAY
from tierwall.report import Console, Tally, print_summary
from tierwall.report.start import Listening, Start, say_start

if sys.platform == "win32":
    run_loop = asyncio.run
else:
    from uvloop import run as run_loop

IDLE_S: Final = 10 * 365 * 86400
"""mitmproxy's `tcp_timeout`, for what is handed over; 0 would not be off but end every connection (FACTS.md, 4)."""


_TICK_S: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """What the command line asks for."""

    site: str = "reference"
    policies: tuple[Path, ...] = ()
    modes: tuple[str, ...] = ("regular",)
    listen: tuple[str, int] = ("127.0.0.1", 8080)
    journal: Path
    ca: Path
    """Folder of the lab CA, which mitmproxy makes on first use."""
    everything: bool = False
    resolve: tuple[str, ...] = ()


class CannotStart(Exception):
    """Why the proxy cannot run: every fault, one a line."""


def run(settings: RunSettings) -> int:
    """Run the proxy until SIGINT or SIGTERM. 0, or 1 where the journal lost lines. Raises CannotStart."""
    return run_loop(_Run(settings).serve())


class _Run:
    """One run of the proxy: what is needed to start it, watch over it, and end it in order."""

    def __init__(self, settings: RunSettings) -> None:
        self._settings = settings
        self._screen = rich.console.Console(stderr=True)
        self._console = Console(self._screen)
        self._tally = Tally()
        self._troubles: list[str] = []
        self._addon = TierwallAddon((self._console, self._tally))
        self._stopping: asyncio.Task[None] | None = None

    async def serve(self) -> int:
        settings = self._settings
        logging.getLogger().addHandler(_Talk(self._troubles, self._screen))
        master = Master(options.Options())
        master.addons.add(
            core.Core(),
            disable_h2c.DisableH2C(),
            strip_dns_https_records.StripDnsHttpsRecords(),
            proxyserver.Proxyserver(),
            self._addon,
            dns_resolver.DnsResolver(),
            next_layer.NextLayer(),
            tlsconfig.TlsConfig(),
            upstream_auth.UpstreamAuth(),
            update_alt_svc.UpdateAltSvc(),
            _Started(self, master),
        )
        try:
            master.options.update(
                confdir=str(settings.ca),
                tcp_timeout=IDLE_S,
                connection_strategy="lazy",
                listen_host=settings.listen[0],
                listen_port=settings.listen[1],
                mode=_modes(settings),
                tierwall_site=settings.site,
                tierwall_policy=[str(path) for path in settings.policies],
                tierwall_journal=str(settings.journal),
                tierwall_events="all" if settings.everything else "denied",
                tierwall_resolve=list(settings.resolve),
            )
        except exceptions.OptionsError as fault:
            raise CannotStart(str(fault)) from None
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop, master)
        ticking = loop.create_task(self._tick())
        await master.run()
        ticking.cancel()
        if self._troubles:
            raise CannotStart("\n".join(self._troubles))
        return self._sum_up()

    def started(self, master: Master) -> None:
        """mitmproxy tried to listen everywhere: say where, or stop."""
        servers: Any = master.addons.get("proxyserver")
        if self._troubles or any(server.last_exception for server in servers.servers):
            master.shutdown()
            return
        assembly = self._addon.assembly
        if assembly is not None:
            listening = tuple(
                Listening(
                    spec=server.mode.full_spec, what=server.mode.description, addresses=tuple(server.listen_addrs)
                )
                for server in servers.servers
            )
            say_start(
                Start(
                    site=assembly.rulebook.site,
                    catalogue=assembly.rulebook.catalogue,
                    listening=listening,
                    journal=self._settings.journal,
                    everything=self._settings.everything,
                    ca=self._settings.ca / "mitmproxy-ca-cert.pem",
                ),
                self._screen,
            )

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            self._console.tick()

    def _stop(self, master: Master) -> None:
        if self._stopping is None:
            self._stopping = asyncio.get_running_loop().create_task(self._wind_down(master))

    async def _wind_down(self, master: Master) -> None:
        servers: Any = master.addons.get("proxyserver")
        await servers.servers.update([])
        await DOORWAY.empty()
        master.shutdown()

    def _sum_up(self) -> int:
        journal = self._addon.assembly.journal if self._addon.assembly else None
        lost = journal.lost if journal else 0
        self._console.close()
        print_summary(self._tally.summary(), self._screen)
        if lost:
            self._screen.print(f"The journal lost {lost} lines: it holds less than what happened.", style="bold red")
        return 1 if lost else 0


class _Started:
    """Told by mitmproxy when its servers were started. The last addon, so that the others know of it first."""

    def __init__(self, of: _Run, master: Master) -> None:
        self._of, self._master = of, master

    def running(self) -> None:
        self._of.started(self._master)


class _Talk(logging.Handler):
    """mitmproxy's and our own complaints, on the console: errors at start-up end the run, and later ones are said."""

    def __init__(self, troubles: list[str], screen: rich.console.Console) -> None:
        super().__init__(logging.WARNING)
        self._troubles, self._screen = troubles, screen

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == "mitmproxy.addons.proxyserver" and record.levelno >= logging.ERROR:
            self._troubles.append(record.getMessage())
        else:
            style = "red" if record.levelno >= logging.ERROR else "yellow"
            self._screen.print(Text(visible(self.format(record)), style), highlight=False, soft_wrap=True)


def _modes(settings: RunSettings) -> list[str]:
    """The specs, with an address for transparent modes that have none: a redirect cannot reach a loopback listener."""
    specs: list[str] = []
    faults: list[str] = []
    for text in settings.modes:
        try:
            mode = mode_specs.ProxyMode.parse(text)
        except ValueError as fault:
            faults.append(f"--mode {text}: {fault}")
            continue
        on_loopback = ip_address(settings.listen[0]).is_loopback
        if isinstance(mode, mode_specs.TransparentMode) and mode.custom_listen_host is None and on_loopback:
            port = mode.custom_listen_port or settings.listen[1]
            specs += [f"transparent@{address}:{port}" for address in _client_side()] or [text]
        else:
            specs.append(text)
    if faults:
        raise CannotStart("\n".join(faults))
    return specs


def _client_side() -> Sequence[str]:
    """This machine's addresses in private ranges: where a gateway's clients are."""
    found = [
        str(ip.ip[0] if isinstance(ip.ip, tuple) else ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips
    ]
    private = [text for text in found if any(ip_address(text) in network for network in PRIVATE_CLIENTS)]
    return [text for text in dict.fromkeys(private) if not ip_address(text).is_link_local]
