"""Squid, nftables, dnsmasq, and browsers' policies.

Knows syntax from the documents, and nothing of how the files were written.
"""

import json
import re
from collections.abc import Iterator
from ipaddress import ip_network
from itertools import batched
from pathlib import Path

from tests.export.reading.said import Destination, Said, each_file, loaded, parts, port_range
from tierwall.export.writing import Written
from tierwall.loader.lists.formats import ListFormat
from tierwall.policy.dialect import Dialect, Reading
from tierwall.policy.model import Ports, Transport


@each_file
def squid_conf(file: Written, folder: Path) -> Iterator[Said]:
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
                    ports = [port_range("tcp", span) for line in own for span in line[3:]]
                case "dst" | "src" if values != ["all"]:
                    destinations += [ip_network(value) for value in values]
                case "dstdomain":
                    only = Written(file.name, "\n".join(" ".join(line) for line in own), "", file.list)
                    destinations += parts(Dialect.SQUID, loaded(only, folder, Dialect.SQUID, ListFormat.SQUID))
                case "ssl::server_name":
                    destinations += parts(Dialect.SQUID, values)
        yield from ((destination, each) for destination in destinations for each in ports)


def _braced(text: str) -> list[str]:
    return [word.strip() for word in text.strip("{} ").split(",") if word.strip()]


@each_file
def nftables(file: Written, _folder: Path) -> Iterator[Said]:
    sets = {
        name: [ip_network(element) for element in _braced(elements)]
        for name, elements in re.findall(r"set (\w+) \{[^{}]*?elements = (\{[^}]*\})", file.text, re.DOTALL)
    }
    for name, transport, spans in re.findall(r"daddr @(\w+) (tcp|udp) dport (\{[^}]*\}) accept", file.text):
        for span in _braced(spans):
            yield from ((network, port_range(transport, span)) for network in sets[name])
    for name in re.findall(r"saddr @(\w+) accept", file.text):
        yield from ((network, None) for network in sets[name])


def dnsmasq(files: list[Written], _folder: Path) -> Iterator[Said]:
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
            yield from ((Reading(domain, 0, None), port_range(transport, span)) for span in both[0])


@each_file
def chrome(file: Written, folder: Path) -> Iterator[Said]:
    policy = json.loads(file.text)
    assert policy["URLBlocklist"] == ["*"]
    if not policy["URLAllowlist"]:
        return  # the loader takes an empty list for a mistake
    found = loaded(file, folder, Dialect.CHROME_POLICY, ListFormat.CHROME_JSON)
    yield from ((part, None) for part in parts(Dialect.CHROME_POLICY, found))


@each_file
def firefox(file: Written, _folder: Path) -> Iterator[Said]:
    policy = json.loads(file.text)["policies"]["WebsiteFilter"]
    assert policy["Block"] == ["<all_urls>"]
    for pattern in policy["Exceptions"]:
        found = re.fullmatch(r"\*://(\*\.)?([a-z0-9_.-]+)/\*", pattern)
        assert found is not None, pattern
        yield Reading(found[2], 0, None if found[1] else 0), None


@each_file
def pac(file: Written, _folder: Path) -> Iterator[Said]:
    """Its tables; a real engine runs it in test_pac_itself.py."""
    hosts = json.loads(re.search(r"var HOSTS = (\{.*?\n\});", file.text, re.DOTALL)[1])  # type: ignore[index]
    networks = json.loads(re.search(r"var NETWORKS = (\[.*?\n\]);", file.text, re.DOTALL)[1])  # type: ignore[index]
    for base, found in hosts.items():
        for fewest, most, *ends in found:
            reading = Reading(base, fewest, None if most == 127 else most)
            yield from ((reading, Ports(Transport.TCP, first, last)) for first, last in batched(ends, 2))
    for network, *ends in networks:
        yield from ((ip_network(network), Ports(Transport.TCP, first, last)) for first, last in batched(ends, 2))
