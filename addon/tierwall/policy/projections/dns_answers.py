"""What a site's behaviours make of a question for a name's addresses: an answer of their own, or none.

Knows verdicts and the site's lists. How an answer is shown, as a DNS message or as a look-up that fails, is proxy's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from tierwall.policy.attempt import Attempt, Effect, GivenName, NameSource, Seen
from tierwall.policy.behaviour import DnsAnswer, DnsFilter, SplitDns
from tierwall.policy.effects import HTTPS_PORT
from tierwall.policy.match.compiled import compiled_of
from tierwall.policy.model import Address, Catalogue, Transport
from tierwall.policy.site import Site


@dataclass(frozen=True, slots=True)
class Answer:
    """What the site's resolver says instead of what DNS says."""

    effect: Effect
    name: str
    how: DnsAnswer
    addresses: tuple[Address, ...] = ()
    """With `address`, and only with it."""

    @property
    def detail(self) -> str:
        """One clause for people."""
        match self.how:
            case DnsAnswer.NXDOMAIN:
                return f"the resolver says that {self.name} does not exist"
            case DnsAnswer.REFUSED:
                return f"the resolver refuses to answer for {self.name}"
            case DnsAnswer.DROP:
                return f"the resolver never answers for {self.name}"
            case DnsAnswer.ADDRESS:
                return f"the resolver answers {', '.join(map(str, self.addresses))} for {self.name}"
            case _:
                assert_never(self.how)


def answer_to(effects: tuple[Effect, ...], name: str) -> Answer | None:
    """The answer of the first behaviour that has one; None where the name leads where DNS says."""
    for effect in effects:
        match effect.behaviour:
            case DnsFilter(answer=how, address=address):
                return Answer(effect, name, how, () if address is None else (address,))
            case SplitDns(answers=answers):
                inside = dict[str, tuple[Address, ...]](answers).get(name)
                if inside:
                    return Answer(effect, name, DnsAnswer.ADDRESS, inside)
            case _:
                pass
    return None


def uses_of(site: Site, catalogue: Catalogue, name: str) -> Iterator[Attempt]:
    """What a question for a name's addresses may be asked for: HTTPS, then whatever else the site lists the name with.

    A question has no port yet, and a TURN server's name is admitted on UDP alone.
    """
    listed = compiled_of(site, catalogue).admitted.find(name)
    elsewhere = ((ports.transport, ports.first) for hit in listed if hit.covers for ports in hit.payload.ports)
    for transport, port in dict.fromkeys(((Transport.TCP, HTTPS_PORT), *elsewhere)):
        yield Attempt(transport=transport, port=port, names=(GivenName(NameSource.DNS, name),), seen=Seen.DNS)
