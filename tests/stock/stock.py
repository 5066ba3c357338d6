"""Stock mitmproxy as a process that loads addon/main.py from a clone, where tierwall is not installed.

Knows how to start it so; the rest of a proxy that listens is tests/support/running.py's.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.running import ADDON, START_LIMIT_S, Proxy
from tierwall.standins.clients import HttpProxy, Socks5Proxy

_LISTENING = re.compile(r"(SOCKS|HTTP)\S* (?:v5 )?proxy listening at (\S+):(\d+)\.")
_home = tempfile.TemporaryDirectory(prefix="tierwall-stock-home-")
"""One for all, so that the lab CA is made once; removed when the tests end."""

_RAN = "import sys; from mitmproxy.tools.main import {0}; sys.argv[0] = '{0}'; sys.exit({0}())"


@dataclass(kw_only=True)
class Stock(Proxy):
    """A mitmdump or mitmweb that listens, with the script that it loaded."""

    main: Path

    def await_start(self) -> None:
        """Return when it listens, and has loaded the script."""
        self._talk = threading.Thread(target=self._listen_to_talk, daemon=True)
        self._talk.start()
        self._wait(lambda: "Loading script" in self.console() and self._listening(), START_LIMIT_S)

    def _listening(self) -> list[HttpProxy | Socks5Proxy]:
        return [
            (Socks5Proxy if what == "SOCKS" else HttpProxy)(host, int(port))
            for what, host, port in _LISTENING.findall(self.console())
        ]

    def save(self, text: str, then_say: str) -> None:
        """Save the script, as an editor does, and wait until mitmproxy has said this once more."""
        before = self.console().count(then_say)
        later = self.main.stat().st_mtime + 1
        self.main.write_text(text, encoding="utf-8")
        os.utime(self.main, (later, later))  # mitmproxy asks only whether it is newer
        self._wait(lambda: self.console().count(then_say) > before, 10)


def clone(folder: Path) -> Path:
    """Copy what a clone has of tierwall there; the script to load."""
    without = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ADDON, folder / "addon", ignore=without)
    shutil.copytree(ADDON.parent / "policies", folder / "policies", ignore=without)
    return folder / "addon" / "main.py"


@contextmanager
def stock_mitmproxy(
    *arguments: str | Path,
    tool: str = "mitmdump",
    site: str | Path = "8x8-core-only",
    resolve: tuple[str, ...] = (),
    events: str = "all",
) -> Iterator[Stock]:
    """Run `mitmdump -s addon/main.py` with these arguments on a free port while the block runs."""
    with tempfile.TemporaryDirectory(prefix="tierwall-stock-") as folder:
        main, journal = clone(Path(folder)), Path(folder) / "events.jsonl"
        options = {"site": site, "journal": journal, "events": events}
        command = [
            *(sys.executable, "-S", "-c", _RAN.format(tool), "--listen-host", "127.0.0.1", "--listen-port", "0"),
            *("-s", main, *(text for key, value in options.items() for text in ("--set", f"tierwall_{key}={value}"))),
            *(text for entry in resolve for text in ("--set", f"tierwall_resolve={entry}")),
            *arguments,
        ]
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="backslashreplace",
            env=_environment(),
            cwd=folder,
        )
        proxy = Stock(process, journal, main=main)
        try:
            proxy.await_start()
            yield proxy
            proxy.stop()
            proxy.said()
        except BaseException:
            print("$", *command)
            print(proxy.console(), *proxy.lines()[-20:], sep="\n")
            raise
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            proxy.hear_out()


def home() -> dict[str, str]:
    """What a command of ours needs to find it."""
    return {"HOME": _home.name, "XDG_STATE_HOME": str(Path(_home.name) / ".local" / "state")}


def run_to_its_end(*arguments: str | Path) -> tuple[int, str]:
    """Run mitmdump where it is expected to end by itself; its exit code, and what it said."""
    with tempfile.TemporaryDirectory(prefix="tierwall-stock-") as folder:
        command = [sys.executable, "-S", "-c", _RAN.format("mitmdump"), "--listen-port", "0", "-s", clone(Path(folder))]
        done = subprocess.run(
            [str(part) for part in (*command, *arguments)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            text=True,
            timeout=START_LIMIT_S,
            env=_environment(),
            cwd=folder,
        )
    return done.returncode, done.stdout + done.stderr


def _environment() -> dict[str, str]:
    """With the libraries, but for -S's sake without .pth files: those lead to a tierwall that is installed."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return kept | {"HOME": _home.name, "PYTHONPATH": sysconfig.get_paths()["purelib"], "PYTHONUNBUFFERED": "1"}
