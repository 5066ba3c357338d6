"""What a `logformat` line of squid.conf declares -> a reader of the lines that it writes; and the built-in ones.

Source: Squid configuration directive logformat. Codes that are not needed are skipped over, each as one field.
"""

import re
from collections.abc import Callable
from typing import Final

from tierwall.policy.attempt import Attempt
from tierwall.policy.model import Transport
from tierwall.records.clock import any_of, clf
from tierwall.records.destination import first_of, of_address, of_host, of_url, split
from tierwall.records.proxies.squid import destination
from tierwall.records.proxies.squid_verdict import decision
from tierwall.records.record import Record, Statement, Unread
from tierwall.records.status import by_status

_CODE: Final = re.compile(
    r"%(?P<way>[\"'\[#/]?)(?P<width>-?0?\d*)(?:\.\d+)?(?P<argument>\{[^}]*\})?"
    r"(?P<code>ssl::[<>a-z_]+|[a-z_]+::[<>a-z_]+|[<>]?[A-Za-z]{1,3}|%)"
)
_WANTED: Final = {
    "ts": "seconds",
    "tl": "local",
    "tg": "gmt",
    ">a": "client",
    ">A": "client",
    "Ss": "tag",
    ">Hs": "status",
    "Hs": "status",
    "<Hs": "upstream",
    "rm": "method",
    ">rm": "method",
    "ru": "url",
    ">ru": "url",
    "<ru": "url",
    "Sh": "hierarchy",
    "ssl::>sni": "sni",
    "<a": "address",
    "<p": "port",
    "err_code": "error",
    "et": "error",
}
_BRACKETED: Final = frozenset({"tl", "tg"})

COMMON: Final = (
    r"(?P<client>\S{1,100}) \S{1,100} (?P<user>[^\[\"]{1,200}?) \[(?P<local>[^\]]{1,40})\]"
    r" \"(?P<method>[A-Z][A-Z_-]*) (?P<url>\S+)(?: HTTP/[\d.]+)?\" (?P<status>\d{3}) (?:\d+|-)"
)
_COMMON: Final = re.compile(rf"(?:^|\s){COMMON}(?P<behind>.*)$")
_RESULT: Final = re.compile(r"\s(?P<tag>[A-Z][A-Z_]+):(?P<hierarchy>[A-Z][A-Z_]+)\s*$")
_OF_A_PROXY: Final = re.compile(r"(?:https?|ftp|wss?)://", re.IGNORECASE)


class InvalidLogformat(ValueError):
    """The text is no logformat that names destinations; the message says what is missing."""


def looks_like_common(line: str) -> bool:
    """The common or combined format as a proxy writes it: a whole URL, or a CONNECT."""
    found = _COMMON.search(line)
    if found is None:
        return False
    return found["method"] == "CONNECT" or _OF_A_PROXY.match(found["url"]) is not None or bool(_RESULT.search(line))


def read_common(line: str) -> Record:
    """A line in Squid's `common` or `combined` format, with or without result code at its end. Raises Unread."""
    found = _COMMON.search(line)
    if found is None:
        raise Unread("is no line of the common log format")
    result = _RESULT.search(found["behind"])
    method, status = found["method"], found["status"]
    said = decision(result["tag"], status, method, result["hierarchy"]) if result else by_status(status, method)
    words = f"{result['tag']}/{status}" if result else status
    statement = Statement(decision=said, attempt=destination(method, found["url"]), method=method, words=words)
    return Record(statement, clf(found["local"]), found["client"])


def logformat(declared: str) -> Callable[[str], Record]:
    """The reader of lines that this format writes. Raises InvalidLogformat."""
    text = re.sub(r"^\s*logformat\s+\S+\s+", "", declared.strip())
    pattern = re.compile(_pattern(text))
    if "url" not in pattern.groupindex and "address" not in pattern.groupindex:
        raise InvalidLogformat("names no destination: it has neither %ru nor %<a")
    if "tag" not in pattern.groupindex and "status" not in pattern.groupindex:
        raise InvalidLogformat("names no verdict: it has neither %Ss nor %>Hs")

    def read(line: str) -> Record:
        found = pattern.search(line)
        if found is None:
            raise Unread("is no line of the logformat that was given")
        return _record(found.groupdict())

    return read


def _record(found: dict[str, str | None]) -> Record:
    tag, status, method = found.get("tag"), found.get("status") or "", found.get("method") or "-"
    hierarchy = found.get("hierarchy") or "-"
    if tag is None:
        said = by_status(status, method)
    elif "hierarchy" not in found and not tag.startswith(("TCP_DENIED", "NONE", "TAG_NONE")) and status != "000":
        said = decision(tag, status, method, "HIER_DIRECT")  # not declared: taken to have asked a server
    else:
        said = decision(tag, status, method, hierarchy)
    words = "/".join(part for part in (tag, status) if part)
    error = found.get("error")
    statement = Statement(
        decision=said,
        attempt=_attempt(found, method),
        method=None if method == "-" else method,
        words=f"{words} {error}" if error and error != "-" else words,
    )
    when = any_of(found.get("seconds")) or clf(found.get("local") or found.get("gmt") or "")
    return Record(statement, when, found.get("client"))


def _attempt(found: dict[str, str | None], method: str) -> Attempt | None:
    url, sni = found.get("url"), found.get("sni")
    port = found.get("port") or ""
    by_address = of_address(found.get("address") or "", int(port) if port.isdecimal() else 443, Transport.TCP)
    if url is None:
        return by_address
    if method == "CONNECT" and sni and sni != "-":
        host, number = split(url)
        return of_host(host, number or 443, sni=sni)
    return first_of(destination(method, url), of_url(url) if "://" in url else None)


def _pattern(text: str) -> str:
    """The format as a regular expression: what is wanted in named groups, the rest passed over."""
    said: list[str] = []
    seen: set[str] = set()
    at = 0
    for found in _CODE.finditer(text):
        said.append(_literal(text[at : found.start()]))
        at = found.end()
        said.append(_field(found, text, seen))
    said.append(_literal(text[at:]))
    return r"(?:^|\s)" + "".join(said)


def _field(found: re.Match[str], text: str, seen: set[str]) -> str:
    code = found["code"]
    if code == "%":
        return "%"
    name = _WANTED.get(code)
    quote = text[found.start() - 1 : found.start()] == '"' and text[found.end() : found.end() + 1] == '"'
    bracket = text[found.start() - 1 : found.start()] == "[" or code in _BRACKETED
    anything = r"(?:[^\"\\]|\\.)*" if quote else r"[^\]]*?" if bracket else r"\d+" if code in {"ts", "tu"} else r"\S*?"
    if code == "tr":
        anything = r"-?\d+"
    padded = r"\s*" if found["width"] and not found["width"].startswith(("0", "-")) else ""
    behind = r"\s*" if found["width"].startswith("-") else ""
    if name is None or name in seen:
        return padded + anything + behind
    seen.add(name)
    return f"{padded}(?P<{name}>{anything}){behind}"


def _literal(text: str) -> str:
    return re.sub(r"(?:\\?\s)+", r"\\s+", re.escape(text))
