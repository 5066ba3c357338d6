"""`tierwall watch`: options -> a feed, and the page or the terminal that shows it.

Knows spellings of options; what is shown is dashboard's.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tierwall.cli.faults import BadInput
from tierwall.cli.folders import control_folder
from tierwall.cli.lab.run import parse_listen
from tierwall.cli.live.opening import open_page
from tierwall.cli.output import talk
from tierwall.control.running import Refused, exchange, one
from tierwall.dashboard.picture.picture import Picture
from tierwall.dashboard.server.serve import CannotListen, Listen, address_of, bound, new_token, serve
from tierwall.dashboard.serving import serving
from tierwall.dashboard.sources.feed import Feed
from tierwall.dashboard.sources.journal import JournalFeed
from tierwall.dashboard.sources.proxy import ProxyFeed
from tierwall.loader import InvalidFiles, load_catalogue

PAGE: Final = Listen(host="127.0.0.1", port=8081, or_any=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line asks for, as it was typed."""

    journal: Path | None
    proxy: int | None
    policies: tuple[Path, ...]
    listen: str | None
    opens: bool
    tui: bool


def watch(wanted: Wanted) -> int:
    """Until it is ended. Raises BadInput."""
    listen = _checked(wanted)
    if wanted.journal is not None:
        return show(JournalFeed(wanted.journal, _picture(wanted.policies)), listen, opens=wanted.opens)
    folder = control_folder()
    try:
        proxy = one(folder, wanted.proxy)
        policies = [Path(path) for path in exchange(proxy.sockets[0], {"do": "list"})["policies"]]
    except Refused as fault:
        raise BadInput([fault]) from None
    feed = ProxyFeed(folder, proxy.run, _picture((*policies, *wanted.policies)))
    return show(feed, listen, opens=wanted.opens)


def show(feed: Feed, listen: Listen, *, opens: bool) -> int:
    """Serve the page until it is ended. Raises BadInput."""
    token = new_token()
    try:
        listener = bound(listen)
    except CannotListen as fault:
        raise BadInput([fault]) from None
    address = address_of(listener, token)

    def ready() -> None:
        talk().print(f"page  {address}", soft_wrap=True)
        if opens:
            open_page(address)

    try:
        asyncio.run(serve(feed, listener, token, ready))
    except OSError as fault:
        raise BadInput([f"{fault.filename}: {fault.strerror}" if fault.filename else fault]) from None
    return 0


def _checked(wanted: Wanted) -> Listen:
    faults: list[object] = []
    listen = PAGE
    if wanted.listen is not None:
        try:
            listen = Listen(*parse_listen(wanted.listen))
        except ValueError as fault:
            faults.append(fault)
    if wanted.journal is not None and wanted.proxy is not None:
        faults.append("a journal or --proxy: one of them")
    if wanted.journal is not None and not wanted.journal.is_file():
        faults.append(f"{wanted.journal}: there is no such file")
    if faults:
        raise BadInput(faults)
    return listen


def _picture(policies: tuple[Path, ...]) -> Picture:
    try:
        catalogue = load_catalogue(policies)
    except InvalidFiles as invalid:
        raise BadInput(invalid.faults) from None
    return Picture(catalogue, serving(catalogue))
