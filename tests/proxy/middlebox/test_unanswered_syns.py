"""A SYN that the gateway's kernel left unanswered is one event, however often it is sent."""

from dataclasses import replace
from ipaddress import ip_address

from tests.policy.catalogues import CATALOGUE, listed
from tests.support.endpoints import Told
from tierwall.gateway.nflog import Syn
from tierwall.policy.behaviour import DialBlackhole
from tierwall.policy.site import Site
from tierwall.proxy.middlebox.unanswered_syns import UnansweredSyns
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.destinations import Destinations
from tierwall.proxy.state.recorder import Recorder

SYN = Syn(ip_address("10.0.0.7"), 40_000, ip_address("192.0.2.1"), 443)
SITE = Site(id="lab", admit=(listed("192.0.2.0/24"),), behaviours=(DialBlackhole(),))


def told(site: Site, *syns: Syn) -> list[tuple[str, str | None, str | None]]:
    sink, policy = Told(), ActivePolicy(site, CATALOGUE)
    unanswered = UnansweredSyns(policy, Destinations(), Recorder(sink, policy, everything=True))
    for syn in syns:
        unanswered.tell(syn)
    return [(event.event.action, event.event.reason, event.tierwall.behaviour) for event in sink.events]


def test_what_would_be_let_through_is_broken() -> None:
    assert told(SITE, SYN) == [("broken", "behaviour", "dial-blackhole")]


def test_a_syn_that_is_sent_again_is_told_once_and_another_by_itself() -> None:
    assert len(told(SITE, SYN, SYN, replace(SYN, client_port=40_001), SYN)) == 2


def test_what_would_not_be_let_through_is_denied() -> None:
    assert told(SITE, replace(SYN, server=ip_address("198.51.100.1"))) == [("denied", "address-only", None)]


def test_without_the_behaviour_nothing_is_said_of_it() -> None:
    assert told(replace(SITE, behaviours=()), SYN) == []
