"""Between a name and the address that is dialled: what a behaviour answers, and what stays on the list."""

import asyncio
from dataclasses import dataclass, replace
from ipaddress import ip_address

import pytest

from tests.policy.catalogues import CATALOGUE, connect, everything
from tests.support.endpoints import Told
from tierwall.policy.attempt import Attempt
from tierwall.policy.behaviour import Behaviour, DnsAnswer, DnsFilter, SplitDns, StaleAddresses
from tierwall.policy.model import Address
from tierwall.policy.site import Site
from tierwall.proxy.connection.dial import Broken
from tierwall.proxy.middlebox.resolution import AtResolution
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.destinations import Destination, Destinations
from tierwall.proxy.state.recorder import Caller, Recorder

HOST = "8x8.vc"
INSIDE, OUTSIDE, LATER = ip_address("10.0.0.5"), ip_address("192.0.2.1"), ip_address("192.0.2.2")


@dataclass
class Names(Destinations):
    """A resolver that says what a test has it say."""

    leads_to: tuple[Address, ...] = (OUTSIDE,)

    async def find(self, host: str | Address, port: int) -> Destination:
        return Destination(self.leads_to, port)


class Looking:
    """One look after the other, by one proxy."""

    def __init__(self, *behaviours: Behaviour) -> None:
        self.policy = ActivePolicy(Site(id="lab", admit=(everything(),), behaviours=behaviours), CATALOGUE)
        self.told, self.names = Told(), Names()
        self.at = AtResolution(self.policy, self.names, Recorder(self.told, self.policy, everything=False))

    def find(self, attempt: Attempt | None = None, host: str | Address = HOST) -> Destination | Broken | None:
        """What it comes to; None where no behaviour looks."""
        attempt = attempt or connect(HOST)
        look = self.at.look(Caller(ip_address("10.0.0.7"), 1), attempt, self.policy.judge(attempt))
        return None if look is None else asyncio.run(_of(look(host, 443)))


async def _of(found: object) -> Destination | Broken:
    return await found  # type: ignore[misc,no-any-return]


def test_without_such_a_behaviour_nobody_looks() -> None:
    assert Looking().find() is None


@pytest.mark.parametrize(("answer", "silent"), [(DnsAnswer.NXDOMAIN, False), (DnsAnswer.DROP, True)])
def test_a_filter_leaves_nothing_to_dial(answer: DnsAnswer, silent: bool) -> None:
    found = Looking(DnsFilter(answer=answer)).find()

    assert isinstance(found, Broken)
    assert found.silent is silent


def test_split_dns_leads_inside_and_is_told_once() -> None:
    looking = Looking(SplitDns(answers=((HOST, (INSIDE,)),)))

    assert looking.find() == Destination((INSIDE,), 443)
    assert looking.find() == Destination((INSIDE,), 443)
    assert looking.told.only.tierwall.behaviour == "split-dns"


def test_a_list_of_addresses_stays_what_it_was_when_the_name_moves() -> None:
    looking = Looking(StaleAddresses())

    assert looking.find() == Destination((OUTSIDE,), 443)
    looking.names.leads_to = (LATER, OUTSIDE)
    assert looking.find() == Destination((OUTSIDE,), 443)
    looking.names.leads_to = (LATER,)
    moved = looking.find()
    assert isinstance(moved, Broken)
    assert moved.detail == f"{HOST} is at {LATER} now; the allowlist has {OUTSIDE}"


def test_an_address_that_the_client_looked_up_itself_is_on_the_list_of_its_first_use() -> None:
    looking = Looking(StaleAddresses())
    chosen = replace(connect(HOST), address=LATER)

    assert looking.find(chosen, LATER) == Destination((OUTSIDE,), 443)
    pinned = looking.names.pins.of(HOST)
    assert pinned is not None
    assert (pinned.addresses, pinned.found) == (frozenset({OUTSIDE, LATER}), frozenset({OUTSIDE}))
