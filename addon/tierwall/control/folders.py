"""Where tierwall keeps what nobody named a place for: its state, and the control sockets of running proxies.

Knows the environment and the home folder. Makes no folder.
"""

import os
from pathlib import Path


class NoHome(Exception):
    """There is no folder of the user's; the message has the mend."""


def state_folder() -> Path:
    """Where the journal and the lab CA are kept (XDG Base Directory Specification: a relative path is ignored).

    Raises NoHome.
    """
    given = Path(os.environ.get("XDG_STATE_HOME", ""))
    if given.is_absolute():
        return given / "tierwall"
    try:
        home = Path.home()
    except RuntimeError:
        home = Path("/")
    if home == Path("/"):  # which containers say of a user without one
        raise NoHome("there is no home folder for the journal and the lab CA: set XDG_STATE_HOME")
    return home / ".local" / "state" / "tierwall"


def control_folder() -> Path:
    """Where running proxies have their control sockets (XDG_RUNTIME_DIR is private, and empty after a restart).

    Raises NoHome.
    """
    given = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    return given / "tierwall" if given.is_absolute() and given.is_dir() else state_folder() / "control"
