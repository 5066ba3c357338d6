"""`tierwall run`: options become the proxy's settings; what is wrong with them is said before anything starts."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tierwall.cli import cli
from tierwall.cli.folders import state_folder
from tierwall.cli.lab.run import parse_listen
from tierwall.proxy.run import engine
from tierwall.proxy.run.engine import CannotStart, RunSettings

EITHER = "write 127.0.0.1 for this machine alone, 0.0.0.0 for every address it has"


class Engine:
    """Stands in for the proxy: keeps its settings, and ends as it was told to."""

    def __init__(self, status: int = 0, fault: Exception | None = None) -> None:
        self.settings: list[RunSettings] = []
        self._status = status
        self._fault = fault

    def run(self, settings: RunSettings) -> int:
        self.settings.append(settings)
        if self._fault is not None:
            raise self._fault
        return self._status


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    return tmp_path / "tierwall"


def run(monkeypatch: pytest.MonkeyPatch, stand_in: Engine, *arguments: str) -> Result:
    monkeypatch.setattr(engine, "run", stand_in.run)
    return CliRunner().invoke(cli, ["run", *arguments])


def test_without_options_the_reference_site_listens_on_loopback(monkeypatch: pytest.MonkeyPatch, state: Path) -> None:
    stand_in = Engine()

    assert run(monkeypatch, stand_in).exit_code == 0
    assert stand_in.settings == [
        RunSettings(
            site="reference",
            policies=(),
            modes=("regular",),
            listen=("127.0.0.1", 8080),
            journal=state / "journal.jsonl",
            ca=state / "ca",
            everything=False,
            resolve=(),
            control=state / "control",
        )
    ]


def test_the_folder_of_the_journal_is_private(monkeypatch: pytest.MonkeyPatch, state: Path) -> None:
    run(monkeypatch, Engine())

    assert state.stat().st_mode & 0o777 == 0o700


def test_every_option_reaches_the_proxy(monkeypatch: pytest.MonkeyPatch, state: Path) -> None:
    stand_in = Engine()
    run(
        monkeypatch,
        stand_in,
        *("--site", "8x8-core-only", "--policy", "acme.yaml", "--policy", "vendors"),
        *("--mode", "regular", "--mode", "socks5@1080", "--listen", "[::1]:0"),
        *("--journal", "journal.jsonl", "--events", "all", "--resolve", "8x8.vc:443:127.0.0.1:8443"),
        *("--clients", "192.168.0.0/16"),
    )

    assert stand_in.settings == [
        RunSettings(
            site="8x8-core-only",
            policies=(Path("acme.yaml"), Path("vendors")),
            modes=("regular", "socks5@1080"),
            listen=("::1", 0),
            journal=Path("journal.jsonl"),
            ca=state / "ca",
            everything=True,
            resolve=("8x8.vc:443:127.0.0.1:8443",),
            control=state / "control",
            clients=("192.168.0.0/16",),
        )
    ]


def test_the_status_of_the_proxy_is_that_of_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, Engine(status=1)).exit_code == 1


def test_why_the_proxy_cannot_start_is_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, Engine(fault=CannotStart("one\ntwo")))

    assert (result.exit_code, result.stderr) == (2, "one\ntwo\n")


def test_ctrl_c_before_the_proxy_listens_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, Engine(fault=KeyboardInterrupt()))  # type: ignore[arg-type]

    assert (result.exit_code, result.output) == (130, "")


def test_every_fault_is_named_at_once_and_nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = Engine()
    wrong = ("--listen", "8080", "--resolve", "a", "--resolve", "b", "--clients", "10.0.0.1/8", "--site", "refrence")
    result = run(monkeypatch, stand_in, *wrong)

    starts = [line.split(":")[0] for line in result.stderr.splitlines()]
    assert (result.exit_code, stand_in.settings) == (2, [])
    assert [start.split(";")[0] for start in starts] == [
        "--listen '8080'",
        "--resolve 'a'",
        "--resolve 'b'",
        "--clients '10.0.0.1/8'",
        "unknown site `refrence`",
    ]


@pytest.mark.parametrize(
    ("text", "listen"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("0.0.0.0:0", ("0.0.0.0", 0)),
        ("[::]:65535", ("::", 65535)),
        ("[fe80::1%eth0]:8080", ("fe80::1%eth0", 8080)),
    ],
)
def test_listen_takes_an_address_and_a_port(text: str, listen: tuple[str, int]) -> None:
    assert parse_listen(text) == listen


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("8080", "--listen '8080': an address comes first, as in 127.0.0.1:8080"),
        ("127.0.0.1", "--listen '127.0.0.1': expected HOST:PORT, as in 127.0.0.1:8080 or [::1]:8080"),
        ("::1:8080", "--listen '::1:8080': expected HOST:PORT, as in 127.0.0.1:8080 or [::1]:8080"),
        ("127.0.0.1:65536", "--listen '127.0.0.1:65536': the port is a number from 0 to 65535"),
        ("127.0.0.1:-1", "--listen '127.0.0.1:-1': expected HOST:PORT, as in 127.0.0.1:8080 or [::1]:8080"),
        (
            "localhost:80",
            "--listen 'localhost:80': 'localhost' is no address; " + EITHER,
        ),
        ("[127.0.0.1]:80", "--listen '[127.0.0.1]:80': brackets go around an IPv6 address, as in [::1]:8080"),
    ],
)
def test_a_listen_that_makes_no_sense_is_answered_with_one_that_does(text: str, message: str) -> None:
    with pytest.raises(ValueError, match="--listen") as caught:
        parse_listen(text)

    assert str(caught.value) == message


def test_a_relative_state_home_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))

    assert state_folder() == tmp_path / ".local" / "state" / "tierwall"
