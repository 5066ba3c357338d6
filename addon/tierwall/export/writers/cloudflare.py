"""Cloudflare Zero Trust Gateway: lists as CSV, and the expressions of the policies that use them.

Knows that the policy decides what an entry covers: `host` and `fqdn` compare with the name alone, `domains[*]` with it
and every domain above it (Gateway policies, selectors Host and Domain).
"""

import csv
import io
from collections.abc import Iterable
from itertools import batched
from typing import Final

from tierwall.export.grant import Grant, List, plain
from tierwall.export.product import File, Job, Limit, Rendered, ascii_line, check
from tierwall.export.spelling import Form, spell

LIST_ENTRIES: Final = 1000
"""Of a list on the Standard plan (Cloudflare One, Account limits); Enterprise has 5,000."""
LISTS: Final = Limit(100, "lists", "Cloudflare One, Account limits")

FORMS: Final = (Form("{}", 0, 0), Form("*.{}", 0, None))
"""An entry of the list of hosts, and one of the list of domains."""

_EXPRESSIONS: Final = {
    "hosts": "net.sni.host in $LIST",
    "domains": "any(net.sni.domains[*] in $LIST)",
    "addresses": "net.dst.ip in $LIST",
}
_BYPASSED: Final = {
    "hosts": "http.request.host in $LIST",
    "domains": "any(http.request.domains[*] in $LIST)",
    "addresses": "http.dst.ip in $LIST",
}


def gateway_lists(job: Job) -> Rendered:
    """Hosts, domains and addresses apart; a list above the plan's limit goes on in another one."""
    names = spell(FORMS, job.names)
    hosts = [(line, grant) for line, grant in names.lines if not line.startswith("*.")]
    domains = [(line.removeprefix("*."), grant) for line, grant in names.lines if line.startswith("*.")]
    addresses = [(plain(grant.network), grant) for grant in job.networks if grant.network is not None]
    files = []
    notes = []
    expressions = _BYPASSED if job.kind is List.BYPASS else _EXPRESSIONS
    for kind, entries in (("domains", domains), ("hosts", hosts), ("addresses", addresses)):
        batches = list(batched(entries, LIST_ENTRIES))
        for at, batch in enumerate(batches, start=1):
            suffix = f"-{kind}.csv" if len(batches) == 1 else f"-{kind}-{at}.csv"
            kind_of_list = "IP" if kind == "addresses" else "DOMAIN"
            files.append(File(suffix, _table(batch), f"a list of type {kind_of_list}, for `{expressions[kind]}`"))
            if job.kind is not List.INBOUND:
                notes.append(f"{job.stem}{suffix}: in a policy, `{expressions[kind]}`")
    check(LISTS, len(files))
    return Rendered(files=tuple(files), wider=names.wider, short=names.short, left=names.left, notes=tuple(notes))


def _table(entries: Iterable[tuple[str, Grant]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("value", "description"))
    writer.writerows((value, ascii_line(grant.purpose or grant.label)) for value, grant in entries)
    return text.getvalue()
