"""What a client is told in the place of a server: a status, a true reason, and nothing that acts on a terminal."""

import pytest
from mitmproxy.proxy.layers.http._events import ErrorCode

from tierwall.proxy.mitmproxy.http import answers


@pytest.mark.parametrize(
    ("code", "message", "status", "reason", "why"),
    [
        (ErrorCode.CONNECT_FAILED, "Connection refused", 502, "unreachable", "Connection refused"),
        (ErrorCode.RESPONSE_VALIDATION_FAILED, "no status", 502, "malformed", "no status"),
        (ErrorCode.REQUEST_VALIDATION_FAILED, "two Host", 400, "malformed", "two Host"),
        (ErrorCode.CONNECT_FAILED, "Connection killed: tierwall: private-address", 502, "private-address", None),
        (ErrorCode.CONNECT_FAILED, "Connection killed: tierwall: DNS says no", 502, "behaviour", "DNS says no"),
        (ErrorCode.CONNECT_FAILED, "Connection killed: no such name", 502, "unreachable", "no such name"),
    ],
)
def test_a_failure_is_told_with_its_own_reason(
    code: ErrorCode, message: str, status: int, reason: str, why: str | None
) -> None:
    answer = answers.failed(code, message)

    assert answer is not None
    assert (answer.status_code, answer.headers["X-Tierwall-Reason"]) == (status, reason)
    assert f"({why or reason})" in (answer.text or "")


def test_who_has_left_is_told_nothing() -> None:
    assert answers.failed(ErrorCode.CLIENT_DISCONNECTED, "Client disconnected.") is None


def test_what_a_server_said_acts_on_no_terminal() -> None:
    body = answers.refusal(502, "\x1b[2Jgone").text

    assert body is not None
    assert body.isascii()
    assert "\x1b" not in body
