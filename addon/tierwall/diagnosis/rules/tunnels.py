"""Behaviours on connections that stand, as a client sees them: what silence costs, what time costs, how fast it is.

Knows checks; each function is one rule of the table. A time that is read off a cut is taken to be the usual setting
beside it, where one is near.
"""

from collections.abc import Iterator
from math import sqrt
from statistics import median
from typing import Final

from tierwall.diagnosis.evidence import REACHED, Certainty, Evidence, Finding, said
from tierwall.diagnosis.values import Undecided
from tierwall.probe.values import Check

_USUAL_S: Final = (
    *(5, 10, 15, 20, 30, 45, 60, 75, 90, 100, 120, 150, 180, 200, 240, 270, 300, 350, 360, 400, 450, 480, 540, 600),
    *(720, 900, 1200, 1500, 1800, 2400, 3000, 3600, 5400, 7200, 10800, 14400, 21600, 28800, 43200, 86400),
)
"""What people set, seconds."""
_NEAR: Final = 0.04
_CUTS: Final = {"reset": "rst", "eof": "fin", "silence": "drop"}
_LATE_MS: Final = 300.0
"""A round trip that no distance on earth explains (half of the equator and back in fibre is 200 ms)."""
_UNEVEN_MS: Final = 40.0
_SLOW_BITS: Final = 1_000_000.0
"""In a second: less than one video takes."""
_SAMPLES: Final = 100
_FORGOTTEN_NAME: Final = Undecided(
    between=("max-lifetime", "fqdn-cache-expiry"),
    next="the same while the name is looked up again and again: a firewall that learns names from DNS then keeps it",
)


def max_lifetime(evidence: Evidence) -> Iterator[Finding]:
    """A connection that was kept busy is cut as well, when the silent ones are."""
    busy = [check for check in evidence.open("busy") if check.saw in _CUTS]
    if not busy:
        return
    lived = median(_number(check, "lived_s") for check in busy)
    if lived <= 0:
        return
    silent = [
        check
        for check in evidence.open("hold")
        if check.saw in _CUTS and _number(check, "lived_s") >= lived * (1 - _NEAR)
    ]
    yield Finding(
        behaviour="max-lifetime",
        parameters={"after": _duration(_usual(lived)), "how": _CUTS[busy[0].saw]},
        explains=(*busy, *silent),
        speaks_for=(said(busy, f"{busy[0].saw} after {lived:.1f} s, though it was never idle"),),
        undecided=(_FORGOTTEN_NAME,) if evidence.of("dns") else (),
    )


def idle_timeout(evidence: Evidence) -> Iterator[Finding]:
    """Silence ends connections that are not kept busy."""
    cut = [check for check in evidence.open("hold") if check.saw in _CUTS]
    if not cut:
        return
    alive = [_number(check, "silent_s") for check in evidence.of("hold") if check.state in REACHED]
    how = max(_CUTS, key=lambda saw: sum(check.saw == saw for check in cut))
    longest = max(alive, default=0.0)
    if how == "silence":
        shortest = min(_number(check, "silent_s") for check in cut if check.saw == how)
        after = _between(longest, shortest)
        words = f"alive after {longest:.0f} s of silence, gone after {shortest:.0f} s"
    else:
        shortest = median(_number(check, "after_s") for check in cut if check.saw == how)
        after = _usual(shortest)
        words = f"{how} after {shortest:.1f} s of silence"
    if shortest <= 0:
        return
    busy = [check for check in evidence.of("busy") if check.state in REACHED and _number(check, "lived_s") >= shortest]
    apart = longest >= shortest
    yield Finding(
        behaviour="idle-timeout",
        parameters={"after": _duration(after), "how": _CUTS[how]},
        explains=tuple(cut),
        speaks_for=(said(cut, words), *((said(busy, "kept busy, it stays"),) if busy else ())),
        speaks_against=(f"another connection was silent for {longest:.0f} s and stayed",) if apart else (),
        certainty=Certainty.LIKELY if apart or not busy else Certainty.SHOWN,
        undecided=()
        if busy
        else (
            Undecided(
                between=("idle-timeout", "max-lifetime"), next="--hold with a service that can be kept busy by pings"
            ),
        ),
    )


def latency(evidence: Evidence) -> Iterator[Finding]:
    """The fastest round trip is slower than any distance."""
    late = [check for check in _timed(evidence) if _number(check, "least_ms") >= _LATE_MS]
    if late and len(late) == len(_timed(evidence)):
        least = median(_number(check, "least_ms") for check in late)
        delay = _rounded(least / 2)
        yield Finding(
            behaviour="latency",
            parameters={"delay": f"{delay:.10g}ms"},
            explains=(),
            speaks_for=(said(late, f"no round trip is faster than {least:.0f} ms"),),
            speaks_against=("what of it is distance cannot be told from there",),
        )


def jitter(evidence: Evidence) -> Iterator[Finding]:
    """Round trips differ by far more than a network's own unevenness: a sum of two even delays, one each way."""
    uneven = [c for c in _timed(evidence) if _number(c, "q3_ms") - _number(c, "q1_ms") >= _UNEVEN_MS]
    if uneven and len(uneven) == len(_timed(evidence)):
        most = _rounded(median(_number(check, "deviation_ms") for check in uneven) * sqrt(6))
        yield Finding(
            behaviour="jitter",
            parameters={"most": f"{most:.10g}ms"},
            explains=(),
            speaks_for=(said(uneven, "round trips spread as two even delays would spread them"),),
        )


def bandwidth(evidence: Evidence) -> Iterator[Finding]:
    """Large responses come slower than any video, all at one rate."""
    rates = [(check, _number(check, "bits_per_s")) for check in evidence.of("http")]
    known = [(check, rate) for check, rate in rates if rate]
    slow = [(check, rate) for check, rate in known if rate < _SLOW_BITS]
    if not slow or len(slow) < len(known):
        return
    rate = median(each for _, each in slow)
    apart = max(each for _, each in slow) > 1.25 * min(each for _, each in slow)
    yield Finding(
        behaviour="bandwidth",
        parameters={"rate": f"{max(1.0, _rounded(rate / 1000)):.10g}kbit/s"},
        explains=(),
        speaks_for=(said([check for check, _ in slow], f"{rate / 1000:.0f} kbit/s"),),
        speaks_against=("the rates differ: a crowded line does so, a limit does not",) if apart else (),
        certainty=Certainty.LIKELY if apart else Certainty.SHOWN,
    )


def _timed(evidence: Evidence) -> list[Check]:
    return [check for check in evidence.of("busy") if _number(check, "samples") >= _SAMPLES]


def _usual(seconds: float) -> float:
    """The usual setting that is near, or else the time itself."""
    nearest = min(_USUAL_S, key=lambda usual: abs(usual - seconds))
    return nearest if abs(nearest - seconds) <= max(_NEAR * nearest, 1.5) else round(seconds, 1)


def _between(alive: float, gone: float) -> float:
    """Their geometric mean, or the usual setting between the two that is nearest to it."""
    middle = sqrt(max(alive, 1.0) * gone)
    within = [usual for usual in _USUAL_S if alive < usual <= gone]
    return min(within, key=lambda usual: abs(usual - middle), default=round(middle))


def _duration(seconds: float) -> str:
    return f"{seconds:.10g}s"


def _rounded(value: float) -> float:
    """To the nearest ten, above a hundred."""
    return round(value, -1) if value >= 100 else round(value)


def _number(check: Check, key: str) -> float:
    value = check.detail.get(key)
    return float(value) if isinstance(value, (int, float)) else 0.0
