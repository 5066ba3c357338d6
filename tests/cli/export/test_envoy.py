"""`tierwall export --to envoy`: a folder, or every reason why not."""

import json
import stat
from pathlib import Path

from click.testing import CliRunner, Result

from tierwall.cli import cli


def export(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["export", *map(str, arguments)])


def test_a_site_becomes_a_folder_to_start_envoy_from(tmp_path: Path) -> None:
    done = export(
        "--to", "envoy", "8x8-core-only", "--listen", "0.0.0.0:3128", "--clients", "10.0.0.0/8", "-o", tmp_path
    )

    assert done.exit_code == 0, done.output
    written = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert {"envoy.json", "guard.nft", "network-policy.yaml", "start.sh", "README.md", "lists/requests.json"} <= written
    assert (tmp_path / "start.sh").stat().st_mode & stat.S_IXUSR
    assert "--clients" not in done.stderr
    assert '"port_value": 3128' in (tmp_path / "envoy.json").read_text()
    assert "10.0.0.0" in (tmp_path / "lists" / "clients-http.json").read_text()


def test_the_site_may_be_named_as_for_every_product(tmp_path: Path) -> None:
    export("--to", "envoy", "--site", "vevox-only", "-o", tmp_path / "a")
    export("--to", "envoy", "vevox-only", "-o", tmp_path / "b")

    assert (tmp_path / "a/lists/requests.json").read_text() == (tmp_path / "b/lists/requests.json").read_text()


def test_a_site_without_clients_is_said_to_serve_this_machine_alone(tmp_path: Path) -> None:
    assert (
        "this machine alone is served: --clients NETWORK"
        in export("--to", "envoy", "vevox-only", "-o", tmp_path).stderr
    )


def test_a_list_that_did_not_change_is_left_alone(tmp_path: Path) -> None:
    export("--to", "envoy", "vevox-only", "-o", tmp_path)
    before = {path: path.stat().st_ino for path in (tmp_path / "lists").iterdir()}
    export("--to", "envoy", "vevox-only", "-o", tmp_path)

    assert {path: path.stat().st_ino for path in (tmp_path / "lists").iterdir()} == before


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    done = export("--to", "envoy", "--tier", "core", "--listen", "3128", "--clients", "10.0.0.1/8", "--site", "nosuch")

    assert done.exit_code == 2
    for said in ("--tier", "--listen `3128`", "--clients `10.0.0.1/8`", "-o FOLDER", "nosuch"):
        assert said in done.output


def test_what_envoy_cannot_express_is_bad_input_and_nothing_is_written(tmp_path: Path) -> None:
    done = export("--to", "envoy", "strict-bank", "-o", tmp_path / "none")

    assert done.exit_code == 2
    assert "proxy-auth" in done.output
    assert not (tmp_path / "none").exists()


def test_other_products_have_no_place_to_listen() -> None:
    done = export("--to", "squid", "--vendor", "8x8", "--listen", "127.0.0.1:1", "--uid", "5")

    assert done.exit_code == 2
    assert "--listen" in done.output
    assert "--uid" in done.output


def test_it_is_in_the_list_of_products() -> None:
    assert "envoy" in export("--list").output
    assert "envoy" in [each["product"] for each in json.loads(export("--list", "--json").output)]
