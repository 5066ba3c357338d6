"""A diagnosis -> the site file that has what was found.

Knows how a site file is spelled. What was not tried is as open as `reference` has it.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from tierwall.diagnosis.values import Diagnosed, Diagnosis, Parameter
from tierwall.policy.model import Catalogue, Tier, Transport

_OF_THE_LIST: Final = frozenset({"tier-closed", "wildcard-gap", "port-closed"})
_SCOPED: Final = frozenset({"tiers", "hosts"})
_PLAIN: Final = re.compile(r"[a-z][a-z-]*|[0-9]+(s|ms|m|h|kbit/s)")
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
"""What YAML takes for something else than text."""
_EVERYWHERE: Final = '  - {networks: [0.0.0.0/0, "::/0"], ports: ['
USERS_FILE: Final = "lab:lab\n"
"""What stands beside a site that asks for a password: the customer's own are not known, and must not be."""


def site_text(diagnosed: Diagnosed, name: str, catalogue: Catalogue, said_by: Iterable[str] = ()) -> str:
    """The file; it loads. A site that asks for a password needs `NAME.users` beside it (`users_of`)."""
    lines = [
        f"# Written by `tierwall diagnose`{''.join(f' from {one_line(each)}' for each in said_by)}.",
        "version: 1",
        f"site: {name}",
        "title: As it was diagnosed",
        "extends: reference",
    ]
    found = {each.behaviour: each for each in diagnosed.diagnoses}
    if any(each.parameters.get("evidence") == "stated" for each in diagnosed.diagnoses):
        lines.append("evidence: stated")
    if "tier-closed" in found:
        lines += _admit(found["tier-closed"], catalogue)
    denied = list(_deny(diagnosed, catalogue))
    if denied:
        lines += ["deny:", *denied]
    behaviours = [each for each in diagnosed.diagnoses if each.behaviour not in _OF_THE_LIST]
    if behaviours:
        lines.append("behaviours:")
    for each in behaviours:
        lines += [f"  # {one_line(word)}" for word in each.speaks_for]
        lines.append(f"  - {_flow(_behaviour(each, name))}")
    return "\n".join(lines) + "\n"


def users_of(diagnosed: Diagnosed) -> str | None:
    """The text of the users' file, where the site needs one."""
    return USERS_FILE if any(each.behaviour == "proxy-auth" for each in diagnosed.diagnoses) else None


def one_line(text: str) -> str:
    """Text from a result, as a comment holds it: in one line, of printable ASCII."""
    return "".join(each if " " <= each <= "~" else "?" for each in text)


def _admit(found: Diagnosis, catalogue: Catalogue) -> Iterator[str]:
    closed = set(_texts(found.parameters.get("closed")))
    yield "admit:"
    some = False
    for vendor in catalogue.vendors:
        tiers = dict.fromkeys(service.tier for service in vendor.services)
        kept = [tier for tier in Tier if tier in tiers and f"{vendor.id}/{tier}" not in closed]
        if len(kept) == len(tiers):
            yield f"  - {{vendor: {vendor.id}}}"
        elif kept:
            yield f"  - {{vendor: {vendor.id}, tiers: [{', '.join(kept)}]}}"
        some = some or bool(kept)
    if not some:
        yield "  []"


def _deny(diagnosed: Diagnosed, catalogue: Catalogue) -> Iterator[str]:
    for each in diagnosed.diagnoses:
        stated = each.parameters.get("evidence") == "stated"
        match each.behaviour:
            case "wildcard-gap" if not stated:
                hosts = ", ".join(map(json.dumps, _texts(each.parameters.get("hosts"))))
                yield f"  - {{hosts: [{hosts}], ports: [tcp/443, tcp/80]}}"
            case "tier-closed" if not stated:
                yield from _deny_rules(_texts(each.parameters.get("rules")), catalogue)
            case "port-closed" if "udp" in each.parameters:
                yield from _deny_udp(_texts(each.parameters.get("udp")), catalogue)
            case "port-closed":
                ports = sorted(int(text.partition("/")[2]) for text in _texts(each.parameters.get("open")))
                yield _EVERYWHERE + ", ".join([*_between(ports), "udp/any"]) + "]}"
            case _:
                pass


def _deny_rules(names: tuple[str, ...], catalogue: Catalogue) -> Iterator[str]:
    for vendor in catalogue.vendors:
        for rule in vendor.rules:
            if f"{vendor.id}/{rule.id}" in names:
                ports = ", ".join(map(str, rule.ports))
                if rule.hosts:
                    yield f"  - {{hosts: [{', '.join(map(json.dumps, rule.hosts))}], ports: [{ports}]}}"
                if rule.networks:
                    networks = ", ".join(json.dumps(str(network)) for network in rule.networks)
                    yield f"  - {{networks: [{networks}], ports: [{ports}]}}"


def _deny_udp(names: tuple[str, ...], catalogue: Catalogue) -> Iterator[str]:
    for vendor in catalogue.vendors:
        rules = [rule for rule in vendor.rules if any(ports.transport is Transport.UDP for ports in rule.ports)]
        hosts = dict.fromkeys(host for rule in rules for host in rule.hosts)
        networks = dict.fromkeys(str(network) for rule in rules for network in rule.networks)
        for key, spellings in (("hosts", hosts), ("networks", networks)) if vendor.id in names else ():
            if spellings:
                yield f"  - {{{key}: [{', '.join(map(json.dumps, spellings))}], ports: [udp/any]}}"


def _between(ports: list[int]) -> Iterator[str]:
    first = 1
    for port in [*ports, 65536]:
        if first < port:
            yield f"tcp/{first}-{port - 1}" if first < port - 1 else f"tcp/{first}"
        first = port + 1


def _behaviour(found: Diagnosis, name: str) -> Mapping[str, object]:
    entry: dict[str, object] = {"behaviour": found.behaviour}
    scope: dict[str, object] = {}
    for key, value in found.parameters.items():
        if found.behaviour == "dns-filter" and key in _SCOPED:
            scope[key] = list(_texts(value))
        elif key == "ports":
            entry[key] = [int(port) for port in _texts(value)]
        elif key == "answers":
            pairs = [text.split(maxsplit=1) for text in _texts(value)]
            entry[key] = {host: [a for h, a in pairs if h == host] for host, _ in pairs}
        else:
            entry[key] = list(value) if isinstance(value, tuple) else value
    if scope:
        entry["scope"] = scope
    if found.behaviour == "proxy-auth":
        entry["users"] = f"{name}.users"
    return entry


def _flow(value: object) -> str:
    """YAML in one line: what JSON writes, with bare words where they are plain."""
    match value:
        case dict():
            return "{" + ", ".join(f"{_flow(key)}: {_flow(each)}" for key, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_flow, value)) + "]"
        case str() if _PLAIN.fullmatch(value) and value not in _WORDS:
            return value
        case _:
            return json.dumps(value)


def _texts(value: Parameter | None) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()
