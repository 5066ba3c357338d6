"""A log, a HAR or a capture -> checks, as far as a line says what became of a connection.

Knows what audit reads. A log says who was refused and who was asked for a password; of TLS, silence and time it says
little, and so explains less than a probe's result does.
"""

from collections.abc import Iterator, Sequence

from tierwall.audit.interest import Interest
from tierwall.audit.tally import Window
from tierwall.cli.audit.formats import FLOWS
from tierwall.cli.audit.reading import Reading, read_files
from tierwall.cli.audit.sources import files
from tierwall.cli.audit.stopping import Stop
from tierwall.policy.attempt import Attempt, Seen
from tierwall.policy.authority import place
from tierwall.policy.model import Catalogue, Transport
from tierwall.probe.values import Check, Result, State
from tierwall.records.record import Decision, Statement
from tierwall.report.wording import plural


def result_of_logs(names: Sequence[str], catalogue: Catalogue) -> Result:
    """All of them together. Raises BadInput."""
    interest = Interest(catalogue)
    tally, whole = read_files(files(names), Reading(interest=interest, window=Window(), stop=Stop(), whole=(FLOWS,)))
    notes = [
        f"{plural(each.lines, 'line')} of {file} could not be read: {kind}"
        for (file, kind), each in tally.unreadable.items()
    ]
    checks = tuple(check for statement in tally.statements for check in _checks(statement, interest))
    if not checks:
        notes.append("no line is about a destination of a vendor's")
    proxied = any(check.what == "connect" for check in checks)
    return Result(
        when="",
        system={},
        proxy={"used": "log" if proxied else "none"},
        checks=checks,
        whole=whole,
        notes=tuple(notes),
    )


def _checks(statement: Statement, interest: Interest) -> Iterator[Check]:
    attempt = statement.attempt
    if attempt is None:
        return
    seen = _seen(statement.decision, attempt)
    if seen is None:
        return
    what, state, saw = seen
    for impact in interest.serves(attempt):
        yield Check(
            what=what,
            target=_target(attempt, what),
            state=state,
            saw=saw,
            vendor=impact.vendor,
            service=impact.service,
            tier=str(impact.tier),
            detail={"words": statement.words[:200]} if statement.words else {},
        )


def _seen(decision: Decision, attempt: Attempt) -> tuple[str, State, str] | None:
    dns, udp = attempt.seen is Seen.DNS, attempt.transport is Transport.UDP
    match decision:
        case Decision.ALLOWED if dns:
            return "dns", State.WORKS, "answer"
        case Decision.DENIED if dns:
            return "dns", State.BROKEN, "nxdomain"
        case Decision.ALLOWED if not udp:
            return "http", State.WORKS, "allowed"
        case Decision.DENIED if not udp:
            return "connect", State.BROKEN, "403"
        case Decision.AUTH if not udp:
            return "connect", State.BROKEN, "407"
        case _:
            return None


def _target(attempt: Attempt, what: str) -> str:
    host = next((given.value for given in attempt.names), attempt.address)
    if host is None or what == "dns":
        return str(host or "")
    return place(host, attempt.port, attempt.transport)
