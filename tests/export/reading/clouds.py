"""AWS Network Firewall, Azure Firewall, Cloudflare Gateway.

Knows syntax from the documents, and nothing of how the files were written.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

from tests.export.reading.said import Said, each_file, parts, port_range
from tierwall.export.writing import Written
from tierwall.policy.dialect import Dialect, Reading


@each_file
def aws(file: Written, _folder: Path) -> Iterator[Said]:
    targets = json.loads(file.text)["RulesSource"]["RulesSourceList"]["Targets"]
    yield from ((part, None) for part in parts(Dialect.AWS_NETWORK_FIREWALL, targets))


_RULE = re.compile(
    r"pass (?P<protocol>tls|http|tcp|udp) \$HOME_NET any -> (?P<to>\S+) (?P<ports>\S+) \("
    r'(?:(?:tls\.sni|http\.host); content:"(?P<content>[^"]+)";(?P<starts> startswith;)? endswith;(?: nocase;)? )?'
    r'(?:flow:not_established, to_server; )?msg:"[^";]*";(?: flow:to_server, established;)? sid:\d+; rev:1;\)'
)


@each_file
def suricata(file: Written, _folder: Path) -> Iterator[Said]:
    for line in file.text.splitlines():
        if line.startswith("#"):
            continue
        found = _RULE.fullmatch(line)
        assert found is not None, line
        if "not_established" in line:
            continue
        transport = "udp" if found["protocol"] == "udp" else "tcp"
        for span in found["ports"].strip("[]").split(","):
            ports = port_range(transport, span.replace(":", "-"))
            if found["content"] is None:
                yield ip_network(found["to"]), ports
            elif found["starts"]:
                yield Reading(found["content"], 0, 0), ports
            else:
                assert found["content"].startswith(".")
                yield Reading(found["content"][1:], 1, None), ports


@each_file
def azure(file: Written, _folder: Path) -> Iterator[Said]:
    for collection in json.loads(file.text)["properties"]["ruleCollections"]:
        assert collection["action"] == {"type": "Allow"}
        assert len({rule["ruleType"] for rule in collection["rules"]}) == 1
        for rule in collection["rules"]:
            if rule["ruleType"] == "ApplicationRule":
                for protocol in rule["protocols"]:
                    ports = port_range("tcp", str(protocol["port"]))
                    yield from ((part, ports) for part in parts(Dialect.AZURE_FIREWALL, rule["targetFqdns"]))
            else:
                (transport,) = rule["ipProtocols"]
                for span in rule["destinationPorts"]:
                    ports = port_range(transport.lower(), span)
                    yield from ((ip_network(each), ports) for each in rule["destinationAddresses"])


@each_file
def cloudflare(file: Written, _folder: Path) -> Iterator[Said]:
    values = [row["value"] for row in csv.DictReader(io.StringIO(file.text))]
    assert all(line == line.rstrip() for line in file.text.splitlines())
    for value in values:
        if "-addresses" in file.name:
            yield ip_network(value), None
        else:
            yield Reading(value, 0, None if "-domains" in file.name else 0), None
