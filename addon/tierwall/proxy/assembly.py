"""What the options ask for, built: for each site that is served its policy, front door, hooks and reloading.

Knows what stands between clients and destinations, and what the sites of a process share: the journal, the counts, the
lab CA. When it is built, and for how long it holds, is addon.py's.
"""

import atexit
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mitmproxy import connection

from tierwall.events import ALWAYS
from tierwall.journal import FanOut, Journal, Selected, Sink
from tierwall.loader import Fault, InvalidFiles
from tierwall.policy.model import Catalogue, Network
from tierwall.policy.site import Site
from tierwall.proxy.control.inside import Inside
from tierwall.proxy.mitmproxy.modes import suited
from tierwall.proxy.serving.doors import Doors
from tierwall.proxy.serving.enforcement import Enforcement
from tierwall.proxy.serving.front_door import FrontDoor
from tierwall.proxy.serving.pages import Pages
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.counts import Counts, Sample
from tierwall.proxy.state.destinations import Destinations, InvalidResolve, Redirect, parse_redirect
from tierwall.proxy.state.in_force.behaviour_overrides import BehaviourOverrides
from tierwall.proxy.state.in_force.loading import Named
from tierwall.proxy.state.in_force.reloading import Reloading
from tierwall.proxy.state.in_force.served_sites import Choice, Served, parse_serves
from tierwall.proxy.state.live import Live
from tierwall.proxy.state.recorder import Recorder
from tierwall.proxy.transport.addresses import parse_clients, socket_address
from tierwall.report.run.recent import Recent

if TYPE_CHECKING:
    from tierwall.gateway.kernel_sync import KernelSync

logger = logging.getLogger(__name__)

JOURNALS: Final[dict[Path, Journal]] = {}
"""Open until the process ends, by path: tunnels stay when options change or the script is loaded again, and each
still writes its last line."""


@dataclass(slots=True)
class Assembly:
    """What stands between the clients of one site and their destinations."""

    active_policy: ActivePolicy
    destinations: Destinations
    recorder: Recorder
    door: FrontDoor
    enforcement: Enforcement
    overrides: BehaviourOverrides
    reloading: Reloading
    inside: Inside
    """What of it can be asked about and changed while it runs."""


@dataclass(slots=True)
class Assemblies:
    """All that is in force in a process."""

    first: Assembly
    """Of `--site`."""
    others: tuple[tuple[Served, Assembly], ...]
    journal: Journal | None
    kernel_sync: "KernelSync | None"
    """Of the kernel's rules, where there is a gateway."""
    choice: Choice[Assembly]

    @property
    def every(self) -> tuple[Assembly, ...]:
        """Each once."""
        return tuple({id(each): each for each in (self.first, *(found for _, found in self.others))}.values())

    @property
    def doors(self) -> Doors:
        """Their front doors, as one."""
        doors = _choice(self.first.door, [(served, found.door) for served, found in self.others])
        return Doors(doors, tuple(each.door for each in self.every))

    def enforcement_for(self, client: connection.Client) -> Enforcement:
        """What mitmproxy's hooks ask for a client."""
        if self.choice.alone:
            return self.first.enforcement
        return self.choice.of(socket_address(client.peername[0]), client.proxy_mode.full_spec).enforcement

    def listen(self, addresses: Sequence[tuple[str, int]]) -> None:
        """Note what the proxy listens on."""
        for each in self.every:
            each.destinations.listen(addresses)


def assemble(options: Any, sinks: Sequence[Sink], live: Live, *, shown: Sequence[Sink], gateway: bool) -> Assemblies:
    """Build it. `sinks` are told every event beside the journal, `shown` besides those of front doors.

    Raises:
        InvalidFiles, InvalidResolve, InvalidClients, InvalidServe, CannotJournal: With every fault of its kind.
    """
    serves = parse_serves(options.tierwall_serve)
    redirects = _redirects(options.tierwall_resolve)
    clients = parse_clients(options.tierwall_clients)
    sites = _Sites(options, serves)
    journal = _journal(options.tierwall_journal)
    wanted: list[Sink] = []
    if journal is not None:
        wanted = [journal if options.tierwall_events == "all" else Selected(journal, ALWAYS)]
    builder = _Builder(
        options=options,
        redirects=redirects,
        clients=clients,
        sinks=(*wanted, live, *sinks),
        shown=tuple(shown),
        live=live,
        journal=journal,
        gateway=gateway,
        alone=not serves,
    )
    built = {name: builder.build(sites, name) for name in reversed(sites.names)}  # the first knows the others
    first = built[options.tierwall_site]
    others = tuple((served, built[served.site]) for served in serves)
    return Assemblies(
        first=first,
        others=others,
        journal=journal,
        kernel_sync=builder.kernel_sync,
        choice=_choice(first, others),
    )


class _Sites:
    """What is served: each site loaded once, with the listeners and networks that it serves."""

    def __init__(self, options: Any, serves: Sequence[Served]) -> None:
        """Raises InvalidFiles with the faults of all of them."""
        self._options, self._serves = options, serves
        self.names = tuple(dict.fromkeys((options.tierwall_site, *(served.site for served in serves))))
        self._loaded: dict[str, tuple[Site, Catalogue]] = {}
        faults: list[Fault] = []
        catalogue: Catalogue | None = None
        for name in self.names:
            try:
                site, catalogue = self.named(name).load(catalogue)
                self._loaded[name] = self.suits(name)(site), catalogue
            except InvalidFiles as invalid:
                faults += invalid.faults
        by_id: dict[str, str] = {}
        for name, (site, _) in self._loaded.items():
            if (other := by_id.setdefault(site.id, name)) != name:
                faults.append(
                    Fault(name, None, "site", f"{other} is called {site.id} too; events could not tell them apart")
                )
        if faults:
            raise InvalidFiles(faults)

    def named(self, name: str) -> Named:
        """What is loaded under that name."""
        bundle = Path(self._options.tierwall_bundle) if self._options.tierwall_bundle else None
        return Named(name, [Path(path) for path in self._options.tierwall_policy], bundle)

    def loaded(self, name: str) -> tuple[Site, Catalogue]:
        """As it was when it was loaded."""
        return self._loaded[name]

    def networks(self, name: str) -> tuple[Network, ...]:
        """Whose clients are its own."""
        return tuple(each.network for each in self._serves if each.site == name and each.network is not None)

    def suits(self, name: str) -> Callable[[Site], Site]:
        """What of a site can be in force in the modes that serve it."""
        others = {each.spec for each in self._serves if each.site != name}
        own = {each.spec for each in self._serves if each.site == name and each.spec is not None}
        everywhere = name == self._options.tierwall_site or self.networks(name)
        specs = [spec for spec in self._options.mode if spec not in others] if everywhere else own
        return partial(suited, specs=specs, partial=self._options.tierwall_partial)


@dataclass(slots=True, kw_only=True)
class _Builder:
    """Builds each site's, of what all sites of a process have in common."""

    options: Any
    redirects: tuple[Redirect, ...]
    clients: tuple[Network, ...]
    sinks: tuple[Sink, ...]
    shown: tuple[Sink, ...]
    live: Live
    journal: Journal | None
    gateway: bool
    alone: bool
    counts: Counts = field(default_factory=Counts)
    kernel_sync: "KernelSync | None" = None
    insides: list[Inside] = field(default_factory=list)

    def build(self, sites: _Sites, name: str) -> Assembly:
        """One."""
        site, catalogue = sites.loaded(name)
        active_policy = ActivePolicy(site, catalogue, (*self.clients, *sites.networks(name)))
        recent = Recent()
        told = [*self.sinks, recent]
        everything = self.options.tierwall_events == "all"
        recorder = Recorder(FanOut(told, say), active_policy, everything=everything, live=self.live, counts=self.counts)
        destinations = Destinations(self.redirects)
        pages = Pages(active_policy, recent, _ca(self.options.confdir))
        door = FrontDoor(active_policy, destinations, recorder.told_to(FanOut([*told, *self.shown], say)), pages)
        if self.gateway and self.kernel_sync is None:
            self.kernel_sync = self._keeper(active_policy, recorder)
        overrides = BehaviourOverrides(active_policy, sites.suits(name))
        reloading = Reloading(sites.named(name), overrides)
        inside = Inside(
            overrides=overrides,
            reloading=reloading,
            recorder=recorder,
            tunnels=door.tunnels,
            live=self.live,
            destinations=destinations,
            journal=_path(self.options.tierwall_journal),
            policies=sites.named(name).policies,
            others=tuple(reversed(self.insides)),
            samples=self._samples,
        )
        self.insides.append(inside)
        return Assembly(
            active_policy=active_policy,
            destinations=destinations,
            recorder=recorder,
            door=door,
            enforcement=Enforcement(active_policy, destinations, recorder, door.at_access, self.kernel_sync),
            overrides=overrides,
            reloading=reloading,
            inside=inside,
        )

    def _samples(self) -> Iterator[Sample]:
        """What there is to count in this process, now."""
        yield from self.counts.samples()
        yield "tierwall_tunnels_open", {}, sum(each.tunnels.standing for each in self.insides)
        yield "tierwall_journal_lost_total", {}, 0 if self.journal is None else self.journal.lost
        for each in self.insides:
            site = each.overrides.active_policy.site
            yield "tierwall_site_info", {"site": site.id, "revision": site.revision or ""}, 1

    def _keeper(self, active_policy: ActivePolicy, recorder: Recorder) -> "KernelSync":
        """The kernel asks nobody which client it is: of several sites, everything goes through the proxy."""
        from tierwall.proxy.serving.gateway_tasks import keeper_of  # noqa: PLC0415 - see there

        nothing = Site(id="several"), Catalogue(())
        return keeper_of(active_policy if self.alone else ActivePolicy(*nothing), recorder)


def _choice[T](first: T, others: Sequence[tuple[Served, T]]) -> Choice[T]:
    by_spec = {served.spec: found for served, found in others if served.spec is not None}
    return Choice(first, by_spec, [(served.network, found) for served, found in others if served.network is not None])


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
    if where not in JOURNALS:
        JOURNALS[where] = Journal(where, say)
        atexit.register(JOURNALS[where].close)
    return JOURNALS[where]


def say(message: str) -> None:
    """A complaint of ours."""
    logger.error(message)
