"""Terraform's resources, by an HCL parser.

Knows syntax from the documents, and nothing of how the files were written.
"""

import json
import re
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import hcl2

from tests.export.reading.clouds import suricata
from tests.export.reading.said import Destination, Said, each_file, parts, port_range
from tierwall.export.writing import Written
from tierwall.policy.dialect import Dialect, Reading
from tierwall.policy.model import Transport


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
def terraform_panos(file: Written, _folder: Path) -> Iterator[Said]:
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
def terraform_fortios(file: Written, _folder: Path) -> Iterator[Said]:
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
                yield from ((member, port_range(transport, span)) for member in members)
    if not policies:
        yield from ((member, None) for members in groups.values() for member in members)


def _name_of(block: Any) -> str:
    return str(block["name"]).removeprefix("${").removesuffix("}")


@each_file
def terraform_zia(file: Written, _folder: Path) -> Iterator[Said]:
    for _, _, body in _resources(file.text):
        yield from ((part, None) for part in parts(Dialect.ZSCALER, body["urls"]))


def terraform_aws(files: list[Written], folder: Path) -> Iterator[Said]:
    for file in files:
        if "resource" not in file.text:
            continue  # nothing that it can say
        (rules,) = re.findall(r"rules_string = <<-EOT\n(.*?)\n\s*EOT", file.text, re.DOTALL)
        text = "".join(f"{line.strip()}\n" for line in rules.splitlines())
        assert [kind for kind, _, _ in _resources(file.text)] == ["aws_networkfirewall_rule_group"]
        yield from suricata([Written(file.name, text, "", file.list)], folder)


@each_file
def terraform_azurerm(file: Written, _folder: Path) -> Iterator[Said]:
    for _, _, body in _resources(file.text):
        for collection in _inside(body.get("application_rule_collection", [])):
            for rule in _inside(collection["rule"]):
                for protocol in _inside(rule["protocols"]):
                    ports = port_range("tcp", str(protocol["port"]))
                    yield from ((part, ports) for part in parts(Dialect.AZURE_FIREWALL, rule["destination_fqdns"]))
        for collection in _inside(body.get("network_rule_collection", [])):
            for rule in _inside(collection["rule"]):
                for span in rule["destination_ports"]:
                    ports = port_range(rule["protocols"][0].lower(), span)
                    yield from ((ip_network(each), ports) for each in rule["destination_addresses"])


@each_file
def terraform_cloudflare(file: Written, _folder: Path) -> Iterator[Said]:
    for _, label, body in _resources(file.text):
        for item in body["items"]:
            if body["type"] == "IP":
                yield ip_network(item["value"]), None
            else:
                yield Reading(item["value"], 0, None if "-domains" in label else 0), None
