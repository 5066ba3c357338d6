"""What the network's list leaves out, by judge's reasons: nothing strikes there, the door is closed.

Knows checks and the catalogue; each function is one rule of the table.
"""

from collections.abc import Iterator
from typing import Final

from tierwall.diagnosis.evidence import REACHED, Evidence, Finding, groups, said, saw_of
from tierwall.diagnosis.values import Parameter, Undecided
from tierwall.policy.model import Evidence as Founded
from tierwall.policy.model import Tier
from tierwall.probe.values import Check, State

_OPENING: Final = ("tcp", "connect", "open", "tls", "http", "turn-tcp", "turn-tls")
_WEB: Final = frozenset({80, 443})
_ANOTHER_PORT: Final = Undecided(
    between=("no-udp", "port-closed"),
    next="a TCP port that is neither 80 nor 443, to a host that gets through on 443",
)


def wildcard_gap(evidence: Evidence) -> Iterator[Finding]:
    """Names without a subdomain are closed, which the vendor's wildcard beside them does not cover."""
    shut = _shut(evidence)
    closed = [check for check in _closed(evidence) if _is_apex(evidence, check) and _group(check) not in shut]
    closed = [check for check in closed if not _other_port(evidence, check)]
    if not closed:
        return
    hosts = tuple(sorted({check.host for check in closed}))
    stated = [check for check in closed if any(r.evidence is Founded.STATED for r in evidence.asked_by(check))]
    below = [check for check in _passing(evidence) if any(check.host.endswith(f".{host}") for host in hosts)]
    yield Finding(
        behaviour="wildcard-gap",
        parameters={"hosts": hosts} if stated else {"hosts": hosts, "evidence": "stated"},
        explains=tuple(closed),
        speaks_for=(
            said(closed, f"{saw_of(closed)}, and each has a wildcard beside it that does not cover it"),
            *((said(below, "names below them get through"),) if below else ()),
            *(() if stated else ("no document states these names: who followed it word for word left them out",)),
        ),
        speaks_against=() if below else ("no name below them was tried",),
    )


def tier_closed(evidence: Evidence) -> Iterator[Finding]:
    """All that was tried of a vendor's tier is closed; or single rules of it are."""
    shut = _shut(evidence)
    whole = [check for check in _closed(evidence) if _group(check) in shut]
    behind = [c for c in evidence.open("stun", "turn-udp", "http3", "moved", "tls-other-address") if _group(c) in shut]
    single = [check for check in _closed(evidence) if _group(check) not in shut and not _other_port(evidence, check)]
    if not whole and not single:
        return
    closed = whole + single
    tiers = tuple(sorted({_group(check) for check in whole}, key=_by_severity))
    rules = tuple(sorted({f"{check.vendor}/{rule.id}" for check in single for rule in evidence.asked_by(check)}))
    behind += [
        check
        for check in evidence.open("stun", "turn-udp", "http3")
        if (asking := {f"{check.vendor}/{rule.id}" for rule in evidence.asked_by(check)}) and asking <= set(rules)
    ]
    parameters: dict[str, Parameter] = {}
    if tiers:
        parameters["closed"] = tiers
    if rules:
        parameters["rules"] = rules
    founded = {rule.evidence for check in closed for rule in evidence.asked_by(check)}
    stated_pass = {rule.evidence for check in _passing(evidence) for rule in evidence.asked_by(check)}
    if founded == {Founded.INFERRED} and Founded.STATED in stated_pass:
        parameters["evidence"] = "stated"
    passing = _passing(evidence)
    yield Finding(
        behaviour="tier-closed",
        parameters=parameters,
        explains=(*closed, *behind),
        speaks_for=(said(closed, saw_of(closed)), *((said(passing, "gets through"),) if passing else ())),
        speaks_against=() if passing else ("nothing at all gets through: the network may simply be down",),
    )


def datagrams_closed(evidence: Evidence) -> Iterator[Finding]:
    """UDP of some vendors comes to nothing, where TCP to them and others' UDP does: their entries have TCP alone."""
    udp = evidence.of("stun", "turn-udp", "http3")
    answered = {check.vendor for check in udp if check.state is State.WORKS}
    silent = [check for check in evidence.open("stun", "turn-udp", "http3") if check.vendor not in answered]
    reached = {check.vendor for check in _passing(evidence)}
    closed = [check for check in silent if check.vendor in reached]
    if answered and closed:
        yield Finding(
            behaviour="port-closed",
            parameters={"udp": tuple(sorted({check.vendor for check in closed}))},
            explains=tuple(closed),
            speaks_for=(
                said(closed, saw_of(closed)),
                said([check for check in udp if check.state is State.WORKS], "UDP of others is answered"),
            ),
        )


def port_closed(evidence: Evidence) -> Iterator[Finding]:
    """Ports that are not the web's are closed; with them UDP, where no other TCP port gets through either."""
    passing = _passing(evidence)
    others = [check for check in passing if check.port not in _WEB]
    closed = [check for check in _closed(evidence) if check.port not in _WEB]
    udp = evidence.open("stun", "turn-udp", "http3")
    some_udp = [check for check in evidence.of("stun", "turn-udp", "http3") if check.state is State.WORKS]
    tried = [check for check in evidence.of(*_OPENING) if check.port is not None and check.port not in _WEB]
    if not passing or others or some_udp or not (closed or (tried and udp)):
        return
    yield Finding(
        behaviour="port-closed",
        parameters={"open": tuple(f"tcp/{port}" for port in sorted({c.port for c in passing if c.port is not None}))},
        explains=(*closed, *udp),
        speaks_for=(
            said(passing, "gets through"),
            said(tried, f"{saw_of(tried)}: no other TCP port gets through"),
            *((said(udp, saw_of(udp)),) if udp else ()),
        ),
        undecided=(_ANOTHER_PORT,) if udp and not closed else (),
    )


def _closed(evidence: Evidence) -> list[Check]:
    """What is broken before anything of it passes, and is explained by nothing yet."""
    reached = {
        check.target for check in evidence.of("open", "tls", "http", "turn-tcp", "turn-tls") if check.state in REACHED
    }
    return [check for check in evidence.open(*_OPENING) if check.target not in reached and check.vendor]


def _passing(evidence: Evidence) -> list[Check]:
    """What gets through by TCP: something of the server came back."""
    found = [c for c in evidence.of("open", "tls", "http", "turn-tcp", "turn-tls") if c.state in REACHED and c.vendor]
    bare = {target for target, all_of in groups(evidence.of(*_OPENING), lambda c: c.target).items() if _bare(all_of)}
    return found + [c for c in evidence.of("tcp", "connect") if c.state in REACHED and c.vendor and c.target in bare]


def _bare(checks: list[Check]) -> bool:
    """Whether nothing but the connection could be tried there."""
    return {check.what for check in checks} <= {"tcp", "connect"}


def _shut(evidence: Evidence) -> set[str]:
    """Tiers of vendors of which nothing gets through."""
    return {_group(check) for check in _closed(evidence)} - {_group(check) for check in _passing(evidence)}


def _group(check: Check) -> str:
    return f"{check.vendor}/{check.tier}"


def _by_severity(group: str) -> tuple[str, int]:
    vendor, _, tier = group.partition("/")
    return vendor, Tier(tier).severity if tier in set(Tier) else 9


def _is_apex(evidence: Evidence, check: Check) -> bool:
    vendor = evidence.vendor(check.vendor)
    return vendor is not None and any(f"*.{check.host}" in rule.hosts for rule in vendor.rules)


def _other_port(evidence: Evidence, check: Check) -> bool:
    """Whether the same host gets through on a port of the web's, and this is none."""
    return check.port not in _WEB and check.host in {each.host for each in _passing(evidence)}
