"""A command of tierwall's in a namespace, to its end."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from tests.netns.lab import Machine
from tests.support.running import ADDON


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it said."""

    status: int
    stdout: str
    stderr: str


def tierwall(machine: Machine, *words: object, ssh: str = "", through: Sequence[str] = ()) -> Ended:
    """Run it in there; `ssh` is what SSH_CONNECTION says, `through` the command that runs it."""
    environment = {
        "PYTHONPATH": str(ADDON),
        "SSH_CONNECTION": ssh,
        "NO_COLOR": "1",
        "HOME": os.environ.get("HOME", "/"),
    }
    settings = [f"{key}={value}" for key, value in environment.items()]
    done = machine.run(*through, "env", *settings, sys.executable, "-m", "tierwall", *words, limit_s=30)
    return Ended(done.returncode, done.stdout, done.stderr)
