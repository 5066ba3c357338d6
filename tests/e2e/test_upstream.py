"""Behind a parent proxy: what it refuses its client hears from us unchanged; what we refuse it never hears of."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.conftest import NAMES
from tests.support.journal_lines import about
from tests.support.origins import ScriptedParent
from tests.support.programs import Way, connect_request, connected, converse, curl, read_to_end, through, tunnel, wait
from tests.support.running import Proxy, needs, running_proxy
from tierwall.standins.certificates import CA_NAME, Authority
from tierwall.standins.clients import half_close_session, native_session
from tierwall.standins.origins import HttpsOrigin, RedirectOrigin, serve_in_thread

SITE = """
admit:
  - {hosts: ["*.corp.example", localhost], ports: [tcp/7, tcp/80, tcp/443, tcp/1024-65535]}
"""
FORBIDDEN = (
    b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nX-Parent: says no\r\nContent-Length: 9\r\n\r\n<p>no</p>"
)
AUTHENTICATE = (
    b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="corp"\r\nContent-Length: 0\r\n\r\n'
)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nfrom parent\n"


@dataclass(frozen=True, slots=True)
class Behind:
    """One proxy with three parents."""

    proxy: Proxy
    parent: ScriptedParent

    @property
    def scripted(self) -> Way:
        """The way through it and the scripted parent."""
        return self.proxy.at("127.0.0.1")

    @property
    def nobody(self) -> Way:
        """The way through it to a parent that is down."""
        return self.proxy.at("127.0.0.2")


def answer(line: str) -> bytes:
    """What the scripted parent says to a request line."""
    if "refused." in line:
        return FORBIDDEN
    if "authenticate." in line:
        return AUTHENTICATE
    return b"HTTP/1.1 200 OK\r\n\r\n" if line.startswith("CONNECT") else ANSWER


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    site = tmp_path_factory.mktemp("site") / "site.yaml"
    site.write_text(f"version: 1\nsite: e2e\n{SITE}", encoding="utf-8")
    with serve_in_thread(ScriptedParent(answer)) as parent:
        modes = (f"upstream:http://127.0.0.1:{parent.port}@127.0.0.1:0", "upstream:http://127.0.0.1:1@127.0.0.2:0")
        with running_proxy("--site", site, *(word for mode in modes for word in ("--mode", mode))) as proxy:
            yield Behind(proxy, parent)


def test_an_admitted_tunnel_goes_through_the_parent(behind: Behind) -> None:
    with connected(behind.scripted) as client:
        head = tunnel(client, "tunnel.corp.example:7")
        client.sendall(b"ping")
        client.shutdown(socket.SHUT_WR)
        heard = read_to_end(client)

    assert head.startswith(b"HTTP/1.1 200 ")
    assert heard == b"ping"
    assert "CONNECT tunnel.corp.example:7 HTTP/1.1" in behind.parent.reached.targets


def test_the_parents_403_is_what_the_client_hears(behind: Behind) -> None:
    heard = converse(behind.scripted, connect_request("refused.corp.example:443"))
    event = behind.proxy.whole_of(about("refused.corp.example", "failed"))

    assert heard == FORBIDDEN
    assert (event["event"]["reason"], event["tierwall"]["stage"]) == ("unreachable", "dial")
    assert event["error"] == {"message": "the parent proxy answered 403 Forbidden"}


@needs("curl")
def test_the_parents_407_is_what_the_client_hears_and_can_answer(behind: Behind) -> None:
    done = curl(*through(behind.scripted), "-U", "user:secret", "--proxy-basic", "https://authenticate.corp.example/")
    said = "".join(behind.parent.heads)

    assert done.connect_code == 407
    assert done.header("Proxy-Authenticate") == 'Basic realm="corp"'
    assert "Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=" in said
    assert not any("dXNlcjpzZWNyZXQ" in line for line in [*behind.proxy.lines(), behind.proxy.console()])


@needs("curl")
def test_plain_http_goes_through_the_parent(behind: Behind) -> None:
    done = curl(*through(behind.scripted), "http://plain.corp.example/x")

    assert (done.status, done.body) == (200, "from parent\n")
    assert "GET http://plain.corp.example/x HTTP/1.1" in behind.parent.reached.targets


@needs("curl")
def test_what_is_refused_never_reaches_the_parent(behind: Behind) -> None:
    tunnelled = curl(*through(behind.scripted), "https://denied.evil.example/")
    plain = curl(*through(behind.scripted), "http://denied.evil.example/")

    assert (tunnelled.connect_code, plain.status) == (403, 403)
    assert not any("evil" in target for target in behind.parent.reached.targets)


@needs("curl")
def test_a_parent_that_is_down_is_a_502_that_says_so(behind: Behind) -> None:
    tunnelled = converse(behind.nobody, connect_request("down.corp.example:443"))
    plain = curl(*through(behind.nobody), "http://down-plain.corp.example/")
    event = behind.proxy.wait_for(about("down.corp.example", "failed"))

    assert tunnelled.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    assert b"the parent proxy 127.0.0.1:1 cannot be reached: Connection refused" in tunnelled
    assert plain.status == 502
    assert event.error is not None
    assert "parent proxy" in event.error.message


@contextmanager
def tinyproxy(folder: Path) -> Iterator[int]:
    """Debian's tinyproxy on a free port; without ConnectPort it tunnels to every port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    config = folder / "tinyproxy.conf"
    config.write_text(f"Port {port}\nListen 127.0.0.1\nTimeout 60\nAllow 127.0.0.1\nMaxClients 20\n")
    with subprocess.Popen(
        [shutil.which("tinyproxy") or "tinyproxy", "-d", "-c", str(config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if "Accepting connections" in line or "Starting main loop" in line:
                    break
            yield port
        finally:
            process.terminate()


@needs("tinyproxy", "curl")
def test_a_real_parent_resolves_and_serves(authority: Authority, tmp_path: Path, ca: Path) -> None:
    """By names that only the parent resolves: `localhost`, which we would refuse to dial ourselves."""
    site = tmp_path / "site.yaml"
    site.write_text(f"version: 1\nsite: e2e\n{SITE}", encoding="utf-8")
    with ExitStack() as stack:
        https = stack.enter_context(serve_in_thread(HttpsOrigin(authority, [*NAMES, "localhost"])))
        web = stack.enter_context(serve_in_thread(RedirectOrigin()))
        parent = stack.enter_context(tinyproxy(tmp_path))
        proxy = stack.enter_context(running_proxy("--site", site, "--mode", f"upstream:http://127.0.0.1:{parent}"))
        page = curl(*through(proxy.via), "--cacert", ca, f"https://localhost:{https.port}/")
        plain = curl(*through(proxy.via), f"http://localhost:{web.port}/x")
        native = wait(native_session(proxy.via, "localhost", https.port, ca=ca))
        denied = curl(*through(proxy.via), "https://denied.evil.example/")

    assert (page.code, page.status) == (0, 200)
    assert f"issuer: CN={CA_NAME}" in page.talk
    assert plain.status == 301
    assert native.echoes[-1] == b"\x00" * 1000
    assert denied.connect_code == 403


def test_half_close_goes_through_a_parent_too(behind: Behind) -> None:
    done = wait(half_close_session(behind.scripted, "half.corp.example", 7))

    assert (done.cause, done.echoes) == (None, (b"ping",))
