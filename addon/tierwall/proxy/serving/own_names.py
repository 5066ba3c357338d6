"""By which names this proxy is called itself: what a Host field must say for its own pages to be served.

Knows this machine's host name and `--resolve`. Refuses to look names up: a page whose name was made to lead here (DNS
rebinding) would pass as ours, and its scripts would read who was refused what.
"""

import socket
from functools import cache

from tierwall.opening import PlainHttp
from tierwall.policy.hostname import InvalidHost, normalise
from tierwall.proxy.state.destinations import Destinations


def is_ours(opening: PlainHttp, destinations: Destinations) -> bool:
    """Whether the request was made to this proxy by a name of its own. Where it has none (HTTP/1.0), it was.

    Addresses always are: a web page of that origin was served from that very address. So is `localhost`, with all
    below it (RFC 6761 section 6.3), the machine's host name, and every name that `--resolve` leads to this proxy.
    """
    if opening.host_header is None:
        return True
    try:
        host = normalise(opening.host_header)
    except InvalidHost:
        return False
    if not isinstance(host, str) or host == "localhost" or host.endswith(".localhost") or host in _of_this_machine():
        return True
    led = destinations.redirect(host, opening.port)
    return led is not None and any(destinations.is_self(address, led.port) for address in led.addresses)


@cache
def _of_this_machine() -> frozenset[str]:
    """Its host name as it is set, as it is without its domain, and as it is in multicast DNS (RFC 6762 section 3)."""
    name = socket.gethostname()
    short = name.partition(".")[0]
    found = set()
    for spelling in (name, short, f"{short}.local"):
        try:
            found.add(str(normalise(spelling)))
        except InvalidHost:
            continue
    return frozenset(found)
