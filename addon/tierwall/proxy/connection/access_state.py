"""What the door remembers of one connection while it stands.

Knows values only; access.py fills it in and settles it at the end.
"""

from dataclasses import dataclass, field
from typing import Protocol

from tierwall.events import Stage
from tierwall.policy.attempt import Attempt, Effect, Verdict
from tierwall.policy.behaviour import Scope


@dataclass(frozen=True, slots=True)
class Asked:
    """The client was asked for a name and a password, and has not given any that are known."""

    attempt: Attempt
    verdict: Verdict
    effect: Effect
    stage: Stage
    """Of the connection, when it was asked."""


class Exchange(Protocol):
    """Messages that prove who a client is, one after the other."""

    def answer(self, message: bytes) -> bytes | None:
        """The next one of ours; None where there is none."""

    @property
    def proved(self) -> bool:
        """Whether they did."""


@dataclass(slots=True)
class AccessState:
    """One connection's."""

    counted: set[Scope] = field(default_factory=set)
    """The limits that count it."""
    asked: Asked | None = None
    times: int = 0
    """How often it was asked."""
    wrong: bool = False
    """Whether it ever gave what is not known."""
    proved: bool = False
    """Whether it proved who it is for all its requests, as NTLM does for a whole connection."""
    exchange: Exchange | None = None
    """Of NTLM, between its messages."""
    challenge: str | None = None
    """What the next 407 says instead of offering every scheme."""
    redirected: bool = False
    """Whether a request after its first was redirected to a captive portal, which is journalled once."""

    def ask(self, asked: Asked) -> None:
        """Note that the client was asked, once more."""
        self.asked = asked
        self.times += 1
