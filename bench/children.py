"""Calls a module of the benchmark in a Python process of its own, and reads the JSON that it prints."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.ground import ROOT, tierwall_environment


class ChildFailed(Exception):
    """With what it said."""


def call(folder: Path, module: str, *arguments: str) -> dict[str, Any]:
    """`python -m bench.MODULE FOLDER ARGUMENTS…`."""
    ran = subprocess.run(
        [sys.executable, "-m", f"bench.{module}", str(folder), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=tierwall_environment(folder),
        cwd=ROOT,
    )
    if ran.returncode:
        raise ChildFailed(f"bench.{module}: {ran.stderr.strip()[-1500:]}")
    told: dict[str, Any] = json.loads(ran.stdout)
    return told
