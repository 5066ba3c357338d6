"""What of a site is exported: the grants of its allow list, of what must not be decrypted, and of inbound callers.

Knows sites and the catalogue, no products. A site's own entries are read in its dialect, as the judge reads them; a
vendor's rules give the same grants whether a site or a command line selects them.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from tierwall.export.about import Wanted, about, beyond_lists, name_words, nothing, title, unlisted
from tierwall.export.grant import Grant, List, Selection, shown
from tierwall.export.ports import merged, of_transport
from tierwall.policy.attempt import Impact
from tierwall.policy.dialect import Dialect, Part, Reading, Rejected, read, read_of_vendor
from tierwall.policy.hostname import suffixes
from tierwall.policy.lint.covering import all_in, takes_in
from tierwall.policy.match.index import HostIndex, NetworkIndex
from tierwall.policy.match.vendor_rules import VendorRule, admitted_rules, all_rules
from tierwall.policy.model import Catalogue, Ports, Protocol, Tier, Transport
from tierwall.policy.site import ListEntry, Site

NAME_CHARACTERS: Final = 31
"""The shortest limit on names of objects among the products (an external dynamic list's is 32 with PAN-OS)."""

_UNDECRYPTED: Final = {
    Protocol.WEBSOCKET: "a persistent WebSocket, which devices that decrypt may strip, hold back or cut",
    Protocol.TLS_OTHER: "a protocol inside TLS that is not HTTP, in an app that trusts no other certificate",
    Protocol.STUN: "TURN inside TLS, which is not HTTP",
    Protocol.MEDIA: "media inside TLS, which is not HTTP",
    Protocol.XMPP: "XMPP inside TLS, which is not HTTP",
    Protocol.SFTP: "SSH, which is not TLS",
    Protocol.ANY: "any protocol, so that what is inside TLS need not be HTTP",
}
"""Why what speaks so must not be decrypted. What speaks HTTP alone may be."""


class NothingSelected(ValueError):
    """The selection is empty; the message says why, and what there is."""


def select(wanted: Wanted, site: Site, catalogue: Catalogue) -> Selection:
    """The three lists. Raises NothingSelected."""
    _check(wanted, catalogue)
    rules = [rule for rule in admitted_rules(site, catalogue) if _wanted(wanted, rule)]
    remarks = [*unlisted(site), *beyond_lists(rules)]
    own = [] if wanted.vendors or wanted.tiers is not None else _own(site, remarks)
    denied = [grant for entry in site.deny if isinstance(entry, ListEntry) for grant in _entry_grants(entry, [])]
    asked = [grant for rule in rules for grant in _rule_grants(rule, site.dialect, rule.impacts, rule.rule.ports)]
    allow, held = _less_denied(minimal([*asked, *own]), denied)
    vendors = list(dict.fromkeys(rule.vendor for rule in rules))
    inbound = [
        grant
        for rule in all_rules(catalogue)
        if not rule.egress and rule.vendor in vendors and _of_tier(wanted, rule)
        for grant in _rule_grants(rule, Dialect.LITERAL, rule.impacts, rule.rule.ports)
    ]
    if not allow and not inbound:
        raise NothingSelected(nothing(wanted, site, vendors))
    bypass, _ = _less_denied(minimal([grant for rule in rules for grant in _undecrypted(rule, site.dialect)]), denied)
    return Selection(
        name=object_name("tw", *name_words(wanted, site)),
        title=title(wanted, site, vendors),
        about=tuple(about(wanted, site, vendors, rules)),
        lists={List.ALLOW: allow, List.BYPASS: bypass, List.INBOUND: minimal(inbound)},
        denied=held,
        remarks=tuple(remarks),
    )


def object_name(*words: str, most: int = NAME_CHARACTERS, keep: str = "") -> str:
    """Words joined with hyphens, as every product takes them; what is too long ends in a digest of the whole."""
    name = re.sub(rf"[^A-Za-z0-9_{re.escape(keep)}-]+", "-", "-".join(words)).strip("-")
    if len(name) <= most:
        return name
    return f"{name[: most - 7].rstrip('-')}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def minimal(grants: Iterable[Grant]) -> tuple[Grant, ...]:
    """The same destinations and ports once each, sorted, without those that another one covers with all its ports."""
    joined: dict[Part, Grant] = {}
    for grant in grants:
        before = joined.get(grant.destination)
        joined[grant.destination] = grant if before is None else _joined(before, grant)
    found = sorted(joined.values(), key=_order)
    hosts = HostIndex((grant.name, grant) for grant in found if grant.name is not None)
    networks = NetworkIndex((grant.network, grant) for grant in found if grant.network is not None)
    return tuple(
        grant for grant in found if not any(all_in(grant.ports, over.ports) for over in _over(grant, hosts, networks))
    )


# Grants


def _rule_grants(
    rule: VendorRule, dialect: Dialect, impacts: tuple[Impact, ...], ports: tuple[Ports, ...]
) -> Iterator[Grant]:
    """A vendor's patterns are read in the site's dialect, as the judge reads them."""
    for host in rule.rule.hosts:
        if not isinstance(parts := read_of_vendor(dialect, host), Rejected):
            for part in parts:
                yield Grant(
                    destination=part, ports=merged(ports), serves=impacts, label=str(rule), spelled=(dialect, host)
                )
    for network in rule.rule.networks:
        yield Grant(destination=network, ports=merged(ports), serves=impacts, label=str(rule))


def _undecrypted(rule: VendorRule, dialect: Dialect) -> Iterator[Grant]:
    """Only TCP: nothing decrypts QUIC or DTLS on its way."""
    speaks = {service.id: service.protocol for service in rule.vendor.services}
    impacts = tuple(impact for impact in rule.impacts if speaks[impact.service] in _UNDECRYPTED)
    ports = of_transport(rule.rule.ports, Transport.TCP)
    if impacts and ports:
        reasons = tuple(dict.fromkeys(f"{each.service}: {_UNDECRYPTED[speaks[each.service]]}" for each in impacts))
        for grant in _rule_grants(rule, dialect, impacts, ports):
            yield replace(grant, reasons=reasons)


def _own(site: Site, remarks: list[str]) -> list[Grant]:
    return [grant for entry in site.admit if isinstance(entry, ListEntry) for grant in _entry_grants(entry, remarks)]


def _entry_grants(entry: ListEntry, remarks: list[str]) -> Iterator[Grant]:
    for host in entry.hosts:
        parts = read(entry.dialect, host)
        if isinstance(parts, Rejected):
            remarks.append(f"{entry.label}: `{host}` covers nothing, because `{entry.dialect}` rejects it: {parts.why}")
            continue
        for part in parts:
            yield Grant(destination=part, ports=merged(entry.ports), label=entry.label, spelled=(entry.dialect, host))
    for network in entry.networks:
        yield Grant(destination=network, ports=merged(entry.ports), label=entry.label)


def _joined(some: Grant, others: Grant) -> Grant:
    return replace(
        some,
        ports=merged((*some.ports, *others.ports)),
        serves=tuple(sorted(dict.fromkeys((*some.serves, *others.serves)), key=lambda impact: impact.tier.severity)),
        reasons=tuple(dict.fromkeys((*some.reasons, *others.reasons))),
    )


def _over(grant: Grant, hosts: HostIndex[Grant], networks: NetworkIndex[Grant]) -> Iterator[Grant]:
    """The others that cover all of its destination."""
    if isinstance(grant.destination, Reading):
        yield from (
            hit.payload for hit in hosts.find(grant.destination.base) if _covers(hit.payload, grant, hit.labels)
        )
    elif grant.network is not None:
        for found in networks.find(grant.network.network_address):
            over = found.payload.network
            if over is not None and over != grant.network and over.prefixlen <= grant.network.prefixlen:
                yield found.payload


def _covers(over: Grant, grant: Grant, labels: int) -> bool:
    outer, inner = over.destination, grant.destination
    if over is grant or not isinstance(outer, Reading) or not isinstance(inner, Reading):
        return False
    return takes_in(outer.fewest, outer.most, inner, labels)


def _less_denied(grants: tuple[Grant, ...], denied: Sequence[Grant]) -> tuple[tuple[Grant, ...], tuple[Grant, ...]]:
    """What is left where a site's `deny` takes all of a grant, and the denials that reach into what is left."""
    if not denied:
        return grants, ()
    hosts = HostIndex((grant.name, grant) for grant in denied if grant.name is not None)
    networks = NetworkIndex((grant.network, grant) for grant in denied if grant.network is not None)
    kept = tuple(
        grant
        for grant in grants
        if not any(
            all_in(grant.ports, over.ports)
            for over in (*_over(grant, hosts, networks), *(d for d in denied if d.destination == grant.destination))
        )
    )
    return kept, tuple(_reaching_into(denied, kept))


def _reaching_into(denied: Iterable[Grant], kept: Sequence[Grant]) -> Iterator[Grant]:
    """Those that may share a destination with what is kept: of shapes nobody can say, so that they may."""
    bases = {grant.name.base for grant in kept if isinstance(grant.name, Reading)}
    above = {domain for base in bases for _, domain in suffixes(base)}
    shaped = any(grant.name is not None and not isinstance(grant.name, Reading) for grant in kept)
    networks = [grant.network for grant in kept if grant.network is not None]
    for grant in denied:
        match grant.destination:
            case Reading(base):
                if shaped or base in above or any(domain in bases for _, domain in suffixes(base)):
                    yield grant
            case _ if grant.network is not None:
                if any(grant.network.version == other.version and grant.network.overlaps(other) for other in networks):
                    yield grant
            case _:
                if bases or shaped:
                    yield grant


def _order(grant: Grant) -> tuple[int, list[str], int, int]:
    """Names by their labels from the right, then networks by their addresses."""
    match grant.destination:
        case Reading(base, fewest):
            return 0, base.split(".")[::-1], fewest, 0
        case _ if grant.network is not None:
            return 2 + grant.network.version, [], int(grant.network.network_address), grant.network.prefixlen
        case _:
            return 1, [shown(grant.destination)], 0, 0


# What was wanted


def _wanted(wanted: Wanted, rule: VendorRule) -> bool:
    return (not wanted.vendors or rule.vendor.id in wanted.vendors) and _of_tier(wanted, rule)


def _of_tier(wanted: Wanted, rule: VendorRule) -> bool:
    return wanted.tiers is None or any(impact.tier in wanted.tiers for impact in rule.impacts)


def _check(wanted: Wanted, catalogue: Catalogue) -> None:
    """That each vendor has every tier that is asked for."""
    for vendor in catalogue.vendors:
        if vendor.id in wanted.vendors:
            has = {service.tier for service in vendor.services}
            for tier in sorted((wanted.tiers or set()) - has, key=lambda tier: tier.severity):
                tiers = ", ".join(tier for tier in Tier if tier in has)
                raise NothingSelected(f"{vendor.id} has no tier {tier}: it has {tiers}")
