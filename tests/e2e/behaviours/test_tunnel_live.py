"""A changed site is felt by the connections that stand, at once, and nothing that is under way is lost or overtaken."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from tests.e2e.behaviours.held import echo, silence, standing
from tests.support.journal_lines import about
from tests.support.programs import connected, read_response, tunnel
from tests.support.running import Proxy, allow_private, running_proxy
from tierwall.standins.origins import RedirectOrigin, TcpEchoOrigin, serve_in_thread

type Put = Callable[..., None]

ADMIT = '{hosts: ["*.corp.example"], ports: [tcp/7, tcp/80]}'
ELSEWHERE = "{behaviour: latency, delay: 1s, scope: {hosts: [elsewhere.invalid]}}"
LATE = "{behaviour: latency, delay: 200ms}"
IDLE = "{behaviour: idle-timeout, after: 300ms, how: rst}"
STALL = "{behaviour: stall, after: 1ms, way: down}"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site."""
    return tmp_path_factory.mktemp("live") / "site.yaml"


@pytest.fixture(scope="module")
def running(file: Path) -> Iterator[Proxy]:
    """A proxy whose site the tests change; port 7 echoes, port 80 redirects."""
    write(file, "unmarked", ELSEWHERE)
    with ExitStack() as stack:
        echoes, web = (stack.enter_context(serve_in_thread(origin)) for origin in (TcpEchoOrigin(), RedirectOrigin()))
        to = (*allow_private("*.corp.example", 7, echoes.port), *allow_private("*.corp.example", 80, web.port))
        modes = ("--mode", "regular@127.0.0.1:0", "--mode", "socks5@127.0.0.2:0")
        yield stack.enter_context(running_proxy("--site", file, *modes, *to))


@pytest.fixture(scope="module")
def put(file: Path, running: Proxy) -> Put:
    """Change what the site has, and wait until that is in force: each version denies a name of its own."""
    marks = count()

    def change(*behaviours: str, admit: str = ADMIT) -> None:
        mark = f"mark{next(marks)}.corp.example"
        write(file, mark, *behaviours, admit=admit)
        running.wait_until(lambda: denied(running, mark))

    return change


def write(file: Path, mark: str, *behaviours: str, admit: str = ADMIT) -> None:
    lists = f"admit: [{admit}]\ndeny: [{{hosts: [{mark}], ports: [tcp/7]}}]\nbehaviours: [{', '.join(behaviours)}]"
    text = f"version: 1\nsite: live\n{lists}\n"
    file.write_text(text, encoding="utf-8")


def denied(proxy: Proxy, name: str) -> bool:
    with connected(proxy.at("127.0.0.1")) as client:
        return b" 403 " in tunnel(client, f"{name}:7")


def test_a_standing_tunnel_feels_what_is_switched_on_and_no_more_what_is_switched_off(running: Proxy, put: Put) -> None:
    put(ELSEWHERE)
    with standing(running.at("127.0.0.1"), "later.corp.example:7") as client:
        before = round_trip_s(client)
        put(LATE)
        during = round_trip_s(client)
        put(ELSEWHERE)
        after = round_trip_s(client)

    assert max(before, after) < 0.4 <= during
    assert running.wait_for(about("later.corp.example", "broken")).tierwall.detail == "everything arrives 0.2 s later"


def test_what_was_under_way_arrives_before_what_comes_after_the_change(running: Proxy, put: Put) -> None:
    put(STALL)
    with standing(running.at("127.0.0.1"), "order.corp.example:7") as client:
        running.wait_for(about("order.corp.example", "broken"))
        for number in range(100):
            client.sendall(b"%3d." % number)
        held = silence(client, 0.2)
        put(ELSEWHERE)
        client.sendall(b"end")
        heard = client.recv(1000)
        while not heard.endswith(b"end"):
            heard += client.recv(1000)

    assert held == b"<silence>"
    assert heard == b"".join(b"%3d." % number for number in range(100)) + b"end"


@pytest.mark.parametrize("at", ["127.0.0.1", "127.0.0.2"])
def test_an_idle_timeout_switched_on_ends_what_was_idle(running: Proxy, put: Put, at: str) -> None:
    name = f"idle{at[-1]}.corp.example"
    put(ELSEWHERE)
    with standing(running.at(at), f"{name}:7") as client:
        echo(client, b"x")
        put(IDLE)
        heard = silence(client, 1.0)
    closed = running.wait_for(about(name, "closed"))

    assert heard == b"<reset>"
    assert closed.tierwall.closed_by == "behaviour"


def test_a_plain_http_connection_that_stands_feels_it_too(running: Proxy, put: Put) -> None:
    put(ELSEWHERE)
    with connected(running.at("127.0.0.1")) as client:
        client.sendall(b"GET http://web.corp.example/ HTTP/1.1\r\nHost: web.corp.example\r\n\r\n")
        read_response(client)
        put(IDLE)
        heard = silence(client, 1.0)

    assert heard == b"<reset>"


def test_a_tunnel_that_the_changed_site_denies_stays_as_it_was(running: Proxy, put: Put) -> None:
    put(LATE)
    with standing(running.at("127.0.0.1"), "stays.corp.example:7") as client:
        echo(client, b"x")
        put(IDLE, admit='{hosts: ["mark.corp.example"], ports: [tcp/7]}')
        still_late = round_trip_s(client)
        heard = silence(client, 0.6)

    assert still_late >= 0.4
    assert heard == b"<silence>"


def round_trip_s(client: socket.socket) -> float:
    """How long an octet takes there and back."""
    began = time.monotonic()
    echo(client, b"x")
    return time.monotonic() - began
