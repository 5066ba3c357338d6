"""A bundle's address -> its archive, unless it is the one that is known.

Knows HTTP's conditional requests (RFC 9110 section 13), files and sizes, and the proxy that the environment names.
"""

import http.client
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tierwall import __version__
from tierwall.bundle.archive import MOST_OCTETS

_PATIENCE_S: Final = 30.0
_NOT_MODIFIED: Final = 304


class CannotFetch(Exception):
    """It is not to be had now; the message says why, in one clause."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An archive, as it came."""

    archive: bytes
    etag: str | None


def fetch(address: str, etag: str | None) -> Fetched | None:
    """The archive; None where the server says that the known one is it. Raises CannotFetch."""
    if not address.startswith(("https://", "http://")):
        try:
            return Fetched(Path(address).read_bytes(), None)
        except OSError as fault:
            raise CannotFetch(fault.strerror or str(fault)) from None
    headers = {"User-Agent": f"tierwall/{__version__}", "Accept": "application/gzip, */*"}
    request = urllib.request.Request(  # noqa: S310 - of http and https alone
        address, headers=headers | ({"If-None-Match": etag} if etag else {})
    )
    try:
        with urllib.request.build_opener().open(request, timeout=_PATIENCE_S) as answer:
            said = answer.headers.get("Content-Length", "")
            archive: bytes = answer.read(MOST_OCTETS + 1)
            if said.isdecimal() and len(archive) < min(int(said), MOST_OCTETS):
                raise CannotFetch(f"it ended after {len(archive)} of {said} octets")
            return Fetched(archive, answer.headers.get("ETag"))
    except urllib.error.HTTPError as error:
        with error:
            if error.code == _NOT_MODIFIED:
                return None
        raise CannotFetch(f"the server answers {error.code} {error.reason}") from None
    except (OSError, http.client.HTTPException, ValueError) as cause:
        raise CannotFetch(str(getattr(cause, "reason", cause)) or repr(cause)) from None
