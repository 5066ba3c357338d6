"""`tierwall export`: a site or vendor's rules -> a product's files, and everything that has to be said about them.

Knows files, streams and the clock; what is written is export/'s to say.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from tierwall import __version__
from tierwall.cli.faults import BadInput
from tierwall.cli.output import talk
from tierwall.events.hostile_text import visible
from tierwall.export import (
    CannotExport,
    Export,
    List,
    NothingSelected,
    ProductId,
    Selection,
    Stamp,
    Wanted,
    select,
    write,
)
from tierwall.loader import InvalidFiles, load_catalogue, load_site
from tierwall.loader.faults import quoted, shown_path, unknown
from tierwall.policy.model import Catalogue, Tier
from tierwall.policy.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the command line asks."""

    product: str | None
    vendors: tuple[str, ...] = ()
    tiers: str | None = None
    site: str = "reference"
    policies: tuple[Path, ...] = ()
    what: str | None = None
    folder: Path | None = None
    strict: bool = False
    old: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvoyOptions:
    """What the command line asks of `--to envoy` alone."""

    listen: str | None = None
    transparent: str | None = None
    clients: tuple[str, ...] = ()
    uid: int | None = None
    control_plane: tuple[str, ...] = ()
    log_to: str | None = None
    node: str | None = None
    admin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """The same, checked."""

    product: ProductId
    wanted: Wanted
    lists: tuple[List, ...]
    site: Site
    catalogue: Catalogue


def export(question: Question, unused: EnvoyOptions | None = None) -> int:
    """Write it. 1 where --strict refused, or --diff found a difference. Raises BadInput."""
    asked = _asked(question, list(_unused(unused or EnvoyOptions())))
    selection = _selection(asked)
    if question.old is not None:
        written = _written(asked.product, selection, asked.lists)
        from tierwall.cli.export.difference import export_diff  # noqa: PLC0415 - only this option needs it

        return export_diff(question, asked, selection, written)
    return deliver(asked.product, selection, asked.lists, question.folder, strict=question.strict)


def deliver(
    product: ProductId, selection: Selection, lists: tuple[List, ...], folder: Path | None, *, strict: bool = False
) -> int:
    """Write a selection for a product, to stdout or a folder. 1 where `strict` refused. Raises BadInput."""
    written = _written(product, selection, lists)
    for remark in (*selection.remarks, *written.notes):
        _say(f"note: {remark}")
    for line in written.inexact:
        _say(f"{'refused' if strict else 'warning'}: {line}")
    if strict and written.inexact:
        _say("nothing is written, because --strict asks for what was selected and nothing else")
        return 1
    if folder is None:
        return _print(written)
    _save(folder, written)
    return 0


def parsed_tiers(text: str | None, faults: list[object]) -> frozenset[Tier] | None:
    """`core,auxiliary`; None where nothing was said."""
    known = [tier for tier in Tier if tier is not Tier.NONE]
    return None if text is None else frozenset(_words("tier", text, known, faults))


# What is asked


def _unused(options: EnvoyOptions) -> Iterator[object]:
    for name, value in asdict(options).items():
        if value not in (None, ()):
            yield f"--{name.replace('_', '-')} is for `--to envoy` alone"


def _asked(question: Question, faults: list[object]) -> Asked:
    product = _product(question.product, faults)
    tiers = parsed_tiers(question.tiers, faults)
    lists = _lists(question, faults)
    found = loaded(question, faults)
    if found is None or product is None or faults:
        raise BadInput(faults)
    catalogue, site = found
    return Asked(
        product=product,
        wanted=Wanted(vendors=tuple(dict.fromkeys(question.vendors)), tiers=tiers),
        lists=lists,
        site=site,
        catalogue=catalogue,
    )


def _product(name: str | None, faults: list[object]) -> ProductId | None:
    if name is None:
        faults.append("export to what? `--to PRODUCT`; `tierwall export --list` has the products")
        return None
    return known_product(name, faults)


def known_product(name: str, faults: list[object]) -> ProductId | None:
    """The product of that id; where there is none, a fault with the nearest."""
    if name in ProductId:
        return ProductId(name)
    faults.append(unknown("product", name, list(ProductId)) + "; `tierwall export --list` has them")
    return None


def _lists(question: Question, faults: list[object]) -> tuple[List, ...]:
    if question.what is not None:
        found = _words("list", question.what, list(List), faults)
        return tuple(each for each in List if each in found)
    return (List.ALLOW,) if question.folder is None else tuple(List)


def _words[W: StrEnum](what: str, text: str, known: Sequence[W], faults: list[object]) -> list[W]:
    found: list[W] = []
    for word in text.split(","):
        name = word.strip()
        match = next((each for each in known if each == name), None)
        if match is None:
            faults.append(unknown(what, name, known))
        else:
            found.append(match)
    return found


def loaded(question: Question, faults: list[object]) -> tuple[Catalogue, Site] | None:
    """The catalogue and the site; None where there are faults."""
    try:
        catalogue = load_catalogue(question.policies)
    except InvalidFiles as invalid:
        faults += invalid.faults
        return None
    ids = [vendor.id for vendor in catalogue.vendors]
    faults += [unknown("vendor", vendor, ids) for vendor in question.vendors if vendor not in ids]
    try:
        return catalogue, load_site(question.site, catalogue)
    except InvalidFiles as invalid:
        faults += invalid.faults
        return None


def _selection(asked: Asked) -> Selection:
    try:
        return select(asked.wanted, asked.site, asked.catalogue)
    except NothingSelected as fault:
        raise BadInput([fault]) from None


def _written(product: ProductId, selection: Selection, asked: tuple[List, ...]) -> Export:
    stamp = Stamp(on=datetime.now(UTC).date(), version=__version__)
    try:
        written = write(product, selection, asked, stamp)
    except CannotExport as fault:
        raise BadInput([fault]) from None
    if not written.files:
        lists = ", ".join(asked)
        raise BadInput([f"nothing to export: the list {quoted(lists)} of {selection.title} is empty"])
    return written


# Where it goes


def _print(written: Export) -> int:
    """The list itself; what else there is, is said."""
    first, *others = written.files
    sys.stdout.write(first.text)
    for line in written.about if not first.text.startswith("#") else ():
        _say(f"about: {line}")
    for line in written.left:
        _say(line)
    for other in others:
        _say(f"not shown: {other.name} ({other.says}); -o FOLDER writes it")
    return 0


def _save(folder: Path, written: Export) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in written.files:
            (folder / file.name).write_bytes(file.text.encode())
            _say(f"{shown_path(folder / file.name)}: {file.says}")
    except OSError as cause:
        raise BadInput([f"{cause.filename}: cannot be written: {cause.strerror}"]) from None
    for line in written.left:
        _say(line)


def _say(line: str) -> None:
    talk().print(visible(line), soft_wrap=True)
