"""The table: what looks like what, the first that explains a check has it.

Knows the order, and why it is so: what stands nearer to the client hides what stands behind it. A password hides all;
a portal all but itself; a name that does not resolve, all at that name; an unread ClientHello, all that TLS carries;
what the list leaves out, whatever a middlebox would have done to it. The rules themselves are in rules/.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from tierwall.diagnosis.evidence import Evidence, Finding, said, saw_of, services
from tierwall.diagnosis.rules import access, admission, datagrams, inspecting, names, opening, tunnels
from tierwall.diagnosis.values import Diagnosed, Diagnosis, Undecided
from tierwall.policy.model import Catalogue
from tierwall.probe.values import Check, Result, State

type Rule = Callable[[Evidence], Iterator[Finding]]

RULES: Final[tuple[Rule, ...]] = (
    access.proxy_auth,
    access.captive_portal,
    names.dns_filter,
    names.split_dns,
    access.connect_ports,
    access.no_ip_connect,
    opening.one_segment_hello,
    opening.sni_required,
    names.stale_addresses,
    names.host_forgery_check,
    inspecting.dpi_https_only,
    inspecting.tls_max_version,
    inspecting.no_http2,
    inspecting.no_websocket,
    inspecting.buffering,
    inspecting.tls_inspection,
    admission.wildcard_gap,
    access.dial_blackhole,
    admission.tier_closed,
    admission.datagrams_closed,
    admission.port_closed,
    datagrams.no_quic,
    datagrams.no_udp,
    tunnels.max_lifetime,
    tunnels.idle_timeout,
    tunnels.latency,
    tunnels.jitter,
    tunnels.bandwidth,
)


def diagnose(results: Iterable[Result], catalogue: Catalogue) -> Diagnosed:
    """What explains the checks of all results together, the best first."""
    results = tuple(results)
    checks = tuple(check for result in results for check in result.checks)
    proxied = any(result.proxy.get("used", "none") != "none" for result in results)
    evidence = Evidence(checks, catalogue, proxied)
    found: list[Finding] = []
    for rule in RULES:
        for finding in rule(evidence):
            found.append(finding)
            evidence = evidence.without(finding.explains)
    ranked = sorted(found, key=lambda finding: finding.certainty)
    return Diagnosed(
        diagnoses=tuple(_diagnosis(finding, rank) for rank, finding in enumerate(ranked, start=1)),
        undecided=tuple(dict.fromkeys(each for finding in ranked for each in finding.undecided))
        + tuple(_not_seen(checks)),
        unexplained=tuple(_unexplained(evidence)),
    )


def _diagnosis(finding: Finding, rank: int) -> Diagnosis:
    return Diagnosis(
        behaviour=finding.behaviour,
        parameters=finding.parameters,
        services=services(finding.explains),
        speaks_for=finding.speaks_for,
        speaks_against=finding.speaks_against,
        rank=rank,
    )


def _not_seen(checks: tuple[Check, ...]) -> Iterator[Undecided]:
    """What a longer or another run would show."""
    if any(check.state is State.NOT_RUN and check.saw == "slept" for check in checks):
        yield Undecided(between=("idle-timeout", "none"), next="probe again on a machine that does not sleep meanwhile")


def _unexplained(evidence: Evidence) -> Iterator[str]:
    kinds = dict.fromkeys(check.what for check in evidence.checks)
    for what in kinds:
        left = [check for check in evidence.open(what) if check.state is State.BROKEN]
        if left:
            yield said(left, saw_of(left))
