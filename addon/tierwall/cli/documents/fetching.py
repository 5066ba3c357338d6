"""A document's address, or a file -> its text; what was fetched is kept with its ETag, and asked for again by it.

Knows HTTP and files, through the proxy that the environment names. Refuses to know what the text is.
"""

import hashlib
import http.client
import json
import os
import urllib.error
import urllib.request
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tierwall import __version__
from tierwall.cli.faults import BadInput
from tierwall.cli.folders import state_folder
from tierwall.loader.faults import InvalidFiles
from tierwall.loader.yaml.octets import check_regular

MOST_OCTETS: Final = 64 * 1024**2
"""Of one document; AWS's list has 2 MB."""

_PATIENCE_S: Final = 30.0
_NOT_MODIFIED: Final = 304
_ANY_ID: Final = "{uuid}"
"""In an address: a number that the service wants to be new for each client, as Microsoft 365's `clientrequestid` is."""


class CannotRead(Exception):
    """The document is not to be had; the message says why, in one clause."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was fetched before."""

    etag: str
    text: str


def is_address(source: str) -> bool:
    """Whether it is fetched, and is no file."""
    return source.startswith(("https://", "http://"))


def fetch_text(source: str, state: Path | None) -> str:
    """The text of an address or a file. `state`: the folder in which what was fetched is kept.

    Raises:
        CannotRead: It is not to be had, or is too large.
    """
    return _decoded(_fetched(source, state) if is_address(source) else _octets_of(Path(source)))


def documents_folder() -> Path | None:
    """Where fetched documents are kept; None where there is no home."""
    try:
        return state_folder() / "documents"
    except BadInput:
        return None


def _octets_of(path: Path) -> bytes:
    try:
        if check_regular(path) > MOST_OCTETS:
            raise CannotRead(f"{path}: is larger than {MOST_OCTETS // 1024**2} MB")
        return path.read_bytes()
    except InvalidFiles as invalid:
        raise CannotRead(str(invalid)) from None
    except OSError as cause:
        raise CannotRead(f"{path}: {cause.strerror or cause}") from None


def _decoded(octets: bytes) -> str:
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise CannotRead(f"octet {fault.start} is not UTF-8") from None


def _fetched(address: str, state: Path | None) -> bytes:
    kept_at = None if state is None else state / f"{hashlib.sha256(address.encode()).hexdigest()[:32]}.json"
    kept = _kept(kept_at)
    request = urllib.request.Request(  # noqa: S310 - is_address took http and https alone
        address.replace(_ANY_ID, str(uuid.uuid4())),
        headers={"User-Agent": f"tierwall/{__version__}", "Accept": "*/*"}
        | ({"If-None-Match": kept.etag} if kept is not None else {}),
    )
    try:
        with urllib.request.build_opener().open(request, timeout=_PATIENCE_S) as answer:
            octets: bytes = answer.read(MOST_OCTETS + 1)
            etag = answer.headers.get("ETag")
    except urllib.error.HTTPError as error:
        with error:
            if error.code == _NOT_MODIFIED and kept is not None:
                return kept.text.encode()
        raise CannotRead(f"{address}: the server answers {error.code} {error.reason}") from None
    except (OSError, http.client.HTTPException, ValueError) as cause:
        raise CannotRead(f"{address}: {getattr(cause, 'reason', cause)}") from None
    if len(octets) > MOST_OCTETS:
        raise CannotRead(f"{address}: is larger than {MOST_OCTETS // 1024**2} MB")
    if etag and kept_at is not None:
        _keep(kept_at, _Kept(etag, _decoded(octets)))
    return octets


def _kept(path: Path | None) -> _Kept | None:
    """What is spoiled is fetched anew."""
    if path is None:
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return _Kept(etag=str(found["etag"]), text=str(found["text"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(path: Path, kept: _Kept) -> None:
    """In one step. Without a place to keep it nothing is lost: the next look fetches it whole."""
    beside = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside.write_text(json.dumps(asdict(kept)), encoding="utf-8")
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
