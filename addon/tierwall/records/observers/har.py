"""HAR archives of browsers (Chrome, Edge, Firefox, Safari) and of Charles: what one client saw.

Source: W3C web performance draft "HTTP Archive (HAR) format", and Chrome's fields with an underscore. A client's
archive has no verdict of the proxy: an answer is the server's unless a header says which proxy wrote it, and a request
without an answer failed.
"""

import json
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

from tierwall.records.clock import any_of
from tierwall.records.destination import of_url
from tierwall.records.record import Decision, Record, Statement, Unread

OCTETS: Final = 1024**3

_WRITTEN_BY_PROXIES: Final = {
    "x-squid-error": "err_access_denied",
    "server": "zscaler",
    "x-tierwall-reason": "",
    "proxy-status": "http_request_denied",
}
"""Headers of pages that proxies put in a server's place, and what stands in them."""
_DENYING: Final = ("net::ERR_BLOCKED_BY_ADMINISTRATOR",)
_ASKING: Final = ("net::ERR_PROXY_AUTH", "net::ERR_INVALID_AUTH", "net::ERR_MANDATORY_PROXY_CONFIGURATION")
_LOCAL: Final = ("data:", "blob:", "chrome-extension:", "about:", "file:", "moz-extension:")


def looks_like_har(head: bytes) -> bool:
    """An object that begins with a log."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return (
        start.startswith(b"{")
        and b'"log"' in start[:200]
        and any(mark in start for mark in (b'"creator"', b'"entries"', b'"pages"', b'"version"'))
    )


def read_har(stream: BinaryIO) -> Iterator[Record | Unread]:
    """A record for each request."""
    octets = stream.read(OCTETS + 1)
    if len(octets) > OCTETS:
        yield Unread("is larger than 1 GiB")
        return
    try:
        found = json.loads(octets.decode("utf-8-sig", errors="replace"))
        entries = found["log"]["entries"]
    except (ValueError, KeyError, TypeError, RecursionError):
        yield Unread("is no whole HAR archive: it was cut off, or is no JSON")
        return
    for entry in entries if isinstance(entries, list) else []:
        yield _record(entry)


def _record(entry: object) -> Record | Unread:
    match entry:
        case {"request": {"url": str(url), **request}, "response": {**response}, **rest}:
            pass
        case _:
            return Unread("is no entry with a request and a response")
    if url.startswith(_LOCAL):
        return Unread("is about no network: data, a blob, an extension")
    method = request.get("method")
    decision, words = _decision(response)
    statement = Statement(
        decision=decision,
        attempt=of_url(url, None, "https"),
        method=method if isinstance(method, str) and method.isalpha() else None,
        words=words,
    )
    return Record(statement, any_of(rest.get("startedDateTime")), None)


def _decision(response: Mapping[object, object]) -> tuple[Decision, str]:
    status = response.get("status")
    error = response.get("_error") or response.get("statusText") or response.get("comment") or ""
    if not isinstance(status, int) or status <= 0:
        said = str(error)[:120] or "no answer"
        if said.startswith(_DENYING):
            return Decision.DENIED, said
        return (Decision.AUTH if said.startswith(_ASKING) else Decision.ERROR), said
    if status == 407:
        return Decision.AUTH, "407"
    if (by := _proxy(response)) is not None:
        return Decision.DENIED, f"{status} {by}"
    return Decision.ALLOWED, str(status)


def _proxy(response: Mapping[object, object]) -> str | None:
    headers = response.get("headers")
    for header in headers if isinstance(headers, list) else []:
        match header:
            case {"name": str(name), "value": str(value)}:
                wanted = _WRITTEN_BY_PROXIES.get(name.lower())
                if wanted is not None and wanted in value.lower():
                    return f"{name}: {value}"[:120]
            case _:
                pass
    return None
