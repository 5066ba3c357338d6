"""The octets of a result -> a report on it, by whichever command wrote it.

Read leniently: what another version added is left out, a part that makes no sense is left out and said. What is no
result at all, or ends early, is one clear message. A report in HTML is read back from the data in it.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html.parser import HTMLParser
from typing import Final, cast

from tierwall.policy.model import Catalogue
from tierwall.report.findings.model import Kind, Report, Source
from tierwall.report.findings.of_audit import of_audit
from tierwall.report.findings.of_diagnosis import of_diagnosis
from tierwall.report.findings.of_journal import of_journal
from tierwall.report.findings.of_probe import of_probe
from tierwall.report.findings.of_reproduction import of_reproduction
from tierwall.report.findings.parts import InvalidResult
from tierwall.report.findings.together import together
from tierwall.report.seal import intact, sha256

FORMAT: Final = 1
"""Of the results of `probe`, `diagnose` and `reproduce`, in the key that is named as they are."""

_READERS: Final = {
    Kind.AUDIT: of_audit,
    Kind.PROBE: of_probe,
    Kind.DIAGNOSE: of_diagnosis,
    Kind.REPRODUCE: of_reproduction,
}
_KNOWN: Final = "a journal, or what `audit`, `probe`, `diagnose` or `reproduce` print with --json"
CHANGED: Final = "was changed after it was written: its SHA-256 is not that of what it says"


def read(name: str, octets: bytes, catalogue: Catalogue) -> Report:
    """The report on one file. Raises InvalidResult."""
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidResult(f"{name}: is no text in UTF-8; expected {_KNOWN}") from None
    if text.lstrip()[:15].lower().startswith("<!doctype html"):
        return _of_html(name, octets, text, catalogue)
    if not text.strip():
        raise InvalidResult(f"{name}: is empty; expected {_KNOWN}")
    return _of_json(_source(name, octets), text, catalogue)


def _source(name: str, octets: bytes) -> Source:
    digest = hashlib.sha256(octets).hexdigest()
    return Source(name=name, kind=Kind.JOURNAL, sha256=digest, octets=len(octets))


def _of_json(source: Source, text: str, catalogue: Catalogue) -> Report:
    if _is_journal(text):
        return of_journal(source, text.splitlines(), catalogue)
    try:
        value = json.loads(text)
    except json.JSONDecodeError as wrong:
        raise InvalidResult(_no_json(source.name, text, wrong)) from None
    except RecursionError:
        raise InvalidResult(f"{source.name}: is nested deeper than any result; expected {_KNOWN}") from None
    if isinstance(value, list) and value and all(_is_event(each) for each in value):
        return of_journal(source, [json.dumps(each) for each in value], catalogue)
    kind = _kind_of(value)
    if kind is None:
        raise InvalidResult(f"{source.name}: is JSON, and no result that is known; expected {_KNOWN}")
    found = cast("Mapping[str, object]", value)
    return _READERS[kind](replace(source, kind=kind, notices=tuple(_notices(found, kind))), found, catalogue)


def _is_event(value: object) -> bool:
    return isinstance(value, dict) and "@timestamp" in value and "event" in value


def _is_journal(text: str) -> bool:
    """By its first line that holds anything; the last may have been cut off by a crash."""
    first = text.lstrip().partition("\n")[0]
    try:
        return _is_event(json.loads(first))
    except (ValueError, RecursionError):
        return False


def _kind_of(value: object) -> Kind | None:
    if not isinstance(value, dict):
        return None
    if "reproduce" in value or {"vendor", "site", "rows"} <= value.keys():
        return Kind.REPRODUCE
    if "probe" in value and "checks" in value:
        return Kind.PROBE
    if "diagnoses" in value:
        return Kind.DIAGNOSE
    if "sources" in value and "totals" in value:
        return Kind.AUDIT
    return None


def _notices(value: Mapping[str, object], kind: Kind) -> Iterator[str]:
    if intact(value) is False:
        yield CHANGED
    version = value.get(kind.value)
    if isinstance(version, int) and version > FORMAT:
        yield f"is of format {version}, and this tierwall knows {FORMAT}: what is new in it is left out"
    elif kind is Kind.REPRODUCE and not isinstance(version, int):
        yield "is of an older tierwall, which wrote neither events nor a hash: evidence is missing"


def _no_json(name: str, text: str, wrong: json.JSONDecodeError) -> str:
    ends = not text[wrong.pos :].strip() or wrong.msg.startswith("Unterminated string")
    if text.lstrip()[:1] in {"{", "["} and ends:
        return f"{name}: is cut off after {len(text.encode()):,} octets, in the middle of its JSON; get it again, whole"
    return f"{name}: is no JSON (line {wrong.lineno}: {wrong.msg}); expected {_KNOWN}"


# A report, read back


class _Blocks(HTMLParser):
    """The data blocks of a report: `<pre class="data" data-sha256="…">`."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, list[str]]] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Where a block begins."""
        given = dict(attrs)
        if tag == "pre" and given.get("class") == "data":
            self._open = True
            self.found.append((given.get("data-name") or "", given.get("data-sha256") or "", []))

    def handle_data(self, data: str) -> None:
        """What is in it."""
        if self._open:
            self.found[-1][2].append(data)

    def handle_endtag(self, tag: str) -> None:
        """Where it ends."""
        self._open = self._open and tag != "pre"


def _of_html(name: str, octets: bytes, text: str, catalogue: Catalogue) -> Report:
    if not re.search(r"</html>\s*\Z", text):
        raise InvalidResult(f"{name}: is a page that is cut off after {len(octets):,} octets; get it again, whole")
    blocks = _Blocks()
    blocks.feed(text)
    if not blocks.found:
        raise InvalidResult(f"{name}: is a page, and no report of tierwall's: it holds no data; expected {_KNOWN}")
    parts = []
    for inside, digest, pieces in blocks.found:
        data = "".join(pieces)
        source = _source(f"{inside} in {name}", data.encode())
        part = _of_json(source, data, catalogue)
        if digest != sha256(data):
            part = replace(part, sources=tuple(replace(it, notices=(CHANGED, *it.notices)) for it in part.sources))
        parts.append(part)
    return together(parts)
