"""AWS Network Firewall's rule groups -> domains, and hosts and networks of their Suricata rules.

Knows RulesSourceList and RulesString of the API Reference, and as much of Suricata's rules as names destinations
(Suricata User Guide, Rules): `tls.sni` and `http.host` with `dotprefix`, `startswith`, `endswith`; addresses; ports.
"""

import re
from collections.abc import Iterable, Iterator

from tierwall.loader.lists.content import Destination, Item, Spelling, Unplaced
from tierwall.loader.lists.reading import dictionaries, networks, ports, strings
from tierwall.policy.model import Ports, Transport

RULE = re.compile(
    r"^\s*(?P<action>pass|alert|drop|reject)\s+(?P<protocol>\w+)\s+\S+\s+\S+\s+(?:->|<>)\s+(?P<to>\[[^\]]*\]|\S+)"
    r"\s+(?P<ports>\[[^\]]*\]|\S+)\s*\((?P<options>.*)\)\s*$",
    re.MULTILINE,
)
_CONTENT = re.compile(r'content\s*:\s*(!?)"([^"]*)"')
_ANY = {"any", "$EXTERNAL_NET", "!$HOME_NET"}


def has_rules(value: object) -> bool:
    """Whether JSON has a rule group in it."""
    return any(
        "RulesSource" in each or "RulesSourceList" in each or "RulesString" in each for each in dictionaries(value)
    )


def read_group(value: object) -> Iterator[Item]:
    """What it lets pass."""
    for each in dictionaries(value):
        if "Targets" in each or "targets" in each:
            kind = str(each.get("GeneratedRulesType", each.get("generated_rules_type", "ALLOWLIST")))
            targets = strings(each.get("Targets", each.get("targets")))
            if kind == "ALLOWLIST":
                yield from (Spelling(None, target) for target in targets)
            else:
                yield Unplaced(None, f"{len(targets)} targets of a {kind.lower()}: list them under `deny`")
        for key in ("RulesString", "rules_string"):
            if isinstance(text := each.get(key), str):
                yield from read_suricata(enumerate(text.splitlines(), 1))


def read_suricata(lines: Iterable[tuple[int, str]]) -> Iterator[Item]:
    """What its rules let pass. A rule that drops or alerts is named where it names a host."""
    for line, text in lines:
        found = RULE.match(text)
        if found is None:
            if text.strip() and not text.lstrip().startswith("#"):
                yield Unplaced(line, "is no rule that names a destination, and left out")
            continue
        if found["action"] != "pass":
            yield Unplaced(line, f"`{found['action']}` does not let pass: list what it names under `deny`")
            continue
        yield from _passed(line, found)


def _passed(line: int, found: re.Match[str]) -> Iterator[Item]:
    options = found["options"]
    try:
        its = _ports(found["protocol"], found["ports"])
    except ValueError:
        its = None
    host = _CONTENT.search(options)
    if host is not None and ("tls.sni" in options or "tls_sni" in options or "http.host" in options):
        name = host[2]
        behind = options[host.end() :]
        whole = "startswith" in behind and "endswith" in behind
        dotted = "dotprefix" in options and "endswith" in behind
        if host[1] or not (whole or dotted):
            yield Unplaced(line, f"`{name}` is looked for anywhere in a name: say which hosts are meant")
        else:
            yield Spelling(line, name, its)
    elif "pcre" in options:
        yield Unplaced(line, "a regular expression: say which hosts are meant")
    elif found["to"] not in _ANY:
        for text in found["to"].strip("[]").split(","):
            try:
                yield from (Destination(line, network, its) for network in networks(text.strip()))
            except ValueError:
                yield Unplaced(line, f"`{text.strip()}` is no address, and left out")
    else:
        yield Unplaced(line, "lets every address pass, and names no host: left out")


def _ports(protocol: str, text: str) -> tuple[Ports, ...] | None:
    transport = Transport.UDP if protocol == "udp" else Transport.TCP
    if text == "any":
        return None if protocol in {"tls", "http"} else ports([transport], ["any"])
    return ports([transport], [each.strip() for each in text.strip("[]").split(",")])
