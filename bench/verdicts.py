"""Child process: times verdicts of every common kind under the bundled policies; prints JSON.

Hosts differ from one attempt to the next, so that no cache but the one that is measured can help.
"""

import json
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from statistics import median
from time import perf_counter_ns
from typing import Final

from tierwall.loader import load_catalogue, load_site
from tierwall.policy.attempt import Action, Attempt, GivenName, NameSource, Seen
from tierwall.policy.judge import judge
from tierwall.policy.model import Transport
from tierwall.proxy.state.active_policy import ActivePolicy

MANY: Final = 2000
REPEATS: Final = 7


def named(host: str, *, hello: bool = False, port: int = 443) -> Attempt:
    """What the front door makes of a CONNECT, or of the ClientHello in its tunnel."""
    names = [GivenName(NameSource.CONNECT, host)]
    if hello:
        names.append(GivenName(NameSource.SNI, host))
    return Attempt(transport=Transport.TCP, port=port, names=tuple(names), seen=Seen.TLS if hello else None)


def to_address(text: str) -> Attempt:
    """What a gateway makes of a connection without a name."""
    return Attempt(transport=Transport.TCP, port=443, address=ip_address(text), seen=Seen.OPAQUE)


def per_verdict_us(judged: Callable[[Attempt], object], attempts: Sequence[Attempt]) -> float:
    """Median over repeats of the mean over all attempts."""
    means = []
    for _ in range(REPEATS):
        began = perf_counter_ns()
        for attempt in attempts:
            judged(attempt)
        means.append((perf_counter_ns() - began) / len(attempts) / 1000)
    return median(means)


def main() -> None:
    """Time and print."""
    catalogue = load_catalogue(())
    site = load_site("reference", catalogue)
    active_policy = ActivePolicy(site, catalogue)
    kinds = {
        "listed": (Action.ALLOW, [named(f"room{n}.8x8.vc") for n in range(MANY)]),
        "listed-with-sni": (Action.ALLOW, [named(f"room{n}.8x8.vc", hello=True) for n in range(MANY)]),
        "unlisted": (Action.DENY, [named(f"host{n}.elsewhere.example") for n in range(MANY)]),
        "wrong-port": (Action.DENY, [named(f"room{n}.8x8.vc", port=8443) for n in range(MANY)]),
        "no-name": (Action.DENY, [to_address(f"203.0.{n // 250}.{n % 250}") for n in range(MANY)]),
    }
    cached, uncached = {}, {}
    for kind, (expected, attempts) in kinds.items():
        verdicts = [active_policy.judge(attempt) for attempt in attempts]
        if any(verdict.action is not expected for verdict in verdicts):
            raise SystemExit(f"{kind}: expected {expected}, not {verdicts[0]}")
        cached[kind] = per_verdict_us(active_policy.judge, attempts)
        uncached[kind] = per_verdict_us(lambda attempt: judge(site, catalogue, attempt), attempts)
    print(json.dumps({"cached": cached, "uncached": uncached}))


if __name__ == "__main__":
    main()
