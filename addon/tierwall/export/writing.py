"""The lists of a selection, in one product's files: divided by what the product can carry, the rest for one that can.

Knows the order of the work, no syntax. What is wider than asked, out of reach or left over is always said: in the
header, to whoever asked, and as entries in a second file.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tierwall.export.grant import Grant, List, Selection, Stamp
from tierwall.export.ports import less, of_transport
from tierwall.export.product import (
    NOTHING,
    WEB_PORTS,
    Carries,
    Job,
    Product,
    ProductId,
    Rendered,
    TooMany,
    commented,
    ports_of,
)
from tierwall.export.products import PRODUCTS
from tierwall.policy.dialect import Reading
from tierwall.policy.lint.covering import all_in, some
from tierwall.policy.model import Ports, Transport

LISTED: Final = {
    List.ALLOW: "what the network lets through",
    List.BYPASS: "what must not be decrypted",
    List.INBOUND: "who calls the customer's own servers: not for an egress rule",
}

_SHOWN: Final = 3
"""Of what is left over alike; the second file has all."""


_ABSENT: Final = {
    List.ALLOW: "the product has no such list",
    List.BYPASS: "the product decrypts nothing, or has no list of exceptions here",
    List.INBOUND: "this is for what goes out",
}


class CannotExport(ValueError):
    """The product takes no such list; a fault a line."""


@dataclass(frozen=True, slots=True)
class Written:
    """A file, with its whole name."""

    name: str
    text: str
    says: str
    list: List


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """All that was written for one product."""

    files: tuple[Written, ...]
    """The list itself first."""
    about: tuple[str, ...]
    """The header of the first list, for formats that take no comment."""
    inexact: tuple[str, ...]
    """What is admitted besides, and what is not reached."""
    left: tuple[str, ...]
    """What the product cannot carry, a line each."""
    left_over: tuple[Grant, ...]
    """The same, whole: each is in a file of another product, or in a table."""
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Work:
    """One list for one product."""

    product_id: ProductId
    selection: Selection
    kind: List
    stamp: Stamp

    @property
    def product(self) -> Product:
        """Its row in the table."""
        return PRODUCTS[self.product_id]

    @property
    def name(self) -> str:
        """Of objects."""
        return self.selection.name if self.kind is List.ALLOW else f"{self.selection.name}-{self.kind}"

    @property
    def stem(self) -> str:
        """Of files."""
        return f"{self.name}-{self.product_id}"

    def for_the_rest(self, product_id: ProductId) -> "_Work":
        """The same list for another product, under a name of its own."""
        return replace(
            self, product_id=product_id, selection=replace(self.selection, name=f"{self.selection.name}-rest")
        )


def write(product_id: ProductId, selection: Selection, lists: Sequence[List], stamp: Stamp) -> Export:
    """The product's files. Raises CannotExport."""
    files: list[Written] = []
    about: tuple[str, ...] = ()
    inexact: dict[str, None] = {}
    left_lines: list[str] = []
    left_over: list[Grant] = []
    notes: dict[str, None] = {}
    for kind in lists:
        work = _Work(product_id=product_id, selection=selection, kind=kind, stamp=stamp)
        left: list[tuple[Grant, str]] = []
        if kept := list(_kept(work.product, kind, selection.lists[kind], left)):
            rendered, head = _rendered(work, kept, left)
            about = about or head
            files += _files(work, rendered)
            inexact |= dict.fromkeys((*rendered.wider, *rendered.short))
            left += rendered.left
            notes |= dict.fromkeys(rendered.notes)
            if not work.product.carries.comments:
                files.append(Written(f"{work.stem}-about.txt", commented(head), "about the list", kind))
        left_lines += _left_lines(left)
        left_over += (grant for grant, _ in left)
        if left:
            files += _remainder(work, left)
    inexact |= dict.fromkeys(_not_held(product_id, selection, lists))
    return Export(
        files=tuple(files),
        about=about,
        inexact=tuple(inexact),
        left=tuple(left_lines),
        left_over=tuple(left_over),
        notes=tuple(notes),
    )


# What the product can carry


def _kept(product: Product, kind: List, grants: Iterable[Grant], left: list[tuple[Grant, str]]) -> Iterator[Grant]:
    carries = product.carried(kind)
    if carries == NOTHING:
        left += [(grant, _ABSENT[kind]) for grant in grants]
        return
    refused: list[str] = []
    for grant in grants:
        if (why := _unsayable(carries, grant)) is not None:
            left.append((grant, why))
        elif product.labels is not None and (why := product.labels(_base(grant))) is not None:
            refused.append(f"{grant}: {why}")
        elif carries.ports:
            yield from _by_ports(grant, _sayable(carries, grant), "the product has no UDP here", left)
        elif kind is List.BYPASS or not grant.ports:
            yield grant
        elif grant.network is not None:
            left.append((grant, "the list has no ports"))
            yield grant
        else:
            web = tuple(web for web in WEB_PORTS if all_in((web,), grant.ports))
            yield from _by_ports(grant, web, "the list has no ports, and is held against those of the web", left)
    if refused:
        raise CannotExport("\n".join(refused))


def _unsayable(carries: Carries, grant: Grant) -> str | None:
    """Why the product has no place for the destination, whatever its ports."""
    if grant.network is None:
        if not carries.names:
            return "the product has no names here"
        return None if carries.wildcards or _is_exact(grant) else "the product has no wildcards here"
    if not carries.networks:
        return "the product has no networks beside names"
    return None if carries.ipv6 or grant.network.version == 4 else "the product has no IPv6 here"


def _sayable(carries: Carries, grant: Grant) -> tuple[Ports, ...]:
    udp = carries.udp_names if grant.network is None else carries.udp
    return grant.ports if udp else of_transport(grant.ports, Transport.TCP)


def _by_ports(grant: Grant, ports: tuple[Ports, ...], why: str, left: list[tuple[Grant, str]]) -> Iterator[Grant]:
    if not grant.ports:
        yield grant
        return
    if rest := less(grant.ports, ports):
        left.append((replace(grant, ports=rest), why))
    if ports:
        yield replace(grant, ports=ports)


def _is_exact(grant: Grant) -> bool:
    return isinstance(grant.name, Reading) and (grant.name.fewest, grant.name.most) == (0, 0)


def _base(grant: Grant) -> str:
    return grant.name.base if isinstance(grant.name, Reading) else ""


# One list


def _rendered(
    work: _Work, kept: Sequence[Grant], left: Sequence[tuple[Grant, str]]
) -> tuple[Rendered, tuple[str, ...]]:
    """Twice: what the spellings admit besides is known only when they are there, and stands in the header."""
    head = tuple(_head(work, kept, left))
    job = Job(
        kind=work.kind,
        name=work.name,
        stem=work.stem,
        title=f"{work.selection.title}: {LISTED[work.kind]}",
        head=head,
        grants=tuple(kept),
        denied=work.selection.denied if work.kind is List.ALLOW else (),
    )
    try:
        first = work.product.render(job)
        besides = (*(f"! {line}" for line in (*first.wider, *first.short)), *_left_lines(first.left))
        head = (*head, *besides)
        return work.product.render(replace(job, head=head)) if besides else first, head
    except TooMany as fault:
        raise CannotExport(f"{work.product_id}: {fault}") from None


def _head(work: _Work, kept: Sequence[Grant], left: Sequence[tuple[Grant, str]]) -> Iterator[str]:
    yield f"{work.selection.title}: {LISTED[work.kind]}; for {work.product.title}"
    yield f"{work.stamp.on.isoformat()}, tierwall {work.stamp.version}"
    yield from work.selection.about
    yield from work.selection.remarks
    reasons = dict.fromkeys(reason for grant in kept for reason in grant.reasons)
    yield from (f"not decrypted: {reason}" for reason in reasons)
    if not work.product.carried(work.kind).ports:
        yield f"no ports in this list; they are: {ports_of(kept)}"
    yield from _left_lines(left)


def _left_lines(left: Sequence[tuple[Grant, str]]) -> Iterator[str]:
    """Those of the same ports and reason in one line."""
    alike: dict[tuple[str, str], list[Grant]] = {}
    for grant, why in left:
        alike.setdefault((_ports(grant), why), []).append(grant)
    for (ports, why), grants in alike.items():
        yield f"not in here: {ports} of {some(grants, most=_SHOWN)} ({why})"


def _remainder(work: _Work, left: Sequence[tuple[Grant, str]]) -> Iterator[Written]:
    """What the product could not carry, for one that can; what that one cannot either, as a table for people."""
    other = work.for_the_rest(work.product.remainder or ProductId.CSV)
    still: list[tuple[Grant, str]] = []
    if kept := list(_kept(other.product, work.kind, (grant for grant, _ in left), still)):
        rendered, _ = _rendered(other, kept, still)
        yield from _files(other, rendered)
        still += rendered.left
    if still and other.product_id is not ProductId.CSV:
        table = work.for_the_rest(ProductId.CSV)
        rendered, _ = _rendered(table, [grant for grant, _ in still], ())
        yield from _files(table, rendered)


def _files(work: _Work, rendered: Rendered) -> Iterator[Written]:
    for file in rendered.files:
        yield Written(f"{work.stem}{file.suffix}", file.text, file.says, work.kind)


def _not_held(product_id: ProductId, selection: Selection, lists: Sequence[List]) -> Iterator[str]:
    """What the site denies inside what it admits, where the product's files do not say it."""
    if List.ALLOW in lists and not PRODUCTS[product_id].carries.denials:
        for grant in selection.denied:
            yield f"the site denies {grant} {_ports(grant)}, which this list lets through: deny it in a rule before"


def _ports(grant: Grant) -> str:
    return ", ".join(map(str, grant.ports)) or "(ports not said)"
