"""Vendor files -> the catalogue.

Knows how a file becomes a vendor, and that ids are unique; what its values refer to is vendor_checks.py's.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from tierwall.loader.faults import Fault, InvalidFiles, by_line, quoted, shown_path
from tierwall.loader.forms import files
from tierwall.loader.forms.files import Citation, RuleForm, ServiceForm, VendorFile
from tierwall.loader.forms.pydantic_errors import shape_faults
from tierwall.loader.forms.values import UNSPECIFIED
from tierwall.loader.places import bundled_vendor_files, vendor_files
from tierwall.loader.vendor_checks import OURS, THEIRS, Check
from tierwall.loader.yaml.tree import read_document, tree_of
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


def load_catalogue(extra: Sequence[Path]) -> Catalogue:
    """The bundled vendors, and those of further files or folders; a vendor of the same id replaces the bundled one.

    Raises:
        InvalidFiles: With every fault of every file.
    """
    faults: list[Fault] = []
    ours = _vendors(bundled_vendor_files(), OURS, faults)
    theirs = _vendors(vendor_files(extra), THEIRS, faults)
    if faults:
        raise InvalidFiles(faults)
    replaced = {vendor.id for vendor in theirs}
    return Catalogue((*(vendor for vendor in ours if vendor.id not in replaced), *theirs))


def vendor_in(path: Path, text: str | None = None) -> Vendor:
    """The vendor of one file, whose text may be given.

    Raises:
        InvalidFiles: With every fault of the file.
    """
    return _load_vendor(path, THEIRS, text)


# Several files


def _vendors(found: Iterable[Path | Fault], checks: Sequence[Check], faults: list[Fault]) -> list[Vendor]:
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


def _load_vendor(path: Path, checks: Sequence[Check], text: str | None = None) -> Vendor:
    document = read_document(path) if text is None else tree_of(path, text)
    form = shape_faults(document, VendorFile)
    faults = [*document.faults, *(fault for check in checks for fault in check(document))]
    if isinstance(form, list):
        faults += form
    if faults or isinstance(form, list):
        raise InvalidFiles(by_line(faults))
    return _vendor(form, path)


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
