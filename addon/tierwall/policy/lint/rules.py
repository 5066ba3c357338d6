"""What a configuration's rules admit and miss of what vendors ask for, and what of them could not be followed.

Knows rules, decided for a name of each pattern, as a tunnel; lists are lists.py's.
"""

from collections.abc import Callable, Iterator
from typing import Final

from tierwall.policy.access_rules import AccessRule, Assumed
from tierwall.policy.attempt import Attempt
from tierwall.policy.dialect import example_of
from tierwall.policy.lint.admitting import admissible
from tierwall.policy.lint.covering import egress, some
from tierwall.policy.lint.finding import Code, Finding
from tierwall.policy.match.deciding import Decider
from tierwall.policy.model import Catalogue, Rule, Transport, Vendor
from tierwall.policy.site import RuledEntry, Site

STRANGER: Final = "stranger.example"
"""A name that no configuration is about."""


def _against_vendors(site: Site, catalogue: Catalogue) -> Iterator[Finding]:
    for entry, decider in _ruled(site):
        for vendor in catalogue.vendors:
            admits: dict[str, None] = {}
            misses: dict[str, AccessRule | None] = {}
            for rule in egress(vendor):
                if admissible(rule, site):
                    _decide(decider, rule, admits, misses)
            admits = {host: None for host in admits if host not in misses}
            if admits:
                message = f"{entry.label} admits of {vendor.id}: {some(admits, most=len(admits))}"
                yield Finding(site.id, Code.LIST_ADMITS, message)
            if misses and (admits or _named(misses)):
                yield _missed(site, entry, vendor, misses)


def _decide(decider: Decider, rule: Rule, admits: dict[str, None], misses: dict[str, AccessRule | None]) -> None:
    for ports in rule.ports:
        attempt = Attempt(transport=ports.transport, port=ports.first)
        for host in rule.hosts if ports.transport is Transport.TCP else ():
            name = example_of(host, "any")
            if decider.admits(name, attempt):
                admits[host] = None
            else:
                misses.setdefault(host, decider.deciding(name, attempt))


def _named(misses: dict[str, AccessRule | None]) -> bool:
    """Whether a rule is about one of them; of vendors that nobody thought of nothing is said."""
    return any(rule is not None and rule.names_destinations for rule in misses.values())


def _missed(site: Site, entry: RuledEntry, vendor: Vendor, misses: dict[str, AccessRule | None]) -> Finding:
    said = (
        f"{host} ({'no rule allows it' if rule is None else f'`{rule}` at {rule.place} decides'})"
        for host, rule in misses.items()
    )
    message = f"{entry.label} misses of {vendor.id}: {some(said)}"
    return Finding(site.id, Code.LIST_MISSES, message, "allow them in a rule that stands before those")


def _strangers(site: Site, _catalogue: Catalogue) -> Iterator[Finding]:
    for entry, decider in _ruled(site):
        if decider.admits(STRANGER, Attempt(transport=Transport.TCP, port=443)):
            rule = decider.deciding(STRANGER, Attempt(transport=Transport.TCP, port=443))
            why = "what holds behind its last line" if rule is None else f"`{rule}` at {rule.place}"
            message = f"{entry.label} admits every host that none of its rules denies before, by {why}"
            yield Finding(site.id, Code.OVER_MATCH, message, "end with `http_access deny all` where that is not meant")


def _not_followed(site: Site, _catalogue: Catalogue) -> Iterator[Finding]:
    for entry in (*site.admit, *site.deny):
        if not isinstance(entry, RuledEntry):
            continue
        for used in entry.rules.lists():
            for what in dict.fromkeys(test.what for test in used.tests if isinstance(test, Assumed)):
                message = f"{entry.label}: `{used.name}` ({what}) cannot be followed, and is taken as matching"
                yield Finding(site.id, Code.NOT_FOLLOWED, f"{message}: {used.place}")


CHECKS: Final[tuple[Callable[[Site, Catalogue], Iterator[Finding]], ...]] = (
    _against_vendors,
    _strangers,
    _not_followed,
)


def _ruled(site: Site) -> Iterator[tuple[RuledEntry, Decider]]:
    for entry in site.admit:
        if isinstance(entry, RuledEntry):
            yield entry, Decider(entry.rules)
