"""What is told to the process in the namespaces, and what it tells: JSON, an object a line.

Knows outcomes and checks by their numbers only; both sides make the same checks of the same files.
"""

from msgspec import Struct

from tierwall.standins.clients import Cause, Outcome, Reply, Stage


class Asked(Struct, frozen=True, kw_only=True):
    """What is to be played."""

    parts: tuple[tuple[str, str], ...]
    """Whose checks they are, one part's after the other's: a site and a vendor."""
    numbers: tuple[int, ...]
    """Of the checks that are played."""
    under: str
    """Which site the proxy has."""
    policies: tuple[str, ...]
    longest_s: float
    only: tuple[str, ...]
    means: dict[str, str | None]
    folder: str


class Told(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line: a check that begins or is over, or why there will be none."""

    check: int = -1
    begins: bool = False
    """It is only beginning."""
    stage: Stage = Stage.EXCHANGE
    cause: Cause | None = None
    detail: str = ""
    alert: str | None = None
    status: int | None = None
    issuer: str | None = None
    failed: str = ""


def told(number: int, outcome: Outcome) -> Told:
    """What became of the check of that number."""
    return Told(
        check=number,
        stage=outcome.stage,
        cause=outcome.cause,
        detail=outcome.detail[:500],
        alert=outcome.alert,
        status=None if outcome.reply is None else outcome.reply.status,
        issuer=outcome.issuer,
    )


def outcome_of(line: Told) -> Outcome:
    """The same, as a client says it."""
    return Outcome(
        stage=line.stage,
        cause=line.cause,
        detail=line.detail,
        alert=line.alert,
        reply=None if line.status is None else Reply(status=line.status),
        issuer=line.issuer,
    )
