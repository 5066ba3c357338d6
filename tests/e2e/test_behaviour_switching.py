"""`tierwall behaviour` at a running proxy: what is switched shows on its traffic, and obeys nobody else's hands."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path
from tempfile import gettempdir

import pytest

from tests.support.journal_lines import about
from tests.support.programs import connected, read_to_end, tunnel
from tests.support.running import ADDON, Proxy, allow_private, needs, running_proxy
from tierwall.standins.origins import TcpEchoOrigin, serve_in_thread

LIMIT_S = 30
OPEN = 'admit:\n  - {hosts: ["*.corp.example"]}\nbehaviours:\n  - {behaviour: idle-timeout, after: 1h, how: fin}\n'


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    """Where control sockets are: one folder for each test, so that only its own proxy runs."""
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def proxy(site: Callable[[str], Path], runtime: Path) -> Iterator[Proxy]:
    with (
        serve_in_thread(TcpEchoOrigin()) as echo,
        running_proxy(
            *("--site", site(OPEN)),
            *allow_private("*.corp.example", 443, echo.port),
            env={"XDG_RUNTIME_DIR": str(runtime)},
        ) as running,
    ):
        running.wait_until(lambda: any((runtime / "tierwall").glob("*.sock")))
        yield running


def behaviour(runtime: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tierwall", "behaviour", *arguments]
    env = {**os.environ, "XDG_RUNTIME_DIR": str(runtime), "PYTHONPATH": str(ADDON), "COLUMNS": "200"}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=LIMIT_S, check=False)


def on(runtime: Path, *arguments: str) -> list[str]:
    said = behaviour(runtime, *arguments, "--json")
    assert said.returncode == 0, said.stderr
    return [each["behaviour"] for each in json.loads(said.stdout)["behaviours"]]


def test_a_standing_tunnel_takes_up_what_is_switched(proxy: Proxy, runtime: Path) -> None:
    with connected(proxy.via) as standing:
        tunnel(standing, "standing.corp.example:443")
        standing.sendall(b"before")
        assert standing.recv(6) == b"before"

        said = behaviour(runtime, "set", "idle-timeout", "after=200ms")

        assert "idle-timeout  (switched on)" in said.stdout
        assert read_to_end(standing) == b""
    event = proxy.wait_for(about("standing.corp.example", "broken"))
    assert event.tierwall.behaviour == "idle-timeout"
    assert "behaviour idle-timeout is on after=200ms" in proxy.wait_for_talk("idle-timeout is on")


def test_off_on_and_reset_say_what_stands(proxy: Proxy, runtime: Path) -> None:
    assert on(runtime, "list") == ["idle-timeout"]
    assert on(runtime, "off", "idle-timeout") == []
    assert on(runtime, "on", "latency", "delay=1ms") == ["latency"]
    assert on(runtime, "reset") == ["idle-timeout"]
    assert "expected bytes" not in proxy.console()  # of the socket's own, which clients may leave as they like


def test_a_reload_keeps_what_was_switched(proxy: Proxy, runtime: Path, site: Callable[[str], Path]) -> None:
    on(runtime, "off", "idle-timeout")

    site(OPEN + "  - {behaviour: half-close-breaks}\n")
    proxy.wait_until(lambda: on(runtime, "list") == ["half-close-breaks"], 10.0)


def test_bad_input_changes_nothing_and_names_the_mend(proxy: Proxy, runtime: Path) -> None:
    unknown = behaviour(runtime, "on", "idle-timout")
    unitless = behaviour(runtime, "set", "idle-timeout", "after=5")

    assert (unknown.returncode, unitless.returncode) == (2, 2)
    assert "did you mean `idle-timeout`?" in unknown.stderr
    assert "`5` has no unit" in unitless.stderr
    assert on(runtime, "list") == ["idle-timeout"]


def test_without_a_proxy_or_with_the_wrong_id_it_says_so(proxy: Proxy, runtime: Path, tmp_path: Path) -> None:
    nobody = behaviour(tmp_path, "list")
    wrong = behaviour(runtime, "list", "--proxy", "1")

    assert (nobody.returncode, wrong.returncode) == (2, 2)
    assert "no proxy of yours runs" in nobody.stderr
    assert f"process ids: {proxy.process.pid}" in wrong.stderr


def test_the_socket_is_the_users_alone_and_goes_with_the_proxy(proxy: Proxy, runtime: Path) -> None:
    (path,) = (runtime / "tierwall").glob("*.sock")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert proxy.stop() == 0
    assert not path.exists()


@needs("root", "setpriv")
def test_another_user_gets_no_answer_even_where_the_folder_lets_it_in(proxy: Proxy, runtime: Path) -> None:
    (path,) = (runtime / "tierwall").glob("*.sock")
    for folder in takewhile(lambda each: each != Path(gettempdir()), path.parents):
        folder.chmod(folder.stat().st_mode | 0o011)
    path.chmod(0o666)
    ask = """
import socket, sys
client = socket.socket(socket.AF_UNIX)
client.connect(sys.argv[1])
try:
    client.sendall(b'{"do": "switch", "name": "idle-timeout", "assignments": null}\\n')
    print(client.recv(99))
except ConnectionError:
    print(b"")
"""
    command = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "/usr/bin/python3", "-c", ask]

    said = subprocess.run([*command, str(path)], capture_output=True, text=True, timeout=LIMIT_S, check=False)

    assert (said.stdout, on(runtime, "list")) == ("b''\n", ["idle-timeout"]), said.stderr


def test_all_workers_are_switched_together(site: Callable[[str], Path], runtime: Path) -> None:
    with running_proxy("--site", site(OPEN), "--workers", "2", env={"XDG_RUNTIME_DIR": str(runtime)}) as proxy:
        proxy.wait_until(lambda: len(list((runtime / "tierwall").glob(f"{proxy.process.pid}.*.sock"))) == 2)

        assert on(runtime, "off", "idle-timeout") == []
        assert on(runtime, "list", "--proxy", str(proxy.process.pid)) == []
        proxy.wait_for_talk("behaviour idle-timeout is off")
