"""Behaviours at the proxy's own door, as a client sees them.

Knows checks; each function is one rule of the table.
"""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from tierwall.diagnosis.evidence import ASKED, REACHED, REFUSED, Certainty, Evidence, Finding, said, saw_of, targets
from tierwall.diagnosis.values import Parameter, Undecided
from tierwall.probe.values import Check, State

_HOST_NAME: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_WEB_PORTS: Final = frozenset({80, 443})
_BEHIND_A_PORTAL: Final = (
    *("tls", "tcp", "connect", "open", "websocket", "stun", "turn-udp", "turn-tcp", "turn-tls", "http3"),
    *("tls-hello-one", "tls-hello-segments"),
)
_REDIRECTS: Final = frozenset({"302", "303", "307"})


def proxy_auth(evidence: Evidence) -> Iterator[Finding]:
    """407 (RFC 9110 section 15.5.8)."""
    asked = evidence.open("proxy-asks")
    through = {check.target for check in evidence.of("connect", "http", "tls") if check.state is State.WORKS}
    refused = tuple(check for check in evidence.open("connect", "http") if check.saw in ASKED)
    answered = tuple(check for check in refused if check.target in through)
    found = asked + refused
    if not found:
        return
    parameters: dict[str, Parameter] = {}
    realms = [str(check.detail["realm"]) for check in found if check.detail.get("realm")]
    schemes = tuple(dict.fromkeys(str(check.detail["scheme"]) for check in found if check.detail.get("scheme")))
    if realms:
        parameters["realm"] = realms[0]
    against = tuple(f"it asks by {scheme}, and tierwall by Basic" for scheme in schemes if scheme.lower() != "basic")
    if answered:
        against += (said(answered, "clients answered it, and got through"),)
    yield Finding(
        behaviour="proxy-auth",
        parameters=parameters,
        explains=found,
        speaks_for=(said(found, "the proxy answered 407"), *(f"it asks by {scheme}" for scheme in schemes)),
        speaks_against=against,
    )


def captive_portal(evidence: Evidence) -> Iterator[Finding]:
    """Plain HTTP is sent to a host of the network's own, and TLS comes to nothing."""
    sent = [check for check in evidence.open("http") if check.saw in _REDIRECTS and _elsewhere(check)]
    hosts = {_location_host(check) for check in sent}
    tls = evidence.of("tls")
    if len(hosts) != 1 or any(check.state in REACHED for check in tls):
        return
    portal = hosts.pop()
    cut = evidence.open(*_BEHIND_A_PORTAL)
    alone = () if len(targets(sent)) > 1 else ("only one target was tried by plain HTTP",)
    yield Finding(
        behaviour="captive-portal",
        parameters={"portal": portal},
        explains=(*sent, *cut),
        speaks_for=(said(sent, f"sent to {portal}"), *((said(cut, saw_of(cut)),) if cut else ())),
        speaks_against=alone,
        certainty=Certainty.SHOWN if tls else Certainty.LIKELY,
    )


def connect_ports(evidence: Evidence) -> Iterator[Finding]:
    """CONNECT is answered on some ports, and refused on all others, though what is there can be had without it."""
    answered = [check for check in evidence.of("connect") if check.state is State.WORKS]
    refused = [check for check in evidence.open("connect") if check.saw in REFUSED]
    ports = {check.port for check in answered}
    others = [check for check in refused if check.port not in ports]
    had = {check.host for check in answered} | {check.host for check in evidence.of("http") if check.state in REACHED}
    shown = [check for check in others if check.host in had]
    if not ports or not shown:
        return
    allowed = tuple(str(port) for port in sorted(port for port in ports if port is not None))
    yield Finding(
        behaviour="connect-ports",
        parameters={"ports": allowed},
        explains=tuple(others),
        speaks_for=(
            said(answered, "CONNECT is answered 200"),
            said(shown, "CONNECT is answered 403, and the host can be had otherwise"),
        ),
    )


def no_ip_connect(evidence: Evidence) -> Iterator[Finding]:
    """CONNECT to addresses is refused, to names of the same vendor and tier it is not."""
    refused = [check for check in evidence.open("connect") if check.saw in REFUSED and _is_address(check.host)]
    passing = [check for check in evidence.of("connect") if check.state is State.WORKS]
    if not refused or any(_is_address(check.host) for check in passing):
        return
    open_tiers = {(check.vendor, check.tier) for check in passing}
    shown = [check for check in refused if (check.vendor, check.tier) in open_tiers]
    if not shown:
        return
    yield Finding(
        behaviour="no-ip-connect",
        explains=tuple(shown),
        speaks_for=(said(shown, "CONNECT to an address is answered 403"), said(passing, "CONNECT to a name is not")),
        certainty=Certainty.LIKELY,
        undecided=(
            Undecided(
                between=("no-ip-connect", "tier-closed"),
                next="CONNECT to an address that is known to be on the customer's list",
            ),
        ),
    )


def dial_blackhole(evidence: Evidence) -> Iterator[Finding]:
    """The proxy answers 504, or nothing; without one, the SYN is never answered. Others get through."""
    silent = [
        check
        for check in evidence.open("tcp", "connect")
        if check.port in _WEB_PORTS and (check.saw == "504" or (check.what == "tcp" and check.saw == "silence"))
    ]
    passing = {(check.vendor, check.service) for check in evidence.of("tls", "http") if check.state in REACHED}
    shown = [check for check in silent if (check.vendor, check.service) in passing]
    if not shown or {check.host for check in silent} - {check.host for check in shown}:
        return
    yield Finding(
        behaviour="dial-blackhole",
        explains=tuple(silent),
        speaks_for=(said(shown, "the SYN is not answered, where others of the same service are"),),
        certainty=Certainty.LIKELY,
        undecided=(
            Undecided(
                between=("dial-blackhole", "tier-closed"), next="the same from a network without a firewall: is it up?"
            ),
        ),
    )


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdecimal()


def _location_host(check: Check) -> str:
    try:
        host = urlsplit(str(check.detail.get("location", ""))).hostname or ""
    except ValueError:
        return ""
    return host if _HOST_NAME.fullmatch(host) else ""


def _elsewhere(check: Check) -> bool:
    """Whether it leads to another host, and none below the same two last labels."""
    to = _location_host(check)
    return bool(to) and ".".join(to.split(".")[-2:]) != ".".join(check.host.split(".")[-2:])
