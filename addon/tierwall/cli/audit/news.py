"""While a log is followed: a line for each destination of a vendor that is denied for the first time.

Knows a console. The report comes at the end.
"""

from rich.console import Console
from rich.text import Text

from tierwall.audit.comparing import place
from tierwall.audit.interest import Interest
from tierwall.audit.tally import Adding
from tierwall.events.hostile_text import visible
from tierwall.policy.attempt import Impact
from tierwall.records.record import Decision, Statement
from tierwall.report.wording import TIER_STYLES


class News:
    """What was said already is not said again."""

    def __init__(self, interest: Interest, console: Console) -> None:
        self._interest = interest
        self._console = console
        self._said: set[Statement] = set()

    def tell(self, adding: Adding) -> None:
        """Say what is new."""
        adding.settle()
        for statement in adding.tally.statements:
            if statement.decision is Decision.DENIED and statement not in self._said:
                self._said.add(statement)
                for impact in self._interest.serves(statement.attempt)[:1]:
                    self._line(statement, impact)

    def _line(self, statement: Statement, impact: Impact) -> None:
        where = "" if statement.attempt is None else place(statement.attempt)
        line = Text.assemble(
            ("denied ", "red"),
            (f"{impact.tier:9} ", TIER_STYLES[impact.tier]),
            f"{impact.vendor}/{impact.service} {visible(where)}  {visible(statement.words)}",
        )
        self._console.print(line, soft_wrap=True)
