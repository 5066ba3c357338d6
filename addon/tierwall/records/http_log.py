"""What the readers of web proxies' logs share: the destination by URL or by host, and a decision by a table of words.

Knows no product.
"""

from collections.abc import Mapping

from tierwall.policy.attempt import Attempt
from tierwall.records.destination import PORTS, of_address, of_host, of_url, port_of, split, transport_of
from tierwall.records.record import Decision, Statement


def by_words(table: Mapping[str, Decision], said: str | None) -> Decision:
    """The decision that the product's word stands for; a word that the table lacks decides nothing."""
    return Decision.UNKNOWN if said is None else table.get(said.lower(), Decision.UNKNOWN)


def by_url(url: str | None, scheme: str | None = None, method: str | None = None) -> Attempt | None:
    """By a URL, or by a host and path; `scheme` as the product calls the protocol where the URL has none."""
    if not url or url.startswith("/"):
        return None
    return of_url(url, method, _scheme(scheme))


def by_host(host: str | None, port: str | None = None, scheme: str | None = None) -> Attempt | None:
    """By a host, which may have its port behind it, and a port of its own."""
    if not host:
        return None
    name, own = split(host)
    known = _scheme(scheme)
    number = own or port_of(port) or PORTS.get(known, 443)
    plain = known in {"http", "ws"} and number not in {443, 8443}
    return of_host(name, number, scheme="http" if plain else "tunnel")


def by_address(address: str | None, port: str | None, protocol: str | None = None) -> Attempt | None:
    """As a firewall sees it: an address, a port, a transport. None for what has no ports."""
    transport = transport_of(protocol)
    if not address or transport is None:
        return None
    return of_address(address, port_of(port), transport)


def by_flow(name: str | None, address: str | None, port: str | None, protocol: str | None = None) -> Attempt | None:
    """As a firewall sees it that knows the name of some flows."""
    transport = transport_of(protocol)
    if transport is None:
        return None
    if name and (found := of_host(split(name)[0], port_of(port, 443), transport=transport)) is not None:
        return found
    return of_address(address or "", port_of(port), transport)


def statement(decision: Decision, attempt: Attempt | None, words: str, method: str | None = None) -> Statement:
    """What the line says; a method that is no HTTP method is none."""
    known = method.upper() if method and method.isalpha() and method.upper() not in _NO_METHOD else None
    return Statement(decision=decision, attempt=attempt, method=known, words=words)


_NO_METHOD = frozenset({"NA", "UNKNOWN", "NONE", "NULL"})


def _scheme(said: str | None) -> str:
    match (said or "https").lower():
        case "http" | "ws" | "http_proxy" | "http-proxy":
            return "http"
        case "ftp" | "ftp over http":
            return "ftp"
        case _:
            return "https"
