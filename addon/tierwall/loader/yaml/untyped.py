"""Looks at the bare values of a document whose shape may be wrong: what has the right kind is seen, the rest is not.

Knows no file format; the checks that vendors.py and sites.py make on top of the shape read through it.
"""

from collections.abc import Iterator

from tierwall.loader import spelling
from tierwall.loader.faults import Fault
from tierwall.loader.yaml.tree import Document, Place
from tierwall.policy.model import Network


def mapping(value: object, key: str) -> dict[str, object]:
    """The mapping at that key."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def text(value: object, key: str) -> str | None:
    """The text at that key."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def records(value: object, key: str) -> Iterator[tuple[int, dict[str, object]]]:
    """The mappings in the list at that key, each with its index."""
    yield from ((at, item) for at, item in _items(value, key) if isinstance(item, dict))


def texts(value: object, key: str) -> Iterator[tuple[int, str]]:
    """The texts in the list at that key, each with its index."""
    yield from ((at, item) for at, item in _items(value, key) if isinstance(item, str))


def network_overlaps(document: Document, value: object, key: str, place: Place) -> Iterator[Fault]:
    """A fault for each network of a list that another one of it covers."""
    networks: list[tuple[int, Network]] = []
    for at, raw in texts(value, key):
        try:
            networks.append((at, spelling.network(raw)))
        except ValueError:
            continue
    for at, message in spelling.overlaps(networks):
        yield document.fault((*place, key, at), message)


def _items(value: object, key: str) -> Iterator[tuple[int, object]]:
    found = value.get(key) if isinstance(value, dict) else None
    yield from enumerate(found if isinstance(found, list) else [])
