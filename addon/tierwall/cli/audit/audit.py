"""`tierwall audit`: options -> what is asked of which logs, the answers in the forms that were asked for, exit status.

Knows spellings of options. Reading is reading.py's, judging is audit's, showing is report's.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Final

from tierwall.audit.findings import Findings
from tierwall.audit.inferring import site_text
from tierwall.audit.interest import Interest
from tierwall.audit.judging import Question, judged
from tierwall.audit.tally import Tally, Window
from tierwall.cli.audit.formats import ALL, FLOWS
from tierwall.cli.audit.jobs import read_in_parts
from tierwall.cli.audit.news import News
from tierwall.cli.audit.progress import Octets
from tierwall.cli.audit.reading import Reading, read_files, shown
from tierwall.cli.audit.sources import files
from tierwall.cli.audit.stopping import Stop
from tierwall.cli.faults import BadInput
from tierwall.cli.output import report, talk, write
from tierwall.cli.pseudonyms import pseudonyms
from tierwall.loader import InvalidFiles, load_catalogue, load_site
from tierwall.loader.faults import shown_path, unknown
from tierwall.policy.dialect import Dialect
from tierwall.policy.model import Catalogue, Tier
from tierwall.policy.site import Site
from tierwall.records.clock import any_of
from tierwall.records.formats import custom
from tierwall.records.proxies.squid_logformat import InvalidLogformat
from tierwall.records.reading import Format, LineFormat
from tierwall.report.audit import as_document, as_json
from tierwall.report.document import Document
from tierwall.report.forms.as_html import as_html
from tierwall.report.forms.as_junit import as_junit
from tierwall.report.forms.as_markdown import as_markdown
from tierwall.report.forms.as_text import print_document

STDOUT: Final = Path("-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line asks for, as it was typed."""

    files: tuple[str, ...]
    format: str | None
    logformat: str | None
    site: str | None
    policies: tuple[Path, ...]
    dialect: str | None
    vendors: tuple[str, ...]
    tiers: tuple[str, ...]
    since: str | None
    until: str | None
    client: str | None
    show_clients: bool
    as_json: bool
    follow: bool = False
    jobs: int = 1
    html: Path | None = None
    markdown: Path | None = None
    junit: Path | None = None
    write_site: Path | None = None


@dataclass(frozen=True, slots=True)
class _Loaded:
    catalogue: Catalogue
    site: Site | None
    window: Window
    chosen: Format | None


def audit(wanted: Wanted) -> int:
    """Read, judge, show. 1 where something of a vendor's was denied. Raises BadInput."""
    loaded = _loaded(wanted)
    names = files(wanted.files)
    interest = Interest(loaded.catalogue, keep_all=_keeps_all(wanted))
    tally, whole = _read(wanted, loaded, names, interest)
    if whole:
        _check_read(tally)
    findings = judged(tally, interest, _question(wanted, loaded, tally, partial=not whole and not wanted.follow))
    _show(wanted, findings)
    if wanted.write_site is not None:
        name = re.sub(r"[^a-z0-9-]+", "-", wanted.write_site.stem.lower()).strip("-") or "inferred"
        sources = dict.fromkeys(file for file, _ in tally.sources)
        _write(wanted.write_site, site_text(name, sources, tally.statements))
    return int(bool(findings.broken))


def _read(wanted: Wanted, loaded: _Loaded, names: list[str], interest: Interest) -> tuple[Tally, bool]:
    if wanted.follow and len(names) > 1:
        raise BadInput(["--follow: one file at a time"])
    octets = Octets(talk(), sum(Path(name).stat().st_size for name in names if Path(name).is_file()) or None)
    reading = Reading(
        interest=interest,
        window=loaded.window,
        stop=Stop(),
        chosen=loaded.chosen,
        whole=(FLOWS,),
        progress=shown(octets),
        news=News(interest, talk()).tell if wanted.follow else None,
    )
    try:
        if wanted.jobs > 1 and not wanted.follow:
            return read_in_parts(names, reading, wanted.jobs, keep_all=_keeps_all(wanted), logformat=wanted.logformat)
        return read_files(names, reading)
    finally:
        octets.end()


def _keeps_all(wanted: Wanted) -> bool:
    return wanted.site is not None or wanted.write_site is not None


def _show(wanted: Wanted, findings: Findings) -> None:
    document = as_document(findings)
    files = ((wanted.html, as_html), (wanted.markdown, as_markdown), (wanted.junit, as_junit))
    for path, form in files:
        if path is not None:
            _write(path, form(document))
    if any(path == STDOUT for path, _ in files):
        return
    if wanted.as_json:
        write(as_json(findings))
        _warn(document)
    else:
        print_document(document, report())


def _write(path: Path, text: str) -> None:
    """To a file, or to stdout where that is said. Raises BadInput."""
    if path == STDOUT:
        write(text.removesuffix("\n"))
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as cause:
        raise BadInput([f"{shown_path(path)}: cannot be written: {cause.strerror}"]) from None


def _warn(document: Document) -> None:
    for line in document.warnings:
        talk().print(line, style="yellow")


def _check_read(tally: Tally) -> None:
    """A run that could read nothing at all, of files that hold something, has no answer."""
    read = sum(source.read for source in tally.sources.values())
    if read == 0 and (tally.unreadable or any(source.headers for source in tally.sources.values())):
        faults = [f"{file}: {kind}" for (file, kind), _ in tally.unreadable.items()]
        known = ", ".join(ALL)
        raise BadInput([*faults, f"nothing could be read; --format says which of these it is: {known}"])


# What was typed


def _loaded(wanted: Wanted) -> _Loaded:
    faults: list[object] = []
    chosen = _chosen(wanted, faults)
    window = Window(
        since=_time("--since", wanted.since, faults),
        until=_time("--until", wanted.until, faults),
        client=_client(wanted.client),
    )
    if wanted.dialect is not None and wanted.dialect not in Dialect:
        faults.append(f"--dialect: {unknown('dialect', wanted.dialect, [str(each) for each in Dialect])}")
    faults += [f"--tier: {unknown('tier', each, _TIERS)}" for each in _split(wanted.tiers) if each not in _TIERS]
    site = None
    try:
        catalogue = load_catalogue(wanted.policies)
        known = [vendor.id for vendor in catalogue.vendors]
        faults += [
            f"--vendor: {unknown('vendor', each, known)}" for each in _split(wanted.vendors) if each not in known
        ]
        site = load_site(wanted.site, catalogue) if wanted.site is not None else None
    except InvalidFiles as invalid:
        raise BadInput([*faults, *invalid.faults]) from None
    if faults:
        raise BadInput(faults)
    return _Loaded(catalogue, site, window, chosen)


_TIERS = [tier.value for tier in Tier if tier is not Tier.NONE]


def _split(given: tuple[str, ...]) -> list[str]:
    return [word.strip() for each in given for word in each.split(",") if word.strip()]


def _chosen(wanted: Wanted, faults: list[object]) -> Format | None:
    if wanted.logformat is not None:
        try:
            return custom(wanted.logformat)
        except InvalidLogformat as fault:
            faults.append(f"--logformat {fault}")
    if wanted.format is None:
        return None
    if wanted.format not in ALL:
        faults.append(f"--format: {unknown('format', wanted.format, list(ALL))}")
        return None
    return ALL[wanted.format]


def _time(option: str, text: str | None, faults: list[object]) -> float | None:
    if text is None:
        return None
    found = any_of(text)
    if found is None:
        faults.append(f"{option}: expected a time such as 2026-11-27T15:00:00Z, 2026-11-27 or seconds since 1970")
    return found


def _client(text: str | None) -> str | IPv4Network | IPv6Network | None:
    if text is None:
        return None
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return text


# What is asked


def _question(wanted: Wanted, loaded: _Loaded, tally: Tally, *, partial: bool) -> Question:
    return Question(
        vendors=frozenset(_split(wanted.vendors)) or None,
        tiers=frozenset(Tier(each) for each in _split(wanted.tiers)) or None,
        dialect=_dialect(wanted, loaded, tally),
        site=loaded.site,
        pseudonym=str if wanted.show_clients else pseudonyms(),
        partial=partial,
    )


def _dialect(wanted: Wanted, loaded: _Loaded, tally: Tally) -> Dialect:
    """That which was said; else the site's; else that of the product that wrote the logs, where it is one."""
    if wanted.dialect is not None:
        return Dialect(wanted.dialect)
    if loaded.site is not None and loaded.site.dialect is not Dialect.LITERAL:
        return loaded.site.dialect
    known = {**ALL, **({loaded.chosen.id: loaded.chosen} if loaded.chosen else {})}
    spoken = {
        found.dialect
        for (_, format_id), source in tally.sources.items()
        if source.read and isinstance(found := known.get(format_id), LineFormat)
    }
    only = spoken.pop() if len(spoken) == 1 else None
    return only or Dialect.LITERAL
