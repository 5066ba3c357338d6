"""What would mend it: entries for the customer's list, and what to ask for where no list can help.

Knows what each behaviour of a middlebox takes away. Entries are to_add's, which reads each back in its dialect.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from tierwall.policy.dialect import Dialect
from tierwall.policy.model import Catalogue
from tierwall.policy.projections.to_add import Wanted, to_add
from tierwall.report.findings.model import Ask, Entry, Refused, Report, Struck

ASKS: Final = {
    "connection-limit": "Allow more connections from one client at a time to these destinations.",
    "proxy-auth": "Let these destinations through without a password (407): apps and WebRTC stacks cannot answer one.",
    "captive-portal": "Let these destinations through before the portal's terms are accepted, or exempt these devices.",
    "connect-ports": "Allow CONNECT to these ports, not to 443 alone.",
    "no-ip-connect": "Allow CONNECT to these addresses: their servers have no name.",
    "dns-filter": "Answer these names in DNS, as the public DNS does.",
    "split-dns": "Answer these names in DNS as the public DNS does, not with addresses of your own.",
    "stale-addresses": "Allow these by name, or look the names up again as their TTL says: the addresses move.",
    "fqdn-cache-expiry": "Do not end standing connections when a name's address has aged out of the cache.",
    "dial-blackhole": "Find what drops connections to these destinations without an answer.",
    "sni-required": "Allow TLS without a server name to these addresses.",
    "one-segment-hello": "Update the middlebox: a ClientHello may take more than one segment (post-quantum keys).",
    "host-forgery-check": "Do not compare names with addresses for these destinations: DNS answers differ by place.",
    "tls-inspection": "Exempt these destinations from TLS inspection.",
    "dpi-https-only": "Allow what is not HTTPS on port 443 to these destinations, as an application or by exemption.",
    "tls-max-version": "Do not lower the TLS version to these destinations, or exempt them from TLS inspection.",
    "no-http2": "Allow HTTP/2 to these destinations, or exempt them from TLS inspection.",
    "no-websocket": "Let WebSocket upgrades through to these destinations, or exempt them from the HTTP proxy.",
    "buffering": "Do not hold responses back from these destinations until they are scanned.",
    "headers": "Do not change headers to and from these destinations.",
    "idle-timeout": "Keep idle connections to these destinations longer, or end them with a reset that apps notice.",
    "max-lifetime": "Do not end standing connections to these destinations after a fixed time.",
    "latency": "Find what delays traffic to these destinations.",
    "jitter": "Find what delays traffic to these destinations unevenly; give media its own queue.",
    "bandwidth": "Give these destinations more bandwidth, or exempt them from shaping.",
    "slicer": "Find what cuts traffic to these destinations into small pieces.",
    "stall": "Find what stops connections to these destinations after some time or amount.",
    "reset": "Find what resets connections to these destinations after some time or amount.",
    "slow-close": "Find what delays the end of connections to these destinations.",
    "half-close-breaks": "Let one side of a connection end while the other still sends (TCP half-close).",
    "no-udp": "Allow UDP to these destinations and ports, with answers.",
    "no-quic": "Allow QUIC (UDP 443), or reject it at once, so that clients fall back to TCP without waiting.",
    "udp-timeout": "Keep UDP flows to these destinations longer (RFC 4787 asks for two minutes at least).",
}
"""By the behaviour's name: what its network's people would have to do."""

LISTS: Final = {
    "tier-closed": "Add these services' destinations to the allow list; `tierwall export --to PRODUCT` spells them.",
    "wildcard-gap": "Add the names that the wildcards leave out; `tierwall export --to PRODUCT` spells them.",
    "port-closed": "Open the other ports of these services too; `tierwall export --to PRODUCT` spells them.",
}
"""By the reason, where a diagnosis says that the list of what is open explains it."""

_PLACES: Final = 20


def with_changes(report: Report, catalogue: Catalogue, dialect: Dialect) -> Report:
    """The report with what would mend what it says is broken."""
    listed = {each.service for each in report.struck if each.behaviour in LISTS}
    shut = [each for each in report.unreached if listed.intersection(each.serves)]
    told = {service for each in shut for service in each.serves}
    left = [each for each in report.struck if each.behaviour not in LISTS or each.service not in told]
    return replace(
        report,
        dialect=dialect.value,
        entries=tuple(_entries((*report.refused, *shut), catalogue, dialect)),
        asks=tuple(_asks(left)),
    )


def _entries(refused: Iterable[Refused], catalogue: Catalogue, dialect: Dialect) -> Iterator[Entry]:
    serves: dict[tuple[object, ...], tuple[Refused, dict[str, None]]] = {}
    for each in refused:
        _, services = serves.setdefault((each.host, each.transport, each.port), (each, {}))
        services |= dict.fromkeys(each.serves)
    wanted = [Wanted(each.host, each.transport, each.port, tuple(services)) for each, services in serves.values()]
    for found in to_add(catalogue, wanted, dialect):
        yield Entry(entry=found.entry, ports=found.ports, serves=found.serves, opens_besides=found.opens_besides)


def _asks(struck: Iterable[Struck]) -> Iterator[Ask]:
    kinds: dict[str, list[Struck]] = {}
    for each in struck:
        kinds.setdefault(each.behaviour, []).append(each)
    for behaviour, all_of in kinds.items():
        places = tuple(dict.fromkeys(each.destination for each in all_of if each.destination))
        more = len(places) - _PLACES
        yield Ask(
            behaviour=behaviour,
            ask=(ASKS | LISTS).get(behaviour, "Switch this off for these destinations."),
            destinations=(*places[:_PLACES], *((f"and {more} more",) if more > 0 else ())),
            services=tuple(dict.fromkeys(each.service for each in all_of)),
        )
