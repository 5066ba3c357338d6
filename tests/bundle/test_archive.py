"""A bundle is used whole, as its key signed it, or not at all."""

import base64
import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tierwall.bundle import archive
from tierwall.bundle.archive import MANIFEST, SIGNATURE, Bundle, InvalidBundle, build, verify

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
BUNDLE = Bundle(7, "2026-11-27T19:00:00Z", {"sites/a.yaml": b"site: a\n", "lists/b.txt": b""})

type Members = list[tuple[tarfile.TarInfo, bytes]]


def members(packed: bytes) -> Members:
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        return [(each, (file.read() if (file := tar.extractfile(each)) else b"")) for each in tar]


def packed(of: Members) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for member, octets in of:
            member.size = len(octets)
            tar.addfile(member, io.BytesIO(octets))
    return out.getvalue()


def signed(manifest: object, files: dict[str, bytes]) -> bytes:
    said = json.dumps(manifest).encode()
    named = {MANIFEST: said, SIGNATURE: base64.b64encode(KEY.sign(said)), **files}
    return packed([(tarfile.TarInfo(name), octets) for name, octets in named.items()])


def test_what_was_built_is_what_is_verified_and_the_same_gives_the_same_octets() -> None:
    octets = build(BUNDLE, KEY)

    assert verify(octets, KEY.public_key()) == BUNDLE
    assert build(BUNDLE, KEY) == octets


def test_another_key_is_refused() -> None:
    with pytest.raises(InvalidBundle, match="its signature is not by this key"):
        verify(build(BUNDLE, OTHER), KEY.public_key())


def link(of: Members) -> Members:
    target = tarfile.TarInfo("sites/c.yaml")
    target.type, target.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return [*of, (target, b"")]


TAMPERED: dict[str, tuple[Callable[[Members], Members], str]] = {
    "a file changed": (lambda of: [*of[:-1], (of[-1][0], b"site: b\n")], "is not what its manifest says"),
    "a file more": (lambda of: [*of, (tarfile.TarInfo("sites/z.yaml"), b"")], "is not in its manifest"),
    "a file less": (lambda of: of[:-1], "is not in it"),
    "a file twice": (lambda of: [*of, of[-1]], "stands there twice"),
    "a link": (link, "is no regular file"),
    "a path outside": (lambda of: [*of, (tarfile.TarInfo("../x"), b"")], "is no path inside it"),
    "an absolute path": (lambda of: [*of, (tarfile.TarInfo("/etc/x"), b"")], "is no path inside it"),
    "no manifest": (lambda of: of[1:], "it has no manifest.json"),
    "no signature": (lambda of: [of[0], *of[2:]], "it has no manifest.json.sig"),
    "a signature that is none": (lambda of: [of[0], (of[1][0], b"!"), *of[2:]], "its signature is not by this key"),
    "a long signature": (lambda of: [of[0], (of[1][0], b"A" * 200), *of[2:]], "its signature is too long"),
    "another manifest": (lambda of: [(of[0][0], of[0][1] + b" "), *of[1:]], "its signature is not by this key"),
}


@pytest.mark.parametrize(("tamper", "why"), TAMPERED.values(), ids=TAMPERED)
def test_whatever_was_changed_it_is_refused(tamper: Callable[[Members], Members], why: str) -> None:
    with pytest.raises(InvalidBundle, match=why):
        verify(packed(tamper(members(build(BUNDLE, KEY)))), KEY.public_key())


@given(st.integers(0, 400))
def test_half_an_archive_is_none(length: int) -> None:
    octets = build(BUNDLE, KEY)
    with pytest.raises(InvalidBundle):
        verify(octets[: min(length, len(octets) - 9)], KEY.public_key())


@given(st.binary(max_size=300))
def test_octets_that_are_no_archive_are_refused_in_words(octets: bytes) -> None:
    for each in (octets, gzip.compress(octets)):
        with pytest.raises(InvalidBundle):
            verify(each, KEY.public_key())


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        ({"bundle": 2, "revision": 1, "created": "", "files": {}}, "it is of format 2"),
        ({"bundle": 1, "revision": "1", "created": "", "files": {}}, "its manifest cannot be read"),
        ({"bundle": 1, "revision": 1, "created": "", "files": {}, "more": 1}, "its manifest cannot be read"),
        ([], "its manifest cannot be read"),
    ],
)
def test_a_signed_manifest_is_read_strictly(manifest: object, why: str) -> None:
    with pytest.raises(InvalidBundle, match=why):
        verify(signed(manifest, {}), KEY.public_key())


def test_what_unpacks_to_too_much_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    octets = b"\0" * 200_000
    hashes = {"a": hashlib.sha256(octets).hexdigest()}
    bomb = signed({"bundle": 1, "revision": 1, "created": "", "files": hashes}, {"a": octets})
    monkeypatch.setattr(archive, "MOST_UNPACKED", 100_000)

    with pytest.raises(InvalidBundle, match="unpacks to more than 100000 octets"):
        verify(bomb, KEY.public_key())
