"""tierwall as a process in the gateway's namespace: the thin variant of e2e/running.py that namespaces need."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.netns.lab import PATH, Machine
from tests.netns.looks import listed
from tests.support.running import ADDON, Proxy
from tests.support.waiting import eventually


@contextmanager
def tierwall_in(machine: Machine, *arguments: object) -> Iterator[Proxy]:
    """Run `tierwall run` in there while the block runs; its journal must be valid, whatever happened."""
    with tempfile.TemporaryDirectory(prefix="tierwall-netns-") as folder:
        journal = Path(folder) / "events.jsonl"
        kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        process = machine.start(
            *(sys.executable, "-m", "tierwall", "run", "--journal", journal, "--events", "all", *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=kept | {"XDG_STATE_HOME": folder, "PYTHONPATH": str(ADDON), "PATH": PATH, "COLUMNS": "400"},
            cwd=folder,
        )
        proxy = Proxy(process, journal)
        try:
            proxy.await_start()
            if "--gateway" in arguments:
                eventually(lambda: "0x7457" in listed(machine, "lease"))  # only then does anything go straight
            yield proxy
            if process.poll() is None:
                proxy.stop()
            proxy.said()
        except BaseException:
            print(proxy.console())
            print("\n".join(proxy.lines()[-20:]))
            raise
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            proxy.hear_out()
