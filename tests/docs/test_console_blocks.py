"""Every console block of README and docs/ is typed here, word for word, and prints what the document says.

A proxy that a block starts listens on a port of its own, and `127.0.0.1:8080` of the commands after it is that port.
"""

import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.docs.console import CUT, Typed, console_blocks, differs, written
from tests.support.journal_lines import about
from tests.support.programs import client_hello, connect_request, connected, converse, tunnel
from tests.support.running import ADDON, Proxy, allow_private, needs, running_proxy
from tierwall.standins.origins import TcpEchoOrigin, serve_in_thread

ELSEWHERE = {
    r"make ": "the suite itself, and tests/demo",
    r"uv tool |\. \.venv/": "tools/try-wheel.sh",
    r"chromium |xdg-open ": "tests/browser",
    r"(export )?TIERWALL_|docker compose |lab/": "tests/lab",
    r"mitmdump |mitmweb ": "tests/stock",
    r"ip netns exec |tierwall gateway |sudo |tierwall run --gateway": "tests/netns, which makes the network for it",
    r"tierwall ca install$|tierwall ca install --remove": "tests/cli/lab/test_ca.py: it changes the machine",
    r"tierwall import https://": "tests/cli/documents: it asks the internet",
    r"tierwall doctor": "tests/doctor: it prints what this machine is like",
    r"curl .*https://8x8\.vc/": "tests/e2e/behaviours: it asks the internet",
    r"tierwall run .*wireguard@0": "tests/netns/test_wireguard.py",
    r"tierwall report (customer-probe|result)": "tests/cli/reporting: somebody else's probe",
    r"tierwall reproduce --site (udp-blocked|customer)": "tests/reproduce: a network of its own, and a minute's hold",
    r"python3 tierwall-probe|tierwall (probe|diagnose) ": "tests/probe, tests/diagnosis: a customer's files",
    r"tierwall report journal": "tests/cli/reporting",
    r"cat ": "the files of the blocks themselves",
}
"""Commands that this file does not type, and where that is done."""
DENIED, ADMITTED = ("www.gravatar.com", "vevox.app"), "meet.8x8.vc"
"""What is tried through a proxy that a block starts, for the commands that read its journal."""
BLOCKS = [block for block in console_blocks() if any(True for _ in block.typed)]


def elsewhere(typed: Typed) -> str | None:
    return next((pattern for pattern in ELSEWHERE if re.match(pattern, typed.command)), None)


DOCUMENTS = list(dict.fromkeys(each.document for each in BLOCKS if not all(map(elsewhere, each.typed))))


class Terminal:
    """A folder, and the proxy that runs there by now."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._proxy: Proxy | None = None
        self._running = ExitStack()
        home = {"HOME": str(folder), "XDG_STATE_HOME": str(folder), "XDG_RUNTIME_DIR": str(folder / "run")}
        (folder / "run").mkdir(mode=0o700)
        bin_folder = folder / "bin"
        bin_folder.mkdir()
        program = bin_folder / "tierwall"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m tierwall "$@"\n', encoding="ascii")
        program.chmod(0o755)
        path = f"{bin_folder}:{os.environ['PATH']}"
        self._environment = {"PATH": path, "PYTHONPATH": str(ADDON), "LANG": "C.UTF-8", "COLUMNS": "100"} | home

    def type(self, typed: Typed) -> list[str]:
        """The lines that it prints."""
        words = shlex.split(typed.command) if typed.command.startswith("tierwall run") else []
        if words[:2] == ["tierwall", "run"]:
            self._run(words[2:])
            return []
        command = typed.command
        if self._proxy is not None:
            command = command.replace("127.0.0.1:8080", f"127.0.0.1:{self._proxy.port}")
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        if command.startswith("tierwall "):
            assert done.returncode in {0, 1}, done.stdout
        return done.stdout.splitlines()

    def _run(self, words: list[str]) -> None:
        self.close()
        listen, journal = "127.0.0.1:0", self._folder / "journal.jsonl"
        if "--listen" in words:
            at = words.index("--listen")
            listen = words[at + 1].replace(":8080", ":0")
            del words[at : at + 2]
        if "--journal" in words:
            at = words.index("--journal")
            journal = self._folder / words[at + 1]
            del words[at : at + 2]
        words = [str(self._folder / word) if word.endswith(".yaml") else word for word in words]
        echo = self._running.enter_context(serve_in_thread(TcpEchoOrigin()))
        words += allow_private(ADMITTED, 443, echo.port)
        self._proxy = self._running.enter_context(
            running_proxy(*words, listen=listen, journal=journal, env=self._environment)
        )
        if "8x8-core-only" in words:
            self._use(self._proxy)

    def _use(self, proxy: Proxy) -> None:
        for host in DENIED:
            converse(proxy.via, connect_request(f"{host}:443"))
            proxy.wait_for(about(host))
        with connected(proxy.via) as client:
            tunnel(client, f"{ADMITTED}:443")
            hello = client_hello(ADMITTED)
            client.sendall(hello)
            client.recv(len(hello), socket.MSG_WAITALL)
        proxy.wait_for(about(ADMITTED, "closed"))

    def close(self) -> None:
        """End the proxy."""
        self._running.close()
        self._proxy = None


@contextmanager
def terminal(folder: Path) -> Iterator[Terminal]:
    written(folder)
    made = Terminal(folder)
    try:
        yield made
    finally:
        made.close()


@needs("curl", "jq", "squid")
@pytest.mark.parametrize(
    "document", dict.fromkeys(each.document for each in BLOCKS if not all(map(elsewhere, each.typed)))
)
def test_the_blocks_of_a_document_print_what_it_says(document: str, tmp_path: Path) -> None:
    with terminal(tmp_path) as here:
        for typed in (typed for block in BLOCKS if block.document == document for typed in block.typed):
            if elsewhere(typed) is None:
                printed = here.type(typed)
                found = differs(typed.prints, printed) if typed.prints else None
                assert found is None, "\n".join([typed.command, *printed])


def test_no_exception_is_stale() -> None:
    used = {elsewhere(typed) for block in BLOCKS for typed in block.typed}

    assert set(ELSEWHERE) - used == set()


@pytest.mark.parametrize(
    ("said", "printed", "differ"),
    [
        (["a", CUT, "d"], ["a", "b", "c", "d"], False),
        (["a", CUT], ["a"], False),
        (["a bc… (cut)"], ["a bcd"], False),
        (["12:00:01 a"], ["03:04:05 a"], False),
        (["a"], ["a", "b"], True),
        (["a", "c"], ["a", "b", "c"], True),
        (["a", CUT, "x"], ["a", "b"], True),
        (["a", "b"], ["a"], True),
    ],
)
def test_what_is_cut_may_be_anything_and_nothing_else_may(said: list[str], printed: list[str], differ: bool) -> None:
    assert (differs(said, printed) is not None) == differ
