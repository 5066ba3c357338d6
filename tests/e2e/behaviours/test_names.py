"""Resolvers that lie, seen through explicit proxies, whose own look-ups they answer; `--resolve` is the DNS outside."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.journal_lines import about
from tests.support.programs import curl, through
from tests.support.running import Proxy, allow_private, needs, running_proxy
from tierwall.standins.certificates import Authority
from tierwall.standins.origins import HttpsOrigin, RedirectOrigin, serve_in_thread

ADMIT = """
version: 1
site: resolver
admit:
  - {vendor: 8x8, tiers: [core]}
  - {vendor: vevox}
  - {hosts: ["*.corp.example"], ports: [tcp/80, tcp/443]}
"""
BEHAVIOURS = """
behaviours:
  - {behaviour: dns-filter, scope: {vendor: vevox}}
  - {behaviour: dns-filter, answer: refused, scope: {hosts: [refused.corp.example]}}
  - {behaviour: dns-filter, answer: drop, scope: {hosts: [drop.corp.example]}}
  - {behaviour: dns-filter, answer: address, address: 198.51.100.9, scope: {hosts: [wrong.corp.example]}}
  - {behaviour: dns-filter, answer: address, address: 10.0.0.1, scope: {hosts: [sinkhole.corp.example]}}
  - {behaviour: split-dns, answers: {inside.corp.example: [198.51.100.10]}}
"""
CURL = "curl of the tests"
SHORT_DIALS = "import tierwall.policy.limits\ntierwall.policy.limits.DIAL_S = 0.4"

pytestmark = needs("curl")


@dataclass(frozen=True, slots=True)
class Resolvers:
    """Two proxies before the same origins: one with an honest resolver, one with the site's behaviours."""

    honest: Proxy
    lying: Proxy
    outside: HttpsOrigin
    """Where DNS leads every name."""
    elsewhere: HttpsOrigin
    """At the addresses that the site's resolver gives."""
    ca: Path


@pytest.fixture(scope="module")
def resolvers(authority: Authority, ca: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Resolvers]:
    folder = tmp_path_factory.mktemp("names")
    (folder / "honest.yaml").write_text(ADMIT, encoding="utf-8")
    (folder / "lying.yaml").write_text(ADMIT + BEHAVIOURS, encoding="utf-8")
    with ExitStack() as stack:
        outside = stack.enter_context(
            serve_in_thread(HttpsOrigin(authority, ["vevox.app", "8x8.vc", "*.corp.example"]))
        )
        elsewhere = stack.enter_context(serve_in_thread(HttpsOrigin(authority, ["inside.corp.example"])))
        port_80 = stack.enter_context(serve_in_thread(RedirectOrigin()))
        resolve = [
            *(
                text
                for name in ("vevox.app", "8x8.vc", "*.corp.example")
                for text in allow_private(name, 443, outside.port)
            ),
            *allow_private("*.corp.example", 80, port_80.port),
            *allow_private("198.51.100.9", 443, elsewhere.port),
            *allow_private("198.51.100.10", 443, elsewhere.port),
        ]
        modes = ("--mode", "regular@127.0.0.1:0", "--mode", "socks5@127.0.0.2:0")
        honest, lying = (
            stack.enter_context(running_proxy("--site", folder / site, *modes, *resolve, code=SHORT_DIALS))
            for site in ("honest.yaml", "lying.yaml")
        )
        yield Resolvers(honest, lying, outside, elsewhere, ca)


def broken(name: str, behaviour: str, *, port: int = 443, **more: Any) -> dict[str, Any]:
    """The whole event of a look-up that a behaviour answered."""
    usual = {"tier": "none", "breaks": [], "near": [], "refusal": "502", "admitted_by": "admit[2] *.corp.example"}
    said = {"name_source": "connect"} | usual | more.pop("said", {})
    return {
        "ecs": {"version": "8.17.0"},
        "event": {
            "kind": "event",
            "category": ["network"],
            "type": ["connection", "end"],
            "action": "broken",
            "reason": "behaviour",
        },
        "source": {"ip": "127.0.0.1"},
        "destination": {"domain": name, "port": port},
        "network": {"transport": "tcp"},
        "user_agent": {"original": CURL},
        "observer": {"product": "tierwall"},
        "tierwall": {"site": "resolver", "stage": "dial", "behaviour": behaviour, **said},
        **more,
    }


@pytest.mark.parametrize("name", ["vevox.app", "refused.corp.example"])
def test_a_name_that_the_resolver_filters_is_a_502_with_the_cause(resolvers: Resolvers, name: str) -> None:
    worked = curl(*through(resolvers.honest.via), "--cacert", resolvers.ca, f"https://{name}/")
    arrived = resolvers.outside.reached.connections
    done = curl("-A", CURL, *through(resolvers.lying.via), "--cacert", resolvers.ca, f"https://{name}/")
    event = resolvers.lying.wait_for(about(name, "broken"))

    assert worked.code == 0
    assert (done.connect_code, done.header("X-Tierwall-Reason")) == (502, "behaviour")
    assert resolvers.outside.reached.connections == arrived
    assert event.tierwall.behaviour == "dns-filter"


def test_the_event_names_what_the_filtered_name_serves(resolvers: Resolvers) -> None:
    curl("-A", CURL, *through(resolvers.lying.via), "https://vevox.app/")
    event = resolvers.lying.whole_of(about("vevox.app", "broken"))
    breaks = event["tierwall"].pop("breaks")

    expected = broken(
        "vevox.app",
        "dns-filter",
        said={"tier": "core", "admitted_by": f"vevox/{event['rule']['name']}"},
        rule=event["rule"],
    )
    del expected["tierwall"]["breaks"]
    assert event == expected
    assert event["rule"]["ruleset"] == "vevox"
    assert breaks
    assert {impact["vendor"] for impact in breaks} == {"vevox"}


def test_a_filter_scoped_to_one_vendor_leaves_the_other_alone(resolvers: Resolvers) -> None:
    done = curl("-A", CURL, *through(resolvers.lying.via), "--cacert", resolvers.ca, "https://8x8.vc/")

    assert done.code == 0
    assert not [event for event in resolvers.lying.events() if about("8x8.vc", "broken")(event)]


def test_a_resolver_that_never_answers_is_a_504_when_the_dial_is_over(resolvers: Resolvers) -> None:
    name = "drop.corp.example"
    done = curl("-A", CURL, *through(resolvers.lying.via), f"https://{name}/")

    assert done.connect_code == 504
    assert resolvers.lying.whole_of(about(name, "broken")) == broken(name, "dns-filter", said={"refusal": "504"})


def test_plain_http_to_a_filtered_name_is_a_502(resolvers: Resolvers) -> None:
    name = "refused.corp.example"
    worked = curl(*through(resolvers.honest.via), f"http://{name}/")
    done = curl("-A", CURL, *through(resolvers.lying.via), f"http://{name}/")
    event = resolvers.lying.wait_for(lambda event: about(name, "broken")(event) and event.destination.port == 80)

    assert (worked.status, done.status) == (301, 502)
    assert event.tierwall.behaviour == "dns-filter"
    assert "the resolver refuses to answer for refused.corp.example" in done.body


def test_a_socks5_client_that_leaves_names_to_the_proxy_hears_host_unreachable(resolvers: Resolvers) -> None:
    socks = resolvers.lying.at("127.0.0.2")
    done = curl(*through(socks), "https://refused.corp.example/")
    event = resolvers.lying.wait_for(
        lambda event: event.event.action == "broken" and event.tierwall.name_source == "socks"
    )

    assert done.code == 97
    assert (event.tierwall.behaviour, event.tierwall.refusal) == ("dns-filter", "unreachable")


def test_a_wrong_address_is_where_the_client_ends_up(resolvers: Resolvers) -> None:
    name = "wrong.corp.example"
    worked = curl(*through(resolvers.honest.via), "--cacert", resolvers.ca, f"https://{name}/")
    outside, elsewhere = resolvers.outside.reached.connections, resolvers.elsewhere.reached.connections
    done = curl("-A", CURL, *through(resolvers.lying.via), "--cacert", resolvers.ca, f"https://{name}/")
    event = resolvers.lying.whole_of(about(name, "broken"))

    assert (worked.code, done.code) == (0, 60)  # its certificate is another's
    assert (resolvers.outside.reached.connections, resolvers.elsewhere.reached.connections) == (outside, elsewhere + 1)
    expected = broken(name, "dns-filter")
    del expected["tierwall"]["refusal"]
    assert event == expected


def test_a_sinkhole_with_a_private_address_is_judged_like_any_other(resolvers: Resolvers) -> None:
    name = "sinkhole.corp.example"
    done = curl("-A", CURL, *through(resolvers.lying.via), f"https://{name}/")
    resolvers.lying.wait_for(about(name, "broken"))
    denied = resolvers.lying.wait_for(about(name))

    assert (done.connect_code, denied.event.reason) == (403, "private-address")


def test_inside_the_network_a_name_is_another_server(resolvers: Resolvers) -> None:
    name = "inside.corp.example"
    arrived = resolvers.elsewhere.reached.connections
    without = curl(*through(resolvers.honest.via), "--cacert", resolvers.ca, f"https://{name}/")
    before = resolvers.elsewhere.reached.connections
    done = curl("-A", CURL, *through(resolvers.lying.via), "--cacert", resolvers.ca, f"https://{name}/")
    event = resolvers.lying.wait_for(about(name, "broken"))

    assert (without.code, done.code) == (0, 0)
    assert (before, resolvers.elsewhere.reached.connections) == (arrived, arrived + 1)
    assert event.tierwall.behaviour == "split-dns"
