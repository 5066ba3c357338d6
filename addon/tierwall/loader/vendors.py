"""Vendor files -> the catalogue.

Knows what the values of one vendor file refer to, and that ids are unique; shapes are forms.py's.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from tierwall.loader import spelling
from tierwall.loader.complaints import shape_faults
from tierwall.loader.faults import Fault, InvalidFiles, by_line, quoted, shown_path, unknown
from tierwall.loader.forms import Citation, RuleForm, ServiceForm, VendorFile
from tierwall.loader.places import bundled_vendor_files, vendor_files
from tierwall.loader.suffixes import public_suffix
from tierwall.loader.tree import Document, Place, read_document
from tierwall.loader.values import UNSPECIFIED
from tierwall.loader.views import mapping, network_overlaps, records, text, texts
from tierwall.policy.model import Catalogue, Evidence, Rule, Service, Source, Vendor

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


def _load_vendor(path: Path, checks: Sequence[_Check]) -> Vendor:
    document = read_document(path)
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
    if "hosts" not in rule and "networks" not in rule:
        yield document.fault(place, "has neither hosts nor networks: write `hosts: unspecified` if it has the row only")
    if text(rule, "evidence") == Evidence.INFERRED and "why" not in rule:
        yield document.fault((*place, "evidence"), "`inferred` needs a `why`: what needs it, although no one says so")


def _suffix_faults(document: Document) -> Iterator[Fault]:
    for at, rule in records(document.content, "rules"):
        for index, pattern in texts(rule, "hosts"):
            try:
                suffix = public_suffix(spelling.host(pattern))
            except ValueError:
                continue
            if suffix is not None:
                message = f"{quoted(pattern)} covers the whole public suffix {quoted(suffix)}: name the vendor's domain"
                yield document.fault(("rules", at, "hosts", index), message)


_OURS: tuple[_Check, ...] = (_reference_faults,)
"""Of the bundled files: the tests check their wildcards, so that no start pays for building the suffix list."""

_THEIRS: tuple[_Check, ...] = (_reference_faults, _suffix_faults)


# Forms -> values


def _vendor(form: VendorFile, path: Path) -> Vendor:
    return Vendor(
        id=form.vendor,
        title=form.title,
        services=tuple(_service(form, name, service) for name, service in form.services.items()),
        rules=tuple(_rule(form, rule) for rule in form.rules),
        addresses_unusable=form.addresses_unusable,
        path=str(path),
    )


def _service(form: VendorFile, name: str, service: ServiceForm) -> Service:
    return Service(
        id=name,
        title=service.title,
        protocol=service.protocol,
        tier=service.tier,
        symptom=service.symptom,
        source=_source(form, service.source),
        optional=service.optional,
    )


def _rule(form: VendorFile, rule: RuleForm) -> Rule:
    given = {"hosts": rule.hosts, "networks": rule.networks, "ports": rule.ports}
    unspecified = tuple(name for name, value in given.items() if value == UNSPECIFIED)
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
    )


def _listed[T](given: list[T] | str | None) -> tuple[T, ...]:
    return tuple(given) if isinstance(given, list) else ()


def _source(form: VendorFile, citation: Citation) -> Source:
    cited = form.sources[citation.document]
    return Source(document=cited.title, section=citation.section, url=cited.url)
