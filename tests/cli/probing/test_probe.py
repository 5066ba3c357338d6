"""`tierwall probe`: what cannot be is refused at once, all of it, before anything is sent."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tierwall.cli import cli
from tierwall.probe import pac, system


def probe(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["probe", *map(str, arguments)])


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    said = probe(
        *("--vendor", "vevoxx", "--hold", "soon", "--proxy", "socks4://user:secret@proxy.corp.example:1080"),
        *("-o", tmp_path / "nowhere" / "result.json"),
    )

    assert said.exit_code == 2
    assert [line.split(":")[0] for line in said.stderr.splitlines()] == [
        "--vendor vevoxx",
        "--hold soon",
        "--proxy socks4",
        f"-o {tmp_path}/nowhere/result.json",
    ]
    assert "secret" not in said.stderr


PAC = """function FindProxyForURL(url, host) {
  return dnsDomainIs(host, ".example") ? "DIRECT" : "HTTPS proxy.corp.example:8443; SOCKS [2001:db8::1]:1080; DIRECT"; }
"""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (PAC, "it names https://proxy.corp.example:8443, socks5://[2001:db8::1]:1080: measured without a proxy"),
        ("no script", "it names no proxy as such"),
        (None, "cannot be fetched"),
    ],
)
def test_without_an_engine_a_pac_file_is_fetched_and_what_it_names_is_said(
    text: str | None, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    file, output = tmp_path / "proxy.pac", tmp_path / "result.json"
    if text is not None:
        file.write_text(text)

    said = probe(*("--vendor", "vsee-qatar", "--hold", 0, "--proxy", file.as_uri(), "-o", output))

    assert says in said.stderr
    assert json.loads(output.read_text())["proxy"]["pac"] == file.as_uri()


def test_an_engine_is_asked_for_each_host(tmp_path: Path) -> None:
    file = tmp_path / "proxy.pac"
    file.write_text(PAC)

    found = system.choose_proxy(file.as_uri(), ["a.example", "vevox.app"])

    assert {host: way and way.url for host, way in found.by_host.items()} == {
        "a.example": None,
        "vevox.app": "https://proxy.corp.example:8443",
    }
    assert found.to_json()["used"] == "none, https://proxy.corp.example:8443"


@pytest.mark.parametrize("text", ["while (true) {}", "no script", "function FindProxyForURL() { return 7; }"])
def test_a_pac_file_that_answers_nothing_is_said_to(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pac, "ENGINE_S", 2.0)
    file = tmp_path / "proxy.pac"
    file.write_text(text)

    found = system.choose_proxy(file.as_uri(), ["vevox.app"])

    assert not found.by_host
    assert "it names no proxy as such" in found.note
