"""A changed file is in force for new connections and leaves open tunnels alone; a broken one changes nothing."""

import socket
from collections.abc import Callable
from pathlib import Path

from tests.support.programs import connect_request, connected, read_to_end, tunnel
from tests.support.running import Proxy, allow_private, running_proxy
from tierwall.standins.origins import TcpEchoOrigin, serve_in_thread

OPEN = 'admit:\n  - {hosts: ["*.corp.example"]}\n'
SHUT = "admit: []\n"
BROKEN = "admit:\n  - {hots: [x.example]}\nenforce: perhaps\n"


def test_files_may_change_while_it_runs(site: Callable[[str], Path]) -> None:
    file = site(OPEN)
    with (
        serve_in_thread(TcpEchoOrigin()) as echo,
        running_proxy("--site", file, *allow_private("*.corp.example", 443, echo.port)) as proxy,
        connected(proxy.via) as standing,
    ):
        tunnel(standing, "standing.corp.example:443")
        standing.sendall(b"before, ")
        opened = status(proxy, "opened")

        site(SHUT)
        proxy.wait_until(lambda: status(proxy, "shut") == b"403")
        proxy.wait_for_talk("site.yaml is in force (1 entry fewer)")
        standing.sendall(b"meanwhile, ")

        site(BROKEN)
        fault = proxy.whole_of(lambda event: event.event.action == "fault")
        still_shut = status(proxy, "still-shut")
        said = proxy.wait_for_talk("hots")

        site(OPEN)
        proxy.wait_until(lambda: status(proxy, "mended") == b"200")
        proxy.wait_for_talk("site.yaml is in force (1 entry more)")
        standing.sendall(b"after.")
        standing.shutdown(socket.SHUT_WR)
        echoed = read_to_end(standing)

    message = fault["error"].pop("message")
    assert (opened, still_shut) == (b"200", b"403")
    assert echoed == b"before, meanwhile, after.bye"
    assert ("hots" in message, "hosts" in message, "enforce" in message, "site.yaml:" in message) == (True,) * 4
    assert "hosts" in said
    assert fault == {
        "ecs": {"version": "8.17.0"},
        "event": {"kind": "event", "category": ["configuration"], "type": ["info"], "action": "fault"},
        "error": {},
        "observer": {"product": "tierwall"},
        "tierwall": {"tier": "none", "site": "e2e", "stage": "config", "breaks": [], "near": []},
    }


def test_a_file_that_vanished_leaves_the_site_in_force(site: Callable[[str], Path]) -> None:
    file = site(OPEN)
    with (
        serve_in_thread(TcpEchoOrigin()) as echo,
        running_proxy("--site", file, *allow_private("*.corp.example", 443, echo.port)) as proxy,
    ):
        file.unlink()
        proxy.wait_for(lambda event: event.event.action == "fault")
        vanished = status(proxy, "vanished")
        site(SHUT)
        proxy.wait_until(lambda: status(proxy, "back") == b"403")

    assert vanished == b"200"


def status(proxy: Proxy, name: str) -> bytes:
    """What a new CONNECT gets."""
    with connected(proxy.via) as client:
        client.sendall(connect_request(f"{name}.corp.example:443"))
        client.shutdown(socket.SHUT_WR)
        return read_to_end(client).split(b" ")[1]
