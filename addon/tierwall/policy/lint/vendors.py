"""What is odd about one vendor policy: against the document's own words, or within itself.

Knows one vendor at a time: two vendors that ask for the same are no oddity.
"""

from collections.abc import Callable, Iterator
from typing import Final

from tierwall.policy.lint.covering import all_in, egress, plain, readings, share_ports, some, takes_in
from tierwall.policy.lint.finding import Code, Finding
from tierwall.policy.match.index import HostIndex, NetworkIndex
from tierwall.policy.model import Evidence, Vendor

COPY_PASTE_ONLY: Final = "copy-paste-only"
"""The category of rules whose addresses a document lists without saying what they are."""


def _unusable_addresses(vendor: Vendor) -> Iterator[Finding]:
    if vendor.addresses_unusable is None:
        return
    for rule in egress(vendor):
        if rule.networks:
            message = f"lists {some(map(plain, rule.networks))}, but {vendor.addresses_unusable.rstrip('.')}"
            mend = "list the DNS names under `hosts` instead"
            yield Finding(f"{vendor.id}/{rule.id}", Code.ADDRESSES_UNUSABLE, message, mend)


def _copy_paste_only(vendor: Vendor) -> Iterator[Finding]:
    for rule in vendor.rules:
        for network in rule.networks if rule.category == COPY_PASTE_ONLY else ():
            message = f"{plain(network)} stands only in the document's copy-paste list: no category says what it is for"
            yield Finding(f"{vendor.id}/{rule.id}", Code.COPY_PASTE_ONLY, message, "ask the vendor what it serves")


def _overlaps(vendor: Vendor) -> Iterator[Finding]:
    listed = [(network, rule) for rule in egress(vendor) for network in rule.networks]
    index = NetworkIndex((network, (place, rule)) for place, (network, rule) in enumerate(listed))
    for place, (inner, rule) in enumerate(listed):
        for hit in index.find(inner.network_address):
            outer, (other_place, other) = hit.base, hit.payload
            if isinstance(outer, str) or other_place == place or outer.prefixlen > inner.prefixlen:
                continue
            twice = outer == inner and other_place > place
            if not twice and share_ports(rule.ports, other.ports):
                message = f"{plain(inner)} lies in {plain(outer)} of {other.id}, with ports of its own in common"
                yield Finding(f"{vendor.id}/{rule.id}", Code.OVERLAPPING_NETWORKS, message, "keep one of the two")


def _shadowed(vendor: Vendor) -> Iterator[Finding]:
    complete = (rule for rule in egress(vendor) if rule.ports)
    alternative = {(rule, choice.id) for choice in vendor.choices for way in choice.ways for rule in way.rules}
    choices = {rule: [name for each, name in alternative if each == rule] for rule, _ in alternative}
    listed = [(reading, host, rule) for rule in complete for host, reading in readings(rule.hosts)]
    index = HostIndex((reading, (place, host, rule)) for place, (reading, host, rule) in enumerate(listed))
    for place, (reading, host, rule) in enumerate(listed):
        for hit in index.find(reading.base):
            other_place, wider, other = hit.payload
            twice = wider == host and other_place >= place
            if twice or other is rule or not takes_in(hit.fewest, hit.most, reading, hit.labels):
                continue  # within one rule it is as the document lists it
            if set(choices.get(rule.id, ())) & set(choices.get(other.id, ())):
                continue
            serves_all = all_in(rule.ports, other.ports) and set(rule.services) <= set(other.services)
            if serves_all and other.evidence.at_least(rule.evidence):
                message = f"{host} is covered by {wider} of {other.id} already, with its ports and services"
                yield Finding(f"{vendor.id}/{rule.id}", Code.SHADOWED_RULE, message, f"remove {host}")


def _apexes(vendor: Vendor) -> Iterator[Finding]:
    asked = [reading for rule in egress(vendor) if rule.ports for _, reading in readings(rule.hosts)]
    index = HostIndex((reading, None) for reading in asked)
    wildcards = dict.fromkeys(reading.base for reading in asked if reading.fewest)
    if bare := [base for base in wildcards if not any(hit.covers for hit in index.find(base))]:
        message = f"`*.x` does not cover x, and nothing else covers {some(bare, most=len(bare))}"
        mend = "where a product uses such a name, add a rule for it, with `evidence: inferred` and why"
        yield Finding(vendor.id, Code.APEX_NOT_COVERED, message, mend)


def _mergeable(vendor: Vendor) -> Iterator[Finding]:
    for rule in vendor.rules:
        networks = set(rule.networks)
        for network in rule.networks:
            both = network.supernet()
            low, high = both.subnets() if both.prefixlen < network.prefixlen else (network, network)
            if network == low != high and high in networks:
                message = f"{plain(low)} and {plain(high)} are the halves of {both}"
                yield Finding(f"{vendor.id}/{rule.id}", Code.MERGEABLE_NETWORKS, message, f"a firewall can take {both}")


def _unspecified(vendor: Vendor) -> Iterator[Finding]:
    if empty := [rule for rule in vendor.rules if rule.evidence is Evidence.UNSPECIFIED]:
        values = some(sorted({value for rule in empty for value in rule.unspecified}))
        rules = ", ".join(rule.id for rule in empty)
        message = f"never admitted, as the document leaves values empty ({values or 'not said which'}): {rules}"
        yield Finding(vendor.id, Code.UNSPECIFIED, message, "ask the vendor for the values")


def _anywhere(vendor: Vendor) -> Iterator[Finding]:
    if rules := [rule for rule in vendor.rules if rule.anywhere]:
        asked = "; ".join(f"{rule.id} ({', '.join(map(str, rule.ports)) or 'no ports'})" for rule in rules)
        message = f"never admitted, as the document asks for every destination: {asked}"
        mend = "a site that wants that lists the networks and ports itself"
        yield Finding(vendor.id, Code.ANYWHERE, message, mend)


def stale(vendor: Vendor, read_before: str) -> Iterator[Finding]:
    """Documents that were read before that day (ISO 8601)."""
    for document in vendor.documents:
        if document.retrieved is not None and document.retrieved < read_before:
            message = f"`{document.title}` was read on {document.retrieved}: vendors' lists change within weeks"
            mend = "`tierwall import --check` says what changed" if document.form else "read it again, and date it"
            yield Finding(f"{vendor.id}/{document.id}", Code.STALE_DOCUMENT, message, mend)


CHECKS: Final[tuple[Callable[[Vendor], Iterator[Finding]], ...]] = (
    _unusable_addresses,
    _copy_paste_only,
    _overlaps,
    _shadowed,
    _apexes,
    _mergeable,
    _unspecified,
    _anywhere,
)
