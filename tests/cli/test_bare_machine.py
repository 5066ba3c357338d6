"""Every command on machines that lack something: what is missing is said in a line, and nothing ends in a traceback."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click

from tests.support.running import ADDON, as_user, needs, running_proxy
from tierwall.cli import cli

LIMIT_S = 120
FILES: Final = {
    "access.log": "1764000000.123    12 10.1.2.3 TCP_DENIED/403 3900 CONNECT vevox.app:443 - HIER_NONE/- text/html\n",
    "endpoints.json": "[]",
    "hosts.txt": "vevox.app\n",
}
"""What is in the folder where the commands are typed."""
WORDS: Final[dict[str, tuple[str, ...]]] = {
    "audit": ("access.log",),
    "behaviour list": (),
    "behaviour off": ("latency",),
    "behaviour on": ("latency", "delay=3ms"),
    "behaviour reset": (),
    "behaviour set": ("latency", "delay=3ms"),
    "bundle build": (".", "--key", "key.pem", "-o", "lab.tar.gz"),
    "bundle verify": ("lab.tar.gz", "--key", "key.pub"),
    "ca export": ("lab-ca.pem",),
    "ca install": ("--dry-run",),
    "ca show": (),
    "completion": ("bash",),
    "demo": (),
    "doctor": ("--gateway",),
    "diagnose": ("result.json",),
    "diff": ("old.yaml", "new.yaml"),
    "explain": ("https://8x8.vc",),
    "export": ("--to", "squid", "--vendor", "vevox"),
    "fleet certificates": ("tls",),
    "fleet ingest": ("access.log",),
    "fleet serve": ("8x8-core-only",),
    "fleet status": (),
    "gateway down": (),
    "gateway status": (),
    "gateway up": ("--inside", "lo"),
    "help": ("modes",),
    "import": ("endpoints.json", "--vendor", "teams"),
    "learn": ("journal.jsonl",),
    "lint": (),
    "new-site": ("hosts.txt",),
    "probe": ("--vendor", "nosuch"),
    "report": ("journal.jsonl", "--pdf", "report.pdf"),
    "reproduce": ("--site", "no-websocket", "--vendor", "vevox"),
    "run": ("--gateway",),
    "schema": ("site",),
    "ship": (),
    "sites": (),
    "vendors": (),
    "watch": (),
}
"""What to type behind each command. `run --gateway` ends by itself where there is no gateway."""
OF_STDIN: Final = {"decide"}
"""What reads a descriptor, which a runner of click's has not: tests/cli/decide starts it."""
NEED_NOTHING: Final = ("completion", "demo", "explain", "export", "reproduce", "sites", "vendors")
WITHOUT_PROGRAMS = "from tierwall import programs; programs.FOLDERS = ()"
TRY = """
import json, sys
from click.testing import CliRunner
from tierwall.cli import cli
for name, words in json.loads(sys.argv[1]).items():
    ended = CliRunner().invoke(cli, [*name.split(), *words])
    fault = None if isinstance(ended.exception, SystemExit | None) else repr(ended.exception)
    print(json.dumps([name, ended.exit_code, ended.output, fault]), flush=True)
"""


def commands(group: click.Group, before: str = "") -> Iterator[str]:
    """All that can be typed."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}"


def test_every_command_is_tried_here() -> None:
    assert sorted(set(commands(cli)) - OF_STDIN) == sorted(WORDS), "say in WORDS what to type behind a new command"


def tried(folder: Path, *before: str, code: str = "", **environment: str) -> dict[str, tuple[int, str]]:
    """How each command ended in `folder`, and what it said; no exception got out of any. `before` runs them all."""
    for name, text in FILES.items():
        (folder / name).write_text(text)
    env = {"PYTHONPATH": str(ADDON), "COLUMNS": "200"} | environment
    command = [*before, sys.executable, "-c", code + TRY, json.dumps(WORDS)]
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    print(done.stdout, done.stderr)
    ended: list[Any] = [json.loads(line) for line in done.stdout.splitlines()]
    assert {name: fault for name, _, _, fault in ended if fault} == {}
    assert [name for name, _, said, _ in ended if "Traceback" in said] == []
    assert {name for name, *_ in ended} == WORDS.keys()
    assert {name: said for name, status, said, _ in ended if status not in {0, 1, 2, 3}} == {}
    assert "Traceback" not in done.stderr
    assert {name: said for name, status, said, _ in ended if name in NEED_NOTHING and status == 2} == {}
    return {name: (status, said) for name, status, said, _ in ended}


def test_without_any_program(tmp_path: Path) -> None:
    said = tried(tmp_path, code=WITHOUT_PROGRAMS, PATH="", HOME=str(tmp_path))

    for name in ("gateway down", "gateway status", "gateway up", "run"):
        assert said[name][0] == 2
        assert "nft is not installed (package nftables)" in said[name][1]
    assert "not seen: addresses, routes and rules: ip is not installed (" in said["doctor"][1]
    assert (said["demo"][0], said["reproduce"][0]) == (0, 1)


def test_a_proxy_needs_no_program(tmp_path: Path) -> None:
    with running_proxy(env={"PATH": ""}, code=WITHOUT_PROGRAMS) as proxy:
        assert "Traceback" not in proxy.console()


def test_installing_the_lab_ca_without_the_programs_for_it_says_which(tmp_path: Path) -> None:
    (tmp_path / ".pki/nssdb").mkdir(parents=True)
    (tmp_path / ".pki/nssdb/cert9.db").touch()
    command = [sys.executable, "-c", f"{WITHOUT_PROGRAMS}\nfrom tierwall.cli import main\nmain()", "ca", "install"]
    env = {"PYTHONPATH": str(ADDON), "PATH": "", "HOME": str(tmp_path)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=LIMIT_S, check=False)

    assert done.returncode == 1
    assert "not done: certutil is not installed (Debian: libnss3-tools" in done.stderr
    wanted = "install is not installed (package coreutils)" if os.geteuid() == 0 else "sudo is not installed"
    assert wanted in done.stderr
    assert "Traceback" not in done.stderr


@needs("root", "unshare", "mount")
def test_without_proc_and_sys(tmp_path: Path) -> None:
    apart = 'mount -t tmpfs none /proc; mount -t tmpfs none /sys; exec "$@"'
    said = tried(tmp_path, "unshare", "--mount", "sh", "-ec", apart, "-", HOME=str(tmp_path), PATH=os.environ["PATH"])

    assert "which processes there are, and their sockets: /proc is not mounted" in said["doctor"][1]


@needs("root", "unshare", "ip", "sysctl")
def test_without_ipv6(tmp_path: Path) -> None:
    apart = 'ip link set lo up; sysctl -qw net.ipv6.conf.all.disable_ipv6=1; exec "$@"'
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    said = tried(tmp_path, "unshare", "--net", "sh", "-ec", apart, "-", HOME=str(tmp_path), PATH=path)

    assert said["demo"][0] == 0


@needs("root", "setpriv")
def test_without_a_home_folder(tmp_path: Path) -> None:
    """A user whom no password file knows, as in many containers."""
    said = tried(tmp_path, *as_user(54321), PATH=os.environ["PATH"])

    for name in ("behaviour list", "ca show", "doctor"):
        assert said[name] == (2, "there is no home folder for the journal and the lab CA: set XDG_STATE_HOME\n")


@needs("root", "unshare", "mount")
def test_with_a_read_only_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    apart = f'mount -t tmpfs -o ro none "{home}"; exec "$@"'
    before = ("unshare", "--mount", "sh", "-ec", apart, "-")
    said = tried(tmp_path, *before, HOME=str(home), PATH=os.environ["PATH"])
    run = [*before, sys.executable, "-m", "tierwall", "run", "--listen", "127.0.0.1:0"]
    env = {"PYTHONPATH": str(ADDON), "HOME": str(home), "PATH": os.environ["PATH"]}
    proxies = [
        subprocess.run([*run, *more], env=env, capture_output=True, text=True, timeout=LIMIT_S, check=False)
        for more in ((), ("--workers", "2"))
    ]

    assert f"the lab CA cannot be made in {home}" in said["ca show"][1]
    for ended in proxies:
        assert ended.returncode == 2
        assert ended.stderr == (
            f"the lab CA cannot be made or read in {home}/.local/state/tierwall/ca: Read-only file system; "
            "set XDG_STATE_HOME to a folder of yours that can be written\n"
        )
