"""A browser that opens the page, without the token in anybody's list of processes.

Knows the desktop's browser. What it is given is a file of this user's that leads on to the address.
"""

import os
import tempfile
import webbrowser
from html import escape
from pathlib import Path

_LEADS_ON = '<!doctype html><meta charset="utf-8"><title>tierwall</title><meta http-equiv="refresh" content="0;url={}">'


def open_page(address: str) -> None:
    """Where there is a desktop; whoever has none has the address on the terminal."""
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return
    with tempfile.NamedTemporaryFile("w", prefix="tierwall-", suffix=".html", delete=False) as file:  # 0600
        file.write(_LEADS_ON.format(escape(address)))
    webbrowser.open(Path(file.name).as_uri())
