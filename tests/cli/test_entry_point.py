"""The command as a process: streams, colour, pipes, start-up and completion, which no runner inside Python shows."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tierwall import __version__

ADDON = Path(__file__).parents[2] / "addon"
TIERWALL = [sys.executable, "-m", "tierwall"]
COMMANDS = ["run", "explain", "lint", "demo", "ca", "ca show", "ca export", "ca install", "doctor", "completion"]


def environment(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ADDON), "LANG": "C.UTF-8"} | more


def tierwall(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*TIERWALL, *arguments], env=environment(**more), capture_output=True, text=True, timeout=30, check=False
    )


def on_a_terminal(*arguments: str, **more: str) -> str:
    """What a terminal would get."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([*TIERWALL, *arguments], env=environment(TERM="xterm", **more), stdout=theirs) as process:
        os.close(theirs)
        output = b""
        while True:
            try:
                output += os.read(ours, 65536)
            except OSError:  # EIO: Linux says so when the last writer is gone
                break
        os.close(ours)
        process.wait(30)
    return output.decode()


def test_reports_go_to_stdout_and_the_status_is_that_of_the_finding() -> None:
    ended = tierwall("explain", "https://8x8.vc", "https://evil8x8.com")

    assert (ended.returncode, ended.stderr) == (1, "")
    assert ended.stdout.startswith("allow   https://8x8.vc  tier core  site reference\n")


def test_bad_input_goes_to_stderr() -> None:
    ended = tierwall("explain", "8x8.vc")

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "`8x8.vc` has neither scheme nor port: write `https://8x8.vc` or `8x8.vc:443`\n"


def test_its_version_is_that_of_the_package() -> None:
    assert tierwall("--version").stdout == f"tierwall {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches_with_an_example(command: str) -> None:
    shown = tierwall(*command.split(), "--help").stdout

    assert f"\n    tierwall {command}" in shown or f"\n  tierwall {command}" in shown


def test_a_mistyped_command_is_answered_with_the_nearest() -> None:
    ended = tierwall("exlpain", "https://8x8.vc")

    assert ended.returncode == 2
    assert "Did you mean 'explain'?" in ended.stderr


def test_a_terminal_gets_colour() -> None:
    assert "\x1b[1;31mdeny" in on_a_terminal("explain", "https://evil8x8.com")


def test_no_color_is_honoured() -> None:
    assert "\x1b[1;31m" not in on_a_terminal("explain", "https://evil8x8.com", NO_COLOR="1")


def test_a_pipe_gets_no_escapes() -> None:
    assert "\x1b" not in tierwall("explain", "https://evil8x8.com").stdout


@pytest.mark.parametrize("json", [[], ["--json"]])
def test_a_reader_that_goes_away_is_no_error(json: list[str]) -> None:
    command = [*TIERWALL, "explain", *json, *["https://8x8.vc"] * 50]
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = subprocess.run(
            command, env=environment(), stdout=writer, stderr=subprocess.PIPE, timeout=30, check=False
        )
    finally:
        os.close(writer)

    assert (ended.returncode, ended.stderr) == (141, b"")


def test_a_full_disk_is_said() -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [*TIERWALL, "explain", "https://8x8.vc"],
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=30,
            check=False,
        )

    assert (ended.returncode, ended.stderr) == (2, b"stdout cannot be written: No space left on device\n")


def test_an_ascii_terminal_gets_every_finding() -> None:
    ended = tierwall("lint", PYTHONIOENCODING="ascii")

    assert (ended.returncode, "\\u2192 ask the vendor" in ended.stdout) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "unneeded"),
    [
        (["explain", "https://8x8.vc"], {"mitmproxy", "mitmproxy_rs"}),
        (["lint", "--json"], {"mitmproxy", "mitmproxy_rs"}),
        (["doctor", "--json"], {"mitmproxy", "mitmproxy_rs"}),
        (["ca", "install", "--help"], {"mitmproxy", "cryptography", "pydantic", "yaml", "rich"}),
        (["run", "--listen", "nowhere"], {"mitmproxy", "mitmproxy_rs"}),
        (["run", "--help"], {"mitmproxy", "pydantic", "yaml"}),
        (["--help"], {"mitmproxy", "pydantic", "yaml", "rich"}),
    ],
)
def test_a_command_imports_only_what_it_needs(arguments: list[str], unneeded: set[str]) -> None:
    program = (
        "import sys, tierwall.cli\n"
        "try:\n"
        "    tierwall.cli.main()\n"
        "finally:\n"
        "    print(*sys.modules, file=sys.stderr, sep='\\n')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert unneeded.isdisjoint(ended.stderr.splitlines())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell: str) -> None:
    ended = tierwall("completion", shell)

    assert ended.returncode == 0
    assert "_TIERWALL_COMPLETE" in ended.stdout


def test_the_shell_completes_the_names_of_sites() -> None:
    for command in ("explain", "doctor"):
        words = f"tierwall {command} --site 8x8"
        asked = {"_TIERWALL_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": "3"}

        assert tierwall(**asked).stdout == "plain,8x8-core-only\n"


def test_the_shell_completes_what_can_be_done_with_the_lab_ca() -> None:
    asked = {"_TIERWALL_COMPLETE": "bash_complete", "COMP_WORDS": "tierwall ca ", "COMP_CWORD": "2"}

    assert tierwall(**asked).stdout == "plain,export\nplain,install\nplain,show\n"
