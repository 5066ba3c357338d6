"""`tierwall new-site` writes a site that loads, and says what it could not place."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from tierwall.cli import cli
from tierwall.loader import load_catalogue, load_site
from tierwall.policy.site import ListEntry

LISTS = Path(__file__).parents[2] / "lists"


def _run(*words: str) -> tuple[int, str, str]:
    ended = CliRunner().invoke(cli, ["new-site", *words])
    return ended.exit_code, ended.stdout, ended.stderr


def test_hosts_stand_in_the_site_where_the_list_does_not_load_and_addresses_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("acme.txt").write_text("8x8.vc\nhttps://*.vevox.app/\n168.138.110.244\nany host\n")

    status, text, _ = _run("acme.txt", "-o", "acme.yaml")
    written = Path("acme.yaml").read_text()
    site = load_site("acme.yaml", load_catalogue([]))

    assert status in {0, 1}
    assert text.startswith("acme") or "acme" in text
    assert written.startswith("# yaml-language-server: $schema=")
    assert "# not placed: acme.txt:4: `any host`" in written
    own = [entry for entry in site.admit if isinstance(entry, ListEntry)]
    assert [entry.hosts for entry in own] == [("8x8.vc", "*.vevox.app"), ()]
    assert [str(network) for entry in own for network in entry.networks] == ["168.138.110.244/32"]


@pytest.mark.parametrize("name", ["fortios.conf", "suricata.rules", "zscaler.json", "mgmt_cli.sh", "azure.bicep"])
def test_what_a_product_exports_is_named_as_a_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes((LISTS / name).read_bytes())

    status, _, _ = _run(name, "-o", "site.yaml")
    written = Path("site.yaml").read_text()

    assert status in {0, 1}
    assert f'file: "{name}"' in written
    assert any(
        isinstance(entry, ListEntry) and entry.hosts for entry in load_site("site.yaml", load_catalogue([])).admit
    )


def test_without_an_output_the_site_goes_to_stdout_and_lint_to_stderr(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("acme.txt").write_text("*.8x8.vc\n")

    status, text, said = _run("acme.txt", "--dialect", "squid")

    assert (status, "dialect: squid" in text) == (1, True)
    assert "`squid` rejects *.8x8.vc" in said


def test_what_is_there_is_not_written_over_and_what_is_no_list_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("acme.txt").write_text("8x8.vc\n")
    Path("page.html").write_text("<html>log in</html>")
    Path("acme.yaml").write_text("mine")

    assert _run("acme.txt", "-o", "acme.yaml")[0] == 2
    assert Path("acme.yaml").read_text() == "mine"
    status, _, said = _run("page.html", "nothing.txt")
    assert (status, "page.html: is HTML or XML" in said, "nothing.txt: no such file" in said) == (2, True, True)
