"""An allowlist made from names once: names move in a real name server, and what they move to is not reached."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.netns.clients import curl
from tests.netns.dns_packets import A, NameServerOrigin, address
from tests.netns.gateway import tierwall_in
from tests.netns.lab import CLIENT, GATEWAY, OTHER_SERVER, REDIRECT, SERVER, Lab
from tests.support.journal_lines import about
from tests.support.programs import read_to_end, tunnel
from tests.support.running import Proxy, needs
from tierwall.standins.certificates import Authority
from tierwall.standins.origins import HttpsOrigin, TcpEchoOrigin

ADMIT = """
clients: [10.77.0.0/16]
admit: [{hosts: ["*.corp.example"], ports: [tcp/443, tcp/7]}]
"""
STALE = "behaviours: [{behaviour: stale-addresses, look: 200ms, scope: {hosts: ['*.pinned.corp.example']}}]\n"
NEVER_CUT_S = 0.7
PORT = 8888


@dataclass(frozen=True, slots=True)
class Origins:
    """A name server whose names move, and the same service at both addresses."""

    records: dict[tuple[str, int], bytes]
    here: TcpEchoOrigin
    there: TcpEchoOrigin

    def put(self, name: str, where: str) -> None:
        """From now on the name is there."""
        self.records[name, A] = address(where)


@pytest.fixture(scope="module")
def origins(lab: Lab) -> Iterator[Origins]:
    lab.gateway.etc("resolv.conf", f"nameserver {SERVER}\n")
    records: dict[tuple[str, int], bytes] = {}
    with (
        lab.server.serving(NameServerOrigin(records, host=SERVER)),
        lab.server.serving(TcpEchoOrigin(host=SERVER, port=7)) as here,
        lab.server.serving(TcpEchoOrigin(host=OTHER_SERVER, port=7)) as there,
    ):
        yield Origins(records, here, there)


@pytest.fixture(scope="module", params=[STALE], ids=["stale"])
def proxy(lab: Lab, origins: Origins, site: Callable[[str], Path], request: pytest.FixtureRequest) -> Iterator[Proxy]:
    lab.gateway.nft(REDIRECT)
    modes = ("--mode", f"regular@{GATEWAY}:{PORT}", "--mode", "transparent")
    with tierwall_in(lab.gateway, *modes, "--site", site(ADMIT + request.param)) as proxy:
        yield proxy


def converse(lab: Lab, name: str, move: Callable[[], None], limit_s: float = 5.0) -> tuple[bytes, bytes]:
    """Open a tunnel, hear an echo, let the name move: what the CONNECT was answered, and what came after the move."""

    def talk() -> tuple[bytes, bytes]:
        with socket.create_connection((GATEWAY, PORT), timeout=limit_s) as client:
            status = tunnel(client, f"{name}:7").partition(b"\r\n")[0]
            if b" 200 " not in status:
                return status, b""
            client.sendall(b"ping")
            assert client.recv(100) == b"ping"
            move()
            return status, read_to_end(client)

    return lab.client.inside(talk)


@pytest.mark.parametrize("proxy", [""], ids=["fresh"], indirect=True)
def test_without_it_a_tunnel_stands_and_a_new_one_follows_the_name(lab: Lab, origins: Origins, proxy: Proxy) -> None:
    name = "fresh.pinned.corp.example"
    origins.put(name, SERVER)

    first = converse(lab, name, lambda: origins.put(name, OTHER_SERVER), NEVER_CUT_S)
    arrived = origins.there.reached.connections
    second = converse(lab, name, lambda: None, NEVER_CUT_S)

    assert [first[1], second[1]] == [b"<silence>", b"<silence>"]
    assert origins.there.reached.connections == arrived + 1


def test_a_tunnel_whose_name_moves_away_is_reset(lab: Lab, origins: Origins, proxy: Proxy) -> None:
    name = "moves.pinned.corp.example"
    origins.put(name, SERVER)

    status, heard = converse(lab, name, lambda: origins.put(name, OTHER_SERVER))
    event = proxy.whole_of(about(name, "broken"))
    ended = proxy.wait_for(about(name, "closed"))

    assert (status, heard) == (b"HTTP/1.1 200 Connection established", b"<reset>")
    assert ended.tierwall.closed_by == "behaviour"
    assert event == {
        "ecs": {"version": "8.17.0"},
        "event": {
            "kind": "event",
            "category": ["network"],
            "type": ["connection", "end"],
            "action": "broken",
            "reason": "behaviour",
        },
        "source": {"ip": CLIENT},
        "destination": {"domain": name, "port": 7},
        "network": {"transport": "tcp"},
        "observer": {"product": "tierwall"},
        "tierwall": {
            "tier": "none",
            "site": "gateway",
            "stage": "tunnel",
            "name_source": "connect",
            "refusal": "reset",
            "admitted_by": "admit[0] *.corp.example",
            "behaviour": "stale-addresses",
            "breaks": [],
            "near": [],
        },
    }


def test_where_the_name_has_moved_to_is_never_dialled(lab: Lab, origins: Origins, proxy: Proxy) -> None:
    name = "moved.pinned.corp.example"
    origins.put(name, SERVER)
    worked, _ = converse(lab, name, lambda: origins.put(name, OTHER_SERVER))
    before, arrived = lab.seen().tcp, origins.there.reached.connections

    refused, _ = converse(lab, name, lambda: None)
    event = proxy.wait_for(lambda event: about(name, "broken")(event) and event.tierwall.stage == "dial")

    assert (worked, refused) == (b"HTTP/1.1 200 Connection established", b"HTTP/1.1 502 Bad Gateway")
    assert (lab.seen().tcp, origins.there.reached.connections) == (before, arrived)
    assert event.tierwall.detail == f"{name} is at {OTHER_SERVER} now; the allowlist has {SERVER}"


def test_a_name_that_comes_back_is_reached_again(lab: Lab, origins: Origins, proxy: Proxy) -> None:
    name = "back.pinned.corp.example"
    origins.put(name, SERVER)
    converse(lab, name, lambda: origins.put(name, OTHER_SERVER))
    origins.put(name, SERVER)

    status, heard = converse(lab, name, lambda: None, NEVER_CUT_S)

    assert (status, heard) == (b"HTTP/1.1 200 Connection established", b"<silence>")


def test_a_name_out_of_its_scope_moves_as_it_likes(lab: Lab, origins: Origins, proxy: Proxy) -> None:
    name = "free.corp.example"
    origins.put(name, SERVER)

    _, heard = converse(lab, name, lambda: origins.put(name, OTHER_SERVER), NEVER_CUT_S)

    assert heard == b"<silence>"
    assert not [event for event in proxy.events() if about(name, "broken")(event)]


@needs("curl")
def test_a_transparent_client_that_chooses_another_address_is_reset(
    lab: Lab, origins: Origins, proxy: Proxy, authority: Authority, ca: Path
) -> None:
    name = "direct.pinned.corp.example"
    origins.put(name, SERVER)

    def fetch(where: str) -> int:
        return curl(lab.client, "--cacert", ca, "--resolve", f"{name}:443:{where}", f"https://{name}/")[0]

    with (
        lab.server.serving(HttpsOrigin(authority, [name], host=SERVER, port=443)),
        lab.server.serving(HttpsOrigin(authority, [name], host=OTHER_SERVER, port=443)) as other,
    ):
        codes = [fetch(SERVER), fetch(OTHER_SERVER)]
        event = proxy.wait_for(about(name, "broken"))

    assert codes == [0, 35]
    assert other.reached.connections == 0
    assert (event.tierwall.behaviour, event.tierwall.stage, event.tierwall.refusal) == (
        "stale-addresses",
        "dial",
        "reset",
    )
