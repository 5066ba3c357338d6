"""The mitmproxy addon: options in, hooks and the front door out; the same in `tierwall run` and in stock mitmproxy.

Knows mitmproxy's lifecycle. Policies and sites are loader.py's, hooks serving/hooks.py's, connections front_door.py's.
"""

import asyncio
import atexit
import logging
import os
from collections.abc import Awaitable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

from mitmproxy import command, ctx, exceptions
from mitmproxy.addonmanager import Loader

from tierwall.events import ALL, ALWAYS, Stage
from tierwall.journal import CannotJournal, FanOut, Journal, Selected, Sink
from tierwall.loader import InvalidFiles
from tierwall.policy.target import InvalidTarget, attempt_for
from tierwall.proxy.control.inside import Inside
from tierwall.proxy.control.socket import Control, NoControl
from tierwall.proxy.listeners import LISTENERS, install
from tierwall.proxy.mitmproxy.handover import close_what_is_not_guarded
from tierwall.proxy.mitmproxy.modes import suited
from tierwall.proxy.serving.enforcement import Enforcement
from tierwall.proxy.serving.front_door import FrontDoor
from tierwall.proxy.serving.hooks import hooks
from tierwall.proxy.serving.pages import Pages
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.behaviour_overrides import BehaviourOverrides
from tierwall.proxy.state.counts import Sample
from tierwall.proxy.state.destinations import Destinations, InvalidResolve, Redirect, parse_redirect
from tierwall.proxy.state.live import Live
from tierwall.proxy.state.loading import Named
from tierwall.proxy.state.log_sink import LogSink
from tierwall.proxy.state.recorder import Recorder
from tierwall.proxy.state.reloading import Reloading
from tierwall.proxy.transport.addresses import InvalidClients, parse_clients
from tierwall.report.explanation import as_json, explanation
from tierwall.report.recent import Recent

if TYPE_CHECKING:
    from tierwall.gateway.kernel_sync import KernelSync

logger = logging.getLogger(__name__)

_LAST_LINES_S: Final = 2.0
"""Seconds that tunnels have at shutdown to send what they hold, and to be journalled."""

_doors: Final[WeakSet[FrontDoor]] = WeakSet()
"""Those before DOORWAY's too, while anything goes through them."""

_journals: Final[dict[Path, Journal]] = {}
"""Open until the process ends, by path: tunnels stay when options change or the script is loaded again, and each
still writes its last line."""


@dataclass(slots=True)
class Assembly:
    """What stands between clients and destinations once the options are known."""

    active_policy: ActivePolicy
    destinations: Destinations
    recorder: Recorder
    door: FrontDoor
    enforcement: Enforcement
    journal: Journal | None
    overrides: BehaviourOverrides
    reloading: Reloading
    inside: Inside
    kernel_sync: "KernelSync | None"
    """Of the kernel's rules, where there is a gateway."""

    def _site_labels(self) -> dict[str, str]:
        site = self.active_policy.site
        return {"site": site.id, "revision": site.revision or ""}

    def samples(self) -> Iterator[Sample]:
        """What there is to count in this process, now."""
        yield from self.recorder.counts.samples()
        yield "tierwall_tunnels_open", {}, self.door.tunnels.standing
        yield "tierwall_journal_lost_total", {}, 0 if self.journal is None else self.journal.lost
        yield "tierwall_site_info", self._site_labels(), 1


class TierwallAddon:
    """Add it to a master.

    `sinks` are told every event beside the journal; None: events are logged. `gateway`: the kernel's rules that
    `tierwall gateway up` made here are to be kept as the site says. `journal`: where events go until an option says
    otherwise, and once a faulty one was taken back; nowhere, where it is empty. `control`: the folder for a control
    socket of its own, where nobody else opens one.
    """

    def __init__(
        self,
        sinks: Sequence[Sink] | None = None,
        *,
        gateway: bool = False,
        journal: str = "tierwall.jsonl",
        control: Path | None = None,
    ) -> None:
        self._first_journal = journal
        self._sinks: tuple[Sink, ...] = (LogSink(),) if sinks is None else tuple(sinks)
        self.assembly: Assembly | None = None
        self.addons = hooks(lambda: None if self.assembly is None else self.assembly.enforcement)
        self._gateway = gateway
        self._control = None if control is None else Control(control, os.getpid(), self.inside, logger.info)
        self._live = Live()
        self._watching: list[asyncio.Task[None]] = []

    def load(self, loader: Loader) -> None:
        """Add the options, and take the place of mitmproxy's connection handler."""
        loader.add_option("tierwall_site", str, "reference", "Site to reproduce: a bundled name, or a file.")
        loader.add_option("tierwall_policy", Sequence[str], [], "Vendor policies beside the bundled: files or folders.")
        loader.add_option("tierwall_bundle", str, "", "The name that leads to the bundle in force.")
        loader.add_option("tierwall_journal", str, self._first_journal, "Where events go, one JSON object a line.")
        loader.add_option(
            "tierwall_events", str, "denied", "What is journalled beside denials.", choices=("denied", "all")
        )
        loader.add_option("tierwall_partial", bool, False, "Leave out behaviours that no mode can show.")
        loader.add_option("tierwall_clients", Sequence[str], [], "Networks to serve besides, if the site names none.")
        loader.add_option("tierwall_resolve", Sequence[str], [], "HOST:PORT:ADDRESS[:PORT], as curl's --resolve.")
        install()

    def configure(self, updated: set[str]) -> None:
        """Build what the options ask for. Raises OptionsError with every fault; what was in force then stays."""
        if any(name.startswith("tierwall_") for name in updated):
            try:
                assembly = self._assemble()
            except (InvalidFiles, InvalidResolve, InvalidClients, CannotJournal) as fault:
                raise exceptions.OptionsError(str(fault)) from None
            self.assembly = assembly
            LISTENERS.door = assembly.door
            _doors.add(assembly.door)
            self._watch(assembly)
            self._note_listening()
            close_what_is_not_guarded()

    def running(self) -> None:
        """mitmproxy runs: its servers listen, or will. Not a coroutine: a script that is loaded again cannot wait."""
        ctx.master.addons.get("proxyserver").servers.changed.connect(self._note_listening)
        self._note_listening()
        if self._control is not None:
            self._watching.append(asyncio.get_running_loop().create_task(_opened(self._control)))

    def done(self) -> Awaitable[None] | None:
        """mitmproxy ends, or unloads us: from here on everything is refused. Tunnels that stand go on until it ends."""
        LISTENERS.door = None
        if self._control is not None:
            self._control.close()
        for task in self._watching:
            task.cancel()
        ends = ctx.master.should_exit.is_set()
        return self._end() if ends else None

    @command.command("tierwall.explain")  # type: ignore[untyped-decorator]
    def explain(self, target: str) -> str:
        """What the site in force says to a target such as https://8x8.vc, as JSON."""
        if self.assembly is None:
            raise exceptions.CommandError("tierwall has no site in force")
        active_policy = self.assembly.active_policy
        try:
            attempt = attempt_for(target, sni=None, host=None)
        except InvalidTarget as fault:
            raise exceptions.CommandError(str(fault)) from None
        return as_json([explanation(target, active_policy.judge(attempt), active_policy.site.id)])

    def _samples(self) -> Iterable[Sample]:
        return () if self.assembly is None else self.assembly.samples()

    def inside(self) -> Inside:
        """What can be asked about and changed while it runs. Raises RuntimeError before there is anything."""
        if self.assembly is None:
            raise RuntimeError("tierwall has no site in force")
        return self.assembly.inside

    # -- private

    def _assemble(self) -> Assembly:
        options = ctx.options
        redirects = _redirects(options.tierwall_resolve)
        bundle = Path(options.tierwall_bundle) if options.tierwall_bundle else None
        named = Named(options.tierwall_site, [Path(path) for path in options.tierwall_policy], bundle)
        loaded, catalogue = named.load()
        clients = parse_clients(options.tierwall_clients)
        suits = partial(suited, specs=options.mode, partial=options.tierwall_partial)
        site = suits(loaded)
        active_policy = ActivePolicy(site, catalogue, clients)
        everything = options.tierwall_events == "all"
        journal = _journal(options.tierwall_journal)
        wanted = [Selected(journal, ALL if everything else ALWAYS)] if journal else []
        recent = Recent()
        told: list[Sink] = [*wanted, recent, self._live, *self._sinks]
        recorder = Recorder(FanOut(told, _say), active_policy, everything=everything, live=self._live)
        at_door = recorder.told_to(FanOut([*told, *_shown()], _say))
        destinations = Destinations(redirects)
        kernel_sync = self._kernel_sync(active_policy, recorder) if self._gateway else None
        door = FrontDoor(active_policy, destinations, at_door, Pages(active_policy, recent, _ca(options.confdir)))
        overrides = BehaviourOverrides(active_policy, suits)
        reloading = Reloading(named, overrides)
        return Assembly(
            active_policy=active_policy,
            destinations=destinations,
            recorder=recorder,
            door=door,
            enforcement=Enforcement(active_policy, destinations, recorder, door.at_access, kernel_sync),
            journal=journal,
            overrides=overrides,
            reloading=reloading,
            inside=Inside(
                overrides=overrides,
                reloading=reloading,
                recorder=recorder,
                tunnels=door.tunnels,
                live=self._live,
                journal=_path(options.tierwall_journal),
                policies=named.policies,
                samples=self._samples,
            ),
            kernel_sync=kernel_sync,
        )

    def _kernel_sync(self, active_policy: ActivePolicy, recorder: Recorder) -> "KernelSync":
        from tierwall.proxy.serving.gateway_tasks import keeper_of  # noqa: PLC0415 - see there

        return keeper_of(active_policy, recorder)

    def _note_listening(self) -> None:
        proxyserver: Any = ctx.master.addons.get("proxyserver")
        if self.assembly is not None and proxyserver is not None:
            self.assembly.destinations.listen(
                (address[0], address[1])
                for server in proxyserver.servers
                if server.mode.transport_protocol == "tcp"
                for address in server.listen_addrs
            )

    def _watch(self, assembly: Assembly) -> None:
        for task in self._watching:
            task.cancel()
        loop = asyncio.get_running_loop()
        self._watching = [loop.create_task(_reload_on_change(assembly))]
        if assembly.kernel_sync is not None:
            from tierwall.proxy.serving import gateway_tasks  # noqa: PLC0415 - see there

            recorder = assembly.recorder
            self._watching += [
                loop.create_task(gateway_tasks.keep(assembly.kernel_sync, recorder)),
                loop.create_task(
                    gateway_tasks.hear_unanswered(assembly.active_policy, assembly.destinations, recorder)
                ),
            ]

    async def _end(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_LINES_S):
                for door in tuple(_doors):
                    door.tunnels.shut()
                    await door.tunnels.ended()
        while _journals:
            _journals.popitem()[1].close()


async def _opened(control: Control) -> None:
    try:
        await control.open()
    except NoControl as fault:
        logger.warning("nothing can be asked or switched while it runs: %s", fault)


async def _reload_on_change(assembly: Assembly) -> None:
    while True:
        try:
            outcome: str | Exception = await assembly.reloading.changed()
        except Exception as failure:
            logger.exception("loading changed files failed")
            outcome = failure
        if isinstance(outcome, Exception):
            message = f"the files in force stay, because the changed ones do not load:\n{outcome}"
            assembly.recorder.fault(message, Stage.CONFIG)
            assembly.recorder.counts.reloaded(well=False)
        else:
            assembly.recorder.counts.reloaded(well=True)
            logger.info(outcome)


def _shown() -> Sequence[Sink]:
    """Where a program of mitmproxy's shows flows, what was refused before it came there."""
    if (view := ctx.master.addons.get("view")) is None:
        return ()
    from tierwall.proxy.mitmproxy.denied_flows import DeniedFlows  # noqa: PLC0415 - `tierwall run` shows no flows

    return (DeniedFlows(view),)


def _ca(confdir: str) -> Path:
    return Path(confdir).expanduser() / "mitmproxy-ca-cert.pem"


def _redirects(texts: Sequence[str]) -> tuple[Redirect, ...]:
    faults: list[str] = []
    redirects: list[Redirect] = []
    for text in texts:
        try:
            redirects.append(parse_redirect(text))
        except InvalidResolve as fault:
            faults.append(str(fault))
    if faults:
        raise InvalidResolve("\n".join(faults))
    return tuple(redirects)


def _path(text: str) -> Path | None:
    return Path(text).expanduser().absolute() if text else None


def _journal(path: str) -> Journal | None:
    where = _path(path)
    if where is None:
        return None
    if where not in _journals:
        _journals[where] = Journal(where, _say)
        atexit.register(_journals[where].close)
    return _journals[where]


def _say(message: str) -> None:
    logger.error(message)
