"""The entries of a site's `admit` and `deny`: what they refer to, the lists they name, and what they become.

Knows one entry at a time; which file of a chain of sites an entry is taken from is sites.py's.
"""

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path

from tierwall.loader.faults import Fault, InvalidFiles, quoted, unknown
from tierwall.loader.foreign_files import veiled
from tierwall.loader.forms.files import AdmitForm, ListForm
from tierwall.loader.lists.content import Content
from tierwall.loader.lists.formats import Export, ListFormat
from tierwall.loader.lists.spellings import overlap_faults, read_content, spelling_warnings
from tierwall.loader.spelling import spelled
from tierwall.loader.yaml.octets import check_regular
from tierwall.loader.yaml.tree import Document, Place
from tierwall.loader.yaml.untyped import network_overlaps, records, text, texts
from tierwall.policy.dialect import Dialect, canonical
from tierwall.policy.model import Catalogue, Ports, Transport, Vendor
from tierwall.policy.site import ALL_TCP_PORTS, HTTPS_PORTS, ListEntry, RuledEntry, VendorEntry

type OwnEntry = ListEntry | RuledEntry

type Lists = dict[int, tuple[Export, Content]]
"""What the files of entries hold, by the entry's index."""

EVERY_PORT = (Ports(Transport.TCP, 1, 65535), Ports(Transport.UDP, 1, 65535))
"""Of an entry of `deny` that does not say its ports."""

_LISTS = ("admit", "deny")
_SELECTING = ("vendor", "tiers", "services", "rules")
_LISTING = ("hosts", "networks", "file")
_WRITTEN = ("format", "column", "acl")


def entry_faults(document: Document, catalogue: Catalogue) -> Iterator[Fault]:
    """What is wrong with the entries of a site file beyond their shape. Looks at the bare values."""
    for at, entry in records(document.content, "admit"):
        place: Place = ("admit", at)
        yield from (document.fault(place, message) for message in (*_mixtures(entry), *_file_faults(entry)))
        if "networks" in entry and "ports" not in entry:
            yield document.fault(place, "networks need ports, such as `ports: [udp/10000]`")
        yield from _unknown_names(document, entry, place, catalogue)
        yield from network_overlaps(document, entry, "networks", place)
    for at, entry in records(document.content, "deny"):
        if not any(key in entry for key in _LISTING):
            yield document.fault(("deny", at), "denies nothing: it needs one of hosts, networks, file")
        yield from (document.fault(("deny", at), message) for message in _file_faults(entry))
        yield from network_overlaps(document, entry, "networks", ("deny", at))


def host_faults(document: Document, dialect: Dialect) -> Iterator[Fault]:
    """The hosts of a site file that make no sense; what a product's dialect rejects is no fault, but a warning."""
    for place, raw, its in _hosts(document, _LISTS, dialect):
        try:
            spelled(raw, its)
        except ValueError as fault:
            yield document.fault(place, str(fault))
    for key in _LISTS:
        for at, entry in records(document.content, key):
            if (_word(Dialect, entry, "dialect") or dialect) is Dialect.SQUID:
                hosts = [canonical(raw, Dialect.SQUID) for _, raw in texts(entry, "hosts")]
                yield from (document.fault((key, at, "hosts", where), said) for said, where in overlap_faults(hosts))


def host_warnings(document: Document, key: str, dialect: Dialect) -> Iterator[Fault]:
    """The hosts of a valid site file that cover nothing, or a whole public suffix."""
    for place, raw, its in _hosts(document, (key,), dialect):
        yield from (document.fault(place, message) for message in spelling_warnings(its, raw))


def read_lists(document: Document, key: str, dialect: Dialect, faults: list[Fault]) -> Lists:
    """The lists that the entries of `admit` or `deny` name, by the entry's index."""
    lists: Lists = {}
    for at, entry in records(document.content, key):
        name = text(entry, "file")
        if name is None or any(_file_faults(entry)):
            continue
        export = _export(document.path.parent / name, entry, dialect)
        try:
            check_regular(export.path)
        except InvalidFiles as invalid:
            faults.append(document.fault((key, at, "file"), f"{quoted(name)}: {invalid.faults[0].message}"))
            continue
        try:
            content = read_content(export)
        except InvalidFiles as invalid:
            faults += veiled(invalid.faults, document.path.parent)
            continue
        lists[at] = export, content
        if key == "deny" and content.rules is not None and export.acl is None and not content.listed:
            message = "say with `acl:` which of its access lists is denied: as a whole it says what is allowed"
            faults.append(document.fault((key, at, "file"), f"{quoted(name)} is a Squid configuration; {message}"))
    return lists


def vendor_entry(form: AdmitForm) -> VendorEntry:
    """An entry that selects rules of the catalogue."""
    return VendorEntry(vendor=form.vendor, tiers=_set(form.tiers), services=_set(form.services), rules=_set(form.rules))


def admitting(form: ListForm, label: str, content: Content | None, dialect: Dialect) -> Iterator[OwnEntry]:
    """An entry of the customer's own, with what its file lists; hosts have the HTTPS port where it says none."""
    return _list_entries(form, label, content, dialect, HTTPS_PORTS)


def denying(form: ListForm, label: str, content: Content | None, dialect: Dialect) -> Iterator[OwnEntry]:
    """The same in `deny`, where an entry that says no ports means every port."""
    return _list_entries(form, label, content, dialect, EVERY_PORT)


def selects(form: AdmitForm) -> bool:
    """Whether an entry selects rules of the catalogue; if not, it lists the customer's own hosts or networks."""
    return not form.model_fields_set.isdisjoint(_SELECTING)


# Private


def _hosts(document: Document, keys: tuple[str, ...], dialect: Dialect) -> Iterator[tuple[Place, str, Dialect]]:
    for key in keys:
        for at, entry in records(document.content, key):
            for index, raw in texts(entry, "hosts"):
                yield (key, at, "hosts", index), raw, _word(Dialect, entry, "dialect") or dialect


def _export(path: Path, entry: dict[str, object], dialect: Dialect) -> Export:
    its = _word(Dialect, entry, "dialect") or dialect
    return Export(path, its, _word(ListFormat, entry, "format"), text(entry, "column"), text(entry, "acl"))


def _word[W: StrEnum](kind: type[W], entry: dict[str, object], key: str) -> W | None:
    found = text(entry, key)
    return kind(found) if found is not None and found in kind else None


def _file_faults(entry: dict[str, object]) -> Iterator[str]:
    """What says how a list's file is written, and cannot be so."""
    written = text(entry, "format")
    if "file" not in entry:
        yield from (
            f"{quoted(key)} says how a `file` is written, and there is none" for key in _WRITTEN if key in entry
        )
    elif written == ListFormat.CSV and "column" not in entry:
        yield "`format: csv` needs a `column`, the heading of the one that has the host patterns"
    elif written not in {None, ListFormat.CSV} and "column" in entry:
        yield f"`column` is for `format: csv`, not for {quoted(str(written))}"
    if "acl" in entry and written not in {None, ListFormat.SQUID}:
        yield f"`acl` is for `format: squid`, not for {quoted(str(written))}"


def _list_entries(
    form: ListForm, label: str, content: Content | None, dialect: Dialect, default: tuple[Ports, ...]
) -> Iterator[OwnEntry]:
    said = None if form.ports is None else tuple(form.ports)
    label = form.file or label
    if content is None:
        its = form.dialect or dialect
        hosts = tuple(spelled(raw, its) for raw in form.hosts or ())
        yield ListEntry(
            label=label, hosts=hosts, networks=tuple(form.networks or ()), ports=said or default, dialect=its
        )
        return
    if content.rules is not None:
        yield RuledEntry(label=label, rules=content.rules, ports=said or (default if content.listed else ALL_TCP_PORTS))
        return
    for each in content.listed:
        yield ListEntry(
            label=label,
            hosts=each.hosts,
            networks=each.networks,
            ports=said or each.ports or default,
            dialect=content.dialect or form.dialect or dialect,
        )


def _set[T](words: Iterable[T] | None) -> frozenset[T] | None:
    return None if words is None else frozenset(words)


def _mixtures(entry: dict[str, object]) -> Iterator[str]:
    selecting = [key for key in _SELECTING if key in entry]
    listing = [key for key in _LISTING if key in entry]
    if not selecting and not listing:
        yield f"admits nothing: it needs one of {', '.join((*_SELECTING, *_LISTING))}"
    if selecting and (others := [key for key in (*_LISTING, *_WRITTEN, "ports", "dialect") if key in entry]):
        yield f"{quoted(selecting[0])} selects vendors' rules, and {quoted(others[0])} lists your own: make two entries"
    if "file" in listing and len(listing) > 1:
        yield f"{quoted('file')} and {quoted(listing[0])} do not go together: make two entries"


def _unknown_names(document: Document, entry: dict[str, object], place: Place, catalogue: Catalogue) -> Iterator[Fault]:
    vendors = {vendor.id: vendor for vendor in catalogue.vendors}
    named = text(entry, "vendor")
    if named is not None and named not in vendors:
        yield document.fault((*place, "vendor"), unknown("vendor", named, vendors))
    among = (vendors[named],) if named in vendors else catalogue.vendors
    known: dict[str, Callable[[Vendor], list[str]]] = {
        "services": lambda vendor: [service.id for service in vendor.services],
        "rules": lambda vendor: [rule.id for rule in vendor.rules],
    }
    for key, ids in known.items():
        names = list(dict.fromkeys(name for vendor in among for name in ids(vendor)))
        for index, word in texts(entry, key):
            if word not in names:
                yield document.fault((*place, key, index), unknown(key.removesuffix("s"), word, names))
