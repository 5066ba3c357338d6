"""What `mitmdump -s addon/main.py` loads: the addon, with this clone's package before any installed one."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from tierwall.proxy.addon import TierwallAddon  # the path first

addons = [TierwallAddon()]
