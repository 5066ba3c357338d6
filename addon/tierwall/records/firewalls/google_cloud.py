"""Google Cloud: firewall rule logs, Secure Web Proxy and Cloud DNS, as Cloud Logging exports them (JSON lines).

Source: Google Cloud, "VPC firewall rules log format", "Firewall policy rules log format", "Secure Web Proxy: view
logs", "Cloud DNS logging". The verdict is `disposition`, or `enforcedGatewaySecurityPolicy.matchedRules[].action`.
"""

from typing import Final

from tierwall.policy.attempt import Attempt
from tierwall.records.clock import any_of
from tierwall.records.destination import first_of, of_question
from tierwall.records.fields import json_object, text_of, words
from tierwall.records.http_log import by_flow, by_host, by_url, by_words, statement
from tierwall.records.record import Decision, Record, Unread

_DISPOSITIONS: Final = {
    "allowed": Decision.ALLOWED,
    "denied": Decision.DENIED,
    "deny": Decision.DENIED,
    "allow": Decision.ALLOWED,
    "intercepted": Decision.UNKNOWN,
}
_POLICY: Final = "jsonPayload.enforcedGatewaySecurityPolicy."
_DEFAULT: Final = "matchedRules"


def looks_like_google_cloud(line: str) -> bool:
    """A log entry whose payload is of one of these."""
    found = json_object(line)
    if found is None:
        return False
    return (
        "jsonPayload.disposition" in found
        or any(key.startswith(_POLICY) for key in found)
        or ("jsonPayload.queryName" in found and "jsonPayload.responseCode" in found)
    )


def read_google_cloud(line: str) -> Record:
    """One entry. Raises Unread."""
    found = json_object(line)
    if found is None or not looks_like_google_cloud(line):
        raise Unread("is no firewall, proxy or DNS entry of Google Cloud")
    when = any_of(text_of(found, "timestamp", "receiveTimestamp"))
    if (name := text_of(found, "jsonPayload.queryName")) is not None:
        code = text_of(found, "jsonPayload.responseCode")
        said = Decision.ALLOWED if code == "NOERROR" else Decision.ERROR
        client = text_of(found, "jsonPayload.sourceIP")
        return Record(statement(said, of_question(name), words(code)), when, client)
    if "jsonPayload.disposition" in found:
        return _firewall(found, when)
    return _proxy(found, when)


def _firewall(found: dict[str, object], when: float | None) -> Record:
    at = "jsonPayload.connection."
    attempt = by_flow(
        None, text_of(found, f"{at}dest_ip"), text_of(found, f"{at}dest_port"), text_of(found, f"{at}protocol")
    )
    said = text_of(found, "jsonPayload.disposition")
    told = words(said, text_of(found, "jsonPayload.rule_details.reference"))
    return Record(statement(by_words(_DISPOSITIONS, said), attempt, told), when, text_of(found, f"{at}src_ip"))


def _proxy(found: dict[str, object], when: float | None) -> Record:
    rules = found.get(f"{_POLICY}{_DEFAULT}")
    first = rules[0] if isinstance(rules, list) and rules and isinstance(rules[0], dict) else {}
    action = str(first.get("action", "")) or text_of(found, f"{_POLICY}action")
    url, host = text_of(found, "httpRequest.requestUrl"), text_of(found, f"{_POLICY}hostname")
    method = text_of(found, "httpRequest.requestMethod")
    client = text_of(found, "httpRequest.remoteIp")
    told = words(action, str(first.get("name", "")))
    return Record(statement(by_words(_DISPOSITIONS, action), _place(url, host, method), told, method), when, client)


def _place(url: str | None, host: str | None, method: str | None) -> Attempt | None:
    return first_of(by_url(url, "https", method), by_host(host))
