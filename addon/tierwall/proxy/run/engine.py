"""`tierwall run`: a mitmproxy master with only what is needed, on uvloop, from start-up talk to the last summary.

Knows modes, listening addresses and signals. Connections are front_door.py's, what is said of events report's.
"""

import asyncio
import atexit
import gc
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Protocol

from mitmproxy import exceptions, options
from mitmproxy.proxy import mode_specs

from tierwall.events import Stage
from tierwall.journal import Sink
from tierwall.proxy.addon import TierwallAddon
from tierwall.proxy.control.socket import Control, NoControl
from tierwall.proxy.listeners.live_door import LIVE_DOOR
from tierwall.proxy.listeners.sockets import is_secured, secure
from tierwall.proxy.mitmproxy import wireguard_keys
from tierwall.proxy.mitmproxy.handler import IDLE_S
from tierwall.proxy.mitmproxy.parts import (
    Core,
    DisableH2C,
    DnsResolver,
    Master,
    NextLayer,
    Proxyserver,
    StripDnsHttpsRecords,
    TlsConfig,
    UpdateAltSvc,
    UpstreamAuth,
)
from tierwall.proxy.run.listening_faults import cannot_start
from tierwall.proxy.run.own_certificate import own_context
from tierwall.proxy.run.settings import CannotStart, RunSettings, modes, own_addresses, stops, tls_addresses, tls_spec
from tierwall.proxy.run.trusted_authorities import believed
from tierwall.proxy.state.destinations import parse_redirect
from tierwall.proxy.transport.descriptors import raise_limit
from tierwall.report.run.screen import Screen
from tierwall.report.run.start import Listening, Start

__all__ = ["CannotStart", "Engine", "RunSettings", "Voice", "run", "run_loop"]

if sys.platform == "win32":  # for which there is no uvloop
    from asyncio import run as run_loop
else:
    from uvloop import run as run_loop

_TICK_S: Final = 1.0
_GC_THRESHOLDS: Final = (20_000, 20, 20)
"""A tunnel frees itself; what is left to collect are handed-over connections and our own mistakes."""


def run(settings: RunSettings) -> int:
    """Run the proxy until somebody stops it. 0, or 1 where the journal lost lines. Raises CannotStart."""
    raise_limit()
    with _no_journal_left(settings.journal):
        if settings.workers > 1:
            from tierwall.proxy.run.workers import run_workers  # noqa: PLC0415  # it forks; nothing else should load it

            return run_workers(settings)
        return _run(settings)


def _run(settings: RunSettings) -> int:
    screen = Screen()
    engine = Engine(settings, modes(settings), screen)
    lost = run_loop(engine.serve())
    screen.sum_up(lost)
    if any(mode_specs.ProxyMode.parse(spec).transport_protocol != "tcp" for spec in engine.specs):
        # A DNS look-up of mitmproxy_rs may still be under way in a thread of its own, which crashes an interpreter
        # that takes itself apart meanwhile. Everything was written and said; nothing is left to take apart.
        atexit.register(_leave, 1 if lost else 0)
    return 1 if lost else 0


@contextmanager
def _no_journal_left(journal: Path) -> Iterator[None]:
    """A start that fails leaves no empty file where there was none."""
    is_new = not os.path.lexists(journal)
    try:
        yield
    except CannotStart:
        with suppress(OSError):
            if is_new and journal.stat().st_size == 0:
                journal.unlink()
        raise


def _leave(status: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


class Voice(Sink, Protocol):
    """Where a run of the proxy says what happens."""

    def started(self, start: Start) -> None:
        """It listens."""

    def complain(self, message: str) -> None:
        """Something of ours is wrong."""

    def warn(self, message: str) -> None:
        """Something may go wrong."""

    def note(self, message: str) -> None:
        """Something that was asked for is done."""

    def tick(self) -> None:
        """About a second passed."""


class Engine:
    """One run of the proxy in this process: start it, watch over it, end it in order."""

    def __init__(self, settings: RunSettings, specs: Sequence[str], voice: Voice, after: str | None = None) -> None:
        """`after`: what led to this start, where that is worth journalling (a worker that died)."""
        self._run = os.getppid() if settings.workers > 1 else os.getpid()
        self._settings, self.specs, self._voice, self._after = settings, specs, voice, after
        self._troubles: list[str] = []
        self._addon = TierwallAddon((voice,), gateway=settings.gateway, journal="")
        self._stopping: asyncio.Task[None] | None = None
        self._control: Control | None = None
        self._opening: asyncio.Task[None] | None = None

    async def serve(self) -> int:
        """Until it is stopped. The lines that the journal lost. Raises CannotStart."""
        with believed(self._settings.trust) as authorities:
            return await self._serve(authorities)

    async def _serve(self, authorities: str | None) -> int:
        logging.getLogger().addHandler(_Talk(self._troubles, self._voice))
        logging.getLogger("tierwall").setLevel(logging.INFO)
        master = Master(options.Options())
        master.addons.add(
            Core(),
            DisableH2C(),
            StripDnsHttpsRecords(),
            Proxyserver(),
            self._addon,
            DnsResolver(),
            NextLayer(),
            TlsConfig(),
            UpstreamAuth(),
            UpdateAltSvc(),
            _Started(self, master),
        )
        if (spec := tls_spec(self._settings)) is not None:
            addresses = [*tls_addresses(self._settings), *(each.ip for each in own_addresses())]
            named = map(parse_redirect, self._settings.resolve)
            secure(spec, own_context(self._settings.ca, addresses, named))
        self._set_options(master.options, authorities)
        loop = asyncio.get_running_loop()
        for number in stops():
            loop.add_signal_handler(number, self._stop, master)
        ticking = loop.create_task(self._tick())
        await master.run()
        ticking.cancel()
        if self._control is not None:
            self._control.close()
        if self._troubles:
            raise CannotStart("\n".join(self._troubles))
        journal = self._addon.in_force.journal if self._addon.in_force else None
        return journal.lost if journal else 0

    def started(self, master: Master) -> None:
        """mitmproxy tried to listen everywhere: say where, or stop."""
        servers: Any = master.addons.get("proxyserver")
        in_force = self._addon.in_force
        failed = [server for server in servers.servers if server.last_exception]
        if failed:  # which mitmproxy said in other words
            at, tls = self._settings.listen, tls_spec(self._settings)
            self._troubles = [cannot_start(server.mode, at, server.last_exception, tls=tls) for server in failed]
        if in_force is None or self._troubles:
            master.shutdown()
            return
        listening = tuple(
            Listening(
                spec=server.mode.full_spec,
                what=server.mode.description,
                addresses=tuple(server.listen_addrs),
                configuration=wireguard_keys.client_file(server),
                secure=is_secured(server.mode.full_spec),
            )
            for server in servers.servers
        )
        # What start-up made stays for good: half a million objects that no collection should look at again.
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLDS)
        first = in_force.first
        if self._after is not None:
            first.recorder.fault(self._after, Stage.ACCEPT)
        if self._settings.control is not None:
            self._control = Control(self._settings.control, self._run, self._addon.inside, self._voice.note)
            self._opening = asyncio.get_running_loop().create_task(self._open(self._control))
        self._voice.started(
            Start(
                site=first.active_policy.site,
                catalogue=first.active_policy.catalogue,
                listening=listening,
                journal=self._settings.journal,
                everything=self._settings.everything,
                ca=self._settings.ca / "mitmproxy-ca-cert.pem",
                here=own_addresses(),
                clients=first.active_policy.served(),
                gateway=self._settings.gateway,
                served=tuple((served.where, found.active_policy.site) for served, found in in_force.others),
            )
        )

    async def _open(self, control: Control) -> None:
        try:
            await control.open()
        except NoControl as fault:
            self._voice.warn(f"nothing can be switched or watched while it runs: {fault}")

    def _set_options(self, to_set: options.Options, authorities: str | None) -> None:
        settings = self._settings
        try:
            # Modes first: when options are wrong mitmproxy sets the old ones again, which would load the default site.
            to_set.update(
                confdir=str(settings.ca),
                tcp_timeout=IDLE_S,
                connection_strategy="lazy",
                ssl_verify_upstream_trusted_ca=authorities,
                listen_host=settings.listen[0],
                listen_port=settings.listen[1],
                mode=list(self.specs),
            )
            to_set.update(
                tierwall_site=settings.site,
                tierwall_bundle="" if settings.bundle is None else str(settings.bundle),
                tierwall_policy=[str(path) for path in settings.policies],
                tierwall_journal=str(settings.journal),
                tierwall_events="all" if settings.everything else "denied",
                tierwall_resolve=list(settings.resolve),
                tierwall_serve=list(settings.serve),
                tierwall_clients=list(settings.clients),
                tierwall_partial=settings.partial,
            )
        except exceptions.OptionsError as fault:
            raise CannotStart(str(fault)) from None

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            self._voice.tick()

    def _stop(self, master: Master) -> None:
        if self._stopping is None:
            self._stopping = asyncio.get_running_loop().create_task(self._wind_down(master))

    async def _wind_down(self, master: Master) -> None:
        servers: Any = master.addons.get("proxyserver")
        await servers.servers.update([])
        await LIVE_DOOR.empty()
        master.shutdown()


class _Started:
    """Told by mitmproxy when its servers were started. The last addon, so that the others know of it first."""

    def __init__(self, of: Engine, master: Master) -> None:
        self._of, self._master = of, master

    def running(self) -> None:
        self._of.started(self._master)


class _Talk(logging.Handler):
    """mitmproxy's and our own complaints: errors of listening end the run, the others are said, as is what we note."""

    def __init__(self, troubles: list[str], voice: Voice) -> None:
        super().__init__(logging.INFO)
        self._troubles, self._voice = troubles, voice

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == "mitmproxy.addons.proxyserver" and record.levelno >= logging.ERROR:
            self._troubles.append(record.getMessage())
        elif record.levelno >= logging.ERROR:
            self._voice.complain(self.format(record))
        elif record.levelno >= logging.WARNING:
            self._voice.warn(self.format(record))
        elif record.name.startswith("tierwall."):
            self._voice.note(self.format(record))
