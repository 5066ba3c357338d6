"""The user's folders, for commands: where there are none, that is bad input.

Knows what control/folders.py finds.
"""

from pathlib import Path

from tierwall.cli.faults import BadInput
from tierwall.control import folders
from tierwall.control.folders import NoHome


def state_folder() -> Path:
    """Where the journal and the lab CA are kept. Raises BadInput."""
    try:
        return folders.state_folder()
    except NoHome as fault:
        raise BadInput([fault]) from None


def control_folder() -> Path:
    """Where running proxies have their control sockets. Raises BadInput."""
    try:
        return folders.control_folder()
    except NoHome as fault:
        raise BadInput([fault]) from None
