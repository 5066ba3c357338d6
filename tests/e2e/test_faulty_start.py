"""A start that fails says why, in its own words, and leaves nothing behind."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.running import as_user, needs

FAULTY = "version: 1\nsite: acme\nadmitt: []\n"


def start(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tierwall", "run", "--listen", "127.0.0.1:0", *arguments],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("site", "said"),
    [("refrence", "unknown site `refrence`; did you mean `reference`?"), ("acme.yaml", "did you mean `admit`?")],
)
def test_the_fault_is_said_and_no_journal_is_left(tmp_path: Path, site: str, said: str) -> None:
    (tmp_path / "acme.yaml").write_text(FAULTY, encoding="utf-8")
    journals = tmp_path / "journals"
    journals.mkdir()

    done = start(tmp_path, "--site", site, "--journal", str(journals / "j.jsonl"))

    assert done.returncode == 2
    assert said in done.stderr
    assert "cannot be written" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["acme.yaml", "journals"]


def test_it_is_said_where_the_current_folder_cannot_be_written(tmp_path: Path) -> None:
    done = start(Path("/proc"), "--site", "refrence", "--journal", str(tmp_path / "j.jsonl"))

    assert done.returncode == 2
    assert done.stderr.startswith("unknown site `refrence`")


def test_a_port_that_is_taken_is_said_in_one_line_with_another_one(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = start(tmp_path, "--listen", f"127.0.0.1:{port}", "--journal", str(tmp_path / "j.jsonl"))

    mend = f"the port is taken; `tierwall doctor` says by what, and --listen 127.0.0.1:{port + 1} is another"
    assert (done.returncode, done.stderr) == (2, f"HTTP(S) proxy cannot listen on 127.0.0.1:{port}: {mend}\n")
    assert list(tmp_path.iterdir()) == []


def test_an_address_of_another_machine_is_said(tmp_path: Path) -> None:
    done = start(tmp_path, "--mode", "socks5@192.0.2.1:1080", "--journal", str(tmp_path / "j.jsonl"))

    mend = "this machine does not have that address; `ip address` lists those that it has"
    assert (done.returncode, done.stderr) == (2, f"SOCKS v5 proxy cannot listen on 192.0.2.1:1080: {mend}\n")


@needs("setpriv", "root")
def test_a_tun_device_without_the_capability_is_said_without_a_backtrace(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *("setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"),
            *(sys.executable, "-m", "tierwall", "run", "--mode", "tun:tw-none0", "--journal", "j.jsonl"),
        ],
        cwd=tmp_path,
        env=os.environ | {"RUST_BACKTRACE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    mend = "making a tun device needs CAP_NET_ADMIN: run it as root"
    assert (done.returncode, done.stderr) == (2, f"--mode tun:tw-none0: {mend}\n")


def test_a_state_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    done = start(tmp_path, XDG_STATE_HOME="/proc")

    said = "the lab CA cannot be made or read in /proc/tierwall/ca: No such file or directory; "
    assert (done.returncode, done.stderr) == (2, f"{said}set XDG_STATE_HOME to a folder of yours that can be written\n")


@needs("setpriv", "root")
@pytest.mark.parametrize("home", ["/", None])
def test_without_a_home_folder_nothing_is_put_at_the_root(home: str | None, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [*(as_user(54321) if home is None else ()), sys.executable, "-m", "tierwall", "run"],
        env=environment | ({} if home is None else {"HOME": home}),
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    said = "there is no home folder for the journal and the lab CA: set XDG_STATE_HOME\n"
    assert (done.returncode, done.stderr) == (2, said)
