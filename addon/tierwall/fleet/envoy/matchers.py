"""Cells as Envoy's network RBAC: a tree over the server name, the host or the address, then over the port.

Knows matchers (xds.type.matcher.v3). The action's name is judge's verdict, which Envoy's log repeats.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import Final

from tierwall.fleet.envoy.cells import AddressCell, Cells, Region, Row, Word, Words
from tierwall.fleet.envoy.expressions import Span, labels_before, one_of
from tierwall.fleet.envoy.values import HTTP_RBAC, NETWORK_RBAC, TYPES, Object, cidr, typed
from tierwall.policy.attempt import Reason
from tierwall.policy.model import Network, Tier

_INPUTS: Final = "envoy.extensions.matching.common_inputs.network.v3"
PORT_KEY: Final = "tierwall.port"
"""Filter state that the tunnel's listener is handed: the port that CONNECT asked for."""


class Input(Enum):
    """What a matcher looks at."""

    SNI = ("sni", "ServerNameInput", None)
    PORT = ("port", "DestinationPortInput", None)
    ADDRESS = ("address", "DestinationIPInput", None)
    ASKED_PORT = ("asked-port", "FilterStateInput", PORT_KEY)

    @property
    def resource(self) -> Object:
        """As Envoy has it."""
        name, of, key = self.value
        return typed(name, f"{_INPUTS}.{of}", **({} if key is None else {"key": key}))


type _Column = Callable[[Row], Words]


def tunnel_tls(cells: Cells) -> Object:
    """The server name inside a tunnel; without one, the CONNECT host was all there was to judge."""
    sni = _names(cells, Input.ASKED_PORT, lambda row: tuple(map(_mismatch, row.web)))
    return _network_rbac("tunnel_tls", _where_named(sni, _action(_ALLOW)))


def direct_tls(cells: Cells) -> Object:
    """A client that no proxy was told of, and its server name; without one, the address it went to."""
    sni = _names(cells, Input.PORT, lambda row: row.web)
    addresses = _addresses(cells, lambda cell: cell.tls)
    return _network_rbac("direct_tls", _where_named(sni, addresses))


def direct_raw(cells: Cells) -> Object:
    """The same without TLS and HTTP: by the address alone."""
    return _network_rbac("direct_raw", _addresses(cells, lambda cell: cell.opaque))


def reach(cells: Cells) -> Object:
    """Where an admitted name must not lead: looked at before it is dialled, at the first address alone (guard)."""
    return {"@type": NETWORK_RBAC, "stat_prefix": "reach.", "rules": _denying(cells, _upstream)}


def reach_http(cells: Cells) -> Object:
    """The same for requests."""
    return {"@type": HTTP_RBAC, "rules": _denying(cells, _upstream)}


def gone_to(cells: Cells) -> Object:
    """The address that a client chose by itself."""
    return {"@type": NETWORK_RBAC, "stat_prefix": "gone_to.", "rules": _denying(cells, _original)}


def gone_to_http(cells: Cells) -> Object:
    """The same for requests."""
    return {"@type": HTTP_RBAC, "rules": _denying(cells, _original)}


def clients(networks: Iterable[Network]) -> Object:
    """Who may use it, for connections."""
    return {"@type": NETWORK_RBAC, "stat_prefix": "clients.", "rules": _strangers(networks)}


def clients_http(networks: Iterable[Network]) -> Object:
    """The same for requests, which are answered."""
    return {"@type": HTTP_RBAC, "rules": _strangers(networks)}


# Trees


def _network_rbac(prefix: str, tree: Object) -> Object:
    matcher = tree.get("matcher", {"on_no_match": tree})
    return {"@type": NETWORK_RBAC, "stat_prefix": f"{prefix}.", "matcher": matcher}


def _action(word: Word) -> Object:
    action = {
        "@type": f"{TYPES}envoy.config.rbac.v3.Action",
        "name": word.title,
        "action": "ALLOW" if word.passes else "DENY",
    }
    return {"action": {"name": "verdict", "typed_config": action}}


_ALLOW: Final = Word(True, "allow")


def _mismatch(word: Word) -> Word:
    """A name that is refused beside one that is admitted (row 5 of judge); what the site denies comes before that."""
    if word.passes or word.reason == Reason.SITE_DENIED:
        return word
    return Word(False, f"{Reason.NAME_MISMATCH}/{word.tier}")


def _where_named(sni: Object, unnamed: Object) -> Object:
    """The one tree where there is a server name, the other where there is none."""
    named = {"predicate": _predicate(Input.SNI, ".+"), "on_match": sni}
    return {"matcher": {"matcher_list": {"matchers": [named]}, "on_no_match": unnamed}}


def _predicate(on: Input, expression: str) -> Object:
    regex = {"google_re2": {}, "regex": expression}
    return {"single_predicate": {"input": on.resource, "value_match": {"safe_regex": regex}}}


def _names(cells: Cells, port: Input, column: _Column) -> Object:
    alike: dict[Words, list[str]] = defaultdict(list)
    matchers: list[Object] = []
    for cell in cells.names:
        if len(cell.rows) == 1:
            alike[column(cell.rows[0])].append(cell.domain)
            continue
        base = cell.domain.removeprefix("*.")
        rows = [
            {
                "predicate": _predicate(Input.SNI, labels_before(base, row.fewest, row.most)),
                "on_match": _by_port(cells.spans, column(row), port),
            }
            for row in cell.rows
        ]
        nobodys = _by_port(cells.spans, column(cells.other_names), port)
        tree = {"matcher": {"matcher_list": {"matchers": rows}, "on_no_match": nobodys}}
        matchers.append({"domains": [cell.domain], "on_match": tree})
    for words, domains in alike.items():
        matchers.append({"domains": domains, "on_match": _by_port(cells.spans, words, port)})
    end = _by_port(cells.spans, column(cells.other_names), port)
    if not matchers:
        return end
    table = typed("names", "xds.type.matcher.v3.ServerNameMatcher", domain_matchers=matchers)
    return {"matcher": {"matcher_tree": {"input": Input.SNI.resource, "custom_match": table}, "on_no_match": end}}


def _addresses(cells: Cells, column: Callable[[AddressCell], Words]) -> Object:
    alike: dict[Words, list[Object]] = defaultdict(list)
    for cell in cells.addresses:
        alike[column(cell)].append(cidr(cell.network))
    end = _by_port(cells.spans, column(cells.other_addresses), Input.PORT)
    if not alike:
        return end
    ranges = [{"ranges": some, "on_match": _by_port(cells.spans, words, Input.PORT)} for words, some in alike.items()]
    table = typed("networks", "xds.type.matcher.v3.IPMatcher", range_matchers=ranges)
    return {"matcher": {"matcher_tree": {"input": Input.ADDRESS.resource, "custom_match": table}, "on_no_match": end}}


def _by_port(spans: Sequence[Span], words: Words, on: Input) -> Object:
    """Single ports in a map, ranges as expressions; the denial that most ports have is what is left."""
    groups: dict[Word, list[Span]] = defaultdict(list)
    for span, word in zip(spans, words, strict=True):
        groups[word].append(span)
    denials = [word for word in groups if not word.passes]
    rest = max(denials or groups, key=lambda word: _width(groups[word]))
    tree: Object = _action(rest)
    others = [(word, some) for word, some in groups.items() if word != rest]
    if matchers := [
        {"predicate": _predicate(on, one_of(wide)), "on_match": _action(word)}
        for word, some in others
        if (wide := [span for span in some if span[0] != span[1]])
    ]:
        tree = {"matcher": {"matcher_list": {"matchers": matchers}, "on_no_match": tree}}
    if exact := {str(first): _action(word) for word, some in others for first, last in some if first == last}:
        tree = {
            "matcher": {"matcher_tree": {"input": on.resource, "exact_match_map": {"map": exact}}, "on_no_match": tree}
        }
    return tree


def _width(spans: Iterable[Span]) -> int:
    return sum(last - first + 1 for first, last in spans)


# Rules


def _denying(cells: Cells, permission: Callable[[Network, Span | None], Object]) -> Object:
    policies: dict[str, Object] = {}
    for each in cells.regions:
        if not each.closed:
            continue
        policies[f"{each.title} {each.network}"] = {
            "permissions": [_region(each, permission)],
            "principals": [{"any": True}],
        }
    return {"action": "DENY", "policies": policies}


def _region(each: Region, permission: Callable[[Network, Span | None], Object]) -> Object:
    everywhere = each.closed == ((1, 65535),)
    there = [permission(each.network, None if everywhere else span) for span in each.closed]
    rules: list[Object] = [{"or_rules": {"rules": there}}]
    if each.but_for:
        rules.append({"not_rule": {"or_rules": {"rules": [permission(inside, None) for inside in each.but_for]}}})
    return {"and_rules": {"rules": rules}}


def _upstream(network: Network, span: Span | None) -> Object:
    matcher: Object = {"upstream_ip": cidr(network)}
    if span is not None:
        matcher["upstream_port_range"] = {"start": span[0], "end": span[1] + 1}
    of = "envoy.extensions.rbac.matchers.upstream_ip_port.v3.UpstreamIpPortMatcher"
    return {"matcher": typed("envoy.rbac.matchers.upstream_ip_port", of, **matcher)}


def _original(network: Network, span: Span | None) -> Object:
    there: Object = {"destination_ip": cidr(network)}
    if span is None:
        return there
    ports: Object = {"destination_port_range": {"start": span[0], "end": span[1] + 1}}
    return {"and_rules": {"rules": [there, ports]}}


def _strangers(networks: Iterable[Network]) -> Object:
    known = {"or_ids": {"ids": [{"direct_remote_ip": cidr(network)} for network in networks]}}
    policy = {"permissions": [{"any": True}], "principals": [{"not_id": known}]}
    return {"action": "DENY", "policies": {f"{Reason.CLIENT_REFUSED}/{Tier.NONE}": policy}}
