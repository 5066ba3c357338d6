"""`tierwall probe`: what cannot be is refused at once, all of it, before anything is sent."""

from pathlib import Path

from click.testing import CliRunner, Result

from tierwall.cli import cli


def probe(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["probe", *map(str, arguments)])


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    said = probe(
        *("--vendor", "vevoxx", "--hold", "soon", "--proxy", "socks5://user:secret@proxy.corp.example:1080"),
        *("-o", tmp_path / "nowhere" / "result.json"),
    )

    assert said.exit_code == 2
    assert [line.split(":")[0] for line in said.stderr.splitlines()] == [
        "--vendor vevoxx",
        "--hold soon",
        "--proxy socks5",
        f"-o {tmp_path}/nowhere/result.json",
    ]
    assert "secret" not in said.stderr


def test_a_pac_file_is_named_and_not_evaluated(tmp_path: Path) -> None:
    output = tmp_path / "result.json"

    said = probe(*("--vendor", "vsee-qatar", "--hold", 0, "--proxy", "http://wpad.corp.example/wpad.dat", "-o", output))

    assert said.exit_code == 0
    assert "a PAC file takes an engine" in said.stderr
    assert '"pac": "http://wpad.corp.example/wpad.dat"' in output.read_text()
