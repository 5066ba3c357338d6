"""What a client is told where no server's answer can be: by us, in our words, with a reason that is true.

Knows mitmproxy's error codes. Refuses to know verdicts: denials are answered by refusal.py.
"""

from typing import Final

from mitmproxy.http import Headers, Response
from mitmproxy.net.http.status_codes import RESPONSES
from mitmproxy.proxy.layers.http._events import ErrorCode

from tierwall.policy.attempt import Reason

_FAULTS: Final = {
    ErrorCode.GENERIC_CLIENT_ERROR,
    ErrorCode.REQUEST_VALIDATION_FAILED,
    ErrorCode.REQUEST_TOO_LARGE,
    ErrorCode.DESTINATION_UNKNOWN,
    ErrorCode.RESPONSE_VALIDATION_FAILED,
}
_MITMPROXYS: Final = "Connection killed: "
_OF_OURS: Final = "tierwall: "


def failed(code: ErrorCode, message: str) -> Response | None:
    """The answer to a request that came to nothing; None where the connection just ends."""
    status = code.http_status_code()
    if status is None:
        return None
    reason = str(Reason.MALFORMED if code in _FAULTS else Reason.UNREACHABLE)
    message = message.removeprefix(_MITMPROXYS)
    if message.startswith(_OF_OURS):  # a dial that was judged: enforcement.py says why
        message = message.removeprefix(_OF_OURS)
        reason = message if message in set(Reason) else str(Reason.BEHAVIOUR)
    return refusal(status, message, reason)


def refusal(status: int, why: str, reason: str = str(Reason.MALFORMED)) -> Response:
    """An answer of ours."""
    phrase = RESPONSES.get(status, "")
    body = f"tierwall: {status} {phrase}\nreason: {reason} ({_printable(why)})\n"
    headers = Headers(
        [
            (b"Content-Type", b"text/plain; charset=utf-8"),
            (b"X-Tierwall-Reason", reason.encode()),
            (b"Cache-Control", b"no-store"),
        ]
    )
    response = Response.make(status, body.encode(), headers)
    response.reason = phrase
    return response


def _printable(text: str) -> str:
    return text if text.isprintable() else ascii(text)
