"""Real clients through the proxy see what they see without it: curl, Go, Java, Node and Python, in clear and in TLS.

Squid 5.7 drops trailers, and answers nothing to a chunked upload that has them; else it shows the same.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.needs import PATH
from tests.support.played_origins import Played, PlayedTls, Talk
from tests.support.running import Proxy, allow_private, lab_ca, needs, running_proxy
from tierwall.standins.certificates import Authority
from tierwall.standins.origins import serve_in_thread

HERE = Path(__file__).parent / "programs"
CASES = ("hints", "trailers", "head", "unframed", "chunks", "expects", "refuses", "early")
NAME = "localhost"
"""Which leads to the stand-in by itself, and through the proxy by `--resolve`."""

type Seen = dict[str, dict[str, Any]]
"""What a client saw, by case."""


async def answers(talk: Talk) -> None:
    """As the last word of the path says."""
    while head := await talk.head():
        case = head.split(b" ")[1].rpartition(b"/")[2].decode()
        await talk.say(b"".join(BEFORE.get(case, ())))
        if case == "chunks":
            await _all_chunks(talk)
        elif case == "expects":
            await talk.until(b"hello")
        await talk.say(ANSWERS[case])
        if case in ENDS:
            await talk.end()
            while await talk.more():
                talk.heard.clear()
            return


async def _all_chunks(talk: Talk) -> None:
    await talk.until(b"0\r\n")
    while await talk.until(b"\r\n") not in (b"\r\n", b""):
        pass


BEFORE = {
    "hints": (b"HTTP/1.1 102 Processing\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
    "expects": (b"HTTP/1.1 100 Continue\r\n\r\n",),
}
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
ANSWERS = {
    "hints": OK + b"hello",
    "trailers": b"HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n0\r\nX-Sum: 5\r\n\r\n",
    "head": OK,
    "unframed": b"HTTP/1.1 200 OK\r\n\r\nhello",
    "chunks": OK + b"taken",
    "expects": OK + b"taken",
    "refuses": b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: X\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno",
    "early": b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig",
}
ENDS = frozenset({"unframed", "refuses", "early"})


@dataclass(frozen=True, slots=True)
class Client:
    """One, and how it is run."""

    command: tuple[str, ...]
    cases: tuple[str, ...] = CASES

    def sees(self, proxy: str, base: str, ca: Path | None) -> Seen:
        """What it makes of the cases; `proxy`: `-` for none."""
        words = [*self.command, proxy, base, str(ca) if ca else "-", *self.cases]
        done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)
        return {said.pop("case"): said for said in map(json.loads, done.stdout.splitlines())}


@pytest.fixture(scope="module")
def origin() -> Iterator[Played]:
    with serve_in_thread(_playing(Played())) as served:
        yield served


@pytest.fixture(scope="module")
def encrypted(authority: Authority) -> Iterator[PlayedTls]:
    with serve_in_thread(_playing(PlayedTls(authority, [NAME]))) as served:
        yield served


def _playing[O: (Played, PlayedTls)](origin: O) -> O:
    origin.play = answers
    return origin


@pytest.fixture(scope="module")
def proxy(
    origin: Played, encrypted: PlayedTls, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    site = tmp_path_factory.mktemp("clients") / "site.yaml"
    ports = f"[tcp/{origin.port}, tcp/{encrypted.port}]"
    admit = f"admit: [{{hosts: [{NAME}], ports: {ports}}}]\nbehaviours: [{{behaviour: tls-inspection}}]\n"
    site.write_text(f"version: 1\nsite: clients\n{admit}", encoding="utf-8")
    to = [*allow_private(NAME, origin.port, origin.port), *allow_private(NAME, encrypted.port, encrypted.port)]
    with running_proxy("--site", site, "--trust", authority.ca_pem, *to) as running:
        yield running


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> Client:
    folder = tmp_path_factory.mktemp("go")
    program = folder / "asking"
    environment = {"HOME": str(folder), "PATH": PATH, "GO111MODULE": "off"}
    build = ["go", "build", "-o", program, HERE / "asking.go"]
    subprocess.run(build, env=environment, check=True, capture_output=True, timeout=180)
    return Client((str(program),))


CLIENTS = [
    pytest.param("curl", marks=needs("curl")),
    pytest.param("go", marks=needs("go")),
    pytest.param("java", marks=needs("java")),
    pytest.param("node", marks=needs("node")),
    "python",
]


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> Client:
    match request.param:
        case "curl":
            return Client((sys.executable, str(HERE / "curling.py")))
        case "go":
            built: Client = request.getfixturevalue("go")
            return built
        case "java":
            without = tuple(case for case in CASES if case != "refuses")  # waits for ever by itself: JDK-8286171
            return Client(("java", "-XX:TieredStopAtLevel=1", str(HERE / "Asking.java")), without)
        case "node":
            return Client(("node", str(HERE / "asking.js")))
        case _:
            return Client((sys.executable, str(HERE / "asking.py")))


def test_in_clear(client: Client, origin: Played, proxy: Proxy) -> None:
    base = f"http://{NAME}:{origin.port}"

    direct = client.sees("-", base, None)
    through = client.sees(f"http://{proxy.via.host}:{proxy.port}", base, None)

    assert through == direct
    assert through["early"]["status"] == 413


def test_inside_tls_that_is_opened(client: Client, encrypted: PlayedTls, proxy: Proxy, ca: Path) -> None:
    """But for a body that ends with its connection: mitmproxy ends TLS without close_notify, which some take for
    a cut (docs/limits.md)."""
    base = f"https://{NAME}:{encrypted.port}"
    client = replace(client, cases=tuple(case for case in client.cases if case != "unframed"))

    direct = client.sees("-", base, ca)
    through = client.sees(f"http://{proxy.via.host}:{proxy.port}", base, lab_ca())

    assert through == direct
    assert through["early"]["status"] == 413
