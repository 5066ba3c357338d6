"""What every product, tool and ticket can take: CSV, Markdown, JSON, and JSON of the shape of Microsoft 365's.

Knows rows. Exact for names, networks and ports alike: a name with all below it stands as two rows.
"""

import csv
import io
import json
from collections.abc import Iterator
from typing import Final

from tierwall.export.grant import Grant, List
from tierwall.export.ports import of_transport, span
from tierwall.export.product import File, Job, Rendered, spelled
from tierwall.policy.dialect import Dialect
from tierwall.policy.model import Ports, Tier, Transport

FORMAT: Final = "tierwall-export"
VERSION: Final = 1

COLUMNS: Final = (
    "list", "action", "host", "dialect", "network", "ports", "vendor", "tier", "services", "reason", "evidence",
    "source", "symptom_if_blocked",
)  # fmt: skip


def table(job: Job) -> Rendered:
    """RFC 4180: a header, CRLF."""
    rows = _rows(job)
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({column: _inert(row[column]) for column in COLUMNS} for row in rows)
    return Rendered(files=(File(".csv", text.getvalue(), "a table, for spreadsheets and tickets"),))


def markdown(job: Job) -> Rendered:
    """A table behind the header."""
    rows = _rows(job)
    shown = [column for column in COLUMNS if any(row[column] for row in rows)]
    lines = [f"- {_cell(line)}" for line in (*job.head, f"{len(rows)} entries")]
    lines += ["", f"| {' | '.join(shown)} |", "| --- " * len(shown) + "|"]
    lines += [f"| {' | '.join(_cell(row[column]) for column in shown)} |" for row in rows]
    text = "\n".join([f"# {_cell(job.title)}", "", *lines, ""])
    return Rendered(files=(File(".md", text, "a table, for people"),))


def objects(job: Job) -> Rendered:
    """An object an entry; the same that `tierwall export --diff` reads."""
    rows = _rows(job)
    entries = [{column: value for column, value in row.items() if value} for row in rows]
    body = {"format": FORMAT, "version": VERSION, "title": job.title, "about": list(job.head), "entries": entries}
    text = json.dumps(body, indent=2, ensure_ascii=False) + "\n"
    return Rendered(files=(File(".json", text, "an object an entry, for programs"),))


def endpoint_sets(job: Job) -> Rendered:
    """The shape of Microsoft 365's endpoint service, which many tools import: a set for each label and its ports."""
    sets: dict[tuple[str, tuple[Ports, ...]], list[Grant]] = {}
    for grant in job.grants:
        sets.setdefault((grant.label, grant.ports), []).append(grant)
    found = []
    left: list[tuple[Grant, str]] = []
    inexact: list[str] = []
    for at, ((label, ports), grants) in enumerate(sets.items(), start=1):
        names = spelled(Dialect.LITERAL, [grant for grant in grants if grant.name is not None])
        left += names.left
        inexact += (*names.wider, *names.short)
        tier = grants[0].serves[0].tier if grants[0].serves else Tier.NONE
        one = {
            "id": at,
            "serviceArea": grants[0].serves[0].vendor if grants[0].serves else "own",
            "serviceAreaDisplayName": label,
            "urls": list(names.spellings),
            "ips": [str(grant.network) for grant in grants if grant.network is not None],
            "tcpPorts": _ports(ports, Transport.TCP),
            "udpPorts": _ports(ports, Transport.UDP),
            "category": "Allow" if tier is Tier.CORE else "Default",
            "required": tier is Tier.CORE,
            "notes": " ".join(dict.fromkeys(impact.symptom for impact in grants[0].serves)),
        }
        found.append({key: value for key, value in one.items() if value not in ("", [])})
    text = json.dumps(found, indent=2, ensure_ascii=False) + "\n"
    return Rendered(
        files=(File(".json", text, "endpoint sets, as Microsoft 365's service has them"),),
        wider=tuple(inexact),
        left=tuple(left),
    )


def _rows(job: Job) -> list[dict[str, str]]:
    """A name that `literal` cannot say stands as the site has it, with the dialect that it is to be read in."""
    rows: list[dict[str, str]] = []
    for action, grants in (("allow", job.grants), ("deny", job.denied)):
        for grant in grants:
            if grant.network is not None:
                rows.append(_row(job, action, grant, {"network": str(grant.network)}))
                continue
            names = spelled(Dialect.LITERAL, (grant,))
            exact = not (names.wider or names.short or names.left)
            if exact or grant.spelled is None:
                rows += [_row(job, action, grant, {"host": spelling}) for spelling in names.spellings]
            else:
                dialect, spelling = grant.spelled
                rows.append(_row(job, action, grant, {"host": spelling, "dialect": dialect}))
    return rows


def _row(job: Job, action: str, grant: Grant, destination: dict[str, str]) -> dict[str, str]:
    kind = {List.ALLOW: action, List.BYPASS: "do not decrypt", List.INBOUND: "inbound"}[job.kind]
    values = {
        "list": str(job.kind),
        "action": kind,
        "host": "",
        "dialect": "",
        "network": "",
        "ports": " ".join(map(str, grant.ports)),
        "vendor": _each(impact.vendor for impact in grant.serves),
        "tier": str(grant.serves[0].tier) if grant.serves else "",
        "services": _each(impact.service for impact in grant.serves),
        "reason": "; ".join(grant.reasons),
        "evidence": _each(str(impact.evidence) for impact in grant.serves),
        "source": _each((impact.source for impact in grant.serves), "; ") or grant.label,
        "symptom_if_blocked": " ".join(dict.fromkeys(impact.symptom.strip() for impact in grant.serves)),
    }
    return {column: " ".join(value.split()) for column, value in (values | destination).items()}


def _each(words: Iterator[str], between: str = " ") -> str:
    return between.join(dict.fromkeys(words))


def _ports(ports: tuple[Ports, ...], transport: Transport) -> str:
    return ",".join(span(each) for each in of_transport(ports, transport))


def _inert(value: str) -> str:
    """A spreadsheet takes a cell that begins so for a formula; a host pattern's `*` is none."""
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t")) else value


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")
