"""`tierwall bundle` and `run --bundle URL`: what is built is taken up while it runs, whole or not at all."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.running import ADDON, Proxy, needs, running_proxy
from tierwall.cli.bundle.bundle import Wanted, build_bundle
from tierwall.cli.bundle.starting import begin
from tierwall.cli.faults import BadInput

pytestmark = needs("openssl")


class Served:
    """An archive on an HTTP server, which knows ETags."""

    def __init__(self) -> None:
        self.archive = b""
        self.cut: int | None = None
        """Send so many octets of it, and hang up."""
        self.url = ""
        self.answers: list[int] = []


@contextmanager
def served() -> Iterator[Served]:
    it = Served()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            etag = f'"{sha256(it.archive).hexdigest()}"'
            known = self.headers.get("If-None-Match") == etag
            it.answers.append(304 if known else 200)
            self.send_response(it.answers[-1])
            self.send_header("ETag", etag)
            self.send_header("Content-Length", "0" if known else str(len(it.archive)))
            self.end_headers()
            if not known:
                self.wfile.write(it.archive if it.cut is None else it.archive[: it.cut])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Not on the console."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    it.url = f"http://127.0.0.1:{server.server_address[1]}/lab.tar.gz"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield it
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """A folder with a site, and a pair of keys."""
    (tmp_path / "lab" / "sites").mkdir(parents=True)
    allow(tmp_path / "lab", "a.example")
    for name in ("key", "other"):
        pem = tmp_path / f"{name}.pem"
        for command in (
            ["genpkey", "-algorithm", "ed25519", "-out", str(pem)],
            ["pkey", "-in", str(pem), "-pubout", "-out", str(tmp_path / f"{name}.pub")],
        ):
            subprocess.run(["openssl", *command], check=True, capture_output=True)
    return tmp_path / "lab"


def allow(lab: Path, host: str) -> None:
    text = f"version: 1\nsite: acme\nadmit: [{{hosts: [{host}], ports: [tcp/1]}}]\n"
    (lab / "sites" / "acme.yaml").write_text(text, encoding="utf-8")


def tierwall(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tierwall", *map(str, arguments)]
    env = os.environ | {"PYTHONPATH": str(ADDON), "COLUMNS": "400"}
    return subprocess.run(command, capture_output=True, text=True, env=env, check=False, timeout=60)


def built(lab: Path, revision: int, key: str = "key") -> bytes:
    archive = lab.parent / "lab.tar.gz"
    pem = lab.parent / f"{key}.pem"
    assert build_bundle(Wanted(folder=lab, key=pem, output=archive, revision=revision)) == 0
    return archive.read_bytes()


def asked(proxy: Proxy, host: str) -> tuple[str, str | None]:
    """What happened to it, and in which revision."""
    before = len(proxy.events())
    with socket.create_connection(("127.0.0.1", proxy.port)) as client:
        client.sendall(f"CONNECT {host}:1 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        client.recv(4096)
    proxy.wait_until(lambda: len(proxy.events()) > before)
    event = proxy.events()[before]
    return str(event.action), event.tierwall.revision


def test_a_newer_bundle_is_taken_up_while_it_runs_and_anything_else_is_not(lab: Path) -> None:
    key = lab.parent / "key.pub"
    with served() as server:
        server.archive = built(lab, 5)
        arguments = ("--bundle", server.url, "--bundle-key", key, "--bundle-every", "1", "--site", "acme")
        to_nobody = ("--resolve", "a.example:1:127.0.0.1:1", "--resolve", "b.example:1:127.0.0.1:1")
        with running_proxy(*arguments, *to_nobody, "--metrics", "127.0.0.1:0") as proxy:
            assert asked(proxy, "a.example") == ("failed", "5")  # admitted: nobody listens
            assert asked(proxy, "b.example") == ("denied", "5")

            allow(lab, "b.example")
            server.archive = built(lab, 6)
            proxy.wait_for_talk("bundle revision 6 taken up")
            proxy.wait_for_talk("in force")
            assert asked(proxy, "a.example") == ("denied", "6")
            assert asked(proxy, "b.example") == ("failed", "6")
            assert 304 in server.answers or proxy.wait_until(lambda: 304 in server.answers) is None

            allow(lab, "a.example")
            server.archive = built(lab, 4)
            proxy.wait_for_talk("revision 4 is older than 6, which is in force")
            server.archive = built(lab, 7, key="other")
            proxy.wait_for_talk("its signature is not by this key")
            server.archive, server.cut = built(lab, 8), 300
            proxy.wait_for_talk("it ended after 300 of")
            assert asked(proxy, "b.example") == ("failed", "6")
            faults = [event.error.message for event in proxy.events() if event.action == "fault" and event.error]
            assert [("older" in said, "signature" in said) for said in faults] == [(True, False), (False, True)]

            server.cut = None
            proxy.wait_for_talk("bundle revision 8 taken up")
            proxy.wait_until(lambda: asked(proxy, "a.example") == ("failed", "8"))


def test_without_a_server_it_begins_with_the_last_good_and_without_that_not_at_all(lab: Path) -> None:
    key = lab.parent / "key.pub"
    with served() as server:
        server.archive = built(lab, 5)
        arguments = ("--bundle", server.url, "--bundle-key", key, "--site", "acme")
        with running_proxy(*arguments) as proxy:
            assert asked(proxy, "b.example") == ("denied", "5")
    with running_proxy(*arguments) as proxy:
        proxy.wait_for_talk("the run begins with the last bundle that was good")
        assert asked(proxy, "b.example") == ("denied", "5")

    ended = tierwall("run", "--bundle", f"{server.url}.other", "--bundle-key", key, "--journal", lab.parent / "j")

    assert ended.returncode == 2
    assert "Connection refused" in ended.stderr


def test_what_does_not_load_is_not_built_and_every_fault_of_it_is_named(lab: Path) -> None:
    (lab / "sites" / "bad.yaml").write_text("version: 1\nsite: bad\nadmitt: []\n", encoding="utf-8")
    (lab / "sites" / "worse.yaml").write_text("version: 1\nsite: worse\nextends: nobody\n", encoding="utf-8")

    ended = tierwall("bundle", "build", lab, "--key", lab.parent / "key.pem", "-o", lab.parent / "out")

    assert ended.returncode == 2
    assert "sites/bad.yaml:3" in ended.stderr
    assert "sites/worse.yaml:3" in ended.stderr
    assert not (lab.parent / "out").exists()


def test_verify_says_what_is_in_it_and_whose_it_is(lab: Path) -> None:
    archive, key = lab.parent / "lab.tar.gz", lab.parent / "key.pem"
    assert tierwall("bundle", "build", lab, "--key", key, "-o", archive, "--revision", "5").returncode == 0

    good = tierwall("bundle", "verify", lab.parent / "lab.tar.gz", "--key", lab.parent / "key.pub")
    bad = tierwall("bundle", "verify", lab.parent / "lab.tar.gz", "--key", lab.parent / "other.pub")

    assert (good.returncode, bad.returncode) == (0, 2)
    assert "revision 5" in good.stdout
    assert "sites/acme.yaml" in good.stdout
    assert "its signature is not by this key" in bad.stderr


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (None, "--bundle needs --bundle-key FILE"),
        ("/nowhere", "--bundle-key /nowhere: No such file"),
        (__file__, "is no public key in PEM"),
    ],
)
def test_a_key_that_cannot_be_used_is_said_before_anything_starts(key: str | None, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        begin("x.tar.gz", None if key is None else Path(key), "reference", ())

    assert said in str(caught.value.faults[0])
