"""UDP flows that never begin, and those that are forgotten."""

from collections.abc import Sequence
from ipaddress import ip_address

import pytest
from mitmproxy.test.tflow import tclient_conn

from tests.policy.catalogues import CATALOGUE
from tests.support.endpoints import Told
from tierwall.policy.attempt import Action, Attempt, Effect, Verdict
from tierwall.policy.behaviour import Behaviour, Buffering, NoQuic, NoUdp, UdpTimeout
from tierwall.policy.behaviour.parameters import Seconds
from tierwall.policy.model import Transport
from tierwall.policy.site import Site
from tierwall.proxy.middlebox.datagrams import AtDatagrams, forgets_after
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.recorder import Recorder

ATTEMPT = Attempt(transport=Transport.UDP, port=443, address=ip_address("192.0.2.1"))
SHORT, LONG = UdpTimeout(after=Seconds(5)), UdpTimeout(after=Seconds(30))


def verdict(behaviours: Sequence[Behaviour]) -> Verdict:
    return Verdict(action=Action.ALLOW, effects=tuple(Effect(each, ()) for each in behaviours))


def at_datagrams() -> tuple[AtDatagrams, Told]:
    told = Told()
    return AtDatagrams(Recorder(told, ActivePolicy(Site(id="lab"), CATALOGUE), everything=False)), told


@pytest.mark.parametrize(("behaviour", "name"), [(NoUdp(), "no-udp"), (NoQuic(), "no-quic")])
def test_what_does_not_pass_is_stopped_and_told(behaviour: Behaviour, name: str) -> None:
    at, told = at_datagrams()

    assert at.stops(tclient_conn(), ATTEMPT, verdict([behaviour]))
    assert (told.only.tierwall.behaviour, told.only.tierwall.refusal) == (name, "drop")


def test_what_others_do_stops_no_flow() -> None:
    at, told = at_datagrams()

    assert not at.stops(tclient_conn(), ATTEMPT, verdict([SHORT, Buffering()]))
    assert told.events == []


def test_a_flow_that_was_forgotten_is_told_with_what_came_then() -> None:
    at, told = at_datagrams()

    at.forgotten(tclient_conn(), ATTEMPT, verdict([SHORT]), "what the server sends goes nowhere")

    assert told.only.tierwall.detail == (
        "nothing passed for 5 s, and the flow was forgotten; what the server sends goes nowhere"
    )


@pytest.mark.parametrize(
    ("behaviours", "after"), [([], None), ([LONG, SHORT], 5.0), ([LONG, NoUdp()], 0.0), ([Buffering()], None)]
)
def test_the_shortest_silence_forgets(behaviours: Sequence[Behaviour], after: float | None) -> None:
    assert forgets_after(verdict(behaviours)) == after
