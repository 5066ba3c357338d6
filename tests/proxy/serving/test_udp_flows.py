"""A flow of UDP is judged by its first datagrams, and again by whatever names it says later."""

from dataclasses import replace
from ipaddress import ip_address

from mitmproxy.connection import Server
from mitmproxy.proxy.context import Context

from tests.policy.catalogues import CATALOGUE, listed
from tests.support.endpoints import Told
from tests.support.layers import context
from tierwall.events import ClosedBy
from tierwall.policy.attempt import NameSource, Seen
from tierwall.policy.behaviour import NoQuic, UdpTimeout
from tierwall.policy.behaviour.parameters import Seconds
from tierwall.policy.model import Transport
from tierwall.policy.site import Site
from tierwall.proxy.mitmproxy.datagram_layer import FirstFlight, Flow
from tierwall.proxy.serving.udp_flows import Flows
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.destinations import Destinations
from tierwall.proxy.state.recorder import Recorder

SITE = Site(id="lab", admit=(listed("a.example", "b.example", "192.0.2.0/24", on=["udp/443"]),))
HELLO = FirstFlight(Seen.QUIC, ("a.example",))
EVIL = FirstFlight(Seen.QUIC, ("evil.example",))


class OneFlow:
    """A flow to 192.0.2.1:443, and what is told of it."""

    def __init__(self, site: Site = SITE) -> None:
        self.policy, self.told = ActivePolicy(site, CATALOGUE), Told()
        self.flows = Flows(self.policy, Destinations(), Recorder(self.told, self.policy, everything=True))
        self.context: Context = context("tun")
        self.context.server = Server(address=("192.0.2.1", 443), transport_protocol="udp")

    def begins(self, first: FirstFlight) -> bool:
        """Whether it is dialled."""
        self.flows.flow_begins(self.context, first)
        attempt = self.flows.attempt(self.context.client, self.context.server)
        assert attempt is not None
        verdict = self.policy.judge(attempt)
        return verdict.passes and self.flows.begins(self.context.client, attempt, verdict)

    @property
    def actions(self) -> list[str]:
        """What was told so far."""
        return [str(event.event.action) for event in self.told.events]


def test_its_first_datagrams_say_what_it_is_for() -> None:
    flow = OneFlow()
    flow.flows.flow_begins(flow.context, replace(HELLO, names=("a.example", "b.example")))

    attempt = flow.flows.attempt(flow.context.client, flow.context.server)

    assert attempt is not None
    assert (attempt.transport, attempt.port, attempt.address) == (Transport.UDP, 443, ip_address("192.0.2.1"))
    assert [(name.source, name.value) for name in attempt.names] == [
        (NameSource.SNI, "a.example"),
        (NameSource.SNI, "b.example"),
    ]


def test_what_is_no_flow_of_ours_has_no_attempt() -> None:
    flow = OneFlow()

    assert flow.flows.attempt(flow.context.client, flow.context.server) is None


def test_it_is_told_when_it_begins_and_with_what_passed_when_it_ends() -> None:
    flow = OneFlow()

    assert flow.begins(HELLO)
    flow.flows.flow_ends(flow.context, Flow(sent=5, received=7), ClosedBy.SERVER)
    flow.flows.flow_ends(flow.context, Flow(), ClosedBy.SERVER)

    assert flow.actions == ["allowed", "closed"]


def test_a_denied_name_in_a_standing_flow_goes_nowhere_and_is_told_once() -> None:
    flow = OneFlow()
    flow.begins(HELLO)

    assert flow.flows.flow_says(flow.context, replace(HELLO, names=("b.example",)))
    assert not flow.flows.flow_says(flow.context, EVIL)
    assert not flow.flows.flow_says(flow.context, EVIL)

    assert flow.actions == ["allowed", "denied"]


def test_of_names_that_a_client_makes_up_only_so_many_are_told() -> None:
    flow = OneFlow()
    flow.begins(HELLO)

    for number in range(200):
        assert not flow.flows.flow_says(flow.context, replace(EVIL, names=(f"n{number}.evil.example",)))

    assert flow.actions.count("denied") == 64


def test_a_hello_that_was_never_finished_is_a_denial() -> None:
    flow = OneFlow()

    flow.flows.flow_unfinished(flow.context, FirstFlight(Seen.QUIC, malformed="not finished"))

    assert flow.told.only.event.reason == "malformed"


def test_a_behaviour_stops_it_before_it_is_dialled() -> None:
    flow = OneFlow(replace(SITE, behaviours=(NoQuic(),)))

    assert not flow.begins(HELLO)
    assert flow.actions == ["broken"]


def test_another_site_makes_a_standing_flow_be_forgotten_sooner() -> None:
    flow = OneFlow()
    flow.begins(HELLO)
    assert flow.flows.forgets_after(flow.context) is None

    flow.policy.replace(replace(SITE, behaviours=(UdpTimeout(after=Seconds(5)),)), CATALOGUE)

    assert flow.flows.forgets_after(flow.context) == 5.0
    flow.flows.flow_forgotten(flow.context, "nothing comes")
    assert flow.actions == ["allowed", "broken"]


def test_of_a_client_that_is_gone_nothing_is_kept() -> None:
    flow = OneFlow()
    flow.begins(HELLO)

    flow.flows.forget(flow.context.client)

    assert flow.flows.attempt(flow.context.client, flow.context.server) is None
    assert flow.flows.forgets_after(flow.context) is None
