"""Every product's files read back, by the loader where it has a reader for them, else by the product's own syntax.

Knows syntax from the documents, and nothing of how the files were written.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_network
from pathlib import Path

from tierwall.export import Export, List, ProductId
from tierwall.export.writing import Written
from tierwall.loader.lists.formats import Export as Source
from tierwall.loader.lists.formats import ListFormat
from tierwall.loader.lists.spellings import read_list
from tierwall.loader.spelling import ports as parsed_ports
from tierwall.policy.dialect import Dialect, Part, Rejected, read_of_vendor
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


READERS: dict[ProductId, Callable[[list[Written], Path], Iterator[Said]]] = {
    ProductId.PAN_EDL: _edl,
    ProductId.PAN_SET: _pan_set,
    ProductId.SQUID: _squid,
    ProductId.ZSCALER: _plain(Dialect.ZSCALER),
    ProductId.UMBRELLA: _plain(Dialect.UMBRELLA),
    ProductId.CSV: _csv,
    ProductId.MARKDOWN: _markdown,
    ProductId.JSON: _json,
    ProductId.M365_JSON: _m365,
}
