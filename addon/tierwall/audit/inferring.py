"""What a log alone says of a network -> a site file that behaves as it did.

Knows what was counted, and how a site file is spelled. What nobody tried is denied by it, which nobody knows: the file
says so at its top.
"""

from collections.abc import Iterable, Iterator, Mapping

from tierwall.audit.tally import Count
from tierwall.policy.attempt import Attempt
from tierwall.policy.model import Address, Transport
from tierwall.records.record import Decision, Statement


def site_text(name: str, sources: Iterable[str], statements: Mapping[Statement, Count]) -> str:
    """The file. A destination that was let through and denied is open, and marked."""
    allowed = _places(statements, Decision.ALLOWED)
    denied = _places(statements, Decision.DENIED)
    lines = [
        f"# Inferred by `tierwall audit` from {_comment(', '.join(sources))}: what was let through there is open.",
        "# What nobody tried is closed here, which this log does not say: do not take it for the customer's list.",
        "version: 1",
        f"site: {name}",
        "title: Inferred from a log",
        "dialect: literal",
        'clients: [0.0.0.0/0, "::/0"]',
        "admit:" if allowed else "admit: []",
        *_entries(allowed, denied),
    ]
    return "\n".join(lines) + "\n"


type _Places = dict[str | Address, set[tuple[Transport, int]]]


def _places(statements: Mapping[Statement, Count], decision: Decision) -> _Places:
    found: _Places = {}
    for statement in statements:
        attempt = statement.attempt
        if statement.decision is decision and attempt is not None:
            for value in _values(attempt):
                found.setdefault(value, set()).add((attempt.transport, attempt.port))
    return found


def _values(attempt: Attempt) -> Iterator[str | Address]:
    if attempt.names:
        yield from (name.value for name in attempt.names)
    elif attempt.address is not None:
        yield attempt.address


def _entries(allowed: _Places, denied: _Places) -> Iterator[str]:
    """Destinations with the same ports stand together: an entry each for names and for addresses."""
    groups: dict[tuple[bool, tuple[tuple[Transport, int], ...]], list[str | Address]] = {}
    for value, ports in allowed.items():
        groups.setdefault((isinstance(value, str), tuple(sorted(ports))), []).append(value)
    for (named, shared), values in sorted(groups.items(), key=lambda item: (not item[0][0], item[0][1])):
        yield f"  - ports: [{', '.join(f'{transport}/{port}' for transport, port in shared)}]"
        yield "    hosts:" if named else "    networks:"
        for value in sorted(values, key=str):
            both = "  # denied too" if denied.get(value, set()) & set(shared) else ""
            yield f'      - "{value if named else _network(value)}"{both}'


def _network(value: str | Address) -> str:
    return f"{value}/{32 if not isinstance(value, str) and value.version == 4 else 128}"


def _comment(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)[:200]
