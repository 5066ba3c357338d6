"""One site in the lab: client, gateway with tierwall, the world behind it; the probe runs, and its result is read.

Knows namespaces and processes. The probe is the archive as it is handed out, and is told nothing of the site.
"""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.diagnosis.matrix.world import READY, VENDORS, addresses
from tests.netns.gateway import tierwall_in
from tests.netns.lab import CLIENT, CLIENT_6, GATEWAY, REDIRECT, SERVER, TUN, TURN, Lab, three_machines
from tests.support import running
from tests.support.running import ADDON
from tierwall.probe.result_file import from_json
from tierwall.probe.values import Result

PROXY_PORT: Final = 3128
MODES: Final = ("transparent", f"tun:{TUN}", f"regular@{GATEWAY}:{PROXY_PORT}", f"dns@{GATEWAY}:53")
ROOT: Final = ADDON.parent
START_LIMIT_S: Final = 120.0
"""Many start side by side."""
MOVE_AFTER_S: Final = 8.0
"""Connections stand by then."""
_HOLDING: Final = "holding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What is run."""

    site: str
    """A bundled one, or a file."""
    archive: Path
    hold: str
    proxy: str = "none"
    """As the probe's --proxy has it; `PROXY` is the lab's."""
    vendors: tuple[str, ...] = VENDORS


def probed(trial: Trial, folder: Path) -> Result:
    """What the probe wrote."""
    running.START_LIMIT_S = START_LIMIT_S  # type: ignore[misc]
    with three_machines() as lab, _world(lab, folder) as world:
        lab.gateway.etc("resolv.conf", f"nameserver {SERVER}\n")
        lab.client.etc("resolv.conf", f"nameserver {GATEWAY}\noptions timeout:2 attempts:1\n")
        lab.gateway.nft(REDIRECT)
        modes = [word for mode in MODES for word in ("--mode", mode)]
        trust = ("--trust", folder / "origins-ca.pem")
        served = ("--clients", f"{CLIENT}/32", "--clients", f"{CLIENT_6}/128")
        with tierwall_in(lab.gateway, *modes, "--site", trial.site, *trust, *served), lab.through_tun("udp"):
            output = folder / "result.json"
            _run(lab, _command(trial, folder, output), world)
            return from_json(output.read_text(encoding="utf-8"))


def _command(trial: Trial, folder: Path, output: Path) -> Sequence[object]:
    proxy = trial.proxy.replace("PROXY", f"{GATEWAY}:{PROXY_PORT}")
    named = [word for vendor in trial.vendors for word in ("--vendor", vendor)]
    options = ("--proxy", proxy, "--hold", trial.hold, "--ca", folder / "origins-ca.pem", "-o", output)
    return (sys.executable, trial.archive, *named, *options)


def _run(lab: Lab, command: Sequence[object], world: "subprocess.Popen[str]") -> None:
    """To its end. Once it holds connections, the world's names move."""
    process = lab.client.start(*command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said: list[str] = []
    timer = threading.Timer(MOVE_AFTER_S, world.send_signal, (signal.SIGUSR1,))
    try:
        assert process.stderr is not None
        with process.stderr as talk:
            for line in talk:
                said.append(line)
                if line.startswith(_HOLDING):
                    timer.start()
        if process.wait() not in {0, 1}:
            raise RuntimeError("".join(said))
    finally:
        timer.cancel()
        process.kill()
        process.wait()


@contextmanager
def _world(lab: Lab, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    for each in set(addresses()) - {TURN}:
        lab.server.ip(f"addr add {each}/{128 if ':' in each else 32} dev gateway{' nodad' if ':' in each else ''}")
    environment = {"PYTHONPATH": f"{ADDON}:{ROOT}", "PATH": "/usr/bin:/bin"}
    process = lab.server.start(
        *(sys.executable, "-m", "tests.diagnosis.matrix.world", folder),
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=environment,
    )
    try:
        assert process.stdout is not None
        if process.stdout.readline().strip() != READY:
            raise RuntimeError("the world behind the lab did not come up")
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
