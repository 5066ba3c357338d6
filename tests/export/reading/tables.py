"""Plain lists, CSV, JSON and Markdown.

Knows syntax from the documents, and nothing of how the files were written.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_network
from pathlib import Path

from tests.export.reading.said import Destination, Said, each_file, is_network, loaded, parts, port_range
from tierwall.export.writing import Written
from tierwall.loader.lists.formats import ListFormat
from tierwall.loader.spelling import ports as parsed_ports
from tierwall.policy.dialect import Dialect


def plain(dialect: Dialect) -> Callable[[list[Written], Path], Iterator[Said]]:
    def reader(files: list[Written], folder: Path) -> Iterator[Said]:
        for file in files:
            if file.name.endswith(".txt"):
                hosts = [line for line in file.text.split() if not is_network(line)]
                yield from ((ip_network(line), None) for line in file.text.split() if is_network(line))
                if hosts:
                    only = Written(file.name, "\n".join(hosts), "", file.list)
                    found = loaded(only, folder, dialect, ListFormat.PLAIN)
                    yield from ((part, None) for part in parts(dialect, found))

    return reader


@each_file
def csv_rows(file: Written, folder: Path) -> Iterator[Said]:
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
def json_entries(file: Written, _folder: Path) -> Iterator[Said]:
    yield from _rows(json.loads(file.text)["entries"])


@each_file
def markdown(file: Written, _folder: Path) -> Iterator[Said]:
    lines = [line for line in file.text.splitlines() if line.startswith("| ")]
    if not lines:
        return
    head, _, *rows = [line.removeprefix("| ").removesuffix(" |").split(" | ") for line in lines]
    yield from _rows(dict(zip(head, [cell.replace("\\", "") for cell in row], strict=True)) for row in rows)


@each_file
def m365(file: Written, _folder: Path) -> Iterator[Said]:
    for found in json.loads(file.text):
        spans = [port_range("tcp", span) for span in found.get("tcpPorts", "").split(",") if span]
        spans += [port_range("udp", span) for span in found.get("udpPorts", "").split(",") if span]
        destinations: list[Destination] = [
            *parts(Dialect.LITERAL, found.get("urls", [])),
            *map(ip_network, found.get("ips", [])),
        ]
        yield from ((destination, span) for destination in destinations for span in spans or [None])
