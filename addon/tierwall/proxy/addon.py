"""The mitmproxy addon: options in, hooks and the front door out; the same in `tierwall run` and in stock mitmproxy.

Knows mitmproxy's lifecycle. Policies and sites are loader/'s, hooks serving/hooks.py's, connections front_door.py's.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from weakref import WeakSet

from mitmproxy import command, ctx, exceptions
from mitmproxy.addonmanager import Loader

from tierwall.events import Stage
from tierwall.journal import CannotJournal, Sink
from tierwall.loader import InvalidFiles
from tierwall.policy.target import InvalidTarget, attempt_for
from tierwall.proxy.assembly import JOURNALS, Assemblies, Assembly, assemble
from tierwall.proxy.control.inside import Inside
from tierwall.proxy.control.socket import Control, NoControl
from tierwall.proxy.listeners import install
from tierwall.proxy.listeners.live_door import LIVE_DOOR
from tierwall.proxy.mitmproxy.handover import close_what_is_not_guarded
from tierwall.proxy.serving.front_door import FrontDoor
from tierwall.proxy.serving.hooks import hooks
from tierwall.proxy.state.destinations import InvalidResolve
from tierwall.proxy.state.in_force.served_sites import InvalidServe
from tierwall.proxy.state.live import Live
from tierwall.proxy.state.log_sink import LogSink
from tierwall.proxy.transport.addresses import InvalidClients
from tierwall.report.explanation import as_json, explanation

logger = logging.getLogger(__name__)

_LAST_LINES_S: Final = 2.0
"""Seconds that tunnels have at shutdown to send what they hold, and to be journalled."""

_doors: Final[WeakSet[FrontDoor]] = WeakSet()
"""Those before DOORWAY's too, while anything goes through them."""


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
        self.in_force: Assemblies | None = None
        self.addons = hooks(lambda client: None if self.in_force is None else self.in_force.enforcement_for(client))
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
        loader.add_option("tierwall_serve", Sequence[str], [], "SITE@HOST:PORT or SITE@NETWORK: another site there.")
        loader.add_option("tierwall_resolve", Sequence[str], [], "HOST:PORT:ADDRESS[:PORT], as curl's --resolve.")
        install()

    def configure(self, updated: set[str]) -> None:
        """Build what the options ask for. Raises OptionsError with every fault; what was in force then stays."""
        if any(name.startswith("tierwall_") for name in updated):
            try:
                in_force = assemble(ctx.options, self._sinks, self._live, shown=_shown(), gateway=self._gateway)
            except (InvalidFiles, InvalidResolve, InvalidClients, InvalidServe, CannotJournal) as fault:
                raise exceptions.OptionsError(str(fault)) from None
            self.in_force = in_force
            LIVE_DOOR.door = in_force.doors
            _doors.update(each.door for each in in_force.every)
            self._watch(in_force)
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
        LIVE_DOOR.door = None
        if self._control is not None:
            self._control.close()
        for task in self._watching:
            task.cancel()
        ends = ctx.master.should_exit.is_set()
        return self._end() if ends else None

    @command.command("tierwall.explain")  # type: ignore[untyped-decorator]
    def explain(self, target: str) -> str:
        """What the site in force says to a target such as https://8x8.vc, as JSON."""
        if self.in_force is None:
            raise exceptions.CommandError("tierwall has no site in force")
        active_policy = self.in_force.first.active_policy
        try:
            attempt = attempt_for(target, sni=None, host=None)
        except InvalidTarget as fault:
            raise exceptions.CommandError(str(fault)) from None
        return as_json([explanation(target, active_policy.judge(attempt), active_policy.site.id)])

    def inside(self) -> Inside:
        """What can be asked about and changed while it runs. Raises RuntimeError before there is anything."""
        if self.in_force is None:
            raise RuntimeError("tierwall has no site in force")
        return self.in_force.first.inside

    # -- private

    def _note_listening(self) -> None:
        proxyserver: Any = ctx.master.addons.get("proxyserver")
        if self.in_force is not None and proxyserver is not None:
            self.in_force.listen(
                [
                    (address[0], address[1])
                    for server in proxyserver.servers
                    if server.mode.transport_protocol == "tcp"
                    for address in server.listen_addrs
                ]
            )

    def _watch(self, in_force: Assemblies) -> None:
        for task in self._watching:
            task.cancel()
        loop = asyncio.get_running_loop()
        self._watching = [loop.create_task(_reload_on_change(each)) for each in in_force.every]
        if in_force.kernel_sync is not None:
            from tierwall.proxy.serving import gateway_tasks  # noqa: PLC0415 - see there

            first = in_force.first
            hearing = gateway_tasks.hear_unanswered(first.active_policy, first.destinations, first.recorder)
            self._watching += [
                loop.create_task(gateway_tasks.keep(in_force.kernel_sync, first.recorder)),
                loop.create_task(hearing),
            ]

    async def _end(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_LINES_S):
                for door in tuple(_doors):
                    door.tunnels.shut()
                    await door.tunnels.ended()
        while JOURNALS:
            JOURNALS.popitem()[1].close()


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
