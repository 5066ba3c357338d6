"""`tierwall import --check`: every policy's documents as they are now, against what the policies say.

Knows which documents can be read again, and the exit status; what changed is policy/projections/difference.py's.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

from tierwall.cli.documents.fetching import CannotRead, documents_folder, fetch_text
from tierwall.cli.documents.importing import fresh
from tierwall.cli.faults import BadInput
from tierwall.cli.output import report, write
from tierwall.events.hostile_text import visible
from tierwall.importing.mapping import Mapping, read_mapping
from tierwall.loader import InvalidFiles, load_catalogue
from tierwall.loader.faults import unknown
from tierwall.policy.model import CitedDocument, Vendor
from tierwall.policy.projections.difference import Change, differences
from tierwall.report.difference import as_objects, lines
from tierwall.report.indented import Indented

CHANGED: Final = 1
UNREAD: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line asks for."""

    source: str | None
    """A file or an address in the place of the document's own; None fetches each from its own."""
    vendor: str | None
    policies: tuple[Path, ...]


class State(StrEnum):
    """What became of a document."""

    SAME = "same"
    CHANGED = "changed"
    UNREAD = "unread"
    BY_HAND = "by-hand"
    """No program reads it: somebody has to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One document of one vendor."""

    vendor: str
    document: CitedDocument
    state: State
    changes: tuple[Change, ...] = ()
    detail: str | None = None


def check_documents(asked: Asked, *, as_object: bool) -> int:
    """Look at all of them, or at those of one vendor. Raises BadInput."""
    try:
        vendors = load_catalogue(asked.policies).vendors
    except InvalidFiles as invalid:
        raise BadInput(invalid.faults) from None
    known = [vendor.id for vendor in vendors]
    if asked.vendor is not None and asked.vendor not in known:
        raise BadInput([f"--vendor: {unknown('vendor', asked.vendor, known)}"])
    if asked.source is not None and asked.vendor is None:
        raise BadInput(["--check SOURCE needs --vendor ID: whose document it is"])
    found = [
        checked
        for vendor in vendors
        if asked.vendor in {None, vendor.id}
        for checked in _of_vendor(vendor, asked.source)
    ]
    if as_object:
        write(json.dumps([_object(each) for each in found], indent=2))
    else:
        _print(found, report())
    return _status(found)


def _status(found: Sequence[Checked]) -> int:
    states = {each.state for each in found}
    return CHANGED if State.CHANGED in states else UNREAD if State.UNREAD in states else 0


def _of_vendor(vendor: Vendor, source: str | None) -> Iterator[Checked]:
    readable = [document for document in vendor.documents if document.form is not None]
    if source is not None and len(readable) != 1:
        titles = ", ".join(f"`{document.title}`" for document in readable) or "none"
        raise BadInput([f"{vendor.id} has not one document that a program reads, but: {titles}"])
    for document in vendor.documents:
        if document.form is None:
            if source is None:
                yield Checked(vendor=vendor.id, document=document, state=State.BY_HAND)
        elif source is None and document.url is None:
            yield Checked(vendor=vendor.id, document=document, state=State.UNREAD, detail="its policy has no address")
        else:
            yield _checked(vendor, document, source or document.url or "")


def _checked(vendor: Vendor, document: CitedDocument, source: str) -> Checked:
    try:
        text = fetch_text(source, documents_folder())
        draft = fresh(vendor, document, text, _mapping(vendor, document), document.retrieved or _today())
    except (CannotRead, InvalidFiles, ValueError) as fault:
        return Checked(vendor=vendor.id, document=document, state=State.UNREAD, detail=str(fault))
    changes = differences(vendor, draft.vendor)
    return Checked(vendor=vendor.id, document=document, state=State.CHANGED if changes else State.SAME, changes=changes)


def _mapping(vendor: Vendor, document: CitedDocument) -> Mapping:
    if document.map is None or vendor.path is None:
        return Mapping()
    return read_mapping(Path(vendor.path).parent / document.map)


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _object(checked: Checked) -> dict[str, object]:
    said: dict[str, object] = {
        "vendor": checked.vendor,
        "document": checked.document.id,
        "title": checked.document.title,
        "url": checked.document.url,
        "retrieved": checked.document.retrieved,
        "state": checked.state.value,
        "detail": checked.detail,
    }
    return {key: value for key, value in said.items() if value is not None} | {"changes": as_objects(checked.changes)}


_STYLES: Final = {State.SAME: "green", State.CHANGED: "bold yellow", State.UNREAD: "bold red", State.BY_HAND: "dim"}


def _print(found: Sequence[Checked], console: Console) -> None:
    for checked in found:
        document = checked.document
        read = f"read {document.retrieved}" if document.retrieved else "not dated"
        said = Text.assemble((visible(checked.vendor), "bold"), f" / {visible(document.title)}, {read}")
        console.print(Indented(said, 9, Text(checked.state.value, _STYLES[checked.state])))
        if checked.detail is not None:
            console.print(Indented(Text(visible(checked.detail)), 9))
        console.print(*lines(checked.changes), sep="")
