"""The tables of PAN-OS: how they read a host pattern, as their documentation says.

Knows what was read in the documents that each table names, and nothing measured on the products themselves. Where a
document leaves something open, the case says so in `doubt`, and lint repeats it.
"""

from typing import Final

from tierwall.policy.dialect.common import NO_HOSTS
from tierwall.policy.dialect.globs import as_pan_os, as_pan_os_legacy
from tierwall.policy.dialect.product import LABEL, Case, Product, below, exactly, form

_RUN = rf"(?:{LABEL}|\*|\^)(?:\.(?:{LABEL}|\*|\^))*"
_ALONE: Final = Case(
    form="`*`, `^`",
    example="*",
    matches=form(r"[*^]/?"),
    why="a wildcard stands for a part of a name",
    doubt="the guidelines do not say what a wildcard alone does; here it covers nothing",
)
_REJECTS: Final = (
    *NO_HOSTS,
    Case(
        form="`*.*.x`",
        example="*.*.example.com",
        matches=form(r"(?:.*\.)?\*\.\*(?:[./].*)?"),
        why="the guidelines forbid consecutive asterisks",
        doubt="the guidelines do not say what the firewall does with consecutive asterisks; here they cover nothing",
    ),
    Case(
        form="`w*.x`",
        example="w*.example.com",
        matches=form(r".*[*^].*"),
        why="a wildcard must be the only character between two dots",
    ),
)
_OTHERWISE: Final = "the guidelines know a host, `*` for one or more whole labels, and `^` for one"
_NOT_CONSECUTIVE = r"(?!(?:.*\.)?\*\.\*(?:[./]|$))"

PAN_OS: Final = Product(
    title="PAN-OS 10.2 and later, URL category exceptions and URL EDLs",
    documents=("Palo Alto Networks, Guidelines for URL Category Exceptions",),
    cases=(
        _ALONE,
        Case(form="`x`, `x/`", example="example.com", matches=form("<x>/?"), covers=exactly),
        Case(form="`*.x`", example="*.example.com", matches=form(r"\*\.<x>/?"), covers=below),
        Case(form="`^.x`", example="^.example.com", matches=form(r"(?:\^\.){1,9}<x>/?"), covers=as_pan_os),
        Case(
            form="`x.*`",
            example="example.com.*",
            matches=form(rf"{_NOT_CONSECUTIVE}{_RUN}\.\*"),
            covers=as_pan_os,
        ),
        Case(
            form="`*.^.x`, `a.*.x`",
            example="*.^.example.com",
            matches=form(rf"{_NOT_CONSECUTIVE}(?!.*(?:\^\.){{10}}){_RUN}\.(?![0-9]+/?$){LABEL}/?"),
            covers=as_pan_os,
        ),
        *_REJECTS,
    ),
    otherwise=_OTHERWISE,
    exact="{}/",
    below="*.{}/",
    note=(
        "An entry that ends in neither `/` nor `*` gets a `/`, which closes its end: `Append Ending Token`. A wildcard "
        "in the middle takes in strangers: `mail.*.com` covers mail.evil.com."
    ),
)

PAN_OS_LEGACY: Final = Product(
    title="PAN-OS 10.1 and earlier, or with Append Ending Token off",
    documents=(
        "Palo Alto Networks, Guidelines for URL Category Exceptions (what happens without the ending token)",
        "PAN-OS 10.0 Administrator's Guide, URL Category Exceptions",
    ),
    cases=(
        _ALONE,
        Case(form="`x/`", example="example.com/", matches=form("<x>/"), covers=exactly),
        Case(form="`*.x/`", example="*.example.com/", matches=form(r"\*\.<x>/"), covers=below),
        Case(form="`x`", example="example.com", matches=form("<x>"), covers=as_pan_os_legacy),
        Case(form="`*.x`", example="*.example.com", matches=form(r"\*\.<x>"), covers=as_pan_os_legacy),
        Case(form="`^.x`", example="^.example.com", matches=form(r"(?:\^\.){1,9}<x>"), covers=as_pan_os_legacy),
        Case(
            form="`*.^.x`, `a.*.x`, `x.*`",
            example="*.^.example.com",
            matches=form(rf"{_NOT_CONSECUTIVE}(?=.*[*^])(?!.*(?:\^\.){{10}})(?!.*\.[0-9]+/?$){_RUN}/?"),
            covers=as_pan_os_legacy,
        ),
        *_REJECTS,
    ),
    otherwise=_OTHERWISE,
    exact="{}/",
    below="*.{}/",
    note=(
        "An entry that ends in neither `/` nor `*` goes on as if `.*` stood behind it. A wildcard in the middle takes "
        "in strangers: `mail.*.com` covers mail.evil.com."
    ),
)
