"""Azure Firewall's rules, as ARM JSON or Bicep -> hosts and networks with their ports.

Knows rule collections of policies and of classic firewalls: Microsoft Learn, Microsoft.Network/firewallPolicies/
ruleCollectionGroups and azureFirewalls. Collections that deny are named; FQDN tags and categories are no hosts.
"""

import re
from collections.abc import Iterator, Mapping

from tierwall.loader.lists.content import Item, Spelling, Unplaced
from tierwall.loader.lists.reading import dictionaries, place, ports, strings, transports, unplaced
from tierwall.policy.model import Ports, Transport

BICEP = re.compile(r"^\s*resource\s+\w+\s+'Microsoft\.Network/(?:firewallPolicies|azureFirewalls)", re.MULTILINE)
_BICEP_RULE = re.compile(r"(?P<key>\w+)\s*:\s*(?:\[(?P<many>[^\]\[{}]*)\]|'(?P<one>(?:\\.|[^'])*)'|(?P<number>[0-9]+))")
_TEXT = re.compile(r"'((?:\\.|[^'])*)'")


def has_rules(value: object) -> bool:
    """Whether JSON has rules of Azure Firewall in it."""
    return any("targetFqdns" in each or "destinationPorts" in each for each in dictionaries(value))


def read_arm(value: object) -> Iterator[Item]:
    """What its rules allow."""
    denied = {id(rule) for each in dictionaries(value) if _denies(each) for rule in dictionaries(each.get("rules", []))}
    denied |= {
        id(rule)
        for each in dictionaries(value)
        if isinstance(inner := each.get("properties"), dict) and _denies(inner)
        for rule in dictionaries(inner.get("rules", []))
    }
    for rule in dictionaries(value):
        if id(rule) in denied:
            if rule.get("name") and ("targetFqdns" in rule or "destinationPorts" in rule):
                yield Unplaced(None, f"rule `{rule['name']}` denies: list what it names under `deny`")
        else:
            yield from _rule(rule)


def read_bicep(text: str) -> Iterator[Item]:
    """The same in Bicep, as far as its values are written out: each block of a rule."""
    for begun in re.finditer(r"ruleType\s*:\s*'(?:Application|Network)Rule'", text):
        start, end = _block(text, begun.start())
        line = text.count("\n", 0, start) + 1
        rule: dict[str, object] = {}
        for found in _BICEP_RULE.finditer(text, start, end):
            many = found["many"]
            value = _TEXT.findall(many) if many is not None else found["one"] or found["number"]
            rule.setdefault(found["key"], value)
        kind, port = rule.get("protocolType"), rule.get("port")
        if kind and port:
            rule["protocols"] = [{"protocolType": kind, "port": port}]
        yield from _rule(rule, line)


def _denies(collection: Mapping[str, object]) -> bool:
    action = collection.get("action")
    return isinstance(action, dict) and str(action.get("type", "")).lower() == "deny"


def _rule(rule: Mapping[str, object], line: int | None = None) -> Iterator[Item]:
    try:
        its = _application_ports(rule) if "targetFqdns" in rule else _network_ports(rule)
    except ValueError as cause:
        yield Unplaced(line, f"rule `{rule.get('name', '')}`: {cause}, and the rule is left out")
        return
    yield from (Spelling(line, host, its) for host in strings(rule.get("targetFqdns")))
    if "destinationPorts" in rule:
        yield from (Spelling(line, host, its) for host in strings(rule.get("destinationFqdns")))
        for text in strings(rule.get("destinationAddresses")):
            yield from (
                place(line, "0.0.0.0/0" if text == "*" else text, its)
                if not text[:1].isalpha()
                else unplaced(line, "a service tag", [text])
            )
    yield from unplaced(line, "FQDN tags", strings(rule.get("fqdnTags")))
    yield from unplaced(line, "web categories", strings(rule.get("webCategories")))
    yield from unplaced(line, "target URLs", strings(rule.get("targetUrls")))
    yield from unplaced(line, "IP groups", strings(rule.get("destinationIpGroups")))


def _application_ports(rule: Mapping[str, object]) -> tuple[Ports, ...] | None:
    said = rule.get("protocols")
    named = [each for each in said if isinstance(each, dict)] if isinstance(said, list) else []
    return ports([Transport.TCP], [str(each["port"]) for each in named if "port" in each]) or None


def _network_ports(rule: Mapping[str, object]) -> tuple[Ports, ...] | None:
    words = strings(rule.get("ipProtocols")) or strings(rule.get("protocols"))
    return ports(transports(words), strings(rule.get("destinationPorts"))) or None


def _block(text: str, inside: int) -> tuple[int, int]:
    """The braces around a place."""
    depth, start = 0, inside
    while start > 0 and depth <= 0:
        start -= 1
        depth += {"{": 1, "}": -1}.get(text[start], 0)
    depth, end = 1, start + 1
    while end < len(text) and depth:
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        end += 1
    return start, end
