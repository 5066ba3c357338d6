"""Files, folders and stdin that hold logs -> blocks of whole lines, unpacked.

Knows where octets are, and how they are packed (by their magic, not by names). What they say is nothing to it.
"""

import bz2
import codecs
import gzip
import io
import lzma
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol, cast

from tierwall.cli.faults import BadInput
from tierwall.loader.faults import shown_path

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

STDIN: Final = "-"
BLOCK_OCTETS: Final = 256 * 1024
HEAD_OCTETS: Final = 4096

_GZIP, _XZ, _ZSTD, _BZIP2 = b"\x1f\x8b", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"BZh"
_UTF_16: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_BROKEN: Final = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, zstd.ZstdError)


class Broken(Exception):
    """A packed file that ends early or is damaged; what was read before counts."""


class Readable(Protocol):
    """What has octets."""

    def read(self, size: int, /) -> bytes:
        """At most so many; none at the end."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that is being read."""

    name: str
    """As people know it."""
    raw: BinaryIO
    """The octets as they lie on the disk: its position is how far it is."""
    stream: BinaryIO
    """The same, unpacked."""
    size: int | None
    """Octets on the disk; None where nobody knows."""
    packed: bool


def files(named: Iterable[str]) -> list[str]:
    """The files that were named, and those in the folders that were named, in order, each once. Raises BadInput."""
    faults: list[object] = []
    found: dict[str, None] = {}
    for name in named:
        path = Path(name)
        if name == STDIN:
            found[name] = None
        elif path.is_dir():
            inside = sorted(str(each) for each in path.rglob("*") if each.is_file())
            found |= dict.fromkeys(inside)
            if not inside:
                faults.append(f"{shown_path(path)}: is a folder without files")
        elif path.exists():
            found[name] = None
        else:
            faults.append(f"{shown_path(path)}: is not there")
    if faults:
        raise BadInput(faults)
    return list(found)


def opened(name: str) -> Opened:
    """The file, ready to be read. Raises BadInput where it cannot be opened."""
    if name == STDIN:
        raw: BinaryIO = sys.stdin.buffer
        shown, size = "(stdin)", None
    else:
        try:
            raw = Path(name).open("rb")  # noqa: SIM115 - closed by whoever reads it to its end
        except OSError as cause:
            raise BadInput([f"{shown_path(Path(name))}: cannot be read: {cause.strerror}"]) from None
        shown = shown_path(Path(name))
        size = Path(name).stat().st_size if Path(name).is_file() else None
    peeked = io.BufferedReader(cast("io.RawIOBase", raw), BLOCK_OCTETS) if not hasattr(raw, "peek") else raw
    head = bytes(cast("io.BufferedReader", peeked).peek(HEAD_OCTETS)[:HEAD_OCTETS])
    stream = _unpacked(peeked, head)
    return Opened(shown, raw, stream, size, packed=stream is not peeked)


def _unpacked(raw: BinaryIO, head: bytes) -> BinaryIO:
    if head.startswith(_GZIP):
        packed: object = gzip.GzipFile(fileobj=raw)
    elif head.startswith(_XZ):
        packed = lzma.LZMAFile(raw)  # noqa: SIM115 - it is closed with what is below
    elif head.startswith(_BZIP2):
        packed = bz2.BZ2File(raw)
    elif head.startswith(_ZSTD):
        packed = zstd.ZstdFile(raw)
    elif head[:2] in _UTF_16:
        packed = _AsUtf8(raw, _UTF_16[head[:2]])
    else:
        return raw
    return cast("BinaryIO", packed)


class _AsUtf8(io.RawIOBase):
    """UTF-16, which Windows programs write, as UTF-8."""

    def __init__(self, raw: BinaryIO, encoding: str) -> None:
        self._raw = raw
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._left = b""

    def read(self, size: int = -1) -> bytes:
        """Some octets of UTF-8; none at the end."""
        while not self._left:
            octets = self._raw.read(BLOCK_OCTETS if size < 0 else max(size, 2))
            self._left = self._decoder.decode(octets, final=not octets).encode()
            if not octets:
                break
        kept, self._left = (self._left, b"") if size < 0 else (self._left[:size], self._left[size:])
        return kept


def head_of(found: Opened) -> tuple[bytes, BinaryIO]:
    """The first octets, unpacked, and a stream that begins with them."""
    head = b""
    try:
        one = getattr(found.stream, "read1", found.stream.read)
        while len(head) < HEAD_OCTETS and (more := one(HEAD_OCTETS - len(head))):
            head += more
            if found.size is None:
                break  # a pipe may have no more for a long time
    except _BROKEN:
        pass  # said when it is read
    return head, cast("BinaryIO", _Rest(head, found))


class _Rest(io.RawIOBase):
    """Octets that were read already, and the stream behind them."""

    def __init__(self, head: bytes, found: Opened) -> None:
        self._head = head
        self._stream = found.stream
        one = getattr(found.stream, "read1", None)  # what a pipe has now, instead of waiting until a block is full
        self._some: Callable[[int], bytes] = found.stream.read if found.packed or one is None else one

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """As a stream reads that is buffered. Raises Broken."""
        view = memoryview(buffer).cast("B")
        octets = self.read(len(view))
        view[: len(octets)] = octets
        return len(octets)

    def read(self, size: int = -1) -> bytes:
        """As a stream reads. Raises Broken."""
        try:
            if size < 0:
                head, self._head = self._head, b""
                return head + self._stream.read()
            if self._head:
                head, self._head = self._head[:size], self._head[size:]
                return head
            return self._some(size)
        except _BROKEN as cause:
            raise Broken(_why(cause)) from None


def blocks(stream: Readable, longest: int, too_long: Callable[[], None]) -> Iterator[bytes]:
    """Blocks of whole lines; the file's last line may lack its end. Of a line that is too long, only that it was there.

    Raises:
        Broken: After the last whole line.
    """
    left = b""
    skipping = False
    broken: Broken | None = None
    while True:
        try:
            octets = stream.read(BLOCK_OCTETS)
        except Broken as cause:
            broken, octets = cause, b""
        if not octets:
            break
        if skipping:
            at = octets.find(b"\n")
            if at < 0:
                continue
            octets, skipping = octets[at + 1 :], False
        end = octets.rfind(b"\n") + 1
        if end:
            yield left + octets[:end]
            left = octets[end:]
        else:
            left += octets
        if len(left) > longest:
            left, skipping = b"", True
            too_long()
    if broken is not None:
        raise broken  # what is left is no whole line
    if left:
        yield left


def _why(cause: BaseException) -> str:
    if isinstance(cause, EOFError):
        return "the packed file ends early: it was cut off, or is still being written"
    return f"the packed file is damaged: {cause}"
