"""The names of all places, first of all and at once; and what a resolver outside says of those without a good answer.

Knows the system's resolver and DNS over HTTPS. A network without DNS costs NAMES_S, and no more.
"""

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

from tierwall.probe.measuring.circumstances import Circumstances, Resolved
from tierwall.probe.policies import Place
from tierwall.probe.values import Check, State
from tierwall.probe.wire import http1, names, streams, tls

NAMES_S = 20.0
_AT_ONCE = 8
_OUTSIDE = 8
"""Names that are asked for outside."""


def resolve_all(places: Iterable[Place]) -> dict[str, Resolved]:
    """What became of each name; what takes longer than NAMES_S has no answer."""
    hosts = list(dict.fromkeys(place.host for place in places if not place.is_address))
    pool = ThreadPoolExecutor(_AT_ONCE)
    asked = {host: pool.submit(resolve, host) for host in hosts}
    wait(asked.values(), timeout=NAMES_S)
    pool.shutdown(wait=False, cancel_futures=True)
    late = Resolved("no-answer", (), NAMES_S * 1000)
    return {host: each.result() if each.done() and not each.cancelled() else late for host, each in asked.items()}


def resolve(host: str) -> Resolved:
    """What the system's resolver says now."""
    began = time.monotonic()
    try:
        addresses = names.addresses_of(host)
        saw = names.kind_of(addresses)
    except names.NoAddress as fault:
        addresses, saw = [], fault.saw
    return Resolved(saw, tuple(addresses), (time.monotonic() - began) * 1000)


def elsewhere(places: Iterable[Place], resolved: dict[str, Resolved]) -> dict[tuple[str, str], str]:
    """For each vendor's host an address of another of its hosts."""
    found: dict[tuple[str, str], str] = {}
    web = [place for place in places if not place.udp and place.port == 443 and not place.is_address]
    for place in web:
        own = resolved.get(place.host)
        others = [resolved.get(each.host) for each in web if each.vendor == place.vendor]
        addresses = [a for each in others if each is not None and each.saw == "answer" for a in each.addresses]
        different = [a for a in addresses if own is not None and a not in own.addresses and ":" not in a]
        if different:
            found[place.vendor, place.host] = different[0]
    return found


def ask_outside(checks: Iterable[Check], around: Circumstances) -> list[Check]:
    """`dns-over-https`, of a few names that have no good answer here; none further where nothing outside is reached."""
    broken = {check.target: check for check in checks if check.what == "dns" and check.state is State.BROKEN}
    found: list[Check] = []
    for name, check in list(broken.items())[:_OUTSIDE]:
        saw, state, detail = _from_outside(name, around)
        found.append(Check("dns-over-https", name, state, saw, check.vendor, check.service, check.tier, detail=detail))
        if state is State.NOT_TESTABLE:
            break
    return found


def _from_outside(name: str, around: Circumstances) -> tuple[str, State, dict[str, Any]]:
    reached = (
        streams.connect(names.DOH_HOST, 443)
        if around.proxy is None
        else streams.connect_through(around.proxy, names.DOH_HOST, 443)
    )
    if isinstance(reached, streams.Failed):
        return reached.saw, State.NOT_TESTABLE, {}
    try:
        with tls.session(reached.sock, names.DOH_HOST) as session:
            octets = http1.request("GET", f"/resolve?name={name}&type=A", names.DOH_HOST, "Connection: close")
            addresses = names.addresses_from(http1.ask(session, octets, body=True).answer)
    except (OSError, ValueError):
        return "no-answer", State.NOT_TESTABLE, {}
    if addresses:
        return "different", State.BROKEN, {"addresses": addresses}
    return "same", State.WORKS, {}
