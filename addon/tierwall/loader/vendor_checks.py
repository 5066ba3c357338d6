"""What the values of one vendor file refer to, and which of them make no sense together.

Knows the bare values with their lines, so that it also speaks where a shape has faults. Shapes are forms/files.py's,
the catalogue is vendors.py's.
"""

from collections.abc import Callable, Iterator

from tierwall.loader import spelling
from tierwall.loader.faults import Fault, quoted, unknown
from tierwall.loader.yaml.tree import Document, Place
from tierwall.loader.yaml.untyped import mapping, network_overlaps, records, text, texts
from tierwall.policy.dialect import vendors_part
from tierwall.policy.dialect.suffixes import public_suffix
from tierwall.policy.match.index import HostIndex
from tierwall.policy.model import Evidence, Tier

type Check = Callable[[Document], Iterator[Fault]]


def _reference_faults(document: Document) -> Iterator[Fault]:
    content = document.content
    documents = mapping(content, "sources")
    services = mapping(content, "services")
    served: set[str] = set()
    ids: dict[str, Place] = {}
    for at, rule in records(content, "rules"):
        place: Place = ("rules", at)
        yield from _citation_faults(document, documents, rule, place)
        yield from _rule_faults(document, rule, place)
        yield from network_overlaps(document, rule, "networks", place)
        for index, service in texts(rule, "services"):
            served.add(service)
            if service not in services:
                yield document.fault((*place, "services", index), unknown("service", service, services))
        if (rule_id := text(rule, "id")) is not None and (first := ids.setdefault(rule_id, place)) != place:
            line = document.lines[*first, "id"]
            yield document.fault((*place, "id"), f"{quoted(rule_id)} stands twice: the rule in line {line} has it too")
    for service, record in services.items():
        yield from _citation_faults(document, documents, record, ("services", service))
        if service not in served:
            yield document.fault(("services", service), "no rule serves it: name it in a rule, or leave it out")


def _citation_faults(document: Document, documents: dict[str, object], record: object, place: Place) -> Iterator[Fault]:
    cited = text(mapping(record, "source"), "document")
    if cited is not None and cited not in documents:
        yield document.fault((*place, "source", "document"), unknown("document", cited, documents))


def _rule_faults(document: Document, rule: dict[str, object], place: Place) -> Iterator[Fault]:
    if not any(key in rule for key in ("hosts", "networks", "asns", "anywhere")):
        yield document.fault(place, "has neither hosts nor networks: write `hosts: unspecified` if it has the row only")
    if rule.get("anywhere") is True and (named := [key for key in ("hosts", "networks", "asns") if key in rule]):
        message = f"`anywhere` is every destination, and {quoted(named[0])} names some: make two rules"
        yield document.fault((*place, "anywhere"), message)
    hosts = [host for _, host in texts(rule, "hosts")]
    for index, name in texts(rule, "probe"):
        if not any(_covers(host, name) for host in hosts):
            message = f"{quoted(name)} is not covered by the rule's own `hosts`: nothing would be learned from it"
            yield document.fault((*place, "probe", index), message)
    if text(rule, "evidence") == Evidence.INFERRED and "why" not in rule:
        yield document.fault((*place, "evidence"), "`inferred` needs a `why`: what needs it, although no one says so")


def _covers(pattern: str, name: str) -> bool:
    try:
        index = HostIndex([(vendors_part(spelling.vendor_host(pattern)), None)])
        return any(hit.covers for hit in index.find(spelling.host(name)))
    except ValueError:
        return True  # said of the spelling already


def _tier_faults(document: Document) -> Iterator[Fault]:
    words = [*map(str, (Tier.CORE, Tier.AUXILIARY, Tier.ANALYTICS)), *mapping(document.content, "tier_words")]
    for service, record in mapping(document.content, "services").items():
        tier = text(record, "tier")
        if tier is not None and tier not in words:
            yield document.fault(("services", service, "tier"), unknown("tier", tier, words))


def _set_faults(document: Document) -> Iterator[Fault]:
    """Of what names rules by their ids: ways and steps."""
    documents = mapping(document.content, "sources")
    ids = [found for _, rule in records(document.content, "rules") if (found := text(rule, "id")) is not None]
    for key, inner in (("one_of", "ways"), ("fallback", "steps")):
        for name, record in mapping(document.content, key).items():
            yield from _citation_faults(document, documents, record, (key, name))
            for at, part in records(record, inner):
                for index, rule in texts(part, "rules"):
                    if rule not in ids:
                        yield document.fault((key, name, inner, at, "rules", index), unknown("rule", rule, ids))
                if key == "fallback" and at > 0 and "remains" not in part:
                    message = "needs `remains`: what users still notice where this is the best that works"
                    yield document.fault((key, name, inner, at), message)


_NEWER = {
    (): ("tier_words", "one_of", "fallback"),
    ("sources",): ("retrieved", "form", "only", "map"),
    ("rules",): ("anywhere", "asns", "paths", "probe", "optional"),
}
"""The keys that came with version 2, by where they stand."""


def _version_faults(document: Document) -> Iterator[Fault]:
    content = document.content
    if not isinstance(content, dict) or content.get("version") != 1:
        return
    places: list[Place] = [(key,) for key in _NEWER[()] if key in content]
    for name, record in mapping(content, "sources").items():
        places += [("sources", name, key) for key in _NEWER["sources",] if isinstance(record, dict) and key in record]
    for at, rule in records(content, "rules"):
        places += [("rules", at, key) for key in _NEWER["rules",] if key in rule]
        hosts = texts(rule, "hosts")
        places += [("rules", at, "hosts", index) for index, host in hosts if "*" in host.removeprefix("*.")]
    for place in places:
        yield document.fault(place, "came with version 2 of this format: write `version: 2` at the top")


def _suffix_faults(document: Document) -> Iterator[Fault]:
    for at, rule in records(document.content, "rules"):
        for index, pattern in texts(rule, "hosts"):
            try:
                suffix = public_suffix(spelling.vendor_host(pattern))
            except ValueError:
                continue
            if suffix is not None:
                message = f"{quoted(pattern)} covers the whole public suffix {quoted(suffix)}: name the vendor's domain"
                yield document.fault(("rules", at, "hosts", index), message)


OURS: tuple[Check, ...] = (_version_faults, _reference_faults, _tier_faults, _set_faults)
"""Of the bundled files: the tests check their wildcards, so that no start pays for building the suffix list."""

THEIRS: tuple[Check, ...] = (*OURS, _suffix_faults)
