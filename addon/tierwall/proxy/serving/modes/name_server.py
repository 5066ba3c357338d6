"""The lab's own DNS: mode dns, and port 53 of whatever server a client of tun or wireguard asks.

Knows DNS messages and mitmproxy's resolver. Refuses to decide: with `dns: filter` a name is judged as HTTPS to it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import Final, Protocol, assert_never

from mitmproxy import connection, ctx, dns
from mitmproxy.net.dns import classes, op_codes, response_codes, types
from mitmproxy.proxy import mode_specs

from tierwall.events import Stage
from tierwall.policy.attempt import Attempt, NameSource, Reason, Seen
from tierwall.policy.behaviour import CaptivePortal, DnsAnswer
from tierwall.policy.hostname import InvalidHost, normalise
from tierwall.policy.model import Address
from tierwall.policy.projections.dns_answers import Answer, answer_to, uses_of
from tierwall.policy.site import DnsMode, DnsRefusal, Refusals
from tierwall.proxy.connection.attempts import named
from tierwall.proxy.mitmproxy.clients import caller_of
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.breakage import Breakage
from tierwall.proxy.state.destinations import Destinations
from tierwall.proxy.state.recorder import Recorder

PORT: Final = 53

PORTALS_ADDRESS: Final = ip_address("192.0.2.1")
"""Where the lab's DNS leads a captive portal's own name: for documentation (RFC 5737), so that nobody has it and a
gateway's clients send it to the gateway."""

LED_HERE: Final = (mode_specs.WireGuardMode, mode_specs.TunMode, mode_specs.LocalMode)
"""Modes whose clients' packets come here whatever server they are meant for; port 53 is always DNS there."""

_SILENT: Final = "tierwall: no answer"
_TTL_S: Final = 60
"""Of answers that are the site's own."""


class Paths(Protocol):
    """Who has to know where a name leads before the client does."""

    async def led_to(self, name: str, answers: Sequence[tuple[Address, float]]) -> bool:
        """An answer gives these addresses, with their TTL in seconds: whether the client may have it now."""


class NameServer:
    """Answers, refuses, and remembers which addresses it gave for which name."""

    def __init__(
        self, active_policy: ActivePolicy, destinations: Destinations, recorder: Recorder, paths: Paths | None = None
    ) -> None:
        self._active_policy, self._destinations, self._recorder = active_policy, destinations, recorder
        self._paths = paths

    async def answer(self, dns_flow: dns.DNSFlow) -> None:
        """Refuse the question or answer it. What raises in here leaves the refusal that the flow came with."""
        request = dns_flow.request
        question = request.question
        if question is None:  # RFC 9619 section 3: more than one question is a format error, and so is none
            dns_flow.response = request.fail(response_codes.FORMERR)
        elif self._is_portals(question.name):
            _say(dns_flow, DnsAnswer.ADDRESS, (PORTALS_ADDRESS,))
        elif self._is_refused(dns_flow, question.name):
            _refuse(dns_flow, self._active_policy.site.refuse)
        elif (answer := self._instead(dns_flow, question.name)) is not None:
            _say(dns_flow, answer.how, answer.addresses)
        elif isinstance(dns_flow.client_conn.proxy_mode, mode_specs.DnsMode):
            dns_flow.response = None  # mitmproxy's resolver is next
        else:
            await self._resolve(dns_flow, question)

    async def answered(self, dns_flow: dns.DNSFlow) -> None:
        """Remember which addresses our own DNS gave for a name, before the client knows them; where it is to be silent,
        take the answer back."""
        question = dns_flow.request.question
        if dns_flow.metadata.pop(_SILENT, False):
            dns_flow.response = None
        answer = dns_flow.response
        if question is None or answer is None:
            return
        try:
            name = normalise(question.name)
        except InvalidHost:
            return
        if not isinstance(name, str):
            return
        found = [
            (ip_address(record.data), record.ttl) for record in answer.answers if record.type in (types.A, types.AAAA)
        ]
        for address, ttl_s in found:
            self._destinations.learn(address, name, ttl_s)
        if self._paths is not None:
            # What raises from here on leaves the client with the advice to ask again.
            dns_flow.response = dns_flow.request.fail(response_codes.SERVFAIL)
            if await self._paths.led_to(name, found):
                dns_flow.response = answer

    def asks(self, client: connection.Client, server: connection.Server) -> bool:
        """Whether this dial is our own DNS asking its name server, for a record that is no address."""
        if server.address is None:
            return False
        if isinstance(client.proxy_mode, mode_specs.DnsMode):
            return True
        if server.transport_protocol != "udp" and not isinstance(client.proxy_mode, LED_HERE):
            return False  # there, TCP to port 53 may be anything
        return client.sockname[1] == PORT and server.address[:2] in [(host, PORT) for host in _name_servers()]

    def _is_portals(self, asked: str) -> bool:
        """Whether it is a captive portal's own host: that is here, whatever the site admits and whoever else has it."""
        hosts = {each.portal for each in self._active_policy.site.behaviours if isinstance(each, CaptivePortal)}
        try:
            return bool(hosts) and normalise(asked) in hosts
        except InvalidHost:
            return False

    def _is_refused(self, dns_flow: dns.DNSFlow, name: str) -> bool:
        if self._active_policy.site.dns is not DnsMode.FILTER:
            return False
        attempt = _asked(name)
        verdict = self._active_policy.judge(attempt)
        # A name that is listed for other ports (TURN on UDP) must resolve; its port is judged when it is used.
        if verdict.reason is None or verdict.reason is Reason.PORT_CLOSED:
            return False
        how = str(self._active_policy.site.refuse.dns)
        self._recorder.decided(caller_of(dns_flow.client_conn), attempt, verdict, Stage.DNS, how)
        return not verdict.passes

    def _instead(self, dns_flow: dns.DNSFlow, asked: str) -> Answer | None:
        """What a behaviour of the site answers in place of DNS."""
        site, catalogue = self._active_policy.site, self._active_policy.catalogue
        if not site.behaviours:
            return None
        try:
            name = normalise(asked)
        except InvalidHost:
            return None
        if not isinstance(name, str):
            return None
        for attempt in uses_of(site, catalogue, name):
            verdict = self._active_policy.judge(attempt)
            if (answer := answer_to(verdict.effects, name)) is not None:
                told = Breakage(attempt, verdict, answer.effect, Stage.DNS, answer.detail, str(answer.how))
                self._recorder.broken_once(caller_of(dns_flow.client_conn), told)
                return answer
        return None

    async def _resolve(self, dns_flow: dns.DNSFlow, question: dns.Question) -> None:
        """As mitmproxy's resolver does for its dns mode, whichever server the client meant to ask."""
        is_query = dns_flow.request.query and dns_flow.request.op_code == op_codes.QUERY
        if is_query and question.class_ == classes.IN and question.type in (types.A, types.AAAA):
            dns_flow.response = await ctx.master.addons.get("dnsresolver").resolve(dns_flow.request)
        elif servers := _name_servers():
            dns_flow.server_conn.address = (servers[0], PORT)
            dns_flow.response = None
        else:
            dns_flow.response = dns_flow.request.fail(response_codes.SERVFAIL)


def _name_servers() -> list[str]:
    return list(ctx.master.addons.get("dnsresolver").name_servers())


def _asked(name: str) -> Attempt:
    """A name in DNS has no port yet: it is judged as HTTPS, which every name of the catalogue serves."""
    return replace(named(NameSource.DNS, name, 443, Destinations()), seen=Seen.DNS)


def _refuse(dns_flow: dns.DNSFlow, wants: Refusals) -> None:
    _say(dns_flow, _AS_ANSWER[wants.dns], () if wants.sinkhole is None else (wants.sinkhole,))


_AS_ANSWER: Final = {
    DnsRefusal.NXDOMAIN: DnsAnswer.NXDOMAIN,
    DnsRefusal.REFUSED: DnsAnswer.REFUSED,
    DnsRefusal.SINKHOLE: DnsAnswer.ADDRESS,
    DnsRefusal.DROP: DnsAnswer.DROP,
}


def _say(dns_flow: dns.DNSFlow, how: DnsAnswer, addresses: Sequence[Address]) -> None:
    request = dns_flow.request
    match how:
        case DnsAnswer.NXDOMAIN:
            dns_flow.response = request.fail(response_codes.NXDOMAIN)
        case DnsAnswer.REFUSED:
            dns_flow.response = request.fail(response_codes.REFUSED)
        case DnsAnswer.ADDRESS:
            dns_flow.response = request.succeed(list(_records(request, addresses)))
        case DnsAnswer.DROP:
            dns_flow.metadata[_SILENT] = True  # a killed flow would be answered with SERVFAIL
        case _:
            assert_never(how)


def _records(request: dns.DNSMessage, addresses: Sequence[Address]) -> Iterator[dns.ResourceRecord]:
    """None where the question is for another family, or for no address at all: the name exists, and has no such."""
    question = request.question
    for address in addresses:
        kind = types.A if address.version == 4 else types.AAAA
        if question is not None and question.type == kind:
            yield dns.ResourceRecord(name=question.name, type=kind, class_=classes.IN, ttl=_TTL_S, data=address.packed)
