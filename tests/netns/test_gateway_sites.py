"""`tierwall run --gateway --serve SITE@NETWORK`: each client behind a gateway gets its own site, whatever it speaks."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.netns.command import tierwall
from tests.netns.dns_packets import A, NameServerOrigin, address
from tests.netns.gateway import tierwall_in
from tests.netns.lab import CLIENT, SERVER, TUN, Lab
from tests.support.running import Proxy
from tierwall.standins.dns import question
from tierwall.standins.origins import TcpEchoOrigin, UdpEchoOrigin

CLIENTS = {CLIENT: "one", "10.77.1.3": "two", "10.77.1.4": "three"}
SOMEBODY = "198.51.100.53"
"""A name server that the clients have been told of, and that does not exist."""
PORTS = {"one": 9001, "two": 9002, "three": 9003}
RECORDS = {(f"{name}.example", A): address(SERVER) for name in PORTS}


@pytest.fixture(scope="module")
def proxy(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("sites")
    for name, port in PORTS.items():
        own = f"{{networks: [203.0.113.0/24], ports: [tcp/{port}, udp/{port}]}}, {{hosts: [{name}.example]}}"
        text = f"version: 1\nsite: {name}\nadmit: [{own}]\ndns: filter\n"
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    for client in CLIENTS:
        if client != CLIENT:
            lab.client.ip(f"addr add {client}/24 dev gateway")
    assert tierwall(lab.gateway, "gateway", "up", "--inside", "client", "--tun", TUN).status == 0
    serve = [f"--serve={folder}/{name}.yaml@{address}" for address, name in CLIENTS.items() if name != "one"]
    lab.gateway.etc("resolv.conf", f"nameserver {SERVER}\n")
    with ExitStack() as stack:
        stack.enter_context(lab.server.serving(NameServerOrigin(RECORDS, host=SERVER)))
        for port in PORTS.values():
            stack.enter_context(lab.server.serving(TcpEchoOrigin(host=SERVER, port=port)))
            stack.enter_context(lab.server.serving(UdpEchoOrigin(host=SERVER, port=port)))
        yield stack.enter_context(tierwall_in(lab.gateway, "--gateway", "--site", f"{folder}/one.yaml", *serve))
    assert tierwall(lab.gateway, "gateway", "down").status == 0


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM], ids=["tcp", "udp"])
def test_three_clients_at_once_reach_what_their_own_site_admits_and_nothing_else(
    lab: Lab, proxy: Proxy, kind: socket.SocketKind
) -> None:
    asked = [(client, port) for client in CLIENTS for port in PORTS.values()]

    with ThreadPoolExecutor(len(asked)) as clients:
        answered = list(clients.map(lambda each: lab.client.inside(lambda: echoes(kind, *each)), asked))

    assert dict(zip(asked, answered, strict=True)) == {
        (client, port): PORTS[site] == port for client, site in CLIENTS.items() for port in PORTS.values()
    }


def test_the_labs_own_dns_answers_each_client_as_its_site_filters(lab: Lab, proxy: Proxy) -> None:
    found = {
        (client, name): lab.client.inside(lambda client=client, name=name: kind_of_answer(client, f"{name}.example"))
        for client in CLIENTS
        for name in PORTS
    }

    assert found == {
        (client, name): "noerror" if name == site else "nxdomain" for client, site in CLIENTS.items() for name in PORTS
    }


def test_each_event_says_which_site_judged(proxy: Proxy) -> None:
    said = {
        (event.source.ip, event.tierwall.site)
        for event in proxy.events()
        if event.source is not None and event.action in {"denied", "allowed"}
    }

    assert said == set(CLIENTS.items())


def kind_of_answer(client: str, name: str) -> str:
    """Of any name server, asked by this client."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(3.0)
        sock.bind((client, 0))
        sock.sendto(question(name, A, 7), (SOMEBODY, 53))
        return {0: "noerror", 3: "nxdomain"}[sock.recv(512)[3] & 0x0F]


def echoes(kind: socket.SocketKind, client: str, port: int) -> bool:
    """Whether the server answers this client there."""
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.settimeout(2.0)
        sock.bind((client, 0))
        try:
            sock.connect((SERVER, port))
            sock.send(b"hello\n")
            return sock.recv(100) == b"hello\n"
        except OSError:
            return False
