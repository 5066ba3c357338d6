"""Behaviours towards UDP, as a client sees them.

Knows checks; each function is one rule of the table.
"""

from collections.abc import Iterator

from tierwall.diagnosis.evidence import REACHED, Certainty, Evidence, Finding, said, saw_of
from tierwall.diagnosis.values import Undecided
from tierwall.probe.values import Check, State


def no_quic(evidence: Evidence) -> Iterator[Finding]:
    """QUIC comes to nothing, where other UDP of the same vendor is answered."""
    quic = evidence.open("http3")
    vendors = {check.vendor for check in quic}
    other = [c for c in evidence.of("stun", "turn-udp") if c.state is State.WORKS and c.vendor in vendors]
    if not quic or not other or any(check.state is State.WORKS for check in evidence.of("http3")):
        return
    yield Finding(
        behaviour="no-quic",
        parameters={"how": _how(quic)},
        explains=quic,
        speaks_for=(said(quic, f"QUIC: {saw_of(quic)}"), said(other, "other UDP is answered")),
        speaks_against=() if any(check.port == 443 for check in other) else ("no other UDP on port 443 was answered",),
    )


def no_udp(evidence: Evidence) -> Iterator[Finding]:
    """No UDP comes back at all, where TCP to the same vendors does."""
    udp = evidence.open("stun", "turn-udp", "http3")
    tcp = [check for check in evidence.of("tls", "http", "turn-tcp", "turn-tls") if check.state in REACHED]
    if not udp or not tcp or any(check.state is State.WORKS for check in evidence.of("stun", "turn-udp", "http3")):
        return
    bare = [check for check in evidence.of("open") if check.state in REACHED]
    other = [check for check in tcp + bare if check.port not in {80, 443}]
    yield Finding(
        behaviour="no-udp",
        parameters={"how": _how(udp)},
        explains=udp,
        speaks_for=(
            said(udp, f"UDP: {saw_of(udp)}"),
            said(tcp, "TCP gets through"),
            *((said(other, "so do TCP ports that are not the web's"),) if other else ()),
        ),
        certainty=Certainty.SHOWN if other else Certainty.LIKELY,
        undecided=()
        if other
        else (
            Undecided(
                between=("no-udp", "port-closed"),
                next="a TCP port that is neither 80 nor 443, to a host that gets through on 443",
            ),
        ),
    )


def _how(checks: tuple[Check, ...]) -> str:
    return "reject" if all(check.saw in {"refused", "prohibited"} for check in checks) else "drop"
