"""`tierwall run`: options -> settings of the proxy.

Knows spellings of options and where files go that nobody named; the proxy itself is proxy/run/engine.py's.
"""

import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tierwall.cli.faults import BadInput
from tierwall.cli.folders import control_folder, state_folder
from tierwall.cli.reporting.forms import check_form
from tierwall.cli.ship import beside
from tierwall.cli.ship.beside import NOTHING, Beside
from tierwall.loader import InvalidFiles, load_catalogue, load_site
from tierwall.proxy.state.destinations import InvalidResolve, parse_redirect
from tierwall.proxy.state.in_force.served_sites import InvalidServe, parse_serves
from tierwall.proxy.transport.addresses import InvalidClients, parse_clients
from tierwall.trust.certificate import KEYS

if TYPE_CHECKING:
    from tierwall.bundle.taking_up import Source
    from tierwall.cli.live.beside import PageBeside
    from tierwall.cli.live.page_options import Page

_LISTEN = re.compile(r"(?:\[(?P<six>[^\]]*)\]|(?P<host>[^:]*)):(?P<port>[0-9]{1,5})")
_LAST_PORT: Final = 65535
_DEFAULT_MODE: Final = "regular"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line asks for, as it was typed."""

    site: str
    policies: tuple[Path, ...]
    modes: tuple[str, ...]
    listen: str
    journal: Path | None
    events: str
    resolve: tuple[str, ...]
    trust: Path | None = None
    listen_tls: str | None = None
    partial: bool = False
    workers: int = 1
    clients: tuple[str, ...] = ()
    gateway: bool = False
    learn: bool = False
    serve: tuple[str, ...] = ()
    report: Path | None = None
    beside: Beside = NOTHING
    page: "Page | None" = None


def run(wanted: Wanted) -> int:
    """Run the proxy until it is stopped. Raises BadInput."""
    listen = _checked(wanted)
    modes = _gateway_modes(wanted) if wanted.gateway else wanted.modes
    from tierwall.proxy.run.engine import CannotStart, RunSettings  # noqa: PLC0415 - mitmproxy takes two seconds
    from tierwall.proxy.run.engine import run as run_proxy  # noqa: PLC0415
    from tierwall.proxy.run.settings import modes as check_modes  # noqa: PLC0415

    source = _bundles(wanted)
    settings = RunSettings(
        site=wanted.site,
        bundle=None if source is None else source.store.current,
        policies=wanted.policies,
        modes=modes or (_DEFAULT_MODE,),
        listen=listen,
        listen_tls=None if wanted.listen_tls is None else parse_listen(wanted.listen_tls, "--listen-tls"),
        journal=wanted.journal or state_folder() / "journal.jsonl",
        ca=state_folder() / "ca",
        everything=wanted.learn or wanted.events == "all",
        resolve=wanted.resolve,
        trust=wanted.trust,
        partial=wanted.partial,
        control=control_folder(),
        workers=wanted.workers,
        clients=wanted.clients,
        serve=wanted.serve,
        gateway=wanted.gateway,
    )
    try:
        check_modes(settings)  # before anything is made
    except CannotStart as fault:
        raise BadInput([fault]) from None
    if wanted.beside.sinks:
        _made(state_folder())  # sinks keep their positions beside the journal
    companion = beside.start(wanted.beside, settings.journal, source)
    page = None if wanted.page is None else _page(wanted.page, wanted.policies)
    began = time.time()
    try:
        _make_lab_ca(_made(state_folder()) / "ca")
        status = run_proxy(settings)
    except (CannotStart, InvalidFiles, InvalidResolve) as fault:
        raise BadInput([fault]) from None
    finally:
        if page is not None:
            page.end()
        companion.end()
    if wanted.report is not None:
        from tierwall.cli.reporting.of_run import report_of_run  # noqa: PLC0415 - most runs want none

        report_of_run(wanted.report, settings.journal, began, wanted.policies)
    return _learn(settings.journal, began, wanted.policies) if wanted.learn else status


def _page(page: "Page", policies: tuple[Path, ...]) -> "PageBeside":
    """The live page, before the proxy. Raises BadInput."""
    from tierwall.cli.live.beside import PageBeside  # noqa: PLC0415 - most runs have none, and tornado takes a while

    return PageBeside(page, policies)


def _bundles(wanted: Wanted) -> "Source | None":
    """Where they come from, one of them in force. Raises BadInput."""
    address = wanted.beside.bundle
    if address is None:
        return None
    from tierwall.cli.bundle import starting  # noqa: PLC0415 - most runs need none

    return starting.begin(address, wanted.beside.bundle_key, wanted.site, wanted.policies)


def _learn(journal: Path, began: float, policies: tuple[Path, ...]) -> int:
    """A site of what this run let through, to stdout."""
    from tierwall.cli.sites import learn  # noqa: PLC0415 - no other run needs it

    return learn.learn(learn.Wanted(files=(str(journal),), policies=policies, since=began))


def parse_listen(text: str, option: str = "--listen") -> tuple[str, int]:
    """`HOST:PORT`, an IPv6 address in brackets; port 0 is any that is free. Raises ValueError."""
    if text.isdecimal():
        raise ValueError(f"{option} {text!a}: an address comes first, as in 127.0.0.1:{text}")
    found = _LISTEN.fullmatch(text)
    if found is None:
        raise ValueError(f"{option} {text!a}: expected HOST:PORT, as in 127.0.0.1:8080 or [::1]:8080")
    if int(found["port"]) > _LAST_PORT:
        raise ValueError(f"{option} {text!a}: the port is a number from 0 to {_LAST_PORT}")
    host = found["host"] if found["six"] is None else found["six"]
    try:
        address = ip_address(host)
    except ValueError:
        advice = "127.0.0.1 for this machine alone, 0.0.0.0 for every address it has"
        raise ValueError(f"{option} {text!a}: {host!a} is no address; write {advice}") from None
    if (address.version == 6) != (found["six"] is not None):
        raise ValueError(f"{option} {text!a}: brackets go around an IPv6 address, as in [::1]:8080")
    return host, int(found["port"])


def _gateway_modes(wanted: Wanted) -> tuple[str, ...]:
    """The modes that were named, or those that serve the gateway which is up here. Raises BadInput."""
    from tierwall.gateway import checks, host  # noqa: PLC0415 - nothing else needs them

    facts = host.look()
    standing = checks.standing(facts)
    faults = ["--gateway needs one process: run it with --workers 1"] if wanted.workers > 1 else []
    if facts.missing:
        raise BadInput([*faults, *facts.missing])
    if standing is None:
        raise BadInput([*faults, "--gateway: no gateway is up here; `tierwall gateway up --inside IFACE` first"])
    if faults:
        raise BadInput(faults)
    if wanted.modes:
        return wanted.modes
    topology = standing.topology
    inside = [
        address
        for name in topology.inside
        if (interface := facts.interface(name)) is not None
        for address in interface.addresses
        if not address.is_link_local
    ]
    return (
        *(f"transparent@{address}:{topology.port}" for address in inside),
        *(f"dns@{address}:53" for address in inside),
        f"tun:{topology.tun}",
    )


def _made(folder: Path) -> Path:
    """The folder, private. Where it cannot be made, the lab CA or the journal says so."""
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _make_lab_ca(folder: Path) -> None:
    """Unless there is one: mitmproxy needs it, and says of a folder that cannot be written what nobody can read."""
    from tierwall.proxy.run.lab_ca import make_lab_ca  # noqa: PLC0415 - mitmproxy takes two seconds

    try:
        make_lab_ca(folder)
        (folder / KEYS[0]).open("rb").close()
    except OSError as fault:
        what = f"the lab CA cannot be made or read in {folder}: {fault.strerror}"
        raise BadInput([f"{what}; set XDG_STATE_HOME to a folder of yours that can be written"]) from None


def _checked(wanted: Wanted) -> tuple[str, int]:
    """The address to listen on. Where an option is wrong, the files are looked at too, to name every fault at once."""
    faults: list[object] = []
    tls = () if wanted.listen_tls is None else (wanted.listen_tls,)
    checks: list[Callable[[], object]] = [
        lambda: parse_listen(wanted.listen),
        *(partial(parse_listen, text, "--listen-tls") for text in tls),
        *(partial(parse_redirect, text) for text in wanted.resolve),
        lambda: parse_serves(wanted.serve),
        *(partial(parse_clients, [text]) for text in wanted.clients),
    ]
    for check in checks:
        try:
            check()
        except (ValueError, InvalidResolve, InvalidServe, InvalidClients) as fault:
            faults.append(fault)
    if wanted.report is not None and (wrong := check_form(wanted.report)) is not None:
        faults.append(wrong)
    if faults:
        try:
            load_site(wanted.site, load_catalogue(wanted.policies))
        except InvalidFiles as invalid:
            faults += invalid.faults
        raise BadInput(faults)
    return parse_listen(wanted.listen)
