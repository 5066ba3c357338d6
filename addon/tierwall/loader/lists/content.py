"""What a customer's file lists: hosts, networks, access rules, and notes on what of it could not be placed.

Knows values only; who reads which format is formats.py's.
"""

from dataclasses import dataclass
from pathlib import Path

from tierwall.loader.faults import Fault
from tierwall.policy.access_rules import AccessRules, Hosts
from tierwall.policy.dialect import Dialect
from tierwall.policy.model import Network, Ports


@dataclass(frozen=True, slots=True)
class Spelling:
    """A host pattern as it stands in the file."""

    line: int | None
    text: str
    ports: tuple[Ports, ...] | None = None
    """Where the product says them beside it."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Addresses that the product lists as such."""

    line: int | None
    network: Network
    ports: tuple[Ports, ...] | None = None


@dataclass(frozen=True, slots=True)
class Unplaced:
    """What is neither, with a sentence that says so."""

    line: int | None
    message: str


type Item = Spelling | Destination | Unplaced


@dataclass(frozen=True, slots=True)
class Listed:
    """Hosts and networks with the same ports."""

    hosts: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()
    ports: tuple[Ports, ...] | None = None
    """None: those of the site's entry."""


@dataclass(frozen=True, slots=True)
class Content:
    """All of a file."""

    listed: tuple[Listed, ...] = ()
    rules: AccessRules | None = None
    dialect: Dialect | None = None
    """Where the format itself says how its hosts are read."""
    notes: tuple[Fault, ...] = ()
    """What could not be placed or followed."""
    files: tuple[Path, ...] = ()
    """Further files that it names."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host pattern, whatever its ports; of rules those that they name."""
        if self.rules is not None:
            tests = [test for used in self.rules.lists() for test in used.tests]
            return tuple(host for test in tests if isinstance(test, Hosts) for host in test.spellings)
        if len(self.listed) == 1:
            return self.listed[0].hosts
        return tuple(host for each in self.listed for host in each.hosts)
