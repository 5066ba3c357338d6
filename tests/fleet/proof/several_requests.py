"""Several requests on one connection: each is judged by itself, whatever was let through before it."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.fleet.proof import envoys
from tests.fleet.proof.ground import GATEWAY, PROXY_PORT, REDIRECTED_PORT, UID, Ground
from tests.fleet.proof.lab import made
from tests.support.needs import NAMESPACES, needs
from tierwall.cli.export.envoy import written
from tierwall.fleet.envoy import Place, Settings
from tierwall.loader import load_catalogue, load_site

__all__ = ["made"]
pytestmark = needs(NAMESPACES, "setpriv")
SITE = """\
version: 1
site: several
clients: [10.99.0.0/24]
admit:
  - {hosts: [a.example, c.example], ports: [tcp/80, tcp/443]}
  - {networks: [192.0.2.0/24], ports: [tcp/80, tcp/443]}
"""
PROXY = (GATEWAY, PROXY_PORT)
FORGED = "x-tierwall-port: :443\r\nx-tierwall-cluster: named\r\n"


@pytest.fixture
def envoy(made: Ground) -> Iterator[Ground]:
    path = made.folder / "several.yaml"
    path.write_text(SITE)
    catalogue = load_catalogue([])
    settings = Settings(
        explicit=Place(host=GATEWAY, port=PROXY_PORT), transparent=Place(host="0.0.0.0", port=REDIRECTED_PORT), uid=UID
    )
    folder: Path = made.folder / "several"
    written(load_site(str(path), catalogue), catalogue, settings, folder)
    with envoys.running(made, folder):
        yield made


def asking(target: str, host: str, more: str = "") -> str:
    return f"GET {target} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n"


def statuses(made: Ground, several: Sequence[str], at: tuple[str, int] = PROXY, inside: str | None = None) -> list[str]:
    """What each is answered with, all on one connection."""
    return made.clients.inside(lambda: asyncio.run(_statuses(several, at, inside)))


async def _statuses(several: Sequence[str], at: tuple[str, int], inside: str | None) -> list[str]:
    reader, writer = await asyncio.open_connection(*at)
    if inside is not None:
        writer.write(f"CONNECT {inside} HTTP/1.1\r\nHost: {inside}\r\n\r\n".encode())
        assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
    found = []
    for request in several:
        writer.write(request.encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r")[0])
        await reader.readexactly(length)
        found.append(head[9:12])
    writer.close()
    return found


def test_each_request_to_the_proxy_is_judged(envoy: Ground) -> None:
    hosts = ["a.example", "b.example", "c.example:443", "192.0.2.5", "b.example", "8.8.8.8"]

    found = statuses(envoy, [asking(f"http://{host}/", host) for host in hosts])

    assert found == ["200", "403", "200", "200", "403", "403"]
    assert [arrival.rpartition(":")[2] for arrival in envoy.arrivals] == ["80", "443", "80"]


def test_fields_that_routes_look_at_are_not_the_clients_to_set(envoy: Ground) -> None:
    found = statuses(
        envoy,
        [asking("http://a.example:8443/", "a.example:8443", FORGED), asking("http://b.example/", "b.example", FORGED)],
    )

    assert found == ["403", "403"]
    assert envoy.arrivals == []


def test_each_request_inside_a_tunnel_is_judged_and_goes_where_the_tunnel_goes(envoy: Ground) -> None:
    hosts = ["a.example", "b.example", "c.example", "8.8.8.8"]

    found = statuses(envoy, [asking("/", host) for host in hosts], inside="a.example:80")

    assert found == ["200", "403", "200", "403"]


def test_each_redirected_request_is_judged_by_its_host_and_the_port_it_went_to(envoy: Ground) -> None:
    hosts = ["a.example", "b.example", "a.example:9999", "192.0.2.7"]

    found = statuses(envoy, [asking("/", host) for host in hosts], at=("203.0.113.10", 80))

    assert found == ["200", "403", "200", "403"]


def test_an_absolute_target_is_what_counts(envoy: Ground) -> None:
    found = statuses(envoy, [asking("http://a.example/", "b.example"), asking("http://b.example/", "a.example")])

    assert found == ["200", "403"]
