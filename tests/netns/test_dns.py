"""The lab's own DNS: mode dns, and port 53 of any server through tun. Behind it a name server that is scripted."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.netns.dns_packets import AAAA, TXT, A, Answered, NameServerOrigin, address, ask, exchange
from tests.netns.events import AMPLITUDE, denied, watch
from tests.netns.gateway import tierwall_in
from tests.netns.lab import BRIDGE, GATEWAY, OTHER_SERVER, REDIRECT, SERVER, SERVER_6, TUN, TURN, Lab
from tests.support.running import Proxy
from tierwall.standins.clients import Direct, half_close_session, stun_binding
from tierwall.standins.origins import StunOrigin, TcpEchoOrigin

ADMIT = "admit: [{vendor: 8x8, tiers: [core]}, {hosts: [hosts.corp.example, own.corp.example]}]\n"
SOMEBODY = "198.51.100.53"
"""A name server that the client has been told of, and that does not exist."""
SINKHOLE = "198.51.100.9"
RECORDS = {
    ("8x8.vc", A): address(BRIDGE),
    ("8x8.vc", AAAA): address(SERVER_6),
    ("8x8.vc", TXT): b"\x02hi",
    ("api.amplitude.com", A): address(SERVER),
    ("meet.8x8.vc", A): address(OTHER_SERVER),
    ("own.corp.example", A): address(OTHER_SERVER),
    ("relay.turn.example", A): address(TURN),
}
TWO_QUESTIONS = bytes.fromhex("0001 0100 0002 0000 0000 0000") + 2 * b"\x038x8\x02vc\x00\x00\x01\x00\x01"


@pytest.fixture(scope="module")
def names(lab: Lab) -> Iterator[NameServerOrigin]:
    """The gateway's resolv.conf and hosts file, and the name server that they lead to."""
    lab.gateway.etc("resolv.conf", f"nameserver {SERVER}\n")
    lab.gateway.etc("hosts", f"127.0.0.1 localhost\n{TURN} hosts.corp.example\n")
    with lab.server.serving(NameServerOrigin(RECORDS, host=SERVER)) as names:
        yield names


@pytest.fixture(scope="module")
def through(lab: Lab, names: NameServerOrigin, site: Callable[[str], Path]) -> Iterator[Proxy]:
    """DNS through tun, not filtered."""
    lab.gateway.nft(REDIRECT)
    modes = ("--mode", "transparent", "--mode", f"tun:{TUN}")
    with tierwall_in(lab.gateway, *modes, "--site", site(ADMIT)) as proxy, lab.through_tun("udp"):
        yield proxy


@pytest.fixture
def filtering(
    lab: Lab, names: NameServerOrigin, site: Callable[[str], Path], request: pytest.FixtureRequest
) -> Iterator[Proxy]:
    """Mode dns, which refuses denied names in the way of the test's parameter."""
    rules = f"{ADMIT}dns: filter\nrefuse: {{dns: {request.param}}}\n"
    with tierwall_in(lab.gateway, "--mode", f"dns@{GATEWAY}:53", "--site", site(rules)) as proxy:
        yield proxy


@pytest.mark.parametrize(
    ("name", "kind", "answer"),
    [
        ("8x8.vc", A, Answered("noerror", (BRIDGE,))),
        ("8x8.vc", AAAA, Answered("noerror", (SERVER_6,))),
        ("8x8.vc", TXT, Answered("noerror", ("026869",))),
        ("meet.8x8.vc", AAAA, Answered("noerror")),
        ("nobody.8x8.vc", A, Answered("nxdomain")),
        ("hosts.corp.example", A, Answered("noerror", (TURN,))),
        ("api.amplitude.com", A, Answered("noerror", (SERVER,))),
    ],
)
def test_through_tun_the_lab_answers_for_any_server(
    lab: Lab, through: Proxy, name: str, kind: int, answer: Answered
) -> None:
    assert lab.client.inside(lambda: ask(SOMEBODY, name, kind)) == answer


def test_what_is_no_single_question_is_a_format_error(lab: Lab, through: Proxy) -> None:
    assert lab.client.inside(lambda: exchange(SOMEBODY, TWO_QUESTIONS)) == Answered("formerr")


def test_a_name_that_was_asked_for_names_the_next_attempt(lab: Lab, through: Proxy) -> None:
    """Without it that attempt has an address only."""
    with lab.server.serving(TcpEchoOrigin(host=OTHER_SERVER, port=443)):
        before = watch(lab, through, lambda: lab.client.wait(lambda: half_close_session(Direct(), OTHER_SERVER, 443)))
        lab.client.inside(lambda: ask(SOMEBODY, "own.corp.example"))
        after = watch(lab, through, lambda: lab.client.wait(lambda: half_close_session(Direct(), OTHER_SERVER, 443)))

    assert before.event == denied(
        "address-only",
        stage="accept",
        refusal="reset",
        destination={"ip": OTHER_SERVER, "port": 443},
        network={"transport": "tcp"},
    )
    assert after.outcome.farewell == b"bye"
    assert after.event["tierwall"]["name_source"] == "dns"
    assert after.event["destination"] == {"domain": "own.corp.example", "ip": OTHER_SERVER, "port": 443}


def test_a_denied_name_that_was_asked_for_is_what_the_next_denial_breaks(lab: Lab, through: Proxy) -> None:
    lab.client.inside(lambda: ask(SOMEBODY, "api.amplitude.com"))

    happened = watch(lab, through, lambda: lab.client.wait(lambda: half_close_session(Direct(), SERVER, 443)))

    assert happened.event == denied(
        "tier-closed",
        stage="accept",
        refusal="reset",
        destination={"domain": "api.amplitude.com", "ip": SERVER, "port": 443},
        network={"transport": "tcp"},
        name_source="dns",
        **AMPLITUDE,
    )


def test_an_unlisted_name_does_not_close_an_admitted_network(lab: Lab, through: Proxy) -> None:
    """TURN servers are found by names that no document lists, and let in by their addresses."""
    with lab.server.serving(StunOrigin(host=TURN, port=50000)):
        lab.client.inside(lambda: ask(SOMEBODY, "relay.turn.example"))

        outcome = lab.client.wait(lambda: stun_binding(TURN, 50000))

    assert outcome.ok


@pytest.mark.parametrize(
    ("filtering", "answer"),
    [
        ("nxdomain", Answered("nxdomain")),
        ("refused", Answered("refused")),
        (f"sinkhole {SINKHOLE}", Answered("noerror", (SINKHOLE,))),
        ("drop", None),
    ],
    indirect=["filtering"],
)
def test_a_filtering_site_refuses_a_denied_name_in_its_way(
    lab: Lab, filtering: Proxy, names: NameServerOrigin, answer: Answered | None
) -> None:
    known = len(names.reached.targets)

    happened = watch(lab, filtering, lambda: lab.client.inside(lambda: ask(GATEWAY, "api.amplitude.com", limit_s=0.7)))

    assert happened.outcome == answer
    assert "api.amplitude.com" not in names.reached.targets[known:]
    assert happened.event == denied(
        "tier-closed",
        stage="dns",
        refusal=happened.event["tierwall"]["refusal"],
        destination={"domain": "api.amplitude.com", "port": 443},
        network={"transport": "tcp", "protocol": "dns"},
        name_source="dns",
        **AMPLITUDE,
    )


@pytest.mark.parametrize("filtering", ["nxdomain"], indirect=True)
def test_a_filtering_site_answers_for_what_it_admits(lab: Lab, filtering: Proxy) -> None:
    answers = [
        lab.client.inside(lambda name=name, kind=kind: ask(GATEWAY, name, kind))
        for name, kind in [("8x8.vc", A), ("8x8.vc", TXT), ("hosts.corp.example", A), ("nobody.8x8.vc", A)]
    ]

    assert answers == [
        Answered("noerror", (BRIDGE,)),
        Answered("noerror", ("026869",)),
        Answered("noerror", (TURN,)),
        Answered("nxdomain"),
    ]
