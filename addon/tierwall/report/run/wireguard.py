"""A WireGuard client's configuration, shown to whoever sits at the terminal: as text, and as a code for a phone.

Knows how it is shown. It holds a private key, so it is never said where it would be kept: not in a pipe, file or log.
"""

from rich.console import Console
from rich.text import Text

from tierwall.events import visible
from tierwall.report.run.qr import STYLE, qr_lines


def show_configuration(configuration: str, terminal: Console) -> None:
    """Print both. The caller knows that this is a terminal."""
    lines = qr_lines(configuration)
    terminal.print(Text("\nWireGuard client, for this terminal only; it is as secret as a password:", "bold"))
    terminal.print(Text("\n".join(visible(line) for line in configuration.splitlines())), soft_wrap=True)
    if terminal.width < len(lines[0]):
        said = f"a QR code for the app needs {len(lines[0])} columns, and this terminal has {terminal.width}"
        terminal.print(Text(said, "dim"), soft_wrap=True)
        return
    for line in lines:
        terminal.print(Text(line, STYLE), no_wrap=True, crop=False, highlight=False)
