"""The checks of one or more results, and which of them a rule has explained already.

Knows checks, and which rules of the catalogue ask for their targets. Knows no behaviour.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from tierwall.diagnosis.values import Parameter, Undecided
from tierwall.policy.model import Catalogue, Rule, Tier, Transport, Vendor
from tierwall.probe.values import Check, State

CUT: Final = frozenset({"reset", "eof", "silence"})
"""How a connection ends that somebody on the way ended, or that was swallowed."""

REFUSED: Final = frozenset({"403", "socks ruleset"})
ASKED: Final = frozenset({"407", "socks auth"})
"""What a proxy says that does not let one through, or not without a password: by CONNECT, and by SOCKS5."""

REACHED: Final = frozenset({State.WORKS, State.DEGRADED})
_WHOLE: Final = frozenset({"tcp", "connect", "tls"})
_BESIDES: Final = frozenset(
    {
        "tls-hello-one",
        "tls-hello-segments",
        "tls-hello-1.2",
        "tls-hello-1.3",
        "tls-no-name",
        "tls-other-address",
        "moved",
    }
)
_NAMED: Final = 4


class Certainty(IntEnum):
    """How much a finding rests on; the better comes first."""

    SHOWN = 0
    """Nothing else that tierwall knows looks like this."""
    LIKELY = 1
    """A server of the vendor's could look like this too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a rule says."""

    behaviour: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    explains: tuple[Check, ...]
    """The checks that are as they are because of it."""
    speaks_for: tuple[str, ...]
    speaks_against: tuple[str, ...] = ()
    certainty: Certainty = Certainty.SHOWN
    undecided: tuple[Undecided, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known, and what of it is open."""

    checks: tuple[Check, ...]
    catalogue: Catalogue
    proxied: bool
    """Whether TCP went through a proxy that was named to the client."""
    explained: frozenset[int] = frozenset()
    """Positions in `checks`."""

    def of(self, *whats: str) -> tuple[Check, ...]:
        """All checks of these kinds that were run."""
        return tuple(
            check
            for check in self.checks
            if check.what in whats and check.state not in {State.NOT_RUN, State.NOT_TESTABLE}
        )

    def open(self, *whats: str) -> tuple[Check, ...]:
        """Those that are broken or degraded, and that no rule has explained."""
        return tuple(
            check
            for position, check in enumerate(self.checks)
            if check.what in whats and check.state in {State.BROKEN, State.DEGRADED} and position not in self.explained
        )

    def without(self, explained: Iterable[Check]) -> "Evidence":
        """The same, with these explained, and with them what else was sent to a place where TLS came to nothing."""
        found = tuple(explained)
        wanted = {id(check) for check in found}
        shut = {check.target for check in found if check.state is State.BROKEN and check.what in _WHOLE}
        positions = {
            position
            for position, check in enumerate(self.checks)
            if id(check) in wanted or (check.target in shut and check.what in _BESIDES)
        }
        return Evidence(self.checks, self.catalogue, self.proxied, self.explained | positions)

    def at(self, target: str, *whats: str) -> tuple[Check, ...]:
        """All that was run at one target, of these kinds."""
        return tuple(check for check in self.of(*whats) if check.target == target)

    def vendor(self, name: str) -> Vendor | None:
        """The vendor, where the catalogue has it."""
        return next((vendor for vendor in self.catalogue.vendors if vendor.id == name), None)

    def asked_by(self, check: Check) -> Iterator[Rule]:
        """The rules of the check's vendor that ask for its target by name or address."""
        vendor = self.vendor(check.vendor)
        transport = Transport.UDP if check.target.endswith("/udp") else Transport.TCP
        for rule in vendor.rules if vendor is not None else ():
            named = any(covers(pattern, check.host) for pattern in rule.hosts)
            addressed = check.host in {str(network.network_address) for network in rule.networks}
            if (named or addressed) and (check.port is None or rule.serves(transport, check.port)):
                yield rule

    def tiers_at(self, host: str) -> set[Tier]:
        """The tiers of all services, of any vendor, that ask for the name."""
        return {
            vendor.service(service).tier
            for vendor in self.catalogue.vendors
            for rule in vendor.rules
            if any(covers(pattern, host) for pattern in rule.hosts)
            for service in rule.services
        }


def covers(pattern: str, host: str) -> bool:
    """Whether a vendor's pattern covers the name, read as the catalogue reads it."""
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern


def targets(checks: Iterable[Check]) -> tuple[str, ...]:
    """Each target once, in order."""
    return tuple(dict.fromkeys(check.target for check in checks))


def services(checks: Iterable[Check]) -> tuple[str, ...]:
    """`vendor/service` of each, once, in order."""
    return tuple(dict.fromkeys(f"{check.vendor}/{check.service}" for check in checks if check.vendor))


def groups(checks: Iterable[Check], key: Callable[[Check], str]) -> dict[str, list[Check]]:
    """The checks by their key, in order."""
    found: dict[str, list[Check]] = {}
    for check in checks:
        found.setdefault(key(check), []).append(check)
    return found


def said(checks: Iterable[Check], word: str) -> str:
    """`tls to 3 targets: reset (vevox.app:443, 8x8.vc:443, jitsi.net:443)`."""
    found = tuple(checks)
    places = targets(found)
    named = ", ".join(places[:_NAMED]) + (f" and {len(places) - _NAMED} more" if len(places) > _NAMED else "")
    kinds = "/".join(dict.fromkeys(check.what for check in found))
    count = f"{len(places)} target{'' if len(places) == 1 else 's'}"
    return f"{kinds} to {count}: {word} ({named})"


def saw_of(checks: Iterable[Check]) -> str:
    """The words that were seen, the most frequent first."""
    words = [check.saw for check in checks]
    return ", ".join(sorted(set(words), key=lambda word: (-words.count(word), word)))
