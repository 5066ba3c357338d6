"""The archive as it is handed out, on a Python that sees nothing installed, through the real proxy."""

import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.running import allow_private, lab_ca, running_proxy
from tierwall.diagnosis import diagnose
from tierwall.loader import load_catalogue
from tierwall.probe.result_file import from_json
from tierwall.probe.values import State
from tierwall.standins.certificates import Authority
from tierwall.standins.origins import HttpsOrigin, RedirectOrigin, serve_in_thread
from tools.probe_archive import archive

HOSTS = ("vevox.app", "help.vevox.com")


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("archive") / "tierwall-probe.pyz"
    path.write_bytes(archive())
    return path


def run(probe: Path, *arguments: object, env: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """-I and -S: neither Python's environment nor site-packages exist for it."""
    command = (sys.executable, "-I", "-S", probe, *map(str, arguments))
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=probe.parent, env=env)


def test_behind_a_proxy_that_asks_for_a_password_it_says_so(probe: Path, tmp_path: Path) -> None:
    output = tmp_path / "result.json"
    with running_proxy("--site", "proxy-auth") as proxy:
        done = run(probe, "--vendor", "vevox", "--proxy", f"http://127.0.0.1:{proxy.port}", "--hold", 0, "-o", output)

    result = from_json(output.read_text())
    named = diagnose([result], load_catalogue(())).diagnoses
    assert done.returncode == 1, done.stderr
    assert [(each.behaviour, each.parameters) for each in named] == [("proxy-auth", {"realm": "Corporate network"})]


def test_with_the_password_all_works_and_the_file_does_not_have_it(probe: Path, tmp_path: Path) -> None:
    output, authority = tmp_path / "result.json", Authority(tmp_path)
    with serve_in_thread(HttpsOrigin(authority, list(HOSTS))) as secure, serve_in_thread(RedirectOrigin()) as plain:
        to = [
            word
            for host in HOSTS
            for port, origin in ((443, secure), (80, plain))
            for word in allow_private(host, port, origin.port)
        ]
        with running_proxy("--site", "proxy-auth", *to) as proxy:
            through = f"http://lab:lab@127.0.0.1:{proxy.port}"
            run(
                *(probe, "--vendor", "vevox", "--proxy", through, "--hold", 0, "-o", output),
                *("--ca", authority.ca_pem),
            )

    result = from_json(output.read_text())
    assert {check.saw for check in result.checks if check.what == "tls"} == {"public"}
    assert [check.saw for check in result.checks if check.what == "proxy-asks"] == ["407"]
    assert result.notes == ()
    assert "lab:lab" not in output.read_text()


@pytest.mark.parametrize("scheme", ["socks5", "https"])
def test_a_proxy_is_spoken_to_by_socks5_and_inside_tls_too(scheme: str, probe: Path, tmp_path: Path) -> None:
    output, authority = tmp_path / "result.json", Authority(tmp_path)
    with serve_in_thread(HttpsOrigin(authority, list(HOSTS))) as secure, serve_in_thread(RedirectOrigin()) as plain:
        to = [
            word
            for host in HOSTS
            for port, origin in ((443, secure), (80, plain))
            for word in allow_private(host, port, origin.port)
        ]
        other = ("--listen-tls", "127.0.0.2:0") if scheme == "https" else ("--mode", "socks5@127.0.0.2:0")
        with running_proxy("--site", "reference", *other, *to) as proxy:
            through = f"{scheme}://127.0.0.2:{proxy.at('127.0.0.2').port}"
            run(
                *(probe, "--vendor", "vevox", "--proxy", through, "--hold", 0, "-o", output),
                *("--ca", authority.ca_pem),
                env={"SSL_CERT_FILE": str(lab_ca())},
            )

    result = from_json(output.read_text())
    assert {(check.what, check.saw) for check in result.checks} >= {("connect", "200"), ("tls", "public")}
    assert {check.state for check in result.checks if check.what in {"connect", "tls", "http"}} == {State.WORKS}


def test_the_oldest_python_of_this_machine_that_may_run_it_runs_it(probe: Path, tmp_path: Path) -> None:
    python, version = oldest_python()
    output = tmp_path / "result.json"
    with running_proxy("--site", "proxy-auth") as proxy:
        command = (python, probe, "--vendor", "vevox", "--proxy", f"http://127.0.0.1:{proxy.port}", "--hold", "0")
        said = subprocess.run(
            [*command, "-o", str(output)], env={}, capture_output=True, text=True, check=False, timeout=120
        )

    assert said.returncode == 1, said.stderr
    assert from_json(output.read_text()).system["python"].startswith(version)


def oldest_python() -> tuple[str, str]:
    """That of 3.10 where there is one, as pyenv or Ubuntu 22.04 have it."""
    for minor in range(10, sys.version_info.minor):
        name = f"python3.{minor}"
        for place in filter(None, [shutil.which(name), *Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/{name}")]):
            done = subprocess.run([place, "-V"], capture_output=True, text=True, check=False)
            if done.returncode == 0 and done.stdout.startswith(f"Python 3.{minor}."):
                return str(place), f"3.{minor}."
    return sys.executable, f"3.{sys.version_info.minor}."


def test_ctrl_c_keeps_what_was_measured(probe: Path, tmp_path: Path) -> None:
    output = tmp_path / "result.json"
    with socket.socket() as never_answers:
        never_answers.bind(("127.0.0.1", 0))
        never_answers.listen()
        through = f"http://127.0.0.1:{never_answers.getsockname()[1]}"
        command = (sys.executable, "-I", "-S", probe, "--vendor", "vevox", "--proxy", through, "-o", output)
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            next(line for line in process.stderr if "Ctrl-C" in line)
            never_answers.accept()[0].close()  # it has begun
            process.send_signal(signal.SIGINT)
            process.stderr.read()

    result = from_json(output.read_text())
    assert process.returncode == 130
    assert result.notes == ("was stopped before its end: what is missing was not run",)
    assert {check.saw for check in result.checks if check.what == "place" and check.vendor == "vevox"} >= {"stopped"}
