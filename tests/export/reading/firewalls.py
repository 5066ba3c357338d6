"""PAN-OS, FortiGate, Check Point.

Knows syntax from the documents, and nothing of how the files were written.
"""

import shlex
from collections.abc import Iterator
from ipaddress import ip_network
from itertools import batched
from pathlib import Path

from tests.export.reading.said import Destination, Said, each_file, loaded, parts, port_range
from tierwall.export.writing import Written
from tierwall.loader.lists.formats import ListFormat
from tierwall.policy.dialect import Dialect, Part, Reading
from tierwall.policy.model import Ports, Transport


def edl(files: list[Written], folder: Path) -> Iterator[Said]:
    for file in files:
        if file.name.endswith("-url.txt"):
            found = loaded(file, folder, Dialect.PAN_OS, ListFormat.EDL)
            assert parts_of_legacy(found) == list(parts(Dialect.PAN_OS, found)), "the same before 10.2"
            yield from ((part, None) for part in parts(Dialect.PAN_OS, found))
        else:
            for line in file.text.splitlines():
                yield ip_network(line.split(" ")[0]), None


def parts_of_legacy(spellings: list[str]) -> list[Part]:
    return list(parts(Dialect.PAN_OS_LEGACY, spellings))


@each_file
def pan_set(file: Written, _folder: Path) -> Iterator[Said]:
    """Rules, and what they name."""
    lines = [line.split() for line in file.text.splitlines() if line.startswith("set ")]
    services: dict[str, Ports] = {}
    categories: dict[str, list[str]] = {}
    addresses: dict[str, str] = {}
    groups: dict[str, list[str]] = {}
    for words in lines:
        match words:
            case ["set", "service", name, "protocol", transport, "port", span]:
                services[name] = port_range(transport, span)
            case ["set", "profiles", "custom-url-category", name, "list", entry]:
                categories.setdefault(name, []).append(entry)
            case ["set", "address", name, "ip-netmask", network]:
                assert addresses.setdefault(name, network) == network, "two objects of one name"
            case ["set", "address-group", name, "static", member]:
                groups.setdefault(name, []).append(member)
    rules = [words for words in lines if words[1] == "rulebase" and "destination" in words]
    for words in rules:
        destination, category = words[words.index("destination") + 1], words[words.index("category") + 1]
        at = words.index("service")
        asked = [services[word] for word in words[at + 2 : -1]]
        for ports in asked:
            if category != "any":
                yield from ((part, ports) for part in parts(Dialect.PAN_OS, categories[category]))
            else:
                yield from ((ip_network(addresses[member]), ports) for member in groups[destination])
    if not rules:
        yield from ((ip_network(network), None) for network in addresses.values())


def _blocks(text: str) -> Iterator[tuple[str, str, dict[str, list[str]]]]:
    """FortiOS: each `edit` of each `config`, with its settings."""
    sections: list[str] = []
    name, settings = "", {}
    for line in text.splitlines():
        words = shlex.split(line, comments=True)
        match words:
            case ["config", *title]:
                sections.append(" ".join(title))
            case ["end"]:
                sections.pop()
            case ["edit", found]:
                name, settings = found, {}
            case ["set", key, *values]:
                settings[key] = values
            case ["next"]:
                yield sections[-1], name, settings
    assert not sections, "every config ends"


@each_file
def fortigate(file: Written, _folder: Path) -> Iterator[Said]:  # noqa: C901 - a case for each section
    objects: dict[str, tuple[Destination, ...]] = {}
    groups: dict[str, list[str]] = {}
    services: dict[str, list[Ports]] = {}
    policies: list[tuple[str, str]] = []
    exempt: list[str] = []
    for section, name, settings in _blocks(file.text):
        assert len(name) <= 79
        match section:
            case "firewall address" if "fqdn" in settings:
                objects[name] = tuple(parts(Dialect.FORTINET, settings["fqdn"]))
            case "firewall address":
                objects[name] = (ip_network("/".join(settings["subnet"])),)
            case "firewall address6":
                objects[name] = (ip_network(settings["ip6"][0]),)
            case "firewall wildcard-fqdn custom":
                objects[name] = tuple(parts(Dialect.FORTINET, settings["wildcard-fqdn"]))
            case "firewall addrgrp" | "firewall addrgrp6":
                groups[name] = settings["member"]
            case "firewall service custom":
                services[name] = [
                    port_range(transport, span)
                    for transport in Transport
                    for span in settings.get(f"{transport}-portrange", [])
                ]
            case "firewall policy":
                policies.append(((settings.get("dstaddr") or settings["dstaddr6"])[0], settings["service"][0]))
            case "ssl-exempt":
                exempt += settings[settings["type"][0]]
    for group, service in policies:
        yield from (
            (part, ports) for member in groups[group] for part in objects[member] for ports in services[service]
        )
    yield from ((part, None) for name in exempt for part in objects[name])
    if not policies and not exempt:
        yield from ((part, None) for members in groups.values() for member in members for part in objects[member])


def feed(files: list[Written], folder: Path) -> Iterator[Said]:
    for file in files:
        if file.name.endswith("-domain.txt"):
            found = loaded(file, folder, Dialect.FORTINET, ListFormat.PLAIN)
            yield from ((part, None) for part in parts(Dialect.FORTINET, found))
        elif file.name.endswith("-address.txt"):
            yield from ((ip_network(line), None) for line in file.text.split())
        else:
            fetched = [settings["resource"][0] for _, _, settings in _blocks(file.text)]
            assert {url.rpartition("/")[2] for url in fetched} == {each.name for each in files} - {file.name}


@each_file
def check_point(file: Written, _folder: Path) -> Iterator[Said]:  # noqa: C901 - a case for each object
    objects: dict[str, Destination] = {}
    groups: dict[str, list[str]] = {}
    services: dict[str, Ports] = {}
    rules: list[tuple[str, list[str]]] = []
    for line in file.text.splitlines():
        words = shlex.split(line, comments=True)
        if words[:2] != ["mgmt_cli", "add"]:
            continue
        kind, values = words[2], dict(batched(words[3:], 2))
        name = values["name"]
        match kind:
            case "dns-domain":
                assert name not in objects, "one object a name"
                assert name.startswith(".")
                objects[name] = Reading(name[1:], 0, None if values["is-sub-domain"] == "true" else 0)
            case "host":
                objects[name] = ip_network(values["ip-address"])
            case "network":
                objects[name] = ip_network(f"{values['subnet']}/{values['mask-length']}")
            case "group":
                groups[name] = [value for key, value in values.items() if key.startswith("members.")]
            case "service-tcp" | "service-udp":
                services[name] = port_range(kind[8:], values["port"])
            case "access-rule":
                rules.append((name, [value for key, value in values.items() if key.startswith("service.")]))
    for group, asked in rules:
        yield from ((objects[member], services[service]) for member in groups[group] for service in asked)
    if not rules:
        yield from ((objects[member], None) for members in groups.values() for member in members)


@each_file
def check_point_feed(file: Written, _folder: Path) -> Iterator[Said]:
    lines = [line for line in file.text.splitlines() if not line.startswith("!")]
    if file.name.endswith("-names.txt"):
        yield from ((Reading(line, 0, 0), None) for line in lines)
    elif file.name.endswith("-networks.txt"):
        yield from ((ip_network(line), None) for line in lines)
