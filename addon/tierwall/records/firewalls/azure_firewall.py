"""Azure Firewall: application and network rules, in the structured tables and in the older diagnostics with a
sentence.

Source: Microsoft Learn, AZFWApplicationRule, AZFWNetworkRule, AZFWDnsQuery, and "Azure Firewall logs (legacy)". The
verdict is `Action`; in the older form the sentence's `Action: Deny`.
"""

import re
from typing import Final

from tierwall.policy.attempt import Attempt
from tierwall.records.clock import any_of
from tierwall.records.destination import first_of, of_question
from tierwall.records.fields import json_object, text_of, words
from tierwall.records.http_log import by_flow, by_url, by_words, statement
from tierwall.records.record import Decision, Record, Unread

_ACTIONS: Final = {"allow": Decision.ALLOWED, "deny": Decision.DENIED, "alert": Decision.ALLOWED}
_CATEGORY: Final = ("category", "Category", "Type")
_SENTENCE: Final = re.compile(
    r"(?P<protocol>\w+)(?: Type=\d+)?\s+request from (?P<client>[\d.:a-fA-F\[\]]+?)(?::\d+)? to"
    r" (?P<host>\S+?)(?::(?P<port>\d+))?"
    r"\.(?: Url: (?P<url>\S+)\.)? Action: (?P<action>\w+)(?P<rest>.*)$"
)


def looks_like_azure(line: str) -> bool:
    """An object of one of the firewall's categories."""
    found = json_object(line)
    return found is not None and (text_of(found, *_CATEGORY) or "").startswith(("AZFW", "AzureFirewall"))


def read_azure(line: str) -> Record:
    """One object. Raises Unread."""
    found = json_object(line)
    if found is None or not looks_like_azure(line):
        raise Unread("is no object of Azure Firewall's logs")
    when = any_of(text_of(found, "time", "TimeGenerated", "TimeGenerated [UTC]"))
    inside = {key.rpartition(".")[2]: value for key, value in found.items()}
    sentence = _SENTENCE.search(text_of(inside, "msg", "msg_s") or "")
    if sentence is not None:
        return _of_sentence(sentence, when)
    if (question := text_of(inside, "QueryName")) is not None:
        said = Decision.ALLOWED if text_of(inside, "ResponseCode") in {"NOERROR", None} else Decision.ERROR
        told = words(text_of(inside, "ResponseCode"))
        return Record(statement(said, of_question(question), told), when, text_of(inside, "SourceIp"))
    action = text_of(inside, "Action", "action")
    if action is None:
        raise Unread("has no action: it is about no connection")
    port = text_of(inside, "DestinationPort", "destinationPort")
    name = text_of(inside, "Fqdn", "FQDN", "fqdn")
    address = text_of(inside, "DestinationIp", "DestinationIP", "destinationIP")
    protocol = text_of(inside, "Protocol", "protocol")
    attempt = first_of(
        by_url(text_of(inside, "TargetUrl")), by_flow(name, address, port, protocol if name is None else "tcp")
    )
    why = text_of(inside, "ActionReason")
    told = words(
        action, text_of(inside, "RuleCollection", "ruleCollectionName"), text_of(inside, "Rule", "ruleName"), why
    )
    client = text_of(inside, "SourceIp", "SourceIP", "sourceIP")
    return Record(statement(by_words(_ACTIONS, action), attempt, told), when, client)


def _of_sentence(found: re.Match[str], when: float | None) -> Record:
    told = words(found["action"], found["rest"].strip(" ."))
    return Record(statement(by_words(_ACTIONS, found["action"]), _place(found), told), when, found["client"])


def _place(found: re.Match[str]) -> Attempt | None:
    match found["protocol"].upper():
        case "HTTPS" | "HTTP" | "MSSQL":
            if found["url"] is not None:
                return by_url(found["url"])
            return by_flow(found["host"], found["host"], found["port"] or "443", "tcp")
        case protocol:
            return by_flow(None, found["host"], found["port"], protocol)
