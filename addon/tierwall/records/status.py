"""What an HTTP status tells where a log has no verdict field: little, because a server's 403 looks like the proxy's.

Knows status codes and methods.
"""

from tierwall.records.record import Decision


def by_status(status: str, method: str | None) -> Decision:
    """The decision, as far as the status of a proxy's answer bears it (RFC 9110 sections 9.3.6 and 15)."""
    match status[:1], status:
        case _, "407":
            return Decision.AUTH  # servers do not send it
        case "2", _:
            return Decision.ALLOWED
        case _ if method == "CONNECT":  # which no server answers
            return Decision.DENIED if status in {"403", "451"} else Decision.ERROR
        case "1" | "3", _:
            return Decision.ALLOWED if status != "302" else Decision.UNKNOWN
        case _:
            return Decision.UNKNOWN
