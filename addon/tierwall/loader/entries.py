"""The entries of a site's `admit` and `deny`: what they refer to, the lists they name, and what they become.

Knows one entry at a time; which file of a chain of sites an entry is taken from is sites.py's.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tierwall.loader.faults import Fault, InvalidFiles, quoted, unknown
from tierwall.loader.forms import AdmitForm, ListForm
from tierwall.loader.lists import covers_suffix, read_list
from tierwall.loader.suffixes import public_suffix
from tierwall.loader.text import check_regular
from tierwall.loader.tree import Document, Place
from tierwall.loader.views import network_overlaps, records, text, texts
from tierwall.policy.dialect import Dialect
from tierwall.policy.hostname import normalise_pattern
from tierwall.policy.model import Catalogue, Ports, Transport, Vendor
from tierwall.policy.site import HTTPS_PORTS, ListEntry, VendorEntry

type Hosts = tuple[str, ...]

EVERY_PORT = (Ports(Transport.TCP, 1, 65535), Ports(Transport.UDP, 1, 65535))
"""Of an entry of `deny` that does not say its ports."""

_SELECTING = ("vendor", "tiers", "services", "rules")
_LISTING = ("hosts", "networks", "file")


def entry_faults(document: Document, catalogue: Catalogue) -> Iterator[Fault]:
    """What is wrong with the entries of a site file beyond their shape. Looks at the bare values."""
    for at, entry in records(document.content, "admit"):
        place: Place = ("admit", at)
        yield from (document.fault(place, message) for message in _mixtures(entry))
        if "networks" in entry and "ports" not in entry:
            yield document.fault(place, "networks need ports, such as `ports: [udp/10000]`")
        yield from _unknown_names(document, entry, place, catalogue)
        yield from network_overlaps(document, entry, "networks", place)
    for at, entry in records(document.content, "deny"):
        if not any(key in entry for key in _LISTING):
            yield document.fault(("deny", at), "denies nothing: it needs one of hosts, networks, file")
        yield from network_overlaps(document, entry, "networks", ("deny", at))


def read_lists(document: Document, key: str, faults: list[Fault]) -> dict[int, tuple[Path, Hosts]]:
    """The lists that the entries of `admit` or `deny` name, by the entry's index."""
    lists: dict[int, tuple[Path, Hosts]] = {}
    for at, entry in records(document.content, key):
        name = text(entry, "file")
        if name is None:
            continue
        path = document.path.parent / name
        try:
            check_regular(path)
        except InvalidFiles as invalid:
            faults.append(document.fault((key, at, "file"), f"{quoted(name)}: {invalid.faults[0].message}"))
            continue
        try:
            lists[at] = path, read_list(path)
        except InvalidFiles as invalid:
            faults += invalid.faults
    return lists


def suffix_warnings(document: Document, key: str) -> Iterator[Fault]:
    """The hosts of a valid site file that cover a whole public suffix."""
    for at, entry in records(document.content, key):
        for index, raw in texts(entry, "hosts"):
            pattern = normalise_pattern(raw)
            if (suffix := public_suffix(pattern)) is not None:
                yield document.fault((key, at, "hosts", index), covers_suffix(pattern, suffix))


def vendor_entry(form: AdmitForm) -> VendorEntry:
    """An entry that selects rules of the catalogue."""
    return VendorEntry(vendor=form.vendor, tiers=_set(form.tiers), services=_set(form.services), rules=_set(form.rules))


def admitting(form: ListForm, label: str, hosts: Hosts, dialect: Dialect) -> ListEntry:
    """An entry of the customer's own; hosts have the HTTPS port where it says none."""
    return _list_entry(form, label, hosts, dialect, HTTPS_PORTS)


def denying(form: ListForm, label: str, hosts: Hosts, dialect: Dialect) -> ListEntry:
    """The same in `deny`, where an entry that says no ports means every port."""
    return _list_entry(form, label, hosts, dialect, EVERY_PORT)


def selects(form: AdmitForm) -> bool:
    """Whether an entry selects rules of the catalogue; if not, it lists the customer's own hosts or networks."""
    return not form.model_fields_set.isdisjoint(_SELECTING)


# Private


def _list_entry(form: ListForm, label: str, hosts: Hosts, dialect: Dialect, default: tuple[Ports, ...]) -> ListEntry:
    return ListEntry(
        label=label,
        hosts=hosts,
        networks=tuple(form.networks or ()),
        ports=default if form.ports is None else tuple(form.ports),
        dialect=form.dialect or dialect,
    )


def _set[T](words: Iterable[T] | None) -> frozenset[T] | None:
    return None if words is None else frozenset(words)


def _mixtures(entry: dict[str, object]) -> Iterator[str]:
    selecting = [key for key in _SELECTING if key in entry]
    listing = [key for key in _LISTING if key in entry]
    if not selecting and not listing:
        yield f"admits nothing: it needs one of {', '.join((*_SELECTING, *_LISTING))}"
    if selecting and (others := [key for key in (*_LISTING, "ports", "dialect") if key in entry]):
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
