"""AdGuard Home's querylog.json, one object a line.

Source: AdGuard Home, AGHTechDoc.md "Query logs", and its filtering results. The verdict is `Result.IsFiltered` with
`Result.Reason`: 3 to 7 are lists, safe browsing, parental control, safe search and blocked services.
"""

from typing import Final

from tierwall.records.clock import any_of
from tierwall.records.destination import of_question
from tierwall.records.fields import json_object, text_of, words
from tierwall.records.http_log import statement
from tierwall.records.record import Decision, Record, Unread

_REASONS: Final = {
    "3": "FilteredBlackList",
    "4": "FilteredSafeBrowsing",
    "5": "FilteredParental",
    "6": "FilteredInvalid",
    "7": "FilteredSafeSearch",
    "8": "FilteredBlockedService",
}


def looks_like_adguard(line: str) -> bool:
    """An object with a question's host and type, and the client."""
    found = json_object(line)
    return found is not None and "QH" in found and "QT" in found and "IP" in found


def read_adguard(line: str) -> Record:
    """One object. Raises Unread."""
    found = json_object(line)
    if found is None or "QH" not in found:
        raise Unread("is no entry of AdGuard Home's query log")
    filtered = found.get("Result.IsFiltered") is True
    reason = text_of(found, "Result.Reason") or ""
    rules = found.get("Result.Rules")
    rule = text_of(found, "Result.Rule")
    if rule is None and isinstance(rules, list) and rules and isinstance(rules[0], dict):
        rule = str(rules[0].get("Text", "")) or None
    said = Decision.DENIED if filtered else Decision.ALLOWED
    told = words(_REASONS.get(reason, f"reason {reason}") if filtered else None, rule if filtered else None)
    return Record(
        statement(said, of_question(text_of(found, "QH") or ""), told), any_of(found.get("T")), text_of(found, "IP")
    )
