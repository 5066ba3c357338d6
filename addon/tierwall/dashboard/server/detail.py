"""All about one destination: its events, what `explain` says, what would mend it, and how to say so elsewhere.

Knows rows and words. The verdict is the Feed's to explain, entries are policy/projections/to_add.py's.
"""

from typing import Any

from tierwall.dashboard.picture.destination import Destination
from tierwall.dashboard.picture.line import whole
from tierwall.dashboard.picture.outcome import Outcome
from tierwall.dashboard.serving import attempt_of
from tierwall.dashboard.sources.feed import CannotDo, Feed
from tierwall.events import parse, visible
from tierwall.policy.attempt import Attempt
from tierwall.policy.authority import host_port
from tierwall.policy.dialect import Dialect
from tierwall.policy.model import Catalogue
from tierwall.policy.projections.to_add import Wanted, to_add
from tierwall.report.run.console import what_happened, why


async def detail(feed: Feed, number: str, dialect: str) -> dict[str, Any] | None:
    """Of the row with that number; None where it is no more there."""
    row = next((each for each in feed.picture.rows.values() if str(each.number) == number), None)
    if row is None:
        return None
    attempt = attempt_of(row.key)
    reads = Dialect(dialect) if dialect in set(Dialect) else Dialect.LITERAL
    said: dict[str, Any] = {
        "number": row.number,
        "place": row.place,
        "events": [whole(line) for line in row.lines.values()],
        "ticket": ticket(row),
        "dialects": sorted(Dialect),
        "dialect": reads,
        "behaviour": None if row.behaviour is None else visible(row.behaviour),
        "mend": [] if attempt is None else _mend(feed.picture.catalogue, row, attempt, reads),
    }
    if attempt is not None:
        target = target_of(row)
        said["target"], said["curl"] = target, curl(row, feed.proxy())
        try:
            said["explain"] = await feed.explain(target, row.site)
        except CannotDo as fault:
            said["unexplained"] = str(fault)
    return said


def target_of(row: Destination) -> str:
    """As `tierwall explain` takes it."""
    host, port, udp = row.key
    if udp:
        return f"udp://{host_port(host, port)}"
    if port == 443:
        return f"https://{host_port(host, port)}"
    return f"http://{host_port(host, port)}" if port == 80 else f"tcp://{host_port(host, port)}"


def curl(row: Destination, proxy: str) -> str | None:
    """A command that tries the same through the proxy; curl has none for UDP."""
    host, port, udp = row.key
    if udp or not all(character.isalnum() or character in ".-:" for character in host):
        return None
    scheme = "http" if port == 80 else "https"
    return f"curl -v -x {proxy} {scheme}://{host_port(host, port)}/"


def ticket(row: Destination) -> str:
    """A few lines for a ticket: what happened, how often, what that breaks."""
    counted = ", ".join(f"{count:,} {outcome}" for outcome, count in zip(Outcome, row.counts, strict=True) if count)
    lines = [f"{row.place}: {counted or 'seen'}", f"between {row.first} and {row.last or row.first}"]
    for line in row.lines.values():
        try:
            event = parse(line)
        except ValueError:  # of another version, whose words this one does not know
            continue
        if event.event.reason is not None:
            because = why(event)
            lines.append(f"{what_happened(event)}{': ' + because if because else ''}")
    if row.site:
        lines.append(f"site {row.site}")
    lines += [f"serves {each.vendor}/{each.service} ({each.tier})" for each in row.serves]
    return "\n".join(dict.fromkeys(lines))


def _mend(catalogue: Catalogue, row: Destination, attempt: Attempt, dialect: Dialect) -> list[dict[str, Any]]:
    """The entries that a customer's list lacks. Of what no vendor asks for nothing is proposed."""
    if row.outcome not in {Outcome.REFUSED, Outcome.OBSERVED} or not row.serves:
        return []
    host = attempt.names[0].value if attempt.names else attempt.address
    if host is None:
        return []
    serves = tuple(f"{each.vendor}/{each.service}" for each in row.serves)
    wanted = Wanted(host, attempt.transport, attempt.port, serves)
    return [
        {"entry": each.entry, "ports": each.ports, "serves": each.serves, "besides": each.opens_besides}
        for each in to_add(catalogue, [wanted], dialect)
    ]
