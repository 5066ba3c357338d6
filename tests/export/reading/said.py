"""What a product's file says, as values; and the readers that several products share.

Knows syntax from the documents, and nothing of how the files were written.
"""

from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_network
from pathlib import Path

from tierwall.export.writing import Written
from tierwall.loader.lists.formats import Export as Source
from tierwall.loader.lists.formats import ListFormat
from tierwall.loader.lists.spellings import read_list
from tierwall.policy.dialect import Dialect, Part, Rejected, read_of_vendor
from tierwall.policy.model import Network, Ports, Transport

type Destination = Part | Network
type Said = tuple[Destination, Ports | None]
"""A destination with one range of ports; None where the list has none."""


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


def port_range(transport: str, span: str) -> Ports:
    first, _, last = span.partition("-")
    return Ports(Transport(transport), int(first), int(last or first))


def is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True
