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
from typing import Any

import hcl2
import yaml

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
                    _range(transport, span)
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


def _braced(text: str) -> list[str]:
    return [word.strip() for word in text.strip("{} ").split(",") if word.strip()]


@each_file
def _nftables(file: Written, _folder: Path) -> Iterator[Said]:
    sets = {
        name: [ip_network(element) for element in _braced(elements)]
        for name, elements in re.findall(r"set (\w+) \{[^{}]*?elements = (\{[^}]*\})", file.text, re.DOTALL)
    }
    for name, transport, spans in re.findall(r"daddr @(\w+) (tcp|udp) dport (\{[^}]*\}) accept", file.text):
        for span in _braced(spans):
            yield from ((network, _range(transport, span)) for network in sets[name])
    for name in re.findall(r"saddr @(\w+) accept", file.text):
        yield from ((network, None) for network in sets[name])


def _dnsmasq(files: list[Written], _folder: Path) -> Iterator[Said]:
    if not files:
        return
    names, table = files
    spans = {
        (name, transport): _braced(found)
        for name, transport, found in re.findall(r"ip6? daddr @(\w+) (tcp|udp) dport (\{[^}]*\}) accept", table.text)
    }
    for domain, into in re.findall(r"^nftset=/([^/]+)/(.*)$", names.text, re.MULTILINE):
        sets = [target.split("#")[-1] for target in into.split(",")]
        assert [target.split("#")[:2] for target in into.split(",")] == [["4", "inet"], ["6", "inet"]]
        assert {key[0] for key in spans} >= set(sets)
        for transport in Transport:
            both = [spans.get((name, transport), []) for name in sets]
            assert both[0] == both[1]
            yield from ((Reading(domain, 0, None), _range(transport, span)) for span in both[0])


@each_file
def _chrome(file: Written, folder: Path) -> Iterator[Said]:
    assert json.loads(file.text)["URLBlocklist"] == ["*"]
    found = loaded(file, folder, Dialect.CHROME_POLICY, ListFormat.CHROME_JSON)
    yield from ((part, None) for part in parts(Dialect.CHROME_POLICY, found))


@each_file
def _firefox(file: Written, _folder: Path) -> Iterator[Said]:
    policy = json.loads(file.text)["policies"]["WebsiteFilter"]
    assert policy["Block"] == ["<all_urls>"]
    for pattern in policy["Exceptions"]:
        found = re.fullmatch(r"\*://(\*\.)?([a-z0-9_.-]+)/\*", pattern)
        assert found is not None, pattern
        yield Reading(found[2], 0, None if found[1] else 0), None


@each_file
def _pac(file: Written, _folder: Path) -> Iterator[Said]:
    """Its tables; a real engine runs it in test_pac_itself.py."""
    hosts = json.loads(re.search(r"var HOSTS = (\{.*?\n\});", file.text, re.DOTALL)[1])  # type: ignore[index]
    networks = json.loads(re.search(r"var NETWORKS = (\[.*?\n\]);", file.text, re.DOTALL)[1])  # type: ignore[index]
    for base, found in hosts.items():
        for fewest, most, *ends in found:
            reading = Reading(base, fewest, None if most == 127 else most)
            yield from ((reading, Ports(Transport.TCP, first, last)) for first, last in batched(ends, 2))
    for network, *ends in networks:
        yield from ((ip_network(network), Ports(Transport.TCP, first, last)) for first, last in batched(ends, 2))


@each_file
def _cilium(file: Written, _folder: Path) -> Iterator[Said]:
    for rule in yaml.safe_load(file.text)["spec"]["egress"]:
        spellings = [next(iter(selector.values())) for selector in rule.get("toFQDNs", [])]
        assert all(("matchPattern" in selector) == ("*" in str(selector)) for selector in rule.get("toFQDNs", []))
        destinations = [*parts(Dialect.CILIUM, spellings), *map(ip_network, rule.get("toCIDR", []))]
        for port in [port for to in rule["toPorts"] for port in to["ports"]]:
            if destinations:
                span = _range(port["protocol"].lower(), f"{port['port']}-{port.get('endPort', port['port'])}")
                yield from ((destination, span) for destination in destinations)


@each_file
def _istio(file: Written, _folder: Path) -> Iterator[Said]:
    for entry in yaml.safe_load_all(file.text):
        spec = entry["spec"]
        assert re.fullmatch(r"[a-z0-9-]{1,63}", entry["metadata"]["name"])
        names = [host for host in spec["hosts"] if "addresses" not in spec]
        destinations = [
            *(Reading(host.removeprefix("*."), *((1, None) if host.startswith("*.") else (0, 0))) for host in names),
            *map(ip_network, spec.get("addresses", [])),
        ]
        for port in spec["ports"]:
            yield from ((destination, _range("tcp", str(port["number"]))) for destination in destinations)


@each_file
def _network_policy(file: Written, _folder: Path) -> Iterator[Said]:
    for rule in yaml.safe_load(file.text)["spec"]["egress"]:
        for port in rule["ports"]:
            span = _range(port["protocol"].lower(), f"{port['port']}-{port.get('endPort', port['port'])}")
            yield from ((ip_network(to["ipBlock"]["cidr"]), span) for to in rule["to"])


def _resources(text: str) -> Iterator[tuple[str, str, Any]]:
    """HCL: each resource, with plain strings."""
    for resource in _unquoted(hcl2.loads(text)).get("resource", []):
        for kind, named in resource.items():
            yield from ((kind, label, body) for label, body in named.items())


def _unquoted(found: Any) -> Any:
    """python-hcl2 8 keeps the quotes of strings, and around heredocs too."""
    match found:
        case dict():
            return {_unquoted(key): _unquoted(value) for key, value in found.items()}
        case list():
            return [_unquoted(item) for item in found]
        case str() if found.startswith('"') and not found.startswith('"<<'):
            return json.loads(found, strict=False)
        case _:
            return found


def _inside(found: Any) -> list[Any]:
    """A block may come as itself or as a list of one."""
    return found if isinstance(found, list) else [found]


@each_file
def _terraform_panos(file: Written, _folder: Path) -> Iterator[Said]:
    resources = list(_resources(file.text))
    assert len({(kind, label) for kind, label, _ in resources}) == len(resources)
    for kind, _, body in resources:
        match kind:
            case "panos_custom_url_category":
                yield from ((part, None) for part in parts(Dialect.PAN_OS, body["list"]))
            case "panos_address":
                yield ip_network(body["ip_netmask"]), None
            case "panos_address_group":
                labels = {label for other, label, _ in resources if other == "panos_address"}
                assert {reference.strip("${}").split(".")[1] for reference in body["static"]} == labels


@each_file
def _terraform_fortios(file: Written, _folder: Path) -> Iterator[Said]:
    resources = list(_resources(file.text))
    by_kind: dict[str, dict[str, Any]] = {}
    for kind, label, body in resources:
        assert label not in by_kind.setdefault(kind, {})
        by_kind[kind][label] = body
    objects: dict[str, tuple[Destination, ...]] = {}
    for body in by_kind.get("fortios_firewall_address", {}).values():
        if body["type"] == "fqdn":
            objects[body["name"]] = tuple(parts(Dialect.FORTINET, [body["fqdn"]]))
        else:
            objects[body["name"]] = (ip_network(body["subnet"].replace(" ", "/")),)
    for body in by_kind.get("fortios_firewall_address6", {}).values():
        objects[body["name"]] = (ip_network(body["ip6"]),)
    groups = {
        f"{kind}.{label}": [part for member in _inside(body["member"]) for part in objects[member["name"]]]
        for kind in ("fortios_firewall_addrgrp", "fortios_firewall_addrgrp6")
        for label, body in by_kind.get(kind, {}).items()
    }
    policies = by_kind.get("fortios_firewall_policy", {})
    for body in policies.values():
        (group,) = _inside(body.get("dstaddr") or body["dstaddr6"])
        (service,) = _inside(body["service"])
        asked = by_kind["fortios_firewallservice_custom"][_name_of(service).split(".")[1]]
        for transport in Transport:
            for span in asked.get(f"{transport}_portrange", "").split():
                members = groups[_name_of(group).removesuffix(".name")]
                yield from ((member, _range(transport, span)) for member in members)
    if not policies:
        yield from ((member, None) for members in groups.values() for member in members)


def _name_of(block: Any) -> str:
    return str(block["name"]).removeprefix("${").removesuffix("}")


@each_file
def _terraform_zia(file: Written, _folder: Path) -> Iterator[Said]:
    for _, _, body in _resources(file.text):
        yield from ((part, None) for part in parts(Dialect.ZSCALER, body["urls"]))


def _terraform_aws(files: list[Written], folder: Path) -> Iterator[Said]:
    for file in files:
        if "resource" not in file.text:
            continue  # nothing that it can say
        (rules,) = re.findall(r"rules_string = <<-EOT\n(.*?)\n\s*EOT", file.text, re.DOTALL)
        text = "".join(f"{line.strip()}\n" for line in rules.splitlines())
        assert [kind for kind, _, _ in _resources(file.text)] == ["aws_networkfirewall_rule_group"]
        yield from _suricata([Written(file.name, text, "", file.list)], folder)


@each_file
def _terraform_azurerm(file: Written, _folder: Path) -> Iterator[Said]:
    for _, _, body in _resources(file.text):
        for collection in _inside(body.get("application_rule_collection", [])):
            for rule in _inside(collection["rule"]):
                for protocol in _inside(rule["protocols"]):
                    ports = _range("tcp", str(protocol["port"]))
                    yield from ((part, ports) for part in parts(Dialect.AZURE_FIREWALL, rule["destination_fqdns"]))
        for collection in _inside(body.get("network_rule_collection", [])):
            for rule in _inside(collection["rule"]):
                for span in rule["destination_ports"]:
                    ports = _range(rule["protocols"][0].lower(), span)
                    yield from ((ip_network(each), ports) for each in rule["destination_addresses"])


@each_file
def _terraform_cloudflare(file: Written, _folder: Path) -> Iterator[Said]:
    for _, label, body in _resources(file.text):
        for item in body["items"]:
            if body["type"] == "IP":
                yield ip_network(item["value"]), None
            else:
                yield Reading(item["value"], 0, None if "-domains" in label else 0), None


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
    ProductId.NFTABLES: _nftables,
    ProductId.DNSMASQ: _dnsmasq,
    ProductId.CHROME_POLICY: _chrome,
    ProductId.FIREFOX_POLICY: _firefox,
    ProductId.PAC: _pac,
    ProductId.CILIUM: _cilium,
    ProductId.ISTIO: _istio,
    ProductId.NETWORK_POLICY: _network_policy,
    ProductId.TERRAFORM_PANOS: _terraform_panos,
    ProductId.TERRAFORM_FORTIOS: _terraform_fortios,
    ProductId.TERRAFORM_ZIA: _terraform_zia,
    ProductId.TERRAFORM_AWS: _terraform_aws,
    ProductId.TERRAFORM_AZURERM: _terraform_azurerm,
    ProductId.TERRAFORM_CLOUDFLARE: _terraform_cloudflare,
    ProductId.CSV: _csv,
    ProductId.MARKDOWN: _markdown,
    ProductId.JSON: _json,
    ProductId.M365_JSON: _m365,
}
