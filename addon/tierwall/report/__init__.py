"""What people read: events -> lines on the console, and events -> a summary -> text, Markdown, JSON.

Knows events only. Whatever a client sent is spelled out before it reaches a terminal or a ticket.
"""

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
