"""`tierwall import`: a vendor's document -> a policy on stdout, in a new file, or in the one that stands.

Knows options, files and what is said; how documents are read is importing's.
"""

import json
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tierwall.cli.documents.fetching import CannotRead, documents_folder, fetch_text, is_address
from tierwall.cli.faults import BadInput
from tierwall.cli.output import report, talk, write
from tierwall.events.hostile_text import visible
from tierwall.importing.drafting import Draft, drafted, merged
from tierwall.importing.forms import FORMS, Form, form_of
from tierwall.importing.mapping import Mapping, read_mapping
from tierwall.importing.rows import Reading, UnreadableDocument, chosen, wanted
from tierwall.importing.writing import changed_text, new_text
from tierwall.loader import spelling
from tierwall.loader.faults import InvalidFiles, shown_path
from tierwall.loader.vendors import vendor_in
from tierwall.policy.model import CitedDocument, Vendor
from tierwall.policy.projections.difference import Change, differences
from tierwall.report.difference import as_objects, lines
from tierwall.report.wording import plural


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line asks for, as it was typed."""

    source: str
    output: Path | None = None
    form: str | None = None
    only: tuple[str, ...] = ()
    mapping: Path | None = None
    vendor: str | None = None
    title: str | None = None
    retrieved: str | None = None


def import_document(asked: Wanted, *, as_object: bool) -> int:
    """Read, and print or write. Raises BadInput."""
    try:
        text = fetch_text(asked.source, documents_folder())
        standing = vendor_in(asked.output) if asked.output is not None and asked.output.exists() else None
        draft = _draft(asked, text, standing)
    except InvalidFiles as invalid:
        raise BadInput(invalid.faults) from None
    except (CannotRead, ValueError) as fault:
        said = str(fault)
        raise BadInput([said if asked.source in said else f"{asked.source}: {said}"]) from None
    if asked.output is None:
        write(new_text(draft.vendor, draft.undecided).rstrip("\n"))
        _say(draft.undecided)
    elif standing is None:
        _write(asked.output, new_text(draft.vendor, draft.undecided))
        _say(draft.undecided)
        talk().print(f"{shown_path(asked.output)}: {_counted(draft.vendor)}")
    else:
        _bring_up_to_date(asked.output, standing, draft, as_object=as_object)
    return 0


def fresh(vendor: Vendor, document: CitedDocument, text: str, mapping: Mapping, read_on: str) -> Draft:
    """The standing policy with what the text of one of its documents says. Raises ValueError, UnreadableDocument."""
    form = Form(document.form or form_of(text))
    reading = FORMS[form].read(text, mapping)
    rows = chosen(reading, wanted(document.only))
    read = CitedDocument(
        id=document.id,
        title=document.title,
        url=document.url,
        retrieved=read_on,
        form=form.value,
        only=document.only,
        map=document.map,
    )
    return merged(vendor, drafted(vendor.id, vendor.title, read, reading, rows))


def _draft(asked: Wanted, text: str, standing: Vendor | None) -> Draft:
    form = Form(asked.form) if asked.form else form_of(text)
    known = [each for each in standing.documents if each.form == form] if standing is not None else []
    before = next((each for each in known if each.url == asked.source), known[0] if len(known) == 1 else None)
    mapping = _mapping(asked, before)
    reading = _read(form, text, Mapping() if mapping is None else read_mapping(mapping))
    only = asked.only or (before.only if before is not None else ())
    document = CitedDocument(
        id=before.id if before is not None else _unused(form.value, standing),
        title=before.title if before is not None else FORMS[form].title,
        url=asked.source if is_address(asked.source) else (before.url if before is not None else None),
        retrieved=spelling.day(asked.retrieved) if asked.retrieved else datetime.now(UTC).date().isoformat(),
        form=form.value,
        only=only,
        map=None if mapping is None else os.path.relpath(mapping, (asked.output or Path("x")).parent),
    )
    rows = chosen(reading, wanted(only))
    if standing is not None:
        return merged(standing, drafted(standing.id, standing.title, document, reading, rows))
    vendor_id = spelling.identifier(asked.vendor) if asked.vendor else _id(asked, form)
    return drafted(vendor_id, asked.title or vendor_id.replace("-", " ").title(), document, reading, rows)


def _mapping(asked: Wanted, before: CitedDocument | None) -> Path | None:
    """The mapping file that was named, or that of the document, which is beside its policy."""
    if asked.mapping is not None or before is None or before.map is None or asked.output is None:
        return asked.mapping
    return asked.output.parent / before.map


def _read(form: Form, text: str, mapping: Mapping) -> Reading:
    try:
        return FORMS[form].read(text, mapping)
    except UnreadableDocument as fault:
        raise ValueError(f"cannot be read as {form} ({FORMS[form].title}): {fault}") from None


def _id(asked: Wanted, form: Form) -> str:
    if form is Form.M365:
        return "microsoft-365"
    name = re.sub(r"[^a-z0-9]+", "-", Path(asked.source.split("?")[0]).stem.lower()).strip("-")
    return name or form.value


def _unused(name: str, standing: Vendor | None) -> str:
    taken = {document.id for document in standing.documents} if standing is not None else set()
    return next(each for each in (name, *(f"{name}-{number}" for number in range(2, 100))) if each not in taken)


# What is written, and said


def _bring_up_to_date(path: Path, standing: Vendor, draft: Draft, *, as_object: bool) -> None:
    changes = differences(standing, draft.vendor)
    if changes:
        _write(path, _checked(path, changed_text(path.read_text(encoding="utf-8"), draft.vendor, changes), draft))
    if as_object:
        write(json.dumps(as_objects(changes), indent=2))
        return
    _print(changes, path)
    _say(draft.undecided)


def _print(changes: tuple[Change, ...], path: Path) -> None:
    console = report()
    if not changes:
        console.print(f"{shown_path(path)}: nothing changed")
        return
    console.print(f"{shown_path(path)}: {plural(len(changes), 'change')}")
    console.print(*lines(changes), sep="")


def _checked(path: Path, text: str, draft: Draft) -> str:
    """The text, after it was read back: a file that would say something else is not written."""
    try:
        left = differences(draft.vendor, vendor_in(path, text))
    except InvalidFiles as invalid:
        raise BadInput([f"{shown_path(path)}: not written, as it would not load:", *invalid.faults]) from None
    if left:
        raise BadInput([f"{shown_path(path)}: not written, as it would say something else:", *left])
    return text


def _write(path: Path, text: str) -> None:
    """In one step: a reader meanwhile has the whole of the old one or the new one."""
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as cause:
        beside.unlink(missing_ok=True)
        raise BadInput([f"{shown_path(path)}: cannot be written: {cause.strerror or cause}"]) from None


def _say(undecided: tuple[str, ...]) -> None:
    if undecided:
        console = talk()
        console.print(f"A person has to decide ({len(undecided)}):")
        for line in undecided:
            console.print(f"  {visible(line)}")


def _counted(vendor: Vendor) -> str:
    hosts = sum(len(rule.hosts) for rule in vendor.rules)
    networks = sum(len(rule.networks) for rule in vendor.rules)
    counted = (plural(len(vendor.services), "service"), plural(len(vendor.rules), "rule"))
    return ", ".join((*counted, plural(hosts, "host"), plural(networks, "network")))
