"""A line of a foreign log, once read: what the product says that it decided, of which destination, when and for whom.

Knows values only. Nothing here judges: the denial is the customer's, and what counts is what the record says.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from tierwall.policy.attempt import Attempt


class Decision(StrEnum):
    """What the product's own verdict field says; where it has none, what the log's page in docs/logs.md says."""

    ALLOWED = "allowed"
    DENIED = "denied"
    AUTH = "auth"
    """The client was asked to authenticate, which refuses nothing yet."""
    ERROR = "error"
    """It was not refused, and did not work: no such name, no answer, the client went away."""
    UNKNOWN = "unknown"
    """The line alone does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a line says but for when and of whom: millions of lines make thousands of these. Hashable."""

    decision: Decision
    attempt: Attempt | None
    """The destination as a client would ask for it; None where the line names none that makes sense."""
    method: str | None = None
    words: str = ""
    """The product's own: result code, action, rule and reason."""


class Record(NamedTuple):
    """One line, read."""

    statement: Statement
    when: float | None
    """Seconds since 1970 UTC; None where the line has no time, or one without its year."""
    client: str | None = None
    """The client's address or name, as the product writes it."""
    lines: int = 1
    """How many lines it stands for, where somebody counted them before."""
    last: float | None = None
    """The time of the last of them."""


class Unread(ValueError):
    """A line that cannot be read; the message is its kind, the same for all of that kind."""
