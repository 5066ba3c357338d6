"""`tierwall watch`: options -> a feed, and the page or the terminal that shows it.

Knows spellings of options; what is shown is dashboard's.
"""

import asyncio
import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tierwall.cli.faults import BadInput
from tierwall.cli.folders import control_folder
from tierwall.cli.lab.run import parse_listen
from tierwall.cli.live.opening import open_page
from tierwall.cli.output import report, talk
from tierwall.control.running import Refused, exchange, one
from tierwall.dashboard.picture.picture import Picture
from tierwall.dashboard.server.serve import CannotListen, Listen, address_of, bound, new_token, serve
from tierwall.dashboard.serving import serving
from tierwall.dashboard.sources.feed import Feed
from tierwall.dashboard.sources.journal import JournalFeed
from tierwall.dashboard.sources.proxy import ProxyFeed
from tierwall.dashboard.terminal import show
from tierwall.loader import InvalidFiles, load_catalogue

_NICE: Final = 5
"""The proxy that it runs beside goes first."""

PAGE: Final = Listen(host="127.0.0.1", port=8081, or_any=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line asks for, as it was typed."""

    journal: Path | None
    proxy: int | None
    policies: tuple[Path, ...]
    listen: str | None
    opens: bool
    attached: int | None
    tui: bool


def watch(wanted: Wanted) -> int:
    """Until it is ended. Raises BadInput."""
    if wanted.attached is not None:
        return _beside_run(wanted, wanted.attached)
    listen = _checked(wanted)
    feed = _feed(wanted)
    if wanted.tui:
        return _in_terminal(feed)
    try:
        return _show(feed, bound(listen), opens=wanted.opens)
    except CannotListen as fault:
        raise BadInput([fault]) from None


def listen_of(text: str | None, option: str) -> Listen:
    """Where the page is to be served. Raises ValueError."""
    return PAGE if text is None else Listen(*parse_listen(text, option))


def _feed(wanted: Wanted) -> Feed:
    if wanted.journal is not None:
        return JournalFeed(wanted.journal, _picture(wanted.policies))
    folder = control_folder()
    try:
        proxy = one(folder, wanted.proxy)
        policies = [Path(path) for path in exchange(proxy.sockets[0], {"do": "list"})["policies"]]
    except Refused as fault:
        raise BadInput([fault]) from None
    return ProxyFeed(folder, proxy.run, _picture((*policies, *wanted.policies)))


def _beside_run(wanted: Wanted, descriptor: int) -> int:
    """As `tierwall run --ui` starts it: its socket listens already, its proxy will soon, and its stdin ends with it."""
    os.nice(_NICE)
    feed = ProxyFeed(control_folder(), wanted.proxy, _picture(wanted.policies), stays=True)
    return _show(feed, socket.socket(fileno=descriptor), opens=wanted.opens, lifeline=sys.stdin.fileno())


def _in_terminal(feed: Feed) -> int:
    console = report()
    if not console.is_terminal:
        raise BadInput(["--tui needs a terminal; without it there is the page"])
    try:
        asyncio.run(show(feed, console))
    except OSError as fault:
        raise BadInput([f"{fault.filename}: {fault.strerror}" if fault.filename else fault]) from None
    return 0


def _show(feed: Feed, listener: socket.socket, *, opens: bool, lifeline: int | None = None) -> int:
    token = new_token()
    address = address_of(listener, token)

    def ready() -> None:
        talk().print(f"page  {address}", soft_wrap=True)
        if opens:
            open_page(address)

    try:
        asyncio.run(serve(feed, listener, token, ready, lifeline))
    except OSError as fault:
        raise BadInput([f"{fault.filename}: {fault.strerror}" if fault.filename else fault]) from None
    return 0


def _checked(wanted: Wanted) -> Listen:
    faults: list[object] = []
    listen = PAGE
    try:
        listen = listen_of(wanted.listen, "--listen")
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
