"""What `mitmdump -s addon/main.py` loads: the addon, with this clone's package before any installed one."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from tierwall.control.folders import NoHome, control_folder  # the path first
from tierwall.proxy.addon import TierwallAddon


def _control() -> Path | None:
    """Where `tierwall watch` and `tierwall behaviour` look for it."""
    try:
        return control_folder()
    except NoHome:
        return None


addons = [TierwallAddon(control=_control())]
