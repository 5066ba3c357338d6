"""`tierwall run --bundle URL`: the bundle that a run begins with, the newest where it is to be had, else the last good.

Knows options and the state folder.
"""

import hashlib
from pathlib import Path

from tierwall.bundle.archive import InvalidBundle
from tierwall.bundle.keys import InvalidKey, public_key
from tierwall.bundle.store import Store
from tierwall.bundle.taking_up import CannotFetch, NotTakenUp, Source, take_up
from tierwall.cli.faults import BadInput
from tierwall.cli.folders import state_folder
from tierwall.cli.output import talk
from tierwall.events import visible


def begin(address: str, key_file: Path | None, site: str, policies: tuple[Path, ...]) -> Source:
    """There is a bundle in force. Raises BadInput."""
    if key_file is None:
        raise BadInput(["--bundle needs --bundle-key FILE, the public key that it is signed by"])
    try:
        key = public_key(key_file.read_bytes())
    except OSError as fault:
        raise BadInput([f"--bundle-key {key_file}: {fault.strerror}"]) from None
    except InvalidKey as fault:
        raise BadInput([f"--bundle-key {key_file}: {fault}"]) from None
    name = hashlib.sha256(address.encode()).hexdigest()[:16]
    store = Store(state_folder() / "bundles" / name)
    source = Source(address=address, key=key, store=store, site=site, policies=policies)
    try:
        take_up(source)
    except (CannotFetch, NotTakenUp) as fault:
        said = f"--bundle {address}: {fault}" if isinstance(fault, CannotFetch) else f"--bundle {fault}"
        if not _last_good(source):
            raise BadInput([said]) from None
        talk().print(visible(said), style="yellow", soft_wrap=True)
        talk().print("the run begins with the last bundle that was good", style="yellow")
    return source


def _last_good(source: Source) -> bool:
    try:
        return source.store.in_force(source.key) is not None
    except InvalidBundle:
        return False
