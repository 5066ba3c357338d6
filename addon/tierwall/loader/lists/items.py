"""A list's file in any format -> what it lists, one by one, with lines.

Knows which reader reads which format. What a spelling covers is its dialect's to say.
"""

import io
from collections.abc import Iterator
from typing import BinaryIO, assert_never

from tierwall.loader.faults import quoted
from tierwall.loader.lists.content import Item, Spelling
from tierwall.loader.lists.formats import Export, ListFormat
from tierwall.loader.lists.octets import decoded
from tierwall.loader.lists.plain import dynamic_list, plain_list, squid_list
from tierwall.loader.lists.products import aws, azure, browsers, check_point, fortios, pan_os, terraform, zscaler
from tierwall.loader.lists.sniffing import json_of
from tierwall.loader.lists.table import column_of, read_table
from tierwall.loader.yaml.octets import whole_file
from tierwall.policy.dialect import Dialect

SIMPLE = frozenset({ListFormat.PLAIN, ListFormat.EDL})
"""Formats with an entry a line, of which there may be a million."""


def simple(stream: BinaryIO, found: ListFormat, export: Export) -> Iterator[tuple[int, str]]:
    """The entries of a simple list with their lines. Raises InvalidFiles."""
    if found is ListFormat.EDL:
        return dynamic_list(export.path, stream)
    if export.dialect is Dialect.SQUID:
        return squid_list(export.path, stream)
    return plain_list(export.path, stream)


def items(stream: BinaryIO, found: ListFormat, export: Export) -> Iterator[Item]:  # noqa: C901, PLR0912 - one row a format
    """What it lists.

    Raises:
        InvalidFiles: The file is not of that format.
    """
    path = export.path
    match found:
        case ListFormat.PLAIN | ListFormat.EDL:
            yield from (Spelling(line, text) for line, text in simple(stream, found, export))
        case ListFormat.CSV:
            yield from read_table(path, stream, export.column or _known_column(stream))
        case ListFormat.CHROME_JSON:
            yield from _chrome(export, json_of(path, stream))
        case ListFormat.FIREFOX_JSON:
            yield from browsers.read_website_filter(json_of(path, stream))
        case ListFormat.AZURE_JSON:
            yield from azure.read_arm(json_of(path, stream))
        case ListFormat.AWS_JSON:
            yield from aws.read_group(json_of(path, stream))
        case ListFormat.ZSCALER_JSON:
            yield from zscaler.read_categories(json_of(path, stream))
        case ListFormat.TERRAFORM:
            yield from terraform.read_state(json_of(path, stream))
        case ListFormat.BICEP:
            yield from azure.read_bicep(decoded(path, stream))
        case ListFormat.FORTIOS:
            yield from fortios.read_fortios(_lines(export, stream))
        case ListFormat.PAN_SET:
            yield from pan_os.read_set_lines(_lines(export, stream))
        case ListFormat.SURICATA:
            yield from aws.read_suricata(_lines(export, stream))
        case ListFormat.MGMT_CLI:
            yield from check_point.read_mgmt_cli(_lines(export, stream))
        case ListFormat.PAN_XML:
            yield from _xml(export, stream)
        case ListFormat.PAC:
            raise whole_file(path, "is a PAC file, which lists nothing: name the hosts that it sends to the proxy")
        case ListFormat.SQUID:
            raise AssertionError("a configuration is read by squid/")
        case _:
            assert_never(found)


def _known_column(stream: BinaryIO) -> str:
    start = stream.read(4096)
    stream.seek(0)
    return column_of(start.removeprefix(b"\xef\xbb\xbf")) or ""


def _lines(export: Export, stream: BinaryIO) -> Iterator[tuple[int, str]]:
    return enumerate(io.StringIO(decoded(export.path, stream)), 1)


def _chrome(export: Export, value: object) -> Iterator[Item]:
    filters = browsers.allowlist(value)
    if filters is None:
        raise whole_file(export.path, "is no Chrome policy with an allowlist: it has no list `URLAllowlist`")
    for each in filters:
        if not isinstance(each, str):
            raise whole_file(export.path, f"is no Chrome policy: in `URLAllowlist` stands {quoted(str(each))}")
        yield Spelling(None, each)


def _xml(export: Export, stream: BinaryIO) -> Iterator[Item]:
    try:
        yield from pan_os.read_xml(decoded(export.path, stream))
    except ValueError as cause:
        raise whole_file(export.path, str(cause)) from None
