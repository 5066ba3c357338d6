"""Access rules in an order: the first one whose conditions all hold decides, as in Squid's `http_access`.

Knows what a condition looks at (host, address, port, method) and what a rule says; who evaluates them is deciding.py's,
how a product writes them is the loader's. What a rule looks at besides (users, times, helpers) is `Assumed`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from tierwall.policy.dialect import Dialect
from tierwall.policy.model import Network, Ports


class Decision(StrEnum):
    """What a rule decides."""

    ALLOW = "allow"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Hosts:
    """The destination is named by one of these spellings, as that dialect reads them."""

    spellings: tuple[str, ...]
    dialect: Dialect


@dataclass(frozen=True, slots=True)
class Expressions:
    """One of these regular expressions, in the syntax of RE2, is found in the destination's name."""

    minding_case: tuple[str, ...]
    ignoring_case: tuple[str, ...]
    whole_url: bool = False
    """Found in the URL instead: `host:port` of a tunnel, `http://host:port/` of plain HTTP, as if it had no path."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """The destination's address is in one of these networks; not known before a name is resolved."""

    networks: tuple[Network, ...]


@dataclass(frozen=True, slots=True)
class OnPorts:
    """The destination's port is one of these."""

    ports: tuple[Ports, ...]


@dataclass(frozen=True, slots=True)
class Tunnelled:
    """The client asked for a tunnel (CONNECT), or did not: plain HTTP."""

    tunnel: bool


@dataclass(frozen=True, slots=True)
class Assumed:
    """What cannot be followed here (the client, a user, the time, a helper): taken as true."""

    what: str


@dataclass(frozen=True, slots=True)
class Never:
    """What is never true."""


@dataclass(frozen=True, slots=True)
class Together:
    """Several conditions, all of which must hold."""

    conditions: tuple["Condition", ...]


_DESTINATIONS = (Hosts, Expressions, Addresses)

type Test = Hosts | Expressions | Addresses | OnPorts | Tunnelled | Assumed | Never | Together


@dataclass(frozen=True, slots=True, eq=False)
class AccessList:
    """Tests under a name, one of which must hold. Compared by identity: a name may be used in many rules."""

    name: str
    tests: tuple[Test, ...]
    place: str
    """Where it stands, for messages: `squid.conf:12`; `built in` for what the product has by itself."""


@dataclass(frozen=True, slots=True)
class Condition:
    """An access list that must hold, or must not."""

    of: AccessList
    negated: bool = False

    def __str__(self) -> str:
        return f"!{self.of.name}" if self.negated else self.of.name


@dataclass(frozen=True, slots=True)
class AccessRule:
    """One line: what it decides where all of its conditions hold."""

    decision: Decision
    conditions: tuple[Condition, ...]
    place: str

    def __str__(self) -> str:
        return " ".join((self.decision, *map(str, self.conditions)))

    @property
    def names_destinations(self) -> bool:
        """Whether it is about certain destinations: it names hosts or networks that must be meant."""
        return any(_is_a(condition, *_DESTINATIONS) for condition in self.conditions)

    @property
    def closes_ports(self) -> bool:
        """Whether it looks at ports and at no destination."""
        return not any(_looks_at(condition, *_DESTINATIONS) for condition in self.conditions) and any(
            _looks_at(condition, OnPorts) for condition in self.conditions
        )


class TlsDecision(StrEnum):
    """What becomes of TLS: relayed as it is, opened, or cut when its ClientHello has come."""

    SPLICE = "splice"
    BUMP = "bump"
    TERMINATE = "terminate"


@dataclass(frozen=True, slots=True)
class TlsRule:
    """One line about TLS."""

    decision: TlsDecision
    conditions: tuple[Condition, ...]
    place: str

    names_destinations = True
    """All that rules about TLS look at."""
    closes_ports = False

    def __str__(self) -> str:
        return " ".join((self.decision, *map(str, self.conditions)))


@dataclass(frozen=True, slots=True)
class AccessRules:
    """All rules in their order, and what holds where none of them does."""

    rules: tuple[AccessRule, ...]
    otherwise: Decision

    tls: tuple["TlsRule", ...] = ()
    """What becomes of TLS that is let through, in their order: Squid's `ssl_bump`."""

    def lists(self) -> Iterator[AccessList]:
        """Every access list that a rule uses, once, in the order of the rules."""
        seen: dict[AccessList, None] = {}
        conditions = [each for rule in self.rules for each in rule.conditions]
        conditions += [each for rule in self.tls for each in rule.conditions]
        for condition in conditions:
            for used in _used(condition.of):
                seen.setdefault(used)
        yield from seen


def _used(of: AccessList) -> Iterator[AccessList]:
    yield of
    for test in of.tests:
        if isinstance(test, Together):
            for condition in test.conditions:
                yield from _used(condition.of)


def _looks_at(condition: Condition, *kinds: type) -> bool:
    return any(isinstance(test, kinds) for used in _used(condition.of) for test in used.tests)


def _is_a(condition: Condition, *kinds: type) -> bool:
    return not condition.negated and _looks_at(condition, *kinds)
