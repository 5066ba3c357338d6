"""Zscaler Internet Access, web logs of the Nanolog Streaming Service, as JSON and as CSV.

Source: Zscaler Help, "NSS Feed Output Format: Web Logs". The verdict is `action`; `respcode` is 200 beside `Blocked`
where the client asked for a tunnel.
"""

import re
from collections.abc import Mapping
from typing import Final

from tierwall.policy.attempt import Attempt
from tierwall.records.clock import any_of
from tierwall.records.destination import address_of, first_of
from tierwall.records.fields import json_object, row_of, text_of, words
from tierwall.records.http_log import by_host, by_url, by_words, statement
from tierwall.records.record import Decision, Record, Unread

_ACTIONS: Final = {"allowed": Decision.ALLOWED, "blocked": Decision.DENIED, "cautioned": Decision.DENIED}
_URLS: Final = ("eurl", "url")
_CSV_LOOKS: Final = re.compile(r'^"(?:\w{3} )?\w{3} ?\d{1,2} [\d:]{8} \d{4}",')
_METHODS: Final = frozenset({"GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "CONNECT", "PATCH", "NA", "INVALID"})


def looks_like_nss(line: str) -> bool:
    """An object with `action` and a URL, from `zscalernss-web` or with that feed's names."""
    found = json_object(line)
    if found is None or "action" not in found or not any(key in found for key in _URLS):
        return False
    if "zscalernss" in str(found.get("sourcetype", "")):
        return True
    asked = ("proto" in found or "protocol" in found) and ("reqmethod" in found or "requestmethod" in found)
    return asked and any(key in found for key in ("eurl", "hostname", "urlcat"))


def read_nss(line: str) -> Record:
    """One object. Raises Unread."""
    found = json_object(line)
    if found is None:
        raise Unread("is no JSON object")
    method = text_of(found, "reqmethod", "requestmethod")
    return Record(
        statement(
            by_words(_ACTIONS, text_of(found, "action")),
            first_of(_attempt(found, method), by_host(text_of(found, "hostname", "host"), None, _proto(found))),
            words(
                text_of(found, "action"),
                _unless_none(found, "ruletype"),
                _unless_none(found, "rulelabel"),
                _reason(found),
            ),
            method,
        ),
        any_of(text_of(found, "datetime", "time", "epochtime")),
        text_of(found, "cip", "ClientIP", "clientip", "cltip", "login", "user"),
    )


def _attempt(found: Mapping[str, object], method: str | None) -> Attempt | None:
    return by_url(text_of(found, *_URLS), _proto(found), method)


def _proto(found: Mapping[str, object]) -> str | None:
    return text_of(found, "proto", "protocol")


def _unless_none(found: Mapping[str, object], key: str) -> str | None:
    value = text_of(found, key)
    return None if value in {"None", "NA"} else value


def _reason(found: Mapping[str, object]) -> str | None:
    reason = _unless_none(found, "reason")
    return None if reason == text_of(found, "action") else reason


def looks_like_nss_csv(line: str) -> bool:
    """Quoted values, the first of them a date, the fifth an action."""
    if not _CSV_LOOKS.match(line):
        return False
    row = row_of(line)
    return len(row) > 10 and row[4].lower() in _ACTIONS


def read_nss_csv(line: str) -> Record:
    """A row as the documented feed begins: time, login, protocol, URL, action; the rest by its looks. Raises Unread."""
    row = row_of(line)
    if len(row) <= 10 or row[4].lower() not in _ACTIONS:
        raise Unread("is no row of Zscaler's web log feed")
    at = next((at for at, value in enumerate(row) if at > 4 and value in _METHODS), None)
    method = None if at is None else row[at]
    addresses = [value for value in row[5:at] if address_of(value) is not None]
    rule = words(*(value for value in row[at + 4 : at + 6] if value not in {"None", "NA"})) if at is not None else ""
    return Record(
        statement(_ACTIONS[row[4].lower()], by_url(row[3], row[2], method), words(row[4], rule), method),
        any_of(row[0]),
        addresses[0] if addresses else row[1] or None,
    )
