"""The options of `tierwall run` that are about its page.

Knows words only; the page is served by a process of its own, beside.py's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the command line asks for, as it was typed."""

    listen: str | None
    opens: bool


def page_options[F: Callable[..., Any]](command: F) -> F:
    """--ui and what belongs to it."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option("--ui", is_flag=True, help="Show what happens on a page, as `tierwall watch` does."),
    click.option(
        "--ui-listen",
        metavar="HOST:PORT",
        help="Where the page is served, which implies --ui. It answers to this machine's own names alone, and at an "
        "address that others reach shows nothing without its token.  [default: 127.0.0.1:8081, or any port that is "
        "free]",
    ),
    click.option("--no-open", is_flag=True, help="Print the page's address alone, and open no browser."),
)
