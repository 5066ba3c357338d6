"""A client that chooses a denied server's address and claims an admitted name: what `names` of a site makes of that."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.netns.clients import curl
from tests.netns.dns_packets import A, NameServerOrigin, address, ask
from tests.netns.gateway import tierwall_in
from tests.netns.lab import GATEWAY, OTHER_SERVER, REDIRECT, SERVER, TUN, Lab
from tests.support.journal_lines import about
from tests.support.running import Proxy, needs
from tierwall.standins.certificates import Authority
from tierwall.standins.origins import HttpsOrigin, Reached, RedirectOrigin
from tierwall.standins.quic import QuicEchoOrigin, quic_echo

CLAIMED = "go.corp.example"
INSPECTED = "seen.corp.example"
LOST = "lost.corp.example"
ADMITTED = "198.51.100.7"
SITE = f"""
clients: [10.77.0.0/16]
admit:
  - {{hosts: ["*.corp.example"], ports: [tcp/80, tcp/443, udp/443]}}
  - {{networks: [{ADMITTED}], ports: [tcp/443]}}
behaviours: [{{behaviour: tls-inspection, scope: {{hosts: [{INSPECTED}]}}}}]
"""
SOCKS = 1080
DENIED = OTHER_SERVER
"""Only by this address: no name that is claimed for it leads there."""
ELSEWHERE = "elsewhere.corp.example"


@dataclass(frozen=True, slots=True)
class Servers:
    """The admitted one, at the address that the name server gives, and the denied one."""

    records: dict[tuple[str, int], bytes]
    admitted: tuple[Reached, ...]
    denied: tuple[Reached, ...]

    def seen(self) -> tuple[int, int]:
        """Connections that the admitted and the denied one have had."""
        return sum(each.connections for each in self.admitted), sum(each.connections for each in self.denied)


@pytest.fixture(scope="module")
def servers(lab: Lab, authority: Authority) -> Iterator[Servers]:
    lab.gateway.etc("resolv.conf", f"nameserver {SERVER}\n")
    records = {(name, A): address(SERVER) for name in (CLAIMED, INSPECTED)}
    names = [CLAIMED, INSPECTED, LOST]
    reached: dict[str, tuple[Reached, ...]] = {}
    with ExitStack() as served:
        served.enter_context(lab.server.serving(NameServerOrigin(records, host=SERVER)))
        for host in (SERVER, DENIED):
            origins = (
                HttpsOrigin(authority, names, host=host, port=443),
                RedirectOrigin(host=host, port=80),
                QuicEchoOrigin(authority, names, host=host),
            )
            reached[host] = tuple(served.enter_context(lab.server.serving(origin)).reached for origin in origins)
        yield Servers(records, reached[SERVER], reached[DENIED])


@pytest.fixture(scope="module", params=["trust", "resolve"])
def proxy(
    lab: Lab, servers: Servers, site: Callable[[str], Path], ca: Path, request: pytest.FixtureRequest
) -> Iterator[Proxy]:
    """All modes in which clients choose addresses: transparent, SOCKS5, and tun for what is UDP."""
    lab.gateway.nft(REDIRECT)
    modes = ("--mode", "transparent", "--mode", f"socks5@{GATEWAY}:{SOCKS}", "--mode", f"tun:{TUN}")
    rules = site(f"{SITE}names: {request.param}\n")
    with tierwall_in(lab.gateway, *modes, "--site", rules, "--trust", ca) as proxy, lab.through_tun("udp"):
        yield proxy


def fetch(lab: Lab, ca: Path, url: str, *more: object) -> bool:
    """Whether a page of that URL comes, for a client that is told it were at the denied address."""
    name, port = url.split("/")[2], 443 if url.startswith("https") else 80
    return curl(lab.client, *more, "--cacert", ca, "--resolve", f"{name}:{port}:{DENIED}", url)[0] == 0


def by_socks(lab: Lab, ca: Path) -> bool:
    return fetch(lab, ca, f"https://{CLAIMED}/", "--socks5", f"{GATEWAY}:{SOCKS}")


def by_quic(lab: Lab, ca: Path) -> bool:
    return lab.client.wait(lambda: quic_echo(DENIED, CLAIMED, ca=ca)).connected


CLAIMS: dict[str, Callable[[Lab, Path], bool]] = {
    "TLS": lambda lab, ca: fetch(lab, ca, f"https://{CLAIMED}/"),
    "TLS that is inspected": lambda lab, ca: fetch(lab, ca, f"https://{INSPECTED}/", "-k"),
    "plain HTTP": lambda lab, ca: fetch(lab, ca, f"http://{CLAIMED}/"),
    "SOCKS5 with an address": by_socks,
    "QUIC": by_quic,
}


@needs("curl")
@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
@pytest.mark.parametrize("proxy", ["trust"], indirect=True)
def test_trusted_a_denied_server_is_reached_under_an_admitted_name(
    lab: Lab, servers: Servers, proxy: Proxy, ca: Path, claim: Callable[[Lab, Path], bool]
) -> None:
    before = servers.seen()

    assert claim(lab, ca)
    admitted, denied = servers.seen()
    assert (admitted, denied > before[1]) == (before[0], True)
    assert all(event.destination.nat is None for event in proxy.events() if event.destination)


@needs("curl")
@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
@needs("curl")
@pytest.mark.parametrize("proxy", ["resolve"], indirect=True)
def test_resolved_nothing_reaches_the_denied_server_and_both_addresses_are_journalled(
    lab: Lab, servers: Servers, proxy: Proxy, ca: Path, claim: Callable[[Lab, Path], bool]
) -> None:
    before, told = servers.seen(), len(proxy.events())

    assert claim(lab, ca)
    admitted, denied = servers.seen()
    assert (admitted > before[0], denied) == (True, before[1])
    event = proxy.wait_for(lambda event: event.event.action == "allowed" and event in proxy.events()[told:])
    assert event.destination is not None
    assert event.destination.nat is not None
    assert (event.destination.ip, event.destination.nat.ip) == (DENIED, SERVER)


@needs("curl")
@pytest.mark.parametrize("proxy", ["trust", "resolve"], indirect=True)
def test_each_request_of_a_connection_goes_where_its_own_name_leads(
    lab: Lab, servers: Servers, proxy: Proxy, request: pytest.FixtureRequest
) -> None:
    servers.records[ELSEWHERE, A] = address(DENIED)
    resolves = "resolve" in request.node.callspec.id
    before, told = servers.seen(), len(proxy.events())

    urls = [("-H", f"Host: {name}", f"http://{SERVER}/") for name in (CLAIMED, ELSEWHERE, CLAIMED, ELSEWHERE)]
    curl(lab.client, *[word for each in urls for word in ("--next", *each)][1:])
    proxy.wait_until(lambda: len(proxy.events()) >= told + len(urls))
    events = [event.destination for event in proxy.events()[told:] if event.event.action == "allowed"]

    assert servers.seen() == (before[0] + 1, before[1] + resolves)
    assert [(there.domain, there.nat.ip if there.nat else there.ip) for there in events if there] == [
        (CLAIMED, SERVER),
        (ELSEWHERE, DENIED if resolves else SERVER),
    ] * 2


@needs("curl")
@pytest.mark.parametrize("proxy", ["resolve"], indirect=True)
def test_a_claimed_name_that_leads_nowhere_is_a_failed_dial(lab: Lab, servers: Servers, proxy: Proxy, ca: Path) -> None:
    before = servers.seen()

    came = fetch(lab, ca, f"https://{LOST}/")
    event = proxy.wait_for(about(LOST, "failed"))

    assert (came, servers.seen()) == (False, before)
    assert event.error is not None
    assert f"{LOST} does not resolve" in event.error.message


@needs("curl")
@pytest.mark.parametrize("proxy", ["resolve"], indirect=True)
def test_the_address_that_the_client_chose_is_dialled_where_the_name_leads_there_too(
    lab: Lab, servers: Servers, proxy: Proxy, ca: Path
) -> None:
    name = "honest.corp.example"
    servers.records[name, A] = address(DENIED)
    before = servers.seen()

    curl(lab.client, "-k", "--resolve", f"{name}:443:{DENIED}", f"https://{name}/")
    closed = proxy.wait_for(about(name, "closed"))

    assert servers.seen() == (before[0], before[1] + 1)
    assert closed.destination is not None
    assert (closed.destination.ip, closed.destination.nat) == (DENIED, None)


@needs("curl")
@pytest.mark.parametrize("proxy", ["resolve"], indirect=True)
def test_an_address_from_the_labs_own_dns_is_no_claim(lab: Lab, servers: Servers, proxy: Proxy) -> None:
    name = "moves.corp.example"
    servers.records[name, A] = address(SERVER)
    told = lab.client.inside(lambda: ask(OTHER_SERVER, name))
    servers.records[name, A] = address(DENIED)
    before = servers.seen()

    curl(lab.client, "-k", "--resolve", f"{name}:443:{SERVER}", f"https://{name}/")

    assert told is not None
    assert told.data == (SERVER,)
    assert servers.seen() == (before[0] + 1, before[1])


@needs("curl")
@pytest.mark.parametrize("proxy", ["trust", "resolve"], indirect=True)
def test_an_address_cannot_be_claimed_for_another(lab: Lab, servers: Servers, proxy: Proxy) -> None:
    before = servers.seen()

    claimed = ("-H", f"Host: {ADMITTED}:443")
    answered = curl(lab.client, *claimed, "-w", "%{http_code}", "-o", "/dev/null", f"http://{DENIED}:443/")[1]

    assert (answered, servers.seen()) == ("403", before)
