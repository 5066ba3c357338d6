"""What people read: events -> lines on the console, and events -> a summary -> text, Markdown, JSON.

Knows events only. Whatever a client sent is spelled out before it reaches a terminal or a ticket. The names below are
imported when they are first used: rich takes a third of a second, which `explain` does not need.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tierwall.report.console import Console
    from tierwall.report.json import render_json
    from tierwall.report.markdown import render_markdown
    from tierwall.report.summary import Summary, Tally, summarise
    from tierwall.report.text import print_summary, render_text

__all__ = [
    "Console",
    "Summary",
    "Tally",
    "print_summary",
    "render_json",
    "render_markdown",
    "render_text",
    "summarise",
]

_HOMES: Final = {
    "Console": "console",
    "Summary": "summary",
    "Tally": "summary",
    "print_summary": "text",
    "render_json": "json",
    "render_markdown": "markdown",
    "render_text": "text",
    "summarise": "summary",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
