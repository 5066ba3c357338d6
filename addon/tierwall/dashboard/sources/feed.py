"""What a page shows, wherever that comes from.

Knows the protocol alone.
"""

from typing import Any, Protocol

from tierwall.dashboard.picture.picture import Picture


class CannotDo(Exception):
    """Why an action was not done: every fault, one a line."""


class Feed(Protocol):
    """A source of events, with the picture that they make."""

    picture: Picture

    def about(self) -> dict[str, Any]:
        """What is to be said besides: where it comes from, the site, the behaviours in force, open tunnels."""

    async def run(self) -> None:
        """Fill the picture until it is cancelled."""

    async def explain(self, target: str, site: str) -> dict[str, Any]:
        """What `explain --json` says of a target: under the site in force, or where there is none under this one.

        Raises CannotDo.
        """

    def choices(self) -> dict[str, Any]:
        """What can be switched: `behaviours` and `sites`."""

    async def do(self, request: dict[str, Any]) -> None:
        """Change something in the proxy. Raises CannotDo."""

    async def report(self) -> str:
        """The report of the journal, as one HTML file. Raises CannotDo."""

    def proxy(self) -> str:
        """How clients reach the proxy, for a command that tries something again: `http://127.0.0.1:8080`."""
