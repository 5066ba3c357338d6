"""Behaviours of resolvers, and of firewalls that turn names into addresses and then forget that they did.

Knows specifications only; proxy/middlebox/resolution.py and stale_addresses.py act.
"""

from dataclasses import dataclass
from typing import ClassVar

from tierwall.policy.behaviour.parameters import Answers, Cut, DnsAnswer, Seconds
from tierwall.policy.behaviour.spec import BOTH_TRANSPORTS, EVERY_PROTOCOL, LASTING, Sees, Spec
from tierwall.policy.model import Address, Protocol, Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsFilter(Spec):
    """The resolver does not tell the addresses of these names, so that clients never connect.

    The lab's own DNS answers so (modes dns, tun, wireguard), and so do the proxy's own look-ups, where a client names
    its destination: a CONNECT gets 502 with the cause, or 504 after the dial's limit where the resolver says nothing.
    `--resolve` stands for the DNS outside: it does not change what is filtered, and says by address where a wrong
    answer leads.
    """

    NAME: ClassVar[str] = "dns-filter"
    SEES: ClassVar[Sees] = Sees.NAMES
    TRANSPORTS: ClassVar[frozenset[Transport]] = BOTH_TRANSPORTS
    HITS: ClassVar[frozenset[Protocol]] = EVERY_PROTOCOL

    answer: DnsAnswer = DnsAnswer.NXDOMAIN
    """What it says instead."""
    address: Address | None = None
    """With `answer: address`, and only with it: the sinkhole, or the wrong address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitDns(Spec):
    """Inside the network some names have other addresses than outside.

    In the lab's own DNS and in the proxy's own look-ups, as `dns-filter`. A private address is dialled only where the
    site admits its network.
    """

    NAME: ClassVar[str] = "split-dns"
    SEES: ClassVar[Sees] = Sees.NAMES
    TRANSPORTS: ClassVar[frozenset[Transport]] = BOTH_TRANSPORTS
    HITS: ClassVar[frozenset[Protocol]] = EVERY_PROTOCOL

    answers: Answers
    """Each name with its addresses inside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleAddresses(Spec):
    """An allowlist by address, made from names once: what the names move to is not on it, and standing tunnels are cut.

    A name's addresses are pinned when it is first used, until the proxy ends. A connection to none of them is refused
    as one that cannot be reached; in modes where the client chooses the address, it is that which must be pinned. A
    tunnel is cut when its name no longer leads to its address; what is inspected is not. Vendors warn of exactly this.
    What `--resolve` sends elsewhere never moves.
    """

    NAME: ClassVar[str] = "stale-addresses"
    SEES: ClassVar[Sees] = Sees.NAMES
    HITS: ClassVar[frozenset[Protocol]] = EVERY_PROTOCOL

    look: Seconds = Seconds(10.0)  # noqa: RUF009 - a number with a name
    """How often the name of a standing tunnel is looked up again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FqdnCacheExpiry(Spec):
    """A firewall that learned the name of an address from DNS forgets it while the connection stands, and cuts that.

    It learns the name again when the proxy's own DNS is asked again, and otherwise when a connection is dialled.
    """

    NAME: ClassVar[str] = "fqdn-cache-expiry"
    SEES: ClassVar[Sees] = Sees.NAMES
    HITS: ClassVar[frozenset[Protocol]] = LASTING

    after: Seconds
    """How long it remembers a name."""
    how: Cut = Cut.DROP
    """How the connection ends."""


OfNames = DnsFilter | SplitDns | StaleAddresses | FqdnCacheExpiry
