"""A resolver that lies: the lab's own DNS, asked by dig in mode dns and through tun, and what clients then reach."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.netns.clients import curl
from tests.netns.dns_packets import A, NameServerOrigin, address
from tests.netns.events import watch
from tests.netns.gateway import tierwall_in
from tests.netns.lab import GATEWAY, OTHER_SERVER, REDIRECT, SERVER, TUN, Lab
from tests.support.running import Proxy, needs
from tierwall.standins.certificates import Authority
from tierwall.standins.origins import HttpsOrigin

ADMIT = """
admit:
  - {vendor: 8x8, tiers: [core]}
  - {hosts: ["*.corp.example"]}
  - {hosts: [turn.corp.example], ports: [udp/3478]}
"""
BEHAVIOURS = f"""
behaviours:
  - {{behaviour: dns-filter, scope: {{vendor: 8x8}}}}
  - {{behaviour: dns-filter, scope: {{hosts: [turn.corp.example], ports: [udp/3478]}}}}
  - {{behaviour: dns-filter, answer: refused, scope: {{hosts: [refused.corp.example]}}}}
  - {{behaviour: dns-filter, answer: drop, scope: {{hosts: [drop.corp.example]}}}}
  - {{behaviour: dns-filter, answer: address, address: {OTHER_SERVER}, scope: {{hosts: [wrong.corp.example]}}}}
  - {{behaviour: split-dns, answers: {{inside.corp.example: [10.1.2.3, "fd00::3"]}}}}
"""
NAMES = ("8x8.vc", "turn.corp.example", "refused.corp.example", "drop.corp.example", "wrong.corp.example")
RECORDS = {(name, A): address(SERVER) for name in (*NAMES, "inside.corp.example", "plain.corp.example")}

pytestmark = needs("dig")


@pytest.fixture(scope="module")
def names(lab: Lab) -> Iterator[NameServerOrigin]:
    lab.gateway.etc("resolv.conf", f"nameserver {SERVER}\n")
    with lab.server.serving(NameServerOrigin(RECORDS, host=SERVER)) as names:
        yield names


@pytest.fixture(scope="module", params=[BEHAVIOURS], ids=["lying"])
def proxy(
    lab: Lab, names: NameServerOrigin, site: Callable[[str], Path], request: pytest.FixtureRequest
) -> Iterator[Proxy]:
    lab.gateway.nft(REDIRECT)
    modes = ("--mode", f"dns@{GATEWAY}:53", "--mode", "transparent", "--mode", f"tun:{TUN}")
    with tierwall_in(lab.gateway, *modes, "--site", site(ADMIT + request.param)) as proxy, lab.through_tun("udp"):
        yield proxy


def dig(lab: Lab, name: str, kind: str = "A", server: str = GATEWAY) -> tuple[str, list[str]]:
    """The status of the answer (empty where none came), and its data."""
    asked = lab.client.run("dig", "+tries=1", "+time=1", f"@{server}", name, kind).stdout
    status = asked.partition("status: ")[2].partition(",")[0]
    return status, [line.split()[-1] for line in asked.splitlines() if line and not line.startswith(";")]


@pytest.mark.parametrize("proxy", [""], ids=["honest"], indirect=True)
def test_without_them_every_name_has_its_address(lab: Lab, proxy: Proxy) -> None:
    assert [dig(lab, name) for name in (*NAMES, "inside.corp.example")] == [("NOERROR", [SERVER])] * 6


@pytest.mark.parametrize("server", [GATEWAY, "198.51.100.53"], ids=["mode dns", "through tun"])
@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (("8x8.vc", "A"), ("NXDOMAIN", [])),
        (("8x8.vc", "TXT"), ("NXDOMAIN", [])),
        (("turn.corp.example", "A"), ("NXDOMAIN", [])),
        (("refused.corp.example", "A"), ("REFUSED", [])),
        (("drop.corp.example", "A"), ("", [])),
        (("wrong.corp.example", "A"), ("NOERROR", [OTHER_SERVER])),
        (("wrong.corp.example", "AAAA"), ("NOERROR", [])),
        (("inside.corp.example", "A"), ("NOERROR", ["10.1.2.3"])),
        (("inside.corp.example", "AAAA"), ("NOERROR", ["fd00::3"])),
        (("plain.corp.example", "A"), ("NOERROR", [SERVER])),
    ],
)
def test_the_resolver_answers_as_the_site_has_it(
    lab: Lab, proxy: Proxy, server: str, asked: tuple[str, str], answer: tuple[str, list[str]]
) -> None:
    assert dig(lab, *asked, server=server) == answer


def test_one_name_is_one_event_however_many_records_are_asked_for(
    lab: Lab, names: NameServerOrigin, proxy: Proxy
) -> None:
    asked_outside = names.reached.targets.count("meet.8x8.vc")

    happened = watch(lab, proxy, lambda: [dig(lab, "meet.8x8.vc", kind) for kind in ("A", "AAAA", "HTTPS", "A")])
    dig(lab, "plain.corp.example")
    about_it = [event for event in proxy.events() if event.destination and event.destination.domain == "meet.8x8.vc"]

    assert len(about_it) == 1
    assert names.reached.targets.count("meet.8x8.vc") == asked_outside
    assert happened.event["event"]["action"] == "broken"
    assert happened.event["event"]["reason"] == "behaviour"
    assert happened.event["destination"] == {"domain": "meet.8x8.vc", "port": 443}
    assert happened.event["network"] == {"transport": "tcp", "protocol": "dns"}
    said = happened.event["tierwall"]
    assert (said["behaviour"], said["stage"], said["refusal"], said["name_source"]) == (
        "dns-filter",
        "dns",
        "nxdomain",
        "dns",
    )
    assert {(impact["vendor"], impact["tier"]) for impact in said["breaks"]} == {("8x8", "core")}


@needs("curl")
def test_a_client_that_believes_the_wrong_address_reaches_another_server(
    lab: Lab, proxy: Proxy, authority: Authority, ca: Path
) -> None:
    name = "wrong.corp.example"
    with (
        lab.server.serving(HttpsOrigin(authority, ["sinkhole.example"], host=OTHER_SERVER, port=443)) as sinkhole,
        lab.server.serving(HttpsOrigin(authority, [name], host=SERVER, port=443)) as right,
    ):
        _, (told,) = dig(lab, name)
        code, _ = curl(lab.client, "--cacert", ca, "--resolve", f"{name}:443:{told}", f"https://{name}/")

    assert code == 60
    assert (sinkhole.reached.connections, right.reached.connections) == (1, 0)
