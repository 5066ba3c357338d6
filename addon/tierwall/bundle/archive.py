"""A bundle's octets: files and a signed manifest as tar.gz, made and checked in memory.

Knows tar, hashes and Ed25519 (RFC 8032). Writes nothing; what the files mean is the loader's. An archive comes from the
network: every number in it is bounded, and nothing of it is believed before its signature was.
"""

import base64
import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.json.sig"
MOST_OCTETS: Final = 64 * 1024 * 1024
"""Of an archive, packed."""
MOST_UNPACKED: Final = 512 * 1024 * 1024
MOST_FILES: Final = 10_000
_FORMAT: Final = 1
_MANIFEST_OCTETS: Final = 4 * 1024 * 1024
_SIGNATURE_OCTETS: Final = 88
"""64, in base64."""


class InvalidBundle(Exception):
    """Why an archive is not used, in one line."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is signed."""

    bundle: int
    """The format: 1."""
    revision: int
    """Each higher than the one before; an older one is refused."""
    created: str
    """When it was built, for people; nobody decides by it."""
    files: dict[str, str]
    """By path in the archive, the SHA-256 of each."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a signed archive holds."""

    revision: int
    created: str
    files: Mapping[str, bytes]


def build(bundle: Bundle, key: Ed25519PrivateKey) -> bytes:
    """The archive; the same octets for the same bundle and key. Raises InvalidBundle."""
    if not bundle.files:
        raise InvalidBundle("there is nothing to put into it")
    for path in bundle.files:
        _check_path(path)
    hashes = {path: hashlib.sha256(octets).hexdigest() for path, octets in sorted(bundle.files.items())}
    manifest = Manifest(bundle=_FORMAT, revision=bundle.revision, created=bundle.created, files=hashes)
    said = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        _add(tar, MANIFEST, said)
        _add(tar, SIGNATURE, base64.b64encode(key.sign(said)))
        for path, octets in sorted(bundle.files.items()):
            _add(tar, path, octets)
    archive = packed.getvalue()
    if len(archive) > MOST_OCTETS:
        raise InvalidBundle(f"it would have {len(archive)} octets; at most {MOST_OCTETS} are taken")
    return archive


def verify(archive: bytes, key: Ed25519PublicKey) -> Bundle:
    """What it holds, all of it checked. Raises InvalidBundle."""
    if len(archive) > MOST_OCTETS:
        raise InvalidBundle(f"it has more than {MOST_OCTETS} octets")
    try:
        found = _unpacked(archive)
    except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError) as fault:
        raise InvalidBundle(f"it is no whole archive (tar.gz): {fault}") from None
    manifest = _manifest(found.pop(MANIFEST, None), found.pop(SIGNATURE, None), key)
    for path in found.keys() ^ manifest.files.keys():
        raise InvalidBundle(f"{path!a} is not in {'it' if path in manifest.files else 'its manifest'}")
    for path, octets in found.items():
        if hashlib.sha256(octets).hexdigest() != manifest.files[path]:
            raise InvalidBundle(f"{path!a} is not what its manifest says")
    return Bundle(manifest.revision, manifest.created, found)


def _manifest(said: bytes | None, signature: bytes | None, key: Ed25519PublicKey) -> Manifest:
    if said is None or signature is None:
        raise InvalidBundle(f"it has no {MANIFEST if said is None else SIGNATURE}")
    try:
        key.verify(base64.b64decode(signature.strip(), validate=True), said)
    except (InvalidSignature, ValueError):
        raise InvalidBundle("its signature is not by this key") from None
    try:
        manifest = msgspec.json.decode(said, type=Manifest)
    except msgspec.DecodeError as fault:
        raise InvalidBundle(f"its manifest cannot be read: {fault}") from None
    if manifest.bundle != _FORMAT:
        raise InvalidBundle(f"it is of format {manifest.bundle}; this tierwall reads format {_FORMAT}")
    return manifest


def _unpacked(archive: bytes) -> dict[str, bytes]:
    """Regular files alone, their sizes bounded before they are read. Raises InvalidBundle and what tar raises."""
    found: dict[str, bytes] = {}
    left = MOST_UNPACKED
    with (
        gzip.GzipFile(fileobj=io.BytesIO(archive)) as stream,
        tarfile.open(fileobj=_Bounded(stream, MOST_UNPACKED), mode="r|") as tar,
    ):
        for member in tar:
            _check_path(member.name, also={MANIFEST, SIGNATURE})
            if not member.isreg() or member.name in found:
                raise InvalidBundle(f"{member.name!a} is no regular file, or stands there twice")
            if member.size > left or (member.name == MANIFEST and member.size > _MANIFEST_OCTETS):
                raise InvalidBundle(f"it unpacks to more than {MOST_UNPACKED} octets")
            if member.name == SIGNATURE and member.size > _SIGNATURE_OCTETS + 2:
                raise InvalidBundle("its signature is too long")
            left -= member.size
            file = tar.extractfile(member)
            found[member.name] = file.read() if file is not None else b""
            if len(found) > MOST_FILES:
                raise InvalidBundle(f"it has more than {MOST_FILES} files")
    return found


class _Bounded(io.RawIOBase):
    """A stream that ends in an error where it holds more than so much: a gigabyte of zeros packs into a megabyte."""

    def __init__(self, stream: gzip.GzipFile, most: int) -> None:
        self._stream, self._left = stream, most + 1024 * MOST_FILES

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        octets = self._stream.read(size)
        self._left -= len(octets)
        if self._left < 0:
            raise InvalidBundle(f"it unpacks to more than {MOST_UNPACKED} octets")
        return octets


def _check_path(path: str, also: frozenset[str] | set[str] = frozenset()) -> None:
    """One that stays inside, and that every system can have. Raises InvalidBundle."""
    pure = PurePosixPath(path)
    ours = path in {MANIFEST, SIGNATURE}
    if path in also:
        return
    if ours or pure.is_absolute() or str(pure) != path or {"..", "."} & set(pure.parts) or not path.isprintable():
        raise InvalidBundle(f"{path!a} is no path inside it")


def _add(tar: tarfile.TarFile, path: str, octets: bytes) -> None:
    member = tarfile.TarInfo(path)
    member.size, member.mode = len(octets), 0o644
    tar.addfile(member, io.BytesIO(octets))
