"""Which format a list's file has, by what stands in it.

Knows one sign a format, in the order in which they are looked for. The site's `format:` wins over all of them.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

from tierwall.loader.lists.formats import Export, ListFormat
from tierwall.loader.lists.octets import HEAD_OCTETS, decoded
from tierwall.loader.lists.products import aws, azure, browsers, check_point, fortios, pan_os, terraform, zscaler
from tierwall.loader.lists.table import check_no_table, column_of
from tierwall.loader.yaml.octets import whole_file
from tierwall.policy.dialect import Dialect

_SQUID: Final = re.compile(r"^[ \t]*(?:acl[ \t]+\S+[ \t]+\S|http_access[ \t]+(?:allow|deny)[ \t])", re.MULTILINE)
_PAC: Final = re.compile(r"\bfunction\s+FindProxyForURL\s*\(")

TEXTS: Final[tuple[tuple[ListFormat, re.Pattern[str]], ...]] = (
    (ListFormat.PAC, _PAC),
    (ListFormat.SQUID, _SQUID),
    (ListFormat.FORTIOS, fortios.BEGINS),
    (ListFormat.PAN_SET, pan_os.SET_LINE),
    (ListFormat.BICEP, azure.BICEP),
    (ListFormat.SURICATA, aws.RULE),
    (ListFormat.MGMT_CLI, check_point.LINE),
)
"""What tells a text."""

VALUES: Final[tuple[tuple[ListFormat, Callable[[object], bool]], ...]] = (
    (ListFormat.TERRAFORM, terraform.is_state),
    (ListFormat.AWS_JSON, aws.has_rules),
    (ListFormat.AZURE_JSON, azure.has_rules),
    (ListFormat.ZSCALER_JSON, zscaler.has_categories),
    (ListFormat.FIREFOX_JSON, browsers.has_website_filter),
)
"""What tells JSON; what has none of these is held for a policy of Chrome, whose reader says what it misses."""


def format_of(stream: BinaryIO, export: Export) -> ListFormat:
    """The format as the site says it, or as the file shows it.

    Raises:
        InvalidFiles: The file is no text, or plainly something else than a list.
    """
    head = stream.read(HEAD_OCTETS)
    stream.seek(0)
    _check_text(export.path, head)
    if export.format is not None:
        return export.format
    if export.column is not None:
        return ListFormat.CSV
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"<"):
        return _xml(export.path, head)
    if start.startswith((b"{", b"[")):
        return _json(export.path, stream)
    shown = head.decode(errors="replace")
    for found, sign in TEXTS:
        if sign.search(shown):
            return found
    if export.dialect in {Dialect.PAN_OS, Dialect.PAN_OS_LEGACY} and column_of(start) is None:
        return ListFormat.EDL
    if column_of(start) is not None:
        return ListFormat.CSV
    if export.dialect is not Dialect.SQUID:
        check_no_table(export.path, start)
    return ListFormat.PLAIN


def json_of(path: Path, stream: BinaryIO) -> object:
    """The file as JSON. Raises InvalidFiles where it is none."""
    try:
        return json.loads(decoded(path, stream))
    except (ValueError, RecursionError) as cause:
        where = f": {cause.msg}, line {cause.lineno}" if isinstance(cause, json.JSONDecodeError) else ""
        raise whole_file(path, f"is not JSON{where}") from None


def _json(path: Path, stream: BinaryIO) -> ListFormat:
    value = json_of(path, stream)
    stream.seek(0)
    return next((found for found, sign in VALUES if sign(value)), ListFormat.CHROME_JSON)


def _xml(path: Path, head: bytes) -> ListFormat:
    if b"<entry" in head and (b"<config" in head or b"<response" in head or b"custom-url-category" in head):
        return ListFormat.PAN_XML
    raise whole_file(path, "is HTML or XML, not a list: was a login page saved?")


def _check_text(path: Path, head: bytes) -> None:
    if b"\0" in head:
        what = "is a spreadsheet or an archive" if head.startswith(b"PK") else "is no text"
        raise whole_file(path, f"{what}: export the list as text or CSV")
