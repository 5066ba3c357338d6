"""One round of checks under one site, by either way: what became of them, or why there was none.

Knows both ways' players. Whoever plays several rounds of the same checks hands each a folder of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tierwall.reproduce.check import Check, Means, Wanted, Way
from tierwall.reproduce.network.entry import CannotPlay, as_asked
from tierwall.reproduce.network.entry import play as play_there
from tierwall.reproduce.network.messages import Asked, Told, outcome_of
from tierwall.reproduce.trial import Played, Round, Telling, events_in, play
from tierwall.standins.clients import Outcome

NOTHING = Round({}, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The checks of vendors under sites, and what they are played with."""

    parts: tuple[tuple[str, str], ...]
    """Whose checks they are: a site, as `tierwall run --site` takes it (a file's path is absolute), and a vendor."""
    wanted: Wanted
    """Of any vendor: the parts say which."""
    policies: tuple[Path, ...]
    means: Means
    checks: tuple[Check, ...]
    """All of them, in the order of the parts: the process in the namespaces knows them by their numbers."""
    login: str | None = None


async def one_round(cast: Cast, under: str, way: Way, folder: Path, telling: Telling) -> Round | str:
    """Of one way; of the namespaces, why there was none. Raises ProxyFailed."""
    checks = tuple(check for check in cast.checks if check.way is way and check.not_run is None)
    if not checks:
        return NOTHING
    folder.mkdir()
    if way is Way.PROXY:
        played = Played(site=under, policies=cast.policies, checks=checks, login=cast.login)
        return await play(played, folder, telling)
    try:
        return await _there(cast, under, folder, telling)
    except CannotPlay as why:
        return f"the namespaces failed: {why}"


async def _there(cast: Cast, under: str, folder: Path, telling: Telling) -> Round:
    outcomes: dict[Check, Outcome] = {}

    def hear(line: Told) -> None:
        check = cast.checks[line.check]
        if line.begins:
            telling.begins(check)
        else:
            if check not in outcomes:  # who was asked again is over already
                telling.ends(check)
            outcomes[check] = outcome_of(line)

    await play_there(
        Asked(
            parts=cast.parts,
            numbers=tuple(
                number for number, check in enumerate(cast.checks) if check.way is Way.GATEWAY and check.not_run is None
            ),
            under=under,
            policies=tuple(str(path.absolute()) for path in cast.policies),
            longest_s=cast.wanted.longest_s,
            only=tuple(cast.wanted.only),
            means=as_asked(cast.means),
            folder=str(folder),
        ),
        hear,
    )
    return Round(outcomes, events_in(folder))


def joined(rounds: Sequence[Round]) -> Round:
    """Several rounds of different checks under one site, as one."""
    outcomes: dict[Check, Outcome] = {}
    for each in rounds:
        outcomes |= each.outcomes
    return Round(outcomes, tuple(event for each in rounds for event in each.events))
