"""Behaviours of resolvers, and of firewalls that took addresses for names, as a client sees them.

Knows checks; each function is one rule of the table.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Final

from tierwall.diagnosis.evidence import REACHED, Certainty, Evidence, Finding, said, saw_of, services
from tierwall.diagnosis.values import Parameter, Undecided
from tierwall.policy.model import Tier
from tierwall.probe.values import Check, State

_BY_FORCE: Final = frozenset({"reset", "silence"})
"""How a middlebox cuts what it does not like; a server that does not know a name says so, or ends in order."""
_TOGETHER: Final = 0.1
_ANSWERS: Final = {"nxdomain": "nxdomain", "refused": "refused", "silence": "drop", "sinkhole": "address"}


def dns_filter(evidence: Evidence) -> Iterator[Finding]:
    """Names that exist have no address here, or a sinkhole's; others have."""
    asked = evidence.of("dns")
    if not any(check.state in REACHED for check in asked):
        return  # no resolver that knows the outside, as where only the proxy resolves
    for saw, answer in _ANSWERS.items():
        found = [check for check in evidence.open("dns") if check.saw == saw]
        if not found:
            continue
        hosts = {check.host for check in found}
        parameters: dict[str, Parameter] = {"answer": answer}
        if saw == "sinkhole":
            addresses = found[0].detail.get("addresses")
            parameters["address"] = addresses[0] if isinstance(addresses, list) and addresses else "0.0.0.0"
        tiers = _tiers_of(evidence, hosts, {check.host for check in asked})
        parameters["tiers" if tiers else "hosts"] = tiers or tuple(sorted(hosts))
        behind = [check for check in evidence.open("tcp", "connect", "tls", "http", "http3") if check.host in hosts]
        outside = [check for check in evidence.of("dns-over-https") if check.saw == "different" and check.host in hosts]
        yield Finding(
            behaviour="dns-filter",
            parameters=parameters,
            explains=(*found, *behind),
            speaks_for=(
                said(found, f"the resolver says {saw}"),
                *((said(outside, "a resolver outside says otherwise"),) if outside else ()),
            ),
            speaks_against=() if outside else ("no resolver outside could be asked whether the names are gone",),
        )


def _tiers_of(evidence: Evidence, hosts: set[str], asked: set[str]) -> tuple[str, ...]:
    """The fewest tiers that the filtered names serve, of any vendor, and no other name that was asked for does."""
    serve = {tier: {host for host in asked if tier in evidence.tiers_at(host)} for tier in Tier}
    for count in (1, 2, 3):
        for tiers in combinations((tier for tier in Tier if serve[tier]), count):
            if set[str]().union(*(serve[tier] for tier in tiers)) == hosts:
                return tuple(map(str, tiers))
    return ()


def split_dns(evidence: Evidence) -> Iterator[Finding]:
    """Public names that have private addresses here."""
    found = [check for check in evidence.open("dns") if check.saw == "private"]
    if found:
        yield Finding(
            behaviour="split-dns",
            parameters={
                "answers": tuple(
                    dict.fromkeys(
                        f"{check.host} {address}"
                        for check in found
                        if isinstance(addresses := check.detail.get("addresses"), list)
                        for address in addresses
                    )
                )
            },
            explains=(*found, *(c for c in evidence.open("tcp", "tls", "http") if c.host in {f.host for f in found})),
            speaks_for=(said(found, "the resolver gives a private address"),),
        )


def stale_addresses(evidence: Evidence) -> Iterator[Finding]:
    """A name moved, and only where it was before is still let through."""
    moved = [check for check in evidence.open("moved") if check.saw == "old-only"]
    if not moved:
        return
    hosts = {check.host for check in moved}
    behind = [check for check in evidence.open("hold", "busy", "http") if check.host in hosts]
    ages = [age for check in behind if (age := _age(check))]
    behind += [  # names whose answer is still in a cache: their tunnels are cut with the others
        check
        for check in evidence.open("hold", "busy")
        if check.host not in hosts and any(abs(_age(check) - age) <= _TOGETHER * age for age in ages)
    ]
    yield Finding(
        behaviour="stale-addresses",
        explains=(*moved, *behind, *evidence.open("tls-other-address")),
        speaks_for=(said(moved, "the name has another address now, and only the old one is let through"),),
    )


def host_forgery_check(evidence: Evidence) -> Iterator[Finding]:
    """A name at another address than its own is cut, though the server there is let through under its own name."""
    alive = {address for host in _alive(evidence) for address in _addresses(evidence, host)}
    cut = [
        check
        for check in evidence.open("tls-other-address")
        if check.saw in _BY_FORCE and check.detail.get("address") in alive
    ]
    answered = [check for check in evidence.of("tls-other-address") if check.state is State.WORKS]
    moved = [check for check in evidence.open("moved") if check.saw == "new-only"]
    if answered or not (cut or moved) or {check.saw for check in evidence.of("moved")} & {"both", "old-only"}:
        return
    yield Finding(
        behaviour="host-forgery-check",
        parameters={"strict": True},
        explains=(*cut, *moved, *evidence.open("hold", "busy")) if moved else tuple(cut),
        speaks_for=(
            *((said(cut, f"TLS for the name at the address of another host: {saw_of(cut)}"),) if cut else ()),
            *((said(moved, "the name has another address now, and only the new one is let through"),) if moved else ()),
        ),
        certainty=Certainty.SHOWN if moved else Certainty.LIKELY,
        undecided=()
        if moved
        else (
            Undecided(
                between=("host-forgery-check", "stale-addresses"),
                next=f"probe with a longer --hold, until a name moves ({', '.join(services(cut)[:3])})",
            ),
        ),
    )


def _alive(evidence: Evidence) -> set[str]:
    """Hosts that are reached under their own names."""
    return {check.host for check in evidence.of("tls") if check.state in REACHED}


def _addresses(evidence: Evidence, host: str) -> list[str]:
    lists = [check.detail.get("addresses") for check in evidence.of("dns") if check.host == host]
    return [address for each in lists if isinstance(each, list) for address in each]


def _age(check: Check) -> float:
    """How old a connection was when it was cut; 0 where that is not known."""
    age = check.detail.get("lived_s")
    return float(age) if isinstance(age, (int, float)) else 0.0
