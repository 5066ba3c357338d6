"""What a name is worth that no client gave, but our own DNS answered for the address that it then asked for.

Knows the order of asking. Refuses to decide: both answers are the active policy's.
"""

from dataclasses import replace

from tierwall.policy.attempt import Attempt, NameSource, Reason, Verdict
from tierwall.proxy.state.active_policy import ActivePolicy


def judge_unnamed(active_policy: ActivePolicy, attempt: Attempt) -> tuple[Attempt, Verdict]:
    """The verdict on an attempt at an address, and the attempt as it was judged.

    A name that only our own DNS knows of speaks for the attempt, never against it: TURN servers are found by names that
    no document lists, and let in by their addresses. Where the site itself denies the name, that stands.
    """
    verdict = active_policy.judge(attempt)
    learned = bool(attempt.names) and all(name.source is NameSource.DNS for name in attempt.names)
    if not learned or verdict.reason is None or verdict.reason is Reason.SITE_DENIED:
        return attempt, verdict
    by_address = replace(attempt, names=())
    admitted = active_policy.judge(by_address)
    return (by_address, admitted) if admitted.reason is None else (attempt, verdict)
