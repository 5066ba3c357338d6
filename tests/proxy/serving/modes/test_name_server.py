"""The lab's own DNS: what it refuses, what it says instead, and what it remembers."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address

import pytest
from mitmproxy import dns
from mitmproxy.net.dns import classes, response_codes, types
from mitmproxy.test.tflow import tdnsflow
from mitmproxy.test.tutils import tdnsreq

from tests.policy.catalogues import CATALOGUE, listed
from tests.support.endpoints import Told
from tierwall.policy.behaviour import CaptivePortal, SplitDns
from tierwall.policy.model import Address
from tierwall.policy.site import DnsMode, DnsRefusal, Refusals, Site
from tierwall.proxy.serving.modes.name_server import PORTALS_ADDRESS, NameServer
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.destinations import Destinations
from tierwall.proxy.state.recorder import Recorder

INSIDE, ANSWER = ip_address("10.0.0.5"), ip_address("192.0.2.1")
SITE = Site(id="lab", admit=(listed("a.example", on=["udp/3478"]),), dns=DnsMode.FILTER)


class Paths:
    """A kernel that takes up addresses, or does not."""

    def __init__(self, *, takes: bool = True) -> None:
        self.takes = takes
        self.led: list[tuple[str, list[Address]]] = []

    async def led_to(self, name: str, answers: Sequence[tuple[Address, float]]) -> bool:
        self.led.append((name, [address for address, _ in answers]))
        return self.takes


class Served:
    """A name server of a site, asked by a client in mode dns."""

    def __init__(self, site: Site = SITE, paths: Paths | None = None) -> None:
        policy = ActivePolicy(site, CATALOGUE)
        self.told, self.destinations = Told(), Destinations()
        self._server = NameServer(policy, self.destinations, Recorder(self.told, policy, everything=False), paths)

    def ask(self, *names: str, kind: int = types.A) -> dns.DNSMessage | None:
        """What is answered in the place of a resolver; None: it may be asked."""
        flow = tdnsflow(req=tdnsreq(questions=[dns.Question(name, kind, classes.IN) for name in names]))
        flow.response = flow.request.fail(response_codes.REFUSED)
        asyncio.run(self._server.answer(flow))
        response: dns.DNSMessage | None = flow.response
        return response

    def answered(self, name: str) -> dns.DNSMessage | None:
        """What the client gets of the resolver's answer."""
        flow = tdnsflow(req=tdnsreq(questions=[dns.Question(name, types.A, classes.IN)]))
        flow.response = flow.request.succeed([dns.ResourceRecord(name, types.A, classes.IN, 32, ANSWER.packed)])
        asyncio.run(self._server.answered(flow))
        response: dns.DNSMessage | None = flow.response
        return response


def test_what_is_listed_is_the_resolvers_to_answer_whatever_its_port() -> None:
    served = Served()

    assert served.ask("A.example") is None
    assert served.told.events == []


@pytest.mark.parametrize(("kind", "answered"), [(types.A, [PORTALS_ADDRESS.packed]), (types.AAAA, [])])
def test_a_captive_portals_own_name_leads_here_although_nobody_lists_it(kind: int, answered: list[bytes]) -> None:
    served = Served(replace(SITE, behaviours=(CaptivePortal(),)))

    answer = served.ask("Portal.Tierwall.test", kind=kind)

    assert answer is not None
    assert (answer.response_code, [record.data for record in answer.answers]) == (response_codes.NOERROR, answered)
    assert served.told.events == []


@pytest.mark.parametrize(
    ("refusal", "code", "sinkhole"),
    [
        (DnsRefusal.NXDOMAIN, response_codes.NXDOMAIN, None),
        (DnsRefusal.REFUSED, response_codes.REFUSED, None),
        (DnsRefusal.SINKHOLE, response_codes.NOERROR, INSIDE),
    ],
)
def test_what_is_not_is_refused_as_the_site_wants(refusal: DnsRefusal, code: int, sinkhole: Address | None) -> None:
    served = Served(replace(SITE, refuse=Refusals(dns=refusal, sinkhole=sinkhole)))

    answer = served.ask("evil.example")

    assert answer is not None
    assert answer.response_code == code
    assert [record.data for record in answer.answers] == ([sinkhole.packed] if sinkhole else [])
    assert (served.told.only.event.action, served.told.only.tierwall.refusal) == ("denied", str(refusal))


def test_a_sinkhole_has_no_address_of_another_family() -> None:
    served = Served(replace(SITE, refuse=Refusals(dns=DnsRefusal.SINKHOLE, sinkhole=INSIDE)))

    answer = served.ask("evil.example", kind=types.AAAA)

    assert answer is not None
    assert (answer.response_code, answer.answers) == (response_codes.NOERROR, [])


def test_where_a_site_does_not_filter_every_name_may_be_asked() -> None:
    assert Served(replace(SITE, dns=DnsMode.ANSWER)).ask("evil.example") is None


@pytest.mark.parametrize("names", [(), ("a.example", "evil.example")])
def test_there_is_one_question_or_a_format_error(names: tuple[str, ...]) -> None:
    answer = Served().ask(*names)

    assert answer is not None
    assert answer.response_code == response_codes.FORMERR


def test_split_dns_answers_itself() -> None:
    served = Served(replace(SITE, behaviours=(SplitDns(answers=(("a.example", (INSIDE,)),)),)))

    answer = served.ask("a.example")

    assert answer is not None
    assert [record.data for record in answer.answers] == [INSIDE.packed]
    assert served.told.only.tierwall.behaviour == "split-dns"


def test_an_answer_is_remembered_before_its_client_has_it() -> None:
    paths = Paths()
    served = Served(paths=paths)

    assert served.answered("a.example") is not None
    assert served.destinations.name_of(ANSWER) == "a.example"
    assert paths.led == [("a.example", [ANSWER])]


def test_where_the_kernel_does_not_take_it_up_the_client_asks_again() -> None:
    answer = Served(paths=Paths(takes=False)).answered("a.example")

    assert answer is not None
    assert answer.response_code == response_codes.SERVFAIL
