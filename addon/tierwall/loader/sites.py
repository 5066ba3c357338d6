"""Site files, what they extend and the lists they name -> a site.

Knows how the files of a chain become one site; shapes are files.py's, entries are entries.py's.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tierwall.loader.entries import (
    admitting,
    denying,
    entry_faults,
    host_faults,
    host_warnings,
    read_lists,
    selects,
    vendor_entry,
)
from tierwall.loader.faults import Fault, InvalidFiles, by_line, quoted, shown_path
from tierwall.loader.foreign_files import veiled, veiled_unless_a_site
from tierwall.loader.forms.behaviour_entries import Entries, merged, read_behaviours
from tierwall.loader.forms.files import AdmitForm, SiteFile
from tierwall.loader.forms.pydantic_errors import shape_faults
from tierwall.loader.lists.content import Content
from tierwall.loader.lists.spellings import list_warnings
from tierwall.loader.places import SITE_ENDINGS, site_file
from tierwall.loader.yaml.octets import check_regular
from tierwall.loader.yaml.tree import Document, read_document
from tierwall.loader.yaml.untyped import network_overlaps, text
from tierwall.policy.access_rules import TlsDecision
from tierwall.policy.behaviour import Behaviour, TlsInspection
from tierwall.policy.dialect import Dialect
from tierwall.policy.model import Address, Catalogue
from tierwall.policy.site import DnsRefusal, ListEntry, Refusals, RuledEntry, Site, VendorEntry

type Warn = Callable[[Fault], None]

_LISTS = ("admit", "deny")


@dataclass(frozen=True, slots=True)
class _Layer:
    """One site file of a chain in which each extends the next."""

    document: Document
    form: SiteFile | None
    """None where the shape has faults."""
    faults: list[Fault]
    behaviours: Entries


def load_site(name_or_path: str, catalogue: Catalogue, warn: Warn | None = None) -> Site:
    """The site of that name or path, with everything that it extends and every list that it names.

    `warn` is told what is odd without being a fault: wildcards that cover a whole public suffix, and spellings that
    their dialect rejects, since a customer's list holds whatever the customer wrote.

    Raises:
        InvalidFiles: With every fault of every file.
    """
    faults: list[Fault] = []
    layers, unreadable = _layers(name_or_path, catalogue)
    dialect = _dialect(layers)
    for layer in layers:
        faults += by_line([*layer.faults, *host_faults(layer.document, dialect)])
    faults += unreadable
    lists = {key: read_lists(_said_by(layers, key), key, dialect, faults) for key in _LISTS}
    forms = [layer.form for layer in layers if layer.form is not None]
    if faults:
        raise InvalidFiles(faults)
    if warn is not None:
        for key in _LISTS:
            for fault in host_warnings(_said_by(layers, key), key, dialect):
                warn(fault)
            folder = _said_by(layers, key).path.parent
            for export, content in lists[key].values():
                for fault in veiled((*content.notes, *list_warnings(export)), folder):
                    warn(fault)
    paths = [layer.document.path for layer in layers]
    for export, content in (each for key in _LISTS for each in lists[key].values()):
        paths += [export.path, *content.files]
    paths += [path for layer in layers for path in layer.behaviours.files]
    contents = {key: {at: found for at, (_, found) in lists[key].items()} for key in _LISTS}
    behaviours = merged(layer.behaviours.behaviours for layer in reversed(layers))
    return _site(forms, contents, behaviours, tuple(str(path) for path in paths))


# The chain of files


def _layers(name_or_path: str, catalogue: Catalogue) -> tuple[list[_Layer], tuple[Fault, ...]]:
    """The site's own file, then what it extends, and so on; and the faults of a file that ends the chain unread."""
    path = site_file(name_or_path, Path())
    layers: list[_Layer] = []
    seen: list[str] = []
    while True:
        seen.append(os.path.realpath(path))
        try:
            document = read_document(path)
        except InvalidFiles as invalid:
            if not layers:
                raise _said_of_a_list(path, invalid) from None
            return layers, tuple(veiled(invalid.faults, layers[-1].document.path.parent))
        if not layers and not isinstance(document.content, dict) and (fault := _a_list(path)) is not None:
            raise InvalidFiles([fault])
        found = shape_faults(document, SiteFile)
        own = [*document.faults, *entry_faults(document, catalogue), *_client_faults(document)]
        behaviours = read_behaviours(document, catalogue)
        own += behaviours.faults
        following = _followed(document, seen, own)
        if isinstance(found, list):
            own += found
        if layers:
            own = veiled_unless_a_site(own, layers[-1].document.path.parent, document)
        layers.append(_Layer(document, None if isinstance(found, list) else found, own, behaviours))
        if following is None:
            return layers, ()
        path = following


def _said_of_a_list(path: Path, invalid: InvalidFiles) -> InvalidFiles:
    """The faults of a file that is no YAML; its lines' own say nothing to whoever took a list for a site."""
    fault = _a_list(path)
    return invalid if fault is None or not path.is_file() else InvalidFiles([fault])


def _a_list(path: Path) -> Fault | None:
    """What is said of a customer's list in the place of a site, None of a file that is called as sites are."""
    if path.suffix in SITE_ENDINGS:
        return None
    message = f"is no site file; where it is a customer's list, `tierwall new-site {path}` makes a site of it"
    return Fault(shown_path(path), None, "", message)


def _dialect(layers: list[_Layer]) -> Dialect:
    """That of the nearest file that says one."""
    said = (text(layer.document.content, "dialect") for layer in layers)
    found = next((word for word in said if word is not None), Dialect.LITERAL)
    return Dialect(found) if found in Dialect else Dialect.LITERAL


def _followed(document: Document, seen: list[str], faults: list[Fault]) -> Path | None:
    """The file that this one extends, if there is one and it can be read."""
    named = text(document.content, "extends")
    if named is None or not named.isprintable():
        return None
    try:
        path = site_file(named, document.path.parent)
        check_regular(path)
    except InvalidFiles as invalid:
        cause = invalid.faults[0]
        message = f"{quoted(named)}: {cause.message}" if cause.path else cause.message
        faults.append(document.fault(("extends",), message))
        return None
    if os.path.realpath(path) in seen:
        circle = [*seen[seen.index(os.path.realpath(path)) :], str(path)]
        names = " → ".join(Path(name).name for name in circle)
        faults.append(document.fault(("extends",), f"goes in a circle: {names}"))
        return None
    return path


def _client_faults(document: Document) -> Iterator[Fault]:
    yield from network_overlaps(document, document.content, "clients", ())


def _said_by(layers: list[_Layer], key: str) -> Document:
    """The nearest file that has the key: its list replaces those of the files it extends."""
    documents = [layer.document for layer in layers]
    return next(
        (found for found in documents if isinstance(found.content, dict) and key in found.content), documents[0]
    )


# Forms -> the site. The site's own form comes first, then those that it extends.


def _site(
    forms: list[SiteFile],
    lists: dict[str, dict[int, Content]],
    behaviours: tuple[Behaviour, ...],
    paths: tuple[str, ...],
) -> Site:
    own = forms[0]
    dialect = _nearest(forms, "dialect").dialect
    clients = _nearest(forms, "clients").clients
    admit = _nearest(forms, "admit").admit
    deny = _nearest(forms, "deny").deny
    admitted = tuple(
        each for at, entry in enumerate(admit) for each in _admitted(forms, at, entry, lists["admit"].get(at))
    )
    return Site(
        id=own.site,
        title=own.title or "",
        enforce=_nearest(forms, "enforce").enforce,
        admit=admitted,
        deny=tuple(
            each
            for at, entry in enumerate(deny)
            for each in denying(entry, f"deny[{at}]", lists["deny"].get(at), dialect)
        ),
        evidence=_nearest(forms, "evidence").evidence,
        dialect=dialect,
        refuse=_refusals(forms),
        dns=_nearest(forms, "dns").dns,
        names=_nearest(forms, "names").names,
        clients=None if clients is None else tuple(clients),
        behaviours=(*behaviours, *_opening(admitted, behaviours)),
        paths=paths,
    )


def _nearest(forms: list[SiteFile], key: str) -> SiteFile:
    return next((form for form in forms if key in form.model_fields_set), forms[0])


def _admitted(
    forms: list[SiteFile], at: int, entry: AdmitForm, listed: Content | None
) -> Iterator[VendorEntry | ListEntry | RuledEntry]:
    if selects(entry):
        yield vendor_entry(entry)
    else:
        yield from admitting(entry, f"admit[{at}]", listed, _nearest(forms, "dialect").dialect)


def _opening(
    admitted: Iterable[VendorEntry | ListEntry | RuledEntry], behaviours: tuple[Behaviour, ...]
) -> Iterator[TlsInspection]:
    """The inspection that a configuration's own rules ask for (`ssl_bump bump`), where the site has none of its own."""
    rules = [rule for entry in admitted if isinstance(entry, RuledEntry) for rule in entry.rules.tls]
    opens = any(rule.decision is TlsDecision.BUMP for rule in rules)
    if opens and not any(isinstance(each, TlsInspection) for each in behaviours):
        yield TlsInspection()


def _refusals(forms: list[SiteFile]) -> Refusals:
    """Merged by key; what no file says is as the model says."""
    default = Refusals()

    def said[T](of: Callable[[SiteFile], T | None], otherwise: T) -> T:
        return next((found for form in forms if (found := of(form)) is not None), otherwise)

    no_sinkhole: tuple[DnsRefusal, Address | None] = (default.dns, None)
    dns, sinkhole = said(lambda form: form.refuse.dns, no_sinkhole)
    return Refusals(
        connect=said(lambda form: form.refuse.connect, default.connect),
        http=said(lambda form: form.refuse.http, default.http),
        tls=said(lambda form: form.refuse.tls, default.tls),
        socks=said(lambda form: form.refuse.socks, default.socks),
        dns=dns,
        sinkhole=sinkhole,
        other=said(lambda form: form.refuse.other, default.other),
    )
