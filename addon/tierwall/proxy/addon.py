"""The mitmproxy addon: options in, hooks and the front door out; the same in `tierwall run` and in stock mitmproxy.

Knows mitmproxy's lifecycle. Policies and sites are loader.py's, hooks enforcement.py's, connections front_door.py's.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mitmproxy import command, ctx, exceptions
from mitmproxy.addonmanager import Loader

from tierwall.events import ALL, ALWAYS, Stage
from tierwall.journal import FanOut, Journal, Selected, Sink
from tierwall.loader import InvalidFiles, load_catalogue, load_site
from tierwall.policy.target import InvalidTarget, attempt_for
from tierwall.proxy.destinations import Destinations, InvalidResolve, Redirect, parse_redirect
from tierwall.proxy.enforcement import Enforcement
from tierwall.proxy.entrances import DOORWAY, install
from tierwall.proxy.front_door import FrontDoor
from tierwall.proxy.recorder import Recorder
from tierwall.proxy.reloading import Reloading
from tierwall.proxy.rulebook import Rulebook
from tierwall.report.explanation import as_json, explanation

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Assembly:
    """What stands between clients and destinations once the options are known."""

    rulebook: Rulebook
    destinations: Destinations
    recorder: Recorder
    door: FrontDoor
    enforcement: Enforcement
    journal: Journal | None
    reloading: Reloading


class TierwallAddon:
    """Add it to a master. `sinks` are told every event beside the journal."""

    def __init__(self, sinks: Sequence[Sink] = ()) -> None:
        self._sinks = tuple(sinks)
        self.assembly: Assembly | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def addons(self) -> list[Enforcement]:
        """The hooks, for mitmproxy's addon manager."""
        return [self.assembly.enforcement] if self.assembly else []

    def load(self, loader: Loader) -> None:
        """Add the options, and take the place of mitmproxy's connection handler."""
        loader.add_option("tierwall_site", str, "reference", "Site to reproduce: a bundled name, or a file.")
        loader.add_option("tierwall_policy", Sequence[str], [], "Vendor policies beside the bundled: files or folders.")
        loader.add_option("tierwall_journal", str, "tierwall.jsonl", "Where events go, one JSON object a line.")
        loader.add_option(
            "tierwall_events", str, "denied", "What is journalled beside denials.", choices=("denied", "all")
        )
        loader.add_option("tierwall_resolve", Sequence[str], [], "HOST:PORT:ADDRESS[:PORT], as curl's --resolve.")
        install()

    def configure(self, updated: set[str]) -> None:
        """Build what the options ask for. Raises OptionsError with every fault; what was in force then stays."""
        if any(name.startswith("tierwall_") for name in updated):
            try:
                assembly = self._assemble()
            except (InvalidFiles, InvalidResolve) as fault:
                raise exceptions.OptionsError(str(fault)) from None
            self._close()
            self.assembly = assembly
            DOORWAY.door = assembly.door
            self._note_listening()

    async def running(self) -> None:
        """mitmproxy runs: its servers listen, or will."""
        servers = ctx.master.addons.get("proxyserver").servers
        servers.changed.connect(self._servers_changed)
        self._note_listening()
        self._start(self._reload_on_change())

    def done(self) -> None:
        """mitmproxy ends, or unloads us: from here on everything is refused."""
        DOORWAY.door = None
        for task in self._tasks:
            task.cancel()
        self._close()

    @command.command("tierwall.explain")  # type: ignore[untyped-decorator]
    def explain(self, target: str) -> str:
        """What the site in force says to a target such as https://8x8.vc, as JSON."""
        if self.assembly is None:
            raise exceptions.CommandError("tierwall has no site in force")
        rulebook = self.assembly.rulebook
        try:
            attempt = attempt_for(target, sni=None, host=None)
        except InvalidTarget as fault:
            raise exceptions.CommandError(str(fault)) from None
        return as_json([explanation(target, rulebook.judge(attempt), rulebook.site.id)])

    # -- private

    def _assemble(self) -> Assembly:
        options = ctx.options
        redirects = _redirects(options.tierwall_resolve)
        policies = [Path(path) for path in options.tierwall_policy]
        catalogue = load_catalogue(policies)
        rulebook = Rulebook(load_site(options.tierwall_site, catalogue), catalogue)
        everything = options.tierwall_events == "all"
        journal = Journal(Path(options.tierwall_journal).expanduser(), _say) if options.tierwall_journal else None
        wanted = [Selected(journal, ALL if everything else ALWAYS)] if journal else []
        recorder = Recorder(FanOut([*wanted, *self._sinks], _say), rulebook, everything=everything)
        destinations = Destinations(redirects)
        return Assembly(
            rulebook=rulebook,
            destinations=destinations,
            recorder=recorder,
            door=FrontDoor(rulebook, destinations, recorder),
            enforcement=Enforcement(rulebook, destinations, recorder),
            journal=journal,
            reloading=Reloading(options.tierwall_site, policies, rulebook),
        )

    async def _servers_changed(self) -> None:
        self._note_listening()

    def _note_listening(self) -> None:
        proxyserver: Any = ctx.master.addons.get("proxyserver")
        if self.assembly is not None and proxyserver is not None:
            self.assembly.destinations.listen(
                (address[0], address[1])
                for server in proxyserver.servers
                if server.mode.transport_protocol == "tcp"
                for address in server.listen_addrs
            )

    async def _reload_on_change(self) -> None:
        while True:
            if self.assembly is None:
                await asyncio.sleep(1)
                continue
            assembly = self.assembly
            outcome = await assembly.reloading.changed()
            if assembly is not self.assembly:
                continue
            if isinstance(outcome, InvalidFiles):
                message = f"the files in force stay, because the changed ones do not load:\n{outcome}"
                logger.error(message)
                assembly.recorder.fault(message, Stage.CONFIG)
            else:
                logger.info("site %s and its policies were loaded again", assembly.rulebook.site.id)

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _close(self) -> None:
        if self.assembly is not None and self.assembly.journal is not None:
            self.assembly.journal.close()


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


def _say(message: str) -> None:
    logger.error(message)
