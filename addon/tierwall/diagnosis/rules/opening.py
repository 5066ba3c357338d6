"""Behaviours that look at the ClientHello, as a client sees them.

Knows checks; each function is one rule of the table.
"""

from collections.abc import Iterator

from tierwall.diagnosis.evidence import CUT, Certainty, Evidence, Finding, said, saw_of, targets
from tierwall.probe.values import Check, State


def one_segment_hello(evidence: Evidence) -> Iterator[Finding]:
    """A ClientHello in one segment is answered, one in several is not."""
    yield from _hello(evidence, "one-segment-hello", "tls-hello-segments", "a ClientHello in several segments")


def sni_required(evidence: Evidence) -> Iterator[Finding]:
    """A ClientHello with a name is answered, the same without one is not; a server would say so by an alert."""
    yield from _hello(evidence, "sni-required", "tls-no-name", "a ClientHello without a name")


def _hello(evidence: Evidence, behaviour: str, what: str, words: str) -> Iterator[Finding]:
    usual = {check.target for check in evidence.of("tls-hello-one") if check.state is State.WORKS}
    cut = [check for check in evidence.open(what) if check.saw in CUT and check.target in usual]
    passing = [check for check in evidence.of(what) if check.state is State.WORKS]
    if not cut or len(targets(passing)) > len(targets(cut)):
        return
    how = "drop" if _most(cut) == "silence" else "reset"
    behind = [check for check in evidence.open("tls") if check.target in targets(cut) and check.saw in CUT]
    yield Finding(
        behaviour=behaviour,
        parameters={"how": how},
        explains=(*cut, *(behind if what == "tls-hello-segments" else ())),
        speaks_for=(said(cut, f"{words}: {saw_of(cut)}; the same in one segment, with the name, is answered"),),
        speaks_against=(said(passing, f"{words} is answered"),) if passing else (),
        certainty=Certainty.LIKELY if what == "tls-no-name" and len(targets(cut)) == 1 else Certainty.SHOWN,
    )


def _most(checks: list[Check]) -> str:
    words = [check.saw for check in checks]
    return max(set(words), key=words.count)
