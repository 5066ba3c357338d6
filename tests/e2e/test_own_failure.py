"""Our own failures deny: whatever raises, wherever, nothing is let through, it is journalled, and the proxy goes on."""

from collections.abc import Iterator

import pytest

from tests.support.journal_lines import about
from tests.support.programs import connect_request, connected, converse, read_response, read_to_end, tunnel
from tests.support.running import Proxy, allow_private, running_proxy
from tierwall.standins.origins import RedirectOrigin, TcpEchoOrigin, serve_in_thread

BROKEN = """
from tierwall.proxy.serving import requests
from tierwall.proxy.serving.modes import http_proxy
from tierwall.proxy.state import active_policy

judge = active_policy.judge

def judging_raises(site, catalogue, attempt):
    if any(name.value == "judge.8x8.vc" for name in attempt.names):
        raise RuntimeError("judging is broken")
    return judge(site, catalogue, attempt)

active_policy.judge = judging_raises

named = http_proxy.named

def naming_raises(source, host, port, destinations):
    if host == "door.8x8.vc":
        raise RuntimeError("the door is broken")
    return named(source, host, port, destinations)

http_proxy.named = naming_raises

requested = requests.Requests._requested

def hook_raises(self, flow):
    if flow.request.host == "hook.vevox.app":
        raise RuntimeError("the hook is broken")
    return requested(self, flow)

requests.Requests._requested = hook_raises

"""


@pytest.fixture(scope="module")
def origins() -> Iterator[tuple[TcpEchoOrigin, RedirectOrigin]]:
    with serve_in_thread(TcpEchoOrigin()) as echo, serve_in_thread(RedirectOrigin()) as port_80:
        yield echo, port_80


@pytest.fixture(scope="module")
def broken(origins: tuple[TcpEchoOrigin, RedirectOrigin]) -> Iterator[Proxy]:
    """A proxy in whose process something raises for some hosts."""
    echo, port_80 = origins
    resolve = (*allow_private("*.8x8.vc", 443, echo.port), *allow_private("*.vevox.app", 80, port_80.port))
    with running_proxy(*resolve, code=BROKEN) as proxy:
        yield proxy


@pytest.mark.parametrize("host", ["judge.8x8.vc", "door.8x8.vc"])
def test_a_tunnel_is_denied_and_the_next_one_is_served(
    broken: Proxy, origins: tuple[TcpEchoOrigin, RedirectOrigin], host: str
) -> None:
    before = origins[0].reached.connections
    heard = converse(broken.via, connect_request(f"{host}:443"))
    event = broken.wait_for(
        lambda event: event.event.reason == "error" and (event.destination is None) == (host == "door.8x8.vc")
    )
    reached = origins[0].reached.connections - before
    after = converse(broken.via, connect_request("fine.8x8.vc:443"), b"\x00", limit_s=0.5)

    assert heard == b"<reset>" or heard.startswith(b"HTTP/1.1 403 ")
    assert (event.event.action, reached) == ("denied", 0)
    assert after.startswith(b"HTTP/1.1 200 ")
    broken.wait_until(lambda: origins[0].reached.connections == before + 1)  # the next test counts from there


def test_judging_that_breaks_in_an_open_tunnel_shows_the_server_nothing(
    broken: Proxy, origins: tuple[TcpEchoOrigin, RedirectOrigin]
) -> None:
    octets = origins[0].reached.octets
    with connected(broken.via) as client:
        tunnel(client, "open.8x8.vc:443")
        client.sendall(b"GET / HTTP/1.1\r\nHost: judge.8x8.vc\r\n\r\n")
        heard = read_to_end(client)

    assert heard.startswith(b"HTTP/1.1 403 ")
    assert origins[0].reached.octets == octets


def test_a_hook_that_raises_lets_no_request_through(
    broken: Proxy, origins: tuple[TcpEchoOrigin, RedirectOrigin]
) -> None:
    """mitmproxy logs what a hook raises and goes on, with the request: the denial stands from before the hook."""
    with connected(broken.via) as client:
        client.sendall(b"GET http://fine.vevox.app/ HTTP/1.1\r\nHost: fine.vevox.app\r\n\r\n")
        fine, _ = read_response(client)
        client.sendall(b"GET http://hook.vevox.app/ HTTP/1.1\r\nHost: hook.vevox.app\r\n\r\n")
        refused, _ = read_response(client)
    event = broken.wait_for(lambda event: event.error is not None and "hook" in event.error.message)

    assert (event.event.reason, event.tierwall.stage) == ("error", "request")
    assert fine.startswith(b"HTTP/1.1 301 ")
    assert refused.startswith(b"HTTP/1.1 403 ")
    assert b"X-Tierwall-Reason: error\r\n" in refused
    assert origins[1].reached.targets == ["/"]


def test_what_raised_is_said_on_the_console(broken: Proxy) -> None:
    converse(broken.via, connect_request("judge.8x8.vc:443"))

    assert broken.wait_for_talk("judging is broken")
    assert broken.wait_for(about("judge.8x8.vc")).event.reason == "error"
