"""Every product's files read back, by the loader where it has a reader for them, else by the product's own syntax.

Knows syntax from the documents, and nothing of how the files were written.
"""

import csv
import io
import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_network
from itertools import batched
from pathlib import Path

from tierwall.export import Export, List, ProductId
from tierwall.export.writing import Written
from tierwall.loader.lists.formats import Export as Source
from tierwall.loader.lists.formats import ListFormat
from tierwall.loader.lists.spellings import read_list
from tierwall.loader.spelling import ports as parsed_ports
from tierwall.policy.dialect import Dialect, Part, Reading, Rejected, read_of_vendor
from tierwall.policy.model import Network, Ports, Transport

type Destination = Part | Network
type Said = tuple[Destination, Ports | None]
"""A destination with one range of ports; None where the list has none."""


def said(product: ProductId, export: Export, kind: List, folder: Path) -> list[Said]:
    """All that the product's own files of that list say; what went to another product's is not among it."""
    files = [file for file in export.files if file.list is kind and "-rest-" not in file.name]
    files = [file for file in files if not file.name.endswith("-about.txt")]
    return list(READERS[product](files, folder))


def each_file(read_one: Callable[[Written, Path], Iterator[Said]]) -> Callable[[list[Written], Path], Iterator[Said]]:
    """A reader of one file, for all of them."""
    return lambda files, folder: (found for file in files for found in read_one(file, folder))


def parts(dialect: Dialect, spellings: Iterable[str]) -> Iterator[Part]:
    for spelling in spellings:
        found = read_of_vendor(dialect, spelling)
        assert not isinstance(found, Rejected), f"{dialect} rejects {spelling}: {found.why}"
        yield from found


def loaded(file: Written, folder: Path, dialect: Dialect, written: ListFormat, column: str | None = None) -> list[str]:
    """By the loader's own reader."""
    path = folder / file.name
    path.write_bytes(file.text.encode())
    return list(read_list(Source(path, dialect, written, column)))


def _plain(dialect: Dialect) -> Callable[[list[Written], Path], Iterator[Said]]:
    def reader(files: list[Written], folder: Path) -> Iterator[Said]:
        for file in files:
            if file.name.endswith(".txt"):
                hosts = [line for line in file.text.split() if not _is_network(line)]
                yield from ((ip_network(line), None) for line in file.text.split() if _is_network(line))
                if hosts:
                    only = Written(file.name, "\n".join(hosts), "", file.list)
                    found = loaded(only, folder, dialect, ListFormat.PLAIN)
                    yield from ((part, None) for part in parts(dialect, found))

    return reader


def _edl(files: list[Written], folder: Path) -> Iterator[Said]:
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
def _pan_set(file: Written, _folder: Path) -> Iterator[Said]:
    """Rules, and what they name."""
    lines = [line.split() for line in file.text.splitlines() if line.startswith("set ")]
    services: dict[str, Ports] = {}
    categories: dict[str, list[str]] = {}
    addresses: dict[str, str] = {}
    groups: dict[str, list[str]] = {}
    for words in lines:
        match words:
            case ["set", "service", name, "protocol", transport, "port", span]:
                services[name] = _range(transport, span)
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


@each_file
def _squid(file: Written, folder: Path) -> Iterator[Said]:
    """Each `http_access allow` with the lists that it names; each list by the loader's reader of squid.conf."""
    text = file.text
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    for words in [
        line.removeprefix("# ").split()
        for line in text.splitlines()
        if re.match(r"#? ?(http_access allow|ssl_bump)", line)
    ]:
        acls = words[2:]
        ports: list[Ports | None] = [None]
        destinations: list[Destination] = []
        for name in acls:
            own = [line for line in lines if line[:2] == ["acl", name]]
            kind = own[0][2]
            values = [line[-1] for line in own]
            match kind:
                case "port":
                    ports = [_range("tcp", span) for line in own for span in line[3:]]
                case "dst" | "src" if values != ["all"]:
                    destinations += [ip_network(value) for value in values]
                case "dstdomain":
                    only = Written(file.name, "\n".join(" ".join(line) for line in own), "", file.list)
                    destinations += parts(Dialect.SQUID, loaded(only, folder, Dialect.SQUID, ListFormat.SQUID))
                case "ssl::server_name":
                    destinations += parts(Dialect.SQUID, values)
        yield from ((destination, each) for destination in destinations for each in ports)


@each_file
def _csv(file: Written, folder: Path) -> Iterator[Said]:
    rows = list(csv.DictReader(io.StringIO(file.text, newline="")))
    hosts = [row["host"] for row in rows if row["host"]]
    if hosts and not any(row["dialect"] for row in rows):
        assert loaded(file, folder, Dialect.LITERAL, ListFormat.CSV, "host") == hosts
    yield from _rows(rows)


def _rows(rows: Iterable[dict[str, str]]) -> Iterator[Said]:
    for row in rows:
        if row.get("action") == "deny":
            continue
        destinations = (
            list(parts(Dialect(row.get("dialect") or "literal"), [row["host"]]))
            if row.get("host")
            else [ip_network(row["network"])]
        )
        spans = row.get("ports", "").split()
        for destination in destinations:
            yield from ((destination, parsed_ports(span)) for span in spans)
            if not spans:
                yield destination, None


@each_file
def _json(file: Written, _folder: Path) -> Iterator[Said]:
    yield from _rows(json.loads(file.text)["entries"])


@each_file
def _markdown(file: Written, _folder: Path) -> Iterator[Said]:
    lines = [line for line in file.text.splitlines() if line.startswith("| ")]
    if not lines:
        return
    head, _, *rows = [line.removeprefix("| ").removesuffix(" |").split(" | ") for line in lines]
    yield from _rows(dict(zip(head, [cell.replace("\\", "") for cell in row], strict=True)) for row in rows)


@each_file
def _m365(file: Written, _folder: Path) -> Iterator[Said]:
    for found in json.loads(file.text):
        spans = [_range("tcp", span) for span in found.get("tcpPorts", "").split(",") if span]
        spans += [_range("udp", span) for span in found.get("udpPorts", "").split(",") if span]
        destinations: list[Destination] = [
            *parts(Dialect.LITERAL, found.get("urls", [])),
            *map(ip_network, found.get("ips", [])),
        ]
        yield from ((destination, span) for destination in destinations for span in spans or [None])


def _range(transport: str, span: str) -> Ports:
    first, _, last = span.partition("-")
    return Ports(Transport(transport), int(first), int(last or first))


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


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
def _fortigate(file: Written, _folder: Path) -> Iterator[Said]:  # noqa: C901 - a case for each section
    objects: dict[str, Destination] = {}
    groups: dict[str, list[str]] = {}
    services: dict[str, list[Ports]] = {}
    policies: list[tuple[str, str]] = []
    exempt: list[str] = []
    for section, name, settings in _blocks(file.text):
        assert len(name) <= 79
        match section:
            case "firewall address" if "fqdn" in settings:
                (objects[name],) = parts(Dialect.FORTINET, settings["fqdn"])
            case "firewall address":
                objects[name] = ip_network("/".join(settings["subnet"]))
            case "firewall address6":
                objects[name] = ip_network(settings["ip6"][0])
            case "firewall wildcard-fqdn custom":
                (objects[name],) = parts(Dialect.FORTINET, settings["wildcard-fqdn"])
            case "firewall addrgrp" | "firewall addrgrp6":
                groups[name] = settings["member"]
            case "firewall service custom":
                services[name] = [
                    _range(transport, span)
                    for transport in Transport
                    for span in settings.get(f"{transport}-portrange", [])
                ]
            case "firewall policy":
                policies.append(((settings.get("dstaddr") or settings["dstaddr6"])[0], settings["service"][0]))
            case "ssl-exempt":
                exempt += settings[settings["type"][0]]
    for group, service in policies:
        yield from ((objects[member], ports) for member in groups[group] for ports in services[service])
    yield from ((objects[name], None) for name in exempt)
    if not policies and not exempt:
        yield from ((objects[member], None) for members in groups.values() for member in members)


def _feed(files: list[Written], folder: Path) -> Iterator[Said]:
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
def _check_point(file: Written, _folder: Path) -> Iterator[Said]:  # noqa: C901 - a case for each object
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
                services[name] = _range(kind[8:], values["port"])
            case "access-rule":
                rules.append((name, [value for key, value in values.items() if key.startswith("service.")]))
    for group, asked in rules:
        yield from ((objects[member], services[service]) for member in groups[group] for service in asked)
    if not rules:
        yield from ((objects[member], None) for members in groups.values() for member in members)


@each_file
def _check_point_feed(file: Written, _folder: Path) -> Iterator[Said]:
    lines = [line for line in file.text.splitlines() if not line.startswith("!")]
    if file.name.endswith("-names.txt"):
        yield from ((Reading(line, 0, 0), None) for line in lines)
    elif file.name.endswith("-networks.txt"):
        yield from ((ip_network(line), None) for line in lines)


@each_file
def _aws(file: Written, _folder: Path) -> Iterator[Said]:
    targets = json.loads(file.text)["RulesSource"]["RulesSourceList"]["Targets"]
    yield from ((part, None) for part in parts(Dialect.AWS_NETWORK_FIREWALL, targets))


_RULE = re.compile(
    r"pass (?P<protocol>tls|http|tcp|udp) \$HOME_NET any -> (?P<to>\S+) (?P<ports>\S+) \("
    r'(?:(?:tls\.sni|http\.host); content:"(?P<content>[^"]+)";(?P<starts> startswith;)? endswith;(?: nocase;)? )?'
    r'(?:flow:not_established, to_server; )?msg:"[^";]*";(?: flow:to_server, established;)? sid:\d+; rev:1;\)'
)


@each_file
def _suricata(file: Written, _folder: Path) -> Iterator[Said]:
    for line in file.text.splitlines():
        if line.startswith("#"):
            continue
        found = _RULE.fullmatch(line)
        assert found is not None, line
        if "not_established" in line:
            continue
        transport = "udp" if found["protocol"] == "udp" else "tcp"
        for span in found["ports"].strip("[]").split(","):
            ports = _range(transport, span.replace(":", "-"))
            if found["content"] is None:
                yield ip_network(found["to"]), ports
            elif found["starts"]:
                yield Reading(found["content"], 0, 0), ports
            else:
                assert found["content"].startswith(".")
                yield Reading(found["content"][1:], 1, None), ports


@each_file
def _azure(file: Written, _folder: Path) -> Iterator[Said]:
    for collection in json.loads(file.text)["properties"]["ruleCollections"]:
        assert collection["action"] == {"type": "Allow"}
        assert len({rule["ruleType"] for rule in collection["rules"]}) == 1
        for rule in collection["rules"]:
            if rule["ruleType"] == "ApplicationRule":
                for protocol in rule["protocols"]:
                    ports = _range("tcp", str(protocol["port"]))
                    yield from ((part, ports) for part in parts(Dialect.AZURE_FIREWALL, rule["targetFqdns"]))
            else:
                (transport,) = rule["ipProtocols"]
                for span in rule["destinationPorts"]:
                    ports = _range(transport.lower(), span)
                    yield from ((ip_network(each), ports) for each in rule["destinationAddresses"])


@each_file
def _cloudflare(file: Written, _folder: Path) -> Iterator[Said]:
    values = [row["value"] for row in csv.DictReader(io.StringIO(file.text))]
    assert all(line == line.rstrip() for line in file.text.splitlines())
    for value in values:
        if "-addresses" in file.name:
            yield ip_network(value), None
        else:
            yield Reading(value, 0, None if "-domains" in file.name else 0), None


READERS: dict[ProductId, Callable[[list[Written], Path], Iterator[Said]]] = {
    ProductId.PAN_EDL: _edl,
    ProductId.PAN_SET: _pan_set,
    ProductId.SQUID: _squid,
    ProductId.ZSCALER: _plain(Dialect.ZSCALER),
    ProductId.UMBRELLA: _plain(Dialect.UMBRELLA),
    ProductId.FORTIGATE: _fortigate,
    ProductId.FORTIGATE_FEED: _feed,
    ProductId.CHECK_POINT: _check_point,
    ProductId.CHECK_POINT_FEED: _check_point_feed,
    ProductId.AWS_NETWORK_FIREWALL: _aws,
    ProductId.AWS_SURICATA: _suricata,
    ProductId.AZURE_FIREWALL: _azure,
    ProductId.CLOUDFLARE_GATEWAY: _cloudflare,
    ProductId.CSV: _csv,
    ProductId.MARKDOWN: _markdown,
    ProductId.JSON: _json,
    ProductId.M365_JSON: _m365,
}
