"""Behaviours that look inside TLS, as a client sees them: certificates of another authority, and what becomes of HTTP.

Knows checks; each function is one rule of the table. Without another's certificate nobody on the way sees a request or
changes a handshake (RFC 8446 section 9.3), so that every rule here asks for one first.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from tierwall.diagnosis.evidence import CUT, REACHED, Certainty, Evidence, Finding, said, saw_of, targets
from tierwall.diagnosis.values import Parameter, Undecided
from tierwall.probe.values import Check, State

_OLD: Final = {"TLSv1": "1.0", "TLSv1.1": "1.1", "TLSv1.2": "1.2"}
_HOW: Final = frozenset({"403", "501"})
_BURST: Final = 0.15
"""Of a response's time, what its body may take at the most after a wait, to have come at once."""
_WAITED: Final = 4.0
"""How many times longer the wait for a large response is than for a head alone."""
_LARGE_OCTETS: Final = 64 * 1024
_NEARLY_ALL: Final = 0.9
_SOME: Final = 0.25
"""Of the targets: on a busy machine a head alone may be late as well, which hides the wait and invents none."""


def inspected(evidence: Evidence) -> tuple[Check, ...]:
    """TLS that was opened on the way: another authority than the public ones signed."""
    return tuple(check for check in evidence.of("tls") if check.saw in {"private", "untrusted"})


def dpi_https_only(evidence: Evidence) -> Iterator[Finding]:
    """What is not HTTP inside TLS is cut, HTTP there is not; so is what is no TLS at all."""
    opened = set(targets(inspected(evidence)))
    web = {check.target for check in evidence.of("http") if check.state in REACHED}
    ended = [check for check in evidence.open("opaque") if check.saw in CUT - {"silence"}]
    cut = [check for check in ended if check.target in opened & web]
    kept = [check for check in evidence.of("opaque") if check.state in REACHED]
    if not cut or kept:
        return
    plain = [check for check in evidence.open("turn-tcp") if check.saw in CUT and check.port == 443]
    inside = [check for check in evidence.open("turn-tls") if check.saw in CUT and check.port == 443]
    yield _found(
        evidence,
        "dpi-https-only",
        {"basis": "inspect"},
        (*cut, *plain, *inside),
        (said(cut, f"octets that are no HTTP inside TLS: {saw_of(cut)}"),)
        + ((said(plain, f"TURN without TLS: {saw_of(plain)}"),) if plain else ()),
        Certainty.SHOWN if plain else Certainty.LIKELY,
    )


def tls_max_version(evidence: Evidence) -> Iterator[Finding]:
    """Whoever opens TLS speaks an old version everywhere."""
    opened = [check for check in inspected(evidence) if check.detail.get("version")]
    versions = {str(check.detail["version"]) for check in opened}
    newest = max(versions, default="")
    if newest in _OLD:
        against = () if len(targets(opened)) > 1 else ("only one handshake was seen",)
        newer = [check for check in evidence.open("tls-hello-1.3") if check.saw == "alert 70"]
        words: tuple[str, ...] = (said(opened, f"{newest} at the most"),)
        words += (said(newer, "who speaks TLS 1.3 alone is refused (alert 70)"),) if newer else ()
        found = _found(evidence, "tls-max-version", {"version": _OLD[newest]}, tuple(newer), words)
        yield replace(found, speaks_against=against)


def no_http2(evidence: Evidence) -> Iterator[Finding]:
    """Whoever opens TLS never agrees on h2, wherever it was offered."""
    opened = [check for check in inspected(evidence) if "alpn" in check.detail]
    agreed = {str(check.detail["alpn"]) for check in opened}
    if len(targets(opened)) > 1 and "h2" not in agreed:
        beside = [check for check in evidence.of("tls") if check.saw == "public" and check.detail.get("alpn") == "h2"]
        yield _found(
            evidence,
            "no-http2",
            {},
            (),
            (
                said(opened, "h2 was offered, and not agreed on"),
                *((said(beside, "h2, where TLS is not opened"),) if beside else ()),
            ),
            Certainty.SHOWN if beside else Certainty.LIKELY,
        )


def no_websocket(evidence: Evidence) -> Iterator[Finding]:
    """Inside opened TLS, requests to change to WebSocket are answered as plain ones."""
    opened = set(targets(inspected(evidence)))
    refused = [check for check in evidence.open("websocket") if check.target in opened]
    changed = [check for check in evidence.of("websocket") if check.saw == "101" and check.target in opened]
    unsure = [
        check
        for check in evidence.checks
        if check.what == "websocket" and check.state is State.NOT_TESTABLE and check.target in opened
    ]
    found = refused + unsure
    if not found or changed:
        return
    saw = max((check.saw for check in found), key=[check.saw for check in found].count)
    yield _found(
        evidence,
        "no-websocket",
        {"how": saw if saw in _HOW else "silence" if saw == "silence" else "strip"},
        tuple(refused),
        (said(found, f"a request to change to WebSocket was answered {saw_of(found)}"),),
        Certainty.SHOWN if saw in {"501", "silence"} else Certainty.LIKELY,  # the path of a WebSocket is not known
    )


def buffering(evidence: Evidence) -> Iterator[Finding]:
    """A large response makes one wait for all of it, and then comes at once; a head alone comes soon."""
    large = [check for check in evidence.of("http") if _number(check, "octets") >= _LARGE_OCTETS]
    burst = [check for check in large if _came_at_once(check)]
    held = [check for check in burst if _number(check, "first_ms") > _WAITED * _number(check, "head_ms") > 0]
    some = max(1.0, _SOME * len(targets(large)))
    if len(targets(held)) < some or len(targets(burst)) < _NEARLY_ALL * len(targets(large)):
        return
    yield _found(
        evidence,
        "buffering",
        {},
        (),
        (said(held, "nothing of a large response comes for long, then all of it at once; a head alone comes soon"),),
        Certainty.SHOWN if len(targets(held)) > 1 else Certainty.LIKELY,
    )


def tls_inspection(evidence: Evidence) -> Iterator[Finding]:
    """Another authority's certificates, and nothing more."""
    opened = tuple(check for check in evidence.open("tls") if check.saw in {"private", "untrusted"})
    if not opened:
        return
    behind = _relays(evidence, opened)
    kept = [check for check in evidence.of("tls") if check.saw == "public"]
    parameters: dict[str, Parameter] = {"except": tuple(sorted({check.host for check in kept}))} if kept else {}
    issuers = dict.fromkeys(str(check.detail.get("issuer", "no name")) for check in opened)
    yield Finding(
        behaviour="tls-inspection",
        parameters=parameters,
        explains=(*opened, *behind),
        speaks_for=(
            said(opened, f"the certificate is issued by {', '.join(issuers)}, which no public store has"),
            *((said(kept, "the certificate is the vendor's own"),) if kept else ()),
            *((said(behind, f"TURN inside it: {saw_of(behind)}"),) if behind else ()),
        ),
        speaks_against=("a vendor's server of the customer's own may be signed so: --ca names its authority",)
        if len(targets(opened)) == 1
        else (),
        certainty=Certainty.SHOWN if len(targets(opened)) > 1 else Certainty.LIKELY,
    )


def _found(  # noqa: PLR0913, PLR0917 - one for each field that differs
    evidence: Evidence,
    behaviour: str,
    parameters: dict[str, Parameter],
    explains: tuple[Check, ...],
    speaks_for: tuple[str, ...],
    certainty: Certainty = Certainty.SHOWN,
) -> Finding:
    """A behaviour that opens TLS to do what it does, and so explains the certificates as well, where it is shown."""
    opened = inspected(evidence)
    issuers = ", ".join(dict.fromkeys(str(check.detail.get("issuer", "no name")) for check in opened))
    behind = _relays(evidence, opened)
    if certainty is not Certainty.SHOWN:
        return Finding(
            behaviour=behaviour,
            parameters=parameters,
            explains=explains,
            speaks_for=speaks_for,
            speaks_against=("a server of the vendor's may do so by itself",),
            certainty=certainty,
            undecided=(
                Undecided(between=(behaviour, "the vendor's server"), next="the same from a network that does nothing"),
            ),
        )
    return Finding(
        behaviour=behaviour,
        parameters=parameters,
        explains=(*explains, *opened, *behind),
        speaks_for=(
            *speaks_for,
            said(opened, f"TLS is opened on the way: issued by {issuers}"),
            *((said(behind, f"TURN inside it: {saw_of(behind)}"),) if behind else ()),
        ),
        certainty=certainty,
        undecided=(
            Undecided(
                between=(behaviour, f"{behaviour} and tls-inspection"),
                next="none from outside: whoever does the first opens TLS for it",
            ),
        ),
    )


def _relays(evidence: Evidence, opened: tuple[Check, ...]) -> tuple[Check, ...]:
    """TURN inside opened TLS: whoever opened it verifies a name that clients of a relay never ask for."""
    places = set(targets(opened))
    return tuple(check for check in evidence.open("turn-tls") if check.target in places)


def _came_at_once(check: Check) -> bool:
    first, last = _number(check, "first_ms"), _number(check, "last_ms")
    return last > 0 and (last - first) < _BURST * last


def _number(check: Check, key: str) -> float:
    value = check.detail.get(key)
    return float(value) if isinstance(value, (int, float)) else 0.0
