"""Thirty mistakes that newcomers make, each with the one line that it gets: what is wrong, and the right words."""

from pathlib import Path

import pytest
from click.testing import CliRunner

import tierwall.proxy.run.engine  # noqa: F401 - now: it looks for libraries, with a program that no test asked for
from tierwall.cli import cli

MISTAKES = {
    "rn": "Error: No such command 'rn'. Did you mean 'run'?",
    "run --mode foo": (
        "--mode foo: unknown mode `foo` (known: regular, socks5, upstream, transparent, tun, wireguard, dns)"
    ),
    "run --mode regulr": (
        "--mode regulr: unknown mode `regulr`; did you mean `regular`? "
        "(known: regular, socks5, upstream, transparent, tun, wireguard, dns)"
    ),
    "run --mode upstream": (
        "--mode upstream: invalid server specification; write it as in upstream:http://192.0.2.1:3128"
    ),
    "run --mode regular@foo": "--mode regular@foo: invalid port: foo; write it as in regular@127.0.0.1:8080",
    "run --workers 2 --mode wireguard": (
        "--mode wireguard: several workers share TCP ports only; run this mode with --workers 1"
    ),
    "run --listen 8080": "--listen '8080': an address comes first, as in 127.0.0.1:8080",
    "run --listen localhost:80": (
        "--listen 'localhost:80': 'localhost' is no address; "
        "write 127.0.0.1 for this machine alone, 0.0.0.0 for every address it has"
    ),
    "run --resolve foo": (
        "--resolve 'foo': expected HOST:PORT:ADDRESS[:PORT], e.g. vevox.app:443:127.0.0.1:8443 (a port is missing)"
    ),
    "run --resolve 8x8.vc:x:127.0.0.1": (
        "--resolve '8x8.vc:x:127.0.0.1': expected HOST:PORT:ADDRESS[:PORT], "
        "e.g. vevox.app:443:127.0.0.1:8443 ('x' is no port)"
    ),
    "run --clients 10.0.0.1/8": (
        "--clients '10.0.0.1/8': expected a network such as 192.168.0.0/16 (10.0.0.1/8 has host bits set)"
    ),
    "run --trust list.txt": (
        "--trust list.txt: holds no certificate in PEM (-----BEGIN CERTIFICATE-----), or one that cannot be read"
    ),
    "run --events some": "Error: Invalid value for '--events': 'some' is not one of 'denied', 'all'.",
    "run --journal folder": "Error: Invalid value for '--journal': File 'folder' is a directory.",
    "run --site refrence": (
        "unknown site `refrence`; did you mean `reference`?; `tierwall sites` lists the bundled ones"
    ),
    "run --site folder": "folder: is a folder; name a site's file in it, or a bundled site",
    "run --site nothing.yaml": "nothing.yaml: no such file",
    "run --site faulty.yaml": "faulty.yaml:3: admitt: unknown key `admitt`; did you mean `admit`?",
    "explain https://8x8.vc --site list.txt": (
        "list.txt: is no site file; where it is a customer's list, `tierwall new-site list.txt` makes a site of it"
    ),
    "explain 8x8.vc": "`8x8.vc` has neither scheme nor port: write `https://8x8.vc` or `8x8.vc:443`",
    "explain htps://8x8.vc": (
        "`htps://8x8.vc`: unknown scheme `htps` (known: https, wss, tls, http, ws, tcp, udp, quic)"
    ),
    "explain https://8x8.vc:99999": "`https://8x8.vc:99999`: the port is a number from 1 to 65535, not `99999`",
    "lint refrence": "unknown file or bundled site `refrence`; did you mean `reference`?",
    "lint list.txt": (
        "list.txt: is neither a vendor's nor a site's file: at the top there is `vendor:` or `site:`; "
        "where it is a customer's list, `tierwall new-site list.txt` makes a site of it"
    ),
    "behaviour on nosuch": "unknown behaviour `nosuch`; `tierwall behaviour list --all` has them all",
    "behaviour off idle-timeot": (
        "unknown behaviour `idle-timeot`; did you mean `idle-timeout`?; `tierwall behaviour list --all` has them all"
    ),
    "behaviour off idle-timeout": "no proxy of yours runs: start one with `tierwall run`, as the same user",
    "sites nosuch": "unknown site `nosuch`; `tierwall sites` lists the bundled ones",
    "export --to squidd": "unknown product `squidd`; did you mean `squid`?; `tierwall export --list` has them",
    "export --to squid --vendor vevo": "unknown vendor `vevo`; did you mean `vevox`?",
    "audit nothing.log": "nothing.log: is not there",
    "new-site folder": "folder: is a folder; expected a file",
    "ca export folder": "Error: Invalid value for '[FILE]': File 'folder' is a directory.",
    "gateway up": "Error: Missing option '--inside'.",
    "completion tcsh": "Error: Invalid value for '{bash|zsh|fish}': 'tcsh' is not one of 'bash', 'zsh', 'fish'.",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a newcomer is, with what lies about there."""
    here = tmp_path / "here"
    (here / "folder").mkdir(parents=True)
    (here / "list.txt").write_text("8x8.vc\n*.8x8.vc\n", encoding="utf-8")
    (here / "faulty.yaml").write_text("version: 1\nsite: acme\nadmitt: []\n", encoding="utf-8")
    monkeypatch.chdir(here)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    return here


@pytest.mark.parametrize("command", MISTAKES)
def test_a_mistake_gets_one_line_with_the_mend_and_leaves_nothing(command: str, folder: Path) -> None:
    result = CliRunner().invoke(cli, command.split(), env={"COLUMNS": "400"})

    said = [line for line in result.stderr.splitlines() if line and not line.startswith(("Usage: ", "Try '"))]
    assert (result.exit_code, result.stdout, said) == (2, "", [MISTAKES[command]])
    assert sorted(path.name for path in folder.iterdir()) == ["faulty.yaml", "folder", "list.txt"]


def test_lint_takes_a_bundled_site_by_its_name_as_others_do() -> None:
    result = CliRunner().invoke(cli, ["lint", "reference"])

    assert (result.exit_code, result.stderr) == (0, "nothing found\n")
