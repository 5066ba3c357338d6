"""Vendor files -> the catalogue.

Knows what the values of one vendor file refer to, and that ids are unique; shapes are files.py's.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from tierwall.loader import spelling
from tierwall.loader.faults import Fault, InvalidFiles, by_line, quoted, shown_path, unknown
from tierwall.loader.forms import files
from tierwall.loader.forms.files import Citation, RuleForm, ServiceForm, VendorFile
from tierwall.loader.forms.pydantic_errors import shape_faults
from tierwall.loader.forms.values import UNSPECIFIED
from tierwall.loader.places import bundled_vendor_files, vendor_files
from tierwall.loader.yaml.tree import Document, Place, read_document, tree_of
from tierwall.loader.yaml.untyped import mapping, network_overlaps, records, text, texts
from tierwall.policy.dialect import vendors_part
from tierwall.policy.dialect.suffixes import public_suffix
from tierwall.policy.match.index import HostIndex
from tierwall.policy.model import (
    Catalogue,
    Choice,
    CitedDocument,
    Evidence,
    Ladder,
    Rule,
    Service,
    Source,
    Step,
    Tier,
    Vendor,
    Way,
)

type _Check = Callable[[Document], Iterator[Fault]]


def load_catalogue(extra: Sequence[Path]) -> Catalogue:
    """The bundled vendors, and those of further files or folders; a vendor of the same id replaces the bundled one.

    Raises:
        InvalidFiles: With every fault of every file.
    """
    faults: list[Fault] = []
    ours = _vendors(bundled_vendor_files(), _OURS, faults)
    theirs = _vendors(vendor_files(extra), _THEIRS, faults)
    if faults:
        raise InvalidFiles(faults)
    replaced = {vendor.id for vendor in theirs}
    return Catalogue((*(vendor for vendor in ours if vendor.id not in replaced), *theirs))


def vendor_in(path: Path, text: str | None = None) -> Vendor:
    """The vendor of one file, whose text may be given.

    Raises:
        InvalidFiles: With every fault of the file.
    """
    return _load_vendor(path, _THEIRS, text)


# Several files


def _vendors(found: Iterable[Path | Fault], checks: Sequence[_Check], faults: list[Fault]) -> list[Vendor]:
    vendors: dict[str, Vendor] = {}
    for path in found:
        if isinstance(path, Fault):
            faults.append(path)
            continue
        try:
            vendor = _load_vendor(path, checks)
        except InvalidFiles as invalid:
            faults.extend(invalid.faults)
            continue
        if (first := vendors.setdefault(vendor.id, vendor)) is not vendor:
            message = f"{quoted(vendor.id)} is the id of {shown_path(Path(first.path or ''))} too: rename one of them"
            faults.append(Fault(shown_path(path), None, "vendor", message))
    return list(vendors.values())


def _load_vendor(path: Path, checks: Sequence[_Check], text: str | None = None) -> Vendor:
    document = read_document(path) if text is None else tree_of(path, text)
    form = shape_faults(document, VendorFile)
    faults = [*document.faults, *(fault for check in checks for fault in check(document))]
    if isinstance(form, list):
        faults += form
    if faults or isinstance(form, list):
        raise InvalidFiles(by_line(faults))
    return _vendor(form, path)


# What the values refer to. These look at the bare values, so that they also speak where the shape has faults.


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


_OURS: tuple[_Check, ...] = (_version_faults, _reference_faults, _tier_faults, _set_faults)
"""Of the bundled files: the tests check their wildcards, so that no start pays for building the suffix list."""

_THEIRS: tuple[_Check, ...] = (*_OURS, _suffix_faults)


# Forms -> values


def _vendor(form: VendorFile, path: Path) -> Vendor:
    return Vendor(
        id=form.vendor,
        title=form.title,
        services=tuple(_service(form, name, service) for name, service in form.services.items()),
        rules=tuple(_rule(form, rule) for rule in form.rules),
        addresses_unusable=form.addresses_unusable,
        path=str(path),
        documents=tuple(_document(name, cited) for name, cited in form.sources.items()),
        choices=tuple(_choice(form, name, choice) for name, choice in (form.one_of or {}).items()),
        ladders=tuple(_ladder(form, name, ladder) for name, ladder in (form.fallback or {}).items()),
    )


def _document(name: str, cited: files.CitedDocument) -> CitedDocument:
    return CitedDocument(
        id=name,
        title=cited.title,
        url=cited.url,
        retrieved=cited.retrieved,
        form=cited.form,
        only=tuple(cited.only or ()),
        map=cited.map,
    )


def _choice(form: VendorFile, name: str, choice: files.ChoiceForm) -> Choice:
    ways = tuple(Way(title=way.title, rules=tuple(way.rules)) for way in choice.ways)
    return Choice(id=name, ways=ways, source=_source(form, choice.source))


def _ladder(form: VendorFile, name: str, ladder: files.LadderForm) -> Ladder:
    steps = tuple(Step(title=step.title, rules=tuple(step.rules), remains=step.remains) for step in ladder.steps)
    return Ladder(id=name, steps=steps, source=_source(form, ladder.source))


def _service(form: VendorFile, name: str, service: ServiceForm) -> Service:
    words = form.tier_words or {}
    return Service(
        id=name,
        title=service.title,
        protocol=service.protocol,
        tier=words[service.tier] if service.tier in words else Tier(service.tier),
        tier_word=service.tier if service.tier in words else None,
        symptom=service.symptom,
        source=_source(form, service.source),
        optional=service.optional,
    )


def _rule(form: VendorFile, rule: RuleForm) -> Rule:
    given = {"hosts": rule.hosts, "networks": rule.networks, "ports": rule.ports}
    unspecified = tuple(name for name, value in given.items() if value == UNSPECIFIED)
    if rule.asns and not (rule.hosts or rule.networks):
        unspecified = ("networks", *unspecified)
    return Rule(
        id=rule.id,
        services=tuple(rule.services),
        hosts=_listed(rule.hosts),
        networks=_listed(rule.networks),
        ports=_listed(rule.ports),
        direction=rule.direction,
        evidence=Evidence.UNSPECIFIED if unspecified else rule.evidence,
        unspecified=unspecified,
        why=rule.why,
        source=_source(form, rule.source),
        category=rule.category,
        region=rule.region,
        note=rule.note,
        optional=rule.optional,
        anywhere=rule.anywhere,
        asns=tuple(rule.asns or ()),
        paths=tuple(rule.paths or ()),
        probe=tuple(rule.probe or ()),
    )


def _listed[T](given: list[T] | str | None) -> tuple[T, ...]:
    return tuple(given) if isinstance(given, list) else ()


def _source(form: VendorFile, citation: Citation) -> Source:
    cited = form.sources[citation.document]
    return Source(document=cited.title, section=citation.section, url=cited.url)
