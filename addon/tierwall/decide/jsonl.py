"""`--speak jsonl`: a destination a line in, what `tierwall explain --json` says of it a line out, in order.

Knows lines. A line that is no question is answered too, with a denial, so that answers can be paired with questions.
"""

from tierwall.decide.asked import NoQuestion, attempt_of, read, target_of
from tierwall.decide.judging import Judging
from tierwall.policy.attempt import Action, Attempt, Reason, Verdict
from tierwall.policy.claimed_names import claim_of
from tierwall.policy.model import Transport
from tierwall.report.explanation import as_json_line, explanation


class JsonLines:
    """The protocol. `nonsense` counts lines that were no questions."""

    def __init__(self, judging: Judging) -> None:
        self._judging = judging
        self.nonsense = 0

    def answer(self, line: bytes) -> bytes:
        """One line, LF at its end."""
        if (known := self._judging.recall(line)) is not None:
            return known
        try:
            asked = read(line)
            return self._judging.keep(line, self._said(target_of(asked), attempt_of(asked)))
        except NoQuestion as wrong:
            return self.refuse(str(wrong))
        except Exception as failure:  # noqa: BLE001 - an error of ours denies, and the lines after it are answered
            ours = Verdict(action=Action.DENY, reason=Reason.ERROR, detail=repr(failure))
            return _line(as_json_line(explanation("", ours, self._judging.site.id)))

    def refuse(self, why: str) -> bytes:
        """The answer to a line that is no question."""
        self.nonsense += 1
        return self._said("", Attempt(transport=Transport.TCP, port=0, malformed=why))

    def _said(self, target: str, attempt: Attempt) -> bytes:
        judged = self._judging.judge(attempt)
        claim = claim_of(judged.site, self._judging.catalogue, attempt)
        return _line(as_json_line(explanation(target, judged.verdict, judged.site.id, claim)))


def _line(text: str) -> bytes:
    return text.encode() + b"\n"
