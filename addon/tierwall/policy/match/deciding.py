"""Access rules, made ready to be asked: which of them decides of a destination.

Knows hosts, addresses, ports and methods of an attempt; what a decision means for it is judge.py's. An access list with
a million names is looked up like any other list.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_network
from typing import TYPE_CHECKING, Final, assert_never

from tierwall.policy.access_rules import (
    AccessList,
    AccessRule,
    AccessRules,
    Addresses,
    Assumed,
    Condition,
    Decision,
    Expressions,
    Hosts,
    Never,
    OnPorts,
    Test,
    TlsDecision,
    TlsRule,
    Together,
    Tunnelled,
)
from tierwall.policy.attempt import Attempt, Seen
from tierwall.policy.dialect import SOME, NamePart, Part, Reading, Rejected, Shape, read
from tierwall.policy.match.index import HostIndex, NetworkIndex
from tierwall.policy.model import Address, Network

if TYPE_CHECKING:
    import re2

HTTP_PORT: Final = 80

MATCHER_OCTETS: Final = 8 * 1024**2
"""What the expressions of one access list may take when they are made ready."""


EVERYTHING: Final[tuple[tuple[str, Part], ...]] = (
    ("any host", Shape("any host", (SOME,))),
    *((str(network), network) for network in (ip_network("0.0.0.0/0"), ip_network("::/0"))),
)
"""Every host and every address, each with how messages call it."""


class BadExpression(ValueError):
    """A regular expression that cannot be read; the message says why."""


@dataclass(frozen=True, slots=True, eq=False)
class _Names:
    hosts: HostIndex[None]
    addresses: NetworkIndex[None]


class Decider:
    """Answers for one set of access rules."""

    __slots__ = ("_expressions", "_names", "_networks", "_rules")

    def __init__(self, rules: AccessRules) -> None:
        self._rules = rules
        self._names: dict[int, _Names] = {}
        self._networks: dict[int, NetworkIndex[None]] = {}
        self._expressions: dict[int, tuple[re2._Regexp[str], ...]] = {}
        for used in rules.lists():
            for test in used.tests:
                self._make_ready(test)

    @property
    def opens_tls(self) -> bool:
        """Whether its rules open any TLS."""
        return any(rule.decision is TlsDecision.BUMP for rule in self._rules.tls)

    def admits(self, value: str | Address | None, attempt: Attempt) -> bool:
        """Whether the rules let the attempt through to the name or address."""
        rule = self.deciding(value, attempt)
        if (self._rules.otherwise if rule is None else rule.decision) is Decision.DENY:
            return False
        cut = self.tls(value, attempt) if attempt.seen is Seen.TLS else None
        return cut is None or cut.decision is not TlsDecision.TERMINATE

    def deciding(self, value: str | Address | None, attempt: Attempt) -> AccessRule | None:
        """The rule that decides of it; None where none does.

        An address that is not known yet holds for a rule that allows, and does not for one that denies: the attempt is
        judged again when its name has been resolved.
        """
        for rule in self._rules.rules:
            if all(self._holds(condition, value, attempt, rule.decision) for condition in rule.conditions):
                return rule
        return None

    def tls(self, value: str | Address | None, attempt: Attempt) -> TlsRule | None:
        """The rule about TLS that holds of it; None where none does, or where it is no TLS."""
        if attempt.seen not in {Seen.TLS, Seen.QUIC, None}:
            return None
        for rule in self._rules.tls:
            if all(self._matches(each.of, value, attempt) is not each.negated for each in rule.conditions):
                return rule
        return None

    def _holds(self, condition: Condition, value: str | Address | None, attempt: Attempt, decision: Decision) -> bool:
        found = self._matches(condition.of, value, attempt)
        if found is None:
            return decision is Decision.ALLOW
        return found is not condition.negated

    def _matches(self, of: AccessList, value: str | Address | None, attempt: Attempt) -> bool | None:
        unknown = False
        for test in of.tests:
            found = self._test(test, value, attempt)
            if found:
                return True
            unknown = unknown or found is None
        return None if unknown else False

    def _test(self, test: Test, value: str | Address | None, attempt: Attempt) -> bool | None:
        match test:
            case Hosts():
                return self._named(test, value)
            case Expressions():
                text = _looked_at(test, value, attempt)
                return any(each.search(text) is not None for each in self._expressions[id(test)])
            case Addresses():
                return self._leads_into(test, value, attempt)
            case OnPorts():
                return any(ports.cover(attempt.transport, attempt.port) for ports in test.ports)
            case Tunnelled():
                return (attempt.seen is not Seen.HTTP) is test.tunnel
            case Assumed():
                return True
            case Never():
                return False
            case Together():
                return self._all(test, value, attempt)
            case _:
                assert_never(test)

    def _named(self, test: Hosts, value: str | Address | None) -> bool:
        if value is None:
            return False
        names = self._names[id(test)]
        if isinstance(value, str):
            return any(hit.covers for hit in names.hosts.find(value))
        return bool(names.addresses.find(value))

    def _leads_into(self, test: Addresses, value: str | Address | None, attempt: Attempt) -> bool | None:
        address = attempt.dialled or attempt.address if isinstance(value, str) else value
        return None if address is None else bool(self._networks[id(test)].find(address))

    def _all(self, test: Together, value: str | Address | None, attempt: Attempt) -> bool | None:
        unknown = False
        for condition in test.conditions:
            found = self._matches(condition.of, value, attempt)
            if found is None:
                unknown = True
            elif found is condition.negated:
                return False
        return None if unknown else True

    def _make_ready(self, test: Test) -> None:
        match test:
            case Hosts():
                self._names[id(test)] = _names(test)
            case Addresses():
                self._networks[id(test)] = NetworkIndex((network, None) for network in test.networks)
            case Expressions():
                self._expressions[id(test)] = tuple(
                    expression("|".join(f"({each})" for each in several), ignoring_case=ignoring)
                    for several, ignoring in ((test.minding_case, False), (test.ignoring_case, True))
                    if several
                )
            case OnPorts() | Tunnelled() | Assumed() | Never() | Together():
                pass
            case _:
                assert_never(test)


def _looked_at(test: Expressions, value: str | Address | None, attempt: Attempt) -> str:
    host = "" if value is None else str(value)
    if not test.whole_url:
        return host
    host = f"[{host}]" if ":" in host else host
    if attempt.seen is not Seen.HTTP:
        return f"{host}:{attempt.port}"
    return f"http://{host}/" if attempt.port == HTTP_PORT else f"http://{host}:{attempt.port}/"


def allowed_parts(rules: AccessRules) -> Iterator[tuple[str, Part]]:
    """What the rules could allow at most, with the spellings that say so: every host where a rule names none."""
    named: dict[int, Hosts] = {}
    everything = rules.otherwise is Decision.ALLOW
    for rule in rules.rules:
        if rule.decision is Decision.ALLOW:
            tests = _hosts_meant(rule)
            named.update((id(test), test) for test in tests or ())
            everything = everything or tests is None
    for test in named.values():
        yield from parts_of(test)
    if everything:
        yield from EVERYTHING


def _hosts_meant(rule: AccessRule) -> list[Hosts] | None:
    """The hosts of a condition that holds of nothing else; None where the rule has no such condition."""
    for condition in rule.conditions:
        tests = [test for test in condition.of.tests if isinstance(test, Hosts)]
        if not condition.negated and len(tests) == len(condition.of.tests):
            return tests
    return None


def parts_of(test: Hosts) -> Iterator[tuple[str, Part]]:
    """Each spelling with each part of what it covers."""
    for host in test.spellings:
        if not isinstance(found := read(test.dialect, host), Rejected):
            yield from ((host, part) for part in found)


def _names(test: Hosts) -> _Names:
    addresses: list[Network] = []

    def names() -> Iterator[tuple[NamePart, None]]:
        for _, part in parts_of(test):
            if isinstance(part, Reading | Shape):
                yield part, None
            else:
                addresses.append(part)

    hosts = HostIndex(names())
    return _Names(hosts, NetworkIndex((network, None) for network in addresses))


@cache
def _options(*, ignoring_case: bool) -> "re2.Options":
    import re2  # noqa: PLC0415 - only who has expressions waits for it

    options = re2.Options()
    options.posix_syntax = True
    options.perl_classes = True
    options.word_boundary = True
    options.never_capture = True
    options.log_errors = False
    options.case_sensitive = not ignoring_case
    options.max_mem = MATCHER_OCTETS
    return options


def expression(text: str, *, ignoring_case: bool) -> "re2._Regexp[str]":
    """The expression, ready to be searched for: in time that grows with the name's length alone, whatever it is.

    Raises:
        BadExpression: It cannot be read.
    """
    import re2  # noqa: PLC0415

    try:
        return re2.compile(text, _options(ignoring_case=ignoring_case))
    except re2.error as cause:
        said = cause.args[0] if cause.args else "it cannot be read"
        raise BadExpression(said.decode(errors="replace") if isinstance(said, bytes) else str(said)) from None
