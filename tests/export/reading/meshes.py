"""Cilium, Istio, NetworkPolicy.

Knows syntax from the documents, and nothing of how the files were written.
"""

import re
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import yaml

from tests.export.reading.said import Said, each_file, parts, port_range
from tierwall.export.writing import Written
from tierwall.policy.dialect import Dialect, Reading


@each_file
def cilium(file: Written, _folder: Path) -> Iterator[Said]:
    for rule in yaml.safe_load(file.text)["spec"]["egress"]:
        spellings = [next(iter(selector.values())) for selector in rule.get("toFQDNs", [])]
        assert all(("matchPattern" in selector) == ("*" in str(selector)) for selector in rule.get("toFQDNs", []))
        destinations = [*parts(Dialect.CILIUM, spellings), *map(ip_network, rule.get("toCIDR", []))]
        for port in [port for to in rule["toPorts"] for port in to["ports"]]:
            if destinations:
                span = port_range(port["protocol"].lower(), f"{port['port']}-{port.get('endPort', port['port'])}")
                yield from ((destination, span) for destination in destinations)


@each_file
def istio(file: Written, _folder: Path) -> Iterator[Said]:
    for entry in yaml.safe_load_all(file.text):
        spec = entry["spec"]
        assert re.fullmatch(r"[a-z0-9-]{1,63}", entry["metadata"]["name"])
        names = [host for host in spec["hosts"] if "addresses" not in spec]
        destinations = [
            *(Reading(host.removeprefix("*."), *((1, None) if host.startswith("*.") else (0, 0))) for host in names),
            *map(ip_network, spec.get("addresses", [])),
        ]
        for port in spec["ports"]:
            yield from ((destination, port_range("tcp", str(port["number"]))) for destination in destinations)


@each_file
def network_policy(file: Written, _folder: Path) -> Iterator[Said]:
    for rule in yaml.safe_load(file.text)["spec"]["egress"]:
        for port in rule["ports"]:
            span = port_range(port["protocol"].lower(), f"{port['port']}-{port.get('endPort', port['port'])}")
            yield from ((ip_network(to["ipBlock"]["cidr"]), span) for to in rule["to"])
