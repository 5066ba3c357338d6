"""Who has to do with an end of a connection, each in one role: who watches, reads, owns or dials it.

Knows what each is told. What an end is, is endpoint.py's.
"""

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from tierwall.proxy.transport.endpoints.endpoint import Endpoint


class EndWatcher(Protocol):
    """Who is told what becomes of an end."""

    def ended(self, end: "Endpoint") -> None:
        """This end sent its FIN, or is gone; called once or twice an end."""


class Reader(Protocol):
    """Who is told what an end has gathered."""

    def came(self) -> None:
        """Octets were gathered, or there will be no more: FIN, or gone."""


class Owner(Protocol):
    """Whose end it is."""

    def failed(self, failure: Exception) -> None:
        """Something of ours raised while it was told of this end: nothing may pass any more."""


class Tap(Protocol):
    """Who reads what comes before an end does, and passes it on by `take`."""

    def heard(self, end: "Endpoint", octets: bytes) -> None:
        """The end's other side sent these."""


class Dialler(Protocol):
    """Who is told how a dial ended."""

    def connected(self, end: "Endpoint") -> None:
        """The other side answered."""

    def not_connected(self, end: "Endpoint", failure: OSError) -> None:
        """It refused, or cannot be reached. The end is closed."""


class Nobody:
    """In the place of a dialler until there is one: within the call that dials."""

    def connected(self, end: "Endpoint") -> None:
        """Cannot be: no turn lies between."""

    def not_connected(self, end: "Endpoint", failure: OSError) -> None:
        """The same."""


NOBODY: Final = Nobody()
