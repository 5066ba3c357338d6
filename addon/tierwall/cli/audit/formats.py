"""All formats that `tierwall audit` reads: those of records/, and mitmproxy's own, which mitmproxy alone can read.

Knows names. mitmproxy takes two seconds to import, and is imported only for a file of its flows.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from tierwall.records.formats import FORMATS
from tierwall.records.reading import Format, WholeFormat
from tierwall.records.record import Record, Unread

_FLOWS: Final = re.compile(rb"\d{1,9}:\d{1,9}:[a-z_]{2,12};?[\d]")
"""What mitmproxy's tnetstrings begin like: a length, a length, a key. Its own module looks closer."""


def _looks(head: bytes) -> bool:
    if not _FLOWS.match(head):
        return False
    from tierwall.proxy.mitmproxy.flow_files import looks_like_flows  # noqa: PLC0415

    return looks_like_flows(head)


def _read(stream: BinaryIO) -> Iterator[Record | Unread]:
    from tierwall.proxy.mitmproxy.flow_files import read_flows  # noqa: PLC0415

    return read_flows(stream)


FLOWS: Final = WholeFormat(id="mitmproxy", title="mitmproxy flows", looks=_looks, read=_read)
ALL: Final[dict[str, Format]] = {**FORMATS, FLOWS.id: FLOWS}
