"""Sophos Firewall (SFOS): content filtering and firewall logs, key=value.

Source: Sophos, "Syslog guide" (docs.sophos.com/nsg/sophos-firewall/20.0/syslog). The verdict is `log_subtype`; the
`status_code` is the server's. `date` and `time` are local, `timezone` names their zone or its offset in hours.
"""

import re
from typing import Final

from tierwall.policy.attempt import Attempt
from tierwall.records.clock import any_of, iso
from tierwall.records.fields import Fields, in_turn, pairs, words
from tierwall.records.http_log import by_flow, by_host, by_url, by_words, statement
from tierwall.records.record import Decision, Record, Unread

_LOOKS: Final = (re.compile(r'\blog_type="(?:Content Filtering|Firewall|SSL)"'), re.compile(r"\blog_subtype="))
_SUBTYPES: Final = {
    "allowed": Decision.ALLOWED,
    "warned": Decision.DENIED,
    "denied": Decision.DENIED,
    "drop": Decision.DENIED,
    "decrypt": Decision.ALLOWED,
    "do not decrypt": Decision.ALLOWED,
    "reject": Decision.DENIED,
    "error": Decision.ERROR,
}


def looks_like_sophos(line: str) -> bool:
    """Its log types with their subtype."""
    return in_turn(line, *_LOOKS)


def read_sophos(line: str) -> Record:
    """One line. Raises Unread."""
    if not looks_like_sophos(line):
        raise Unread("is no content filtering or firewall line of Sophos Firewall")
    found = pairs(line)
    subtype = found.get("log_subtype")
    rule = found.get("fw_rule_id")
    said = words(subtype, None if rule is None else f"rule {rule}", found.get("category"), found.get("reason"))
    return Record(statement(by_words(_SUBTYPES, subtype), _attempt(found), said), _when(found), found.get("src_ip"))


def _attempt(found: Fields) -> Attempt | None:
    port, protocol = found.get("dst_port"), found.get("protocol")
    if (url := found.get("url")) is not None:
        return by_url(url)
    if found.get("log_type") == "Firewall":
        return by_flow(None, found.get("dst_ip"), port, protocol)
    return by_host(found.get("domain") or found.get("sni"), port) or by_flow(None, found.get("dst_ip"), port, protocol)


def _when(found: Fields) -> float | None:
    if (stamp := found.get("timestamp")) is not None:
        return any_of(stamp)
    if (date := found.get("date")) and (time := found.get("time")):
        return iso(f"{date} {time}", found.get("timezone"))
    return None
