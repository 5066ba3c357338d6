"""docs/fleet.md's quick start, its own commands in their order, on the machine where Envoy's names and servers are."""

import re
import subprocess
import sys
from pathlib import Path

from tests.fleet.proof.ground import ROOT, Ground, environment
from tests.fleet.proof.lab import made
from tests.support.needs import NAMESPACES, needs

__all__ = ["made"]
pytestmark = needs(NAMESPACES, "curl", "setpriv")
BLOCKS = re.findall(r"```bash\n(.*?)```", (ROOT / "docs" / "fleet.md").read_text(), re.DOTALL)


def test_the_quick_start_does_what_the_page_says(made: Ground) -> None:
    folder = made.folder / "quick"
    folder.mkdir()
    install, *rest = BLOCKS[:4]
    assert "pip install" in install  # what this environment has
    script = "set -x\n" + "\n".join(rest) + '\necho "status $?"\nkill $(jobs -p)\nwait\n'
    ours = {"PATH": f"{Path(sys.executable).parent}:{environment()['PATH']}", "ENVOY": f"{made.folder}/envoy"}

    done = subprocess.run(
        ["ip", "netns", "exec", made.gateway.name, "bash", "-c", script],
        cwd=folder,
        env=environment() | ours,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    said = done.stdout + done.stderr
    assert "tier-closed (analytics)" in done.stdout, said
    assert "\n403\n" in done.stdout
    assert re.search(r"lab-1 +lab +current", done.stdout), said
    assert re.search(r"lab-2 +lab +current", done.stdout), said
    assert "TWOK" in (folder / "reached").read_text()
    assert "Envoy let through what judge denies" in done.stderr, said
    assert "analytics" in done.stdout
