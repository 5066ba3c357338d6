"""What `tierwall decide` says besides its answers, on stderr.

Knows the form of a line.
"""

from tierwall.cli.output import talk
from tierwall.events.hostile_text import visible


def say(line: str) -> None:
    """One line."""
    talk().print(f"tierwall decide: {visible(line)}", soft_wrap=True)
