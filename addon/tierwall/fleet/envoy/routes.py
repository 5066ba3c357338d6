"""Cells as Envoy's routes: a virtual host for names that are decided alike, and for literals by their network.

Knows RouteConfiguration. Requests come here with two fields that the listeners set, whatever a client sent: the port,
and where an admitted request goes.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from ipaddress import ip_network
from typing import Final

from tierwall.fleet.envoy.cells import Cells, NameCell, Row, Word
from tierwall.fleet.envoy.expressions import Span, labels_before, one_of
from tierwall.fleet.envoy.values import ROUTES, Object, cidr
from tierwall.policy.attempt import Reason
from tierwall.policy.model import Network, Tier
from tierwall.policy.site import Site

PORT_FIELD: Final = "x-tierwall-port"
CLUSTER_FIELD: Final = "x-tierwall-cluster"
REASON_FIELD: Final = "x-tierwall-reason"
TIER_FIELD: Final = "x-tierwall-tier"

LITERAL_KEY: Final = "tierwall.literal"
"""Filter state: the address that a request names, where it names one."""

TUNNEL: Final = "tunnel"
WEB_TUNNEL: Final = "tunnel-web"
"""The clusters of the listeners that look into tunnels: the one takes any protocol, the other TLS and HTTP alone."""

_HTTP_PORT: Final = 80
_ALL: Final = (ip_network("0.0.0.0/0"), ip_network("::/0"))


def requests(cells: Cells, site: Site) -> Object:
    """The routes of every listener."""
    routing = _Routing(cells.spans, int(site.refuse.connect))
    hosts = list(_virtual_hosts(cells, routing))
    hosts.append({"name": "others", "domains": ["*"], "routes": list(_others(cells, routing))})
    return {
        "@type": ROUTES,
        "name": "requests",
        "ignore_port_in_host_matching": True,
        "validate_clusters": False,
        "request_headers_to_remove": [PORT_FIELD, CLUSTER_FIELD],
        "virtual_hosts": hosts,
    }


def _virtual_hosts(cells: Cells, routing: "_Routing") -> Iterator[Object]:
    alike: dict[_Decided, list[str]] = defaultdict(list)
    for cell in cells.names:
        if len(cell.rows) == 1:
            alike[_decided(cell.rows[0])].append(cell.domain)
        else:
            routes = [route for row in cell.rows for route in routing.counted(cell, row)]
            yield {
                "name": cell.domain,
                "domains": [cell.domain],
                "routes": [*routes, *routing.of(_decided(cells.other_names))],
            }
    for decided, domains in alike.items():
        yield {"name": domains[0], "domains": domains, "routes": list(routing.of(decided))}


def _others(cells: Cells, routing: "_Routing") -> Iterator[Object]:
    """Literals by their networks, the longest prefix first, then every other address, then every other name."""
    runs: list[tuple[list[Network], _Decided]] = []
    for cell in cells.addresses:
        decided = tuple(zip(cell.asked, cell.opaque, strict=True))
        if runs and runs[-1][1] == decided:
            runs[-1][0].append(cell.network)
        else:
            runs.append(([cell.network], decided))
    for networks, decided in runs:
        yield from routing.literal(networks, decided)
    other = cells.other_addresses
    yield from routing.literal(_ALL, tuple(zip(other.asked, other.opaque, strict=True)))
    yield from routing.of(_decided(cells.other_names))


def _decided(row: Row) -> "_Decided":
    return tuple(zip(row.web, row.opaque, strict=True))


_A_TUNNEL: Final[Object] = {"connect_matcher": {}}
_A_REQUEST: Final[Object] = {"prefix": "/"}


type _Decided = tuple[tuple[Word, Word], ...]
"""For each span of ports, the verdict on TLS and HTTP, and that on anything else."""


class _Routing:
    """Routes of words over spans of ports."""

    def __init__(self, spans: Sequence[Span], connect_status: int) -> None:
        self._spans = spans
        self._connect_status = connect_status

    def of(self, decided: _Decided, more: Object | None = None) -> Iterator[Object]:
        """The ports that are let through, then those that each denial has; every other port is denied."""
        groups: dict[tuple[Word, bool], list[Span]] = defaultdict(list)
        for span, (word, opaque) in zip(self._spans, decided, strict=True):
            groups[word, opaque.passes].append(span)
        denials = sorted((each for each in groups if not each[0].passes), key=lambda each: _width(groups[each]))
        for word, any_protocol in [each for each in groups if each[0].passes] + denials[:-1]:
            ports = one_of(groups[word, any_protocol])
            web = any(first <= _HTTP_PORT <= last for first, last in groups[word, any_protocol])
            yield self._route(word, _A_TUNNEL, ports, more, TUNNEL if any_protocol else WEB_TUNNEL)
            yield self._route(word, _A_REQUEST, f"({ports})?" if web else ports, more)  # `http://host/` says none
        last = denials[-1][0] if denials else Word(False, f"{Reason.MALFORMED}/{Tier.NONE}")
        yield self._route(last, _A_TUNNEL, None, more)
        yield self._route(last, _A_REQUEST, None, more)

    def counted(self, cell: NameCell, row: Row) -> Iterator[Object]:
        """The same, of names with so many labels."""
        base = cell.domain.removeprefix("*.")
        expression = labels_before(base, row.fewest, row.most) + r"\.?(:[0-9]*)?"
        yield from self.of(_decided(row), {"headers": [_field(":authority", expression)]})

    def literal(self, networks: Sequence[Network], decided: _Decided) -> Iterator[Object]:
        """The same, of addresses."""
        ranges = [cidr(network) for network in networks]
        there: Object = {"filter_state": [{"key": LITERAL_KEY, "address_match": {"ranges": ranges}}]}
        yield from self.of(decided, there)

    def _route(
        self, word: Word, what: Object, ports: str | None, more: Object | None, tunnel: str = WEB_TUNNEL
    ) -> Object:
        match = what | (more or {})
        if ports is not None:
            headers = match.get("headers", [])
            match["headers"] = [_field(PORT_FIELD, f":({ports})"), *(headers if isinstance(headers, list) else [])]
        route: Object = {"match": match}
        if word.passes:
            return route | {"route": _tunnelled(tunnel) if what is _A_TUNNEL else _requested()}
        status = self._connect_status if what is _A_TUNNEL else 403
        said = {REASON_FIELD: word.reason, TIER_FIELD: word.tier}
        return route | {
            "direct_response": {"status": status, "body": {"inline_string": f"{word.reason} ({word.tier})\n"}},
            "response_headers_to_add": [{"header": {"key": key, "value": value}} for key, value in said.items()],
        }


def _tunnelled(tunnel: str) -> Object:
    connect = {"upgrade_type": "CONNECT", "connect_config": {}}
    return {"cluster": tunnel, "timeout": "0s", "idle_timeout": "0s", "upgrade_configs": [connect]}


def _requested() -> Object:
    return {"cluster_header": CLUSTER_FIELD, "timeout": "0s", "idle_timeout": "0s"}


def _field(name: str, expression: str) -> Object:
    return {"name": name, "string_match": {"safe_regex": {"regex": expression}}}


def _width(spans: Sequence[Span]) -> int:
    return sum(last - first + 1 for first, last in spans)
