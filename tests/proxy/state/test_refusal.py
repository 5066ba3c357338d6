"""What a denied client sees, octet for octet, and that nothing it said is taken for markup."""

from dataclasses import replace

import pytest

from tierwall.policy.attempt import Action, Impact, Reason, Verdict
from tierwall.policy.model import Evidence, Tier
from tierwall.policy.site import ConnectRefusal, HttpRefusal, OtherRefusal, Refusals, SocksRefusal, TlsRefusal
from tierwall.proxy.state.block_page import Refused
from tierwall.proxy.state.refusal import (
    ACCESS_DENIED,
    Farewell,
    Reset,
    Silence,
    Spoken,
    basic_of,
    challenge,
    refuse,
    unreachable,
)

VERDICT = Verdict(
    action=Action.DENY,
    reason=Reason.TIER_CLOSED,
    detail="8x8/api.amplitude.com (analytics) is not admitted",
    tier=Tier.ANALYTICS,
    breaks=(
        Impact(
            vendor="8x8",
            service="analytics",
            tier=Tier.ANALYTICS,
            rule="api.amplitude.com",
            evidence=Evidence.STATED,
            source="Document",
            symptom="Nothing perceptible.",
        ),
    ),
)
REFUSED = Refused(verdict=VERDICT, target="api.amplitude.com:443", site="8x8-core-only")

CONNECT_403 = b"""\
HTTP/1.1 403 Forbidden\r
Content-Type: text/plain; charset=utf-8\r
Content-Length: 216\r
X-Tierwall-Reason: tier-closed\r
X-Tierwall-Tier: analytics\r
Cache-Control: no-store\r
Connection: close\r
\r
tierwall: api.amplitude.com:443 is not let through (site 8x8-core-only)
reason: tier-closed (8x8/api.amplitude.com (analytics) is not admitted)
tier: analytics
breaks: 8x8 analytics (analytics): Nothing perceptible.
"""


def _said(spoken: Spoken, wants: Refusals) -> bytes:
    how = refuse(spoken, wants, REFUSED)[1]
    assert isinstance(how, Farewell)
    return how.octets


def test_a_connect_is_answered_403_with_what_it_breaks() -> None:
    assert _said(Spoken.CONNECT, Refusals()) == CONNECT_403


def test_the_same_verdict_on_another_destination_is_told_with_that_one() -> None:
    for target in ("cdn.amplitude.com:443", "api.amplitude.com:443"):
        how = refuse(Spoken.CONNECT, Refusals(), replace(REFUSED, target=target))[1]

        assert isinstance(how, Farewell)
        assert f"\r\n\r\ntierwall: {target} is not let through".encode() in how.octets


@pytest.mark.parametrize(
    ("wants", "begins"),
    [
        (ConnectRefusal.BAD_GATEWAY, b"HTTP/1.1 502 Bad Gateway\r\n"),
        (ConnectRefusal.PROXY_AUTH, b"HTTP/1.1 407 Proxy Authentication Required\r\n"),
    ],
)
def test_a_connect_can_be_refused_in_other_words(wants: ConnectRefusal, begins: bytes) -> None:
    assert _said(Spoken.CONNECT, Refusals(connect=wants)).startswith(begins)


def test_407_names_a_challenge() -> None:
    said = _said(Spoken.CONNECT, Refusals(connect=ConnectRefusal.PROXY_AUTH))

    assert b'\r\nProxy-Authenticate: Basic realm="proxy"\r\n' in said


@pytest.mark.parametrize(
    ("spoken", "wants", "octets"),
    [
        (Spoken.TLS, Refusals(), bytes.fromhex("15 03 03 00 02 02 31")),
        (Spoken.SOCKS, Refusals(), bytes.fromhex("05 02 00 01 00000000 0000")),
        (Spoken.SOCKS, Refusals(socks=SocksRefusal.FAILURE), bytes.fromhex("05 01 00 01 00000000 0000")),
    ],
)
def test_binary_protocols_get_their_own_no(spoken: Spoken, wants: Refusals, octets: bytes) -> None:
    assert _said(spoken, wants) == octets


def test_where_mitmproxy_cannot_show_the_page_tls_gets_the_alert() -> None:
    assert _said(Spoken.TLS, Refusals(tls=TlsRefusal.PAGE)) == ACCESS_DENIED


@pytest.mark.parametrize(
    ("spoken", "wants", "how"),
    [
        (Spoken.CONNECT, Refusals(connect=ConnectRefusal.RESET), Reset),
        (Spoken.CONNECT, Refusals(connect=ConnectRefusal.DROP), Silence),
        (Spoken.HTTP, Refusals(http=HttpRefusal.RESET), Reset),
        (Spoken.HTTP, Refusals(http=HttpRefusal.DROP), Silence),
        (Spoken.TLS, Refusals(tls=TlsRefusal.RESET), Reset),
        (Spoken.TLS, Refusals(tls=TlsRefusal.DROP), Silence),
        (Spoken.SOCKS, Refusals(socks=SocksRefusal.DROP), Silence),
        (Spoken.OTHER, Refusals(), Reset),
        (Spoken.OTHER, Refusals(other=OtherRefusal.DROP), Silence),
    ],
)
def test_a_site_may_want_a_reset_or_silence(spoken: Spoken, wants: Refusals, how: type) -> None:
    assert isinstance(refuse(spoken, wants, REFUSED)[1], how)


def test_the_bare_403_has_no_body() -> None:
    said = _said(Spoken.HTTP, Refusals(http=HttpRefusal.FORBIDDEN))

    assert said.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert b"\r\nContent-Length: 0\r\n" in said
    assert said.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("timed_out", "status"), [(False, b"HTTP/1.1 502 Bad Gateway"), (True, b"HTTP/1.1 504 Gateway Timeout")]
)
def test_a_destination_that_does_not_answer_is_502_or_504_with_the_cause(timed_out: bool, status: bytes) -> None:
    how = unreachable(Spoken.CONNECT, REFUSED, "Connection refused", timed_out=timed_out)

    assert isinstance(how, Farewell)
    assert how.octets.startswith(status)
    assert b"cause: Connection refused\n" in how.octets


@pytest.mark.parametrize(
    ("cause", "timed_out", "code"),
    [("connection refused", False, 5), ("no route to host", False, 4), ("no answer within 20 s", True, 6)],
)
def test_socks_says_why_a_destination_does_not_answer(cause: str, timed_out: bool, code: int) -> None:
    how = unreachable(Spoken.SOCKS, REFUSED, cause, timed_out=timed_out)

    assert isinstance(how, Farewell)
    assert how.octets[1] == code


@pytest.mark.parametrize(
    ("realm", "quoted"),
    [("HQ", "HQ"), ('The "HQ"', 'The \\"HQ\\"'), ("a\\b", "a\\\\b"), ("one\r\nX-Two: 2", "one X-Two: 2")],
)
def test_a_realm_stays_one_quoted_string(realm: str, quoted: str) -> None:
    assert basic_of(realm) == f'Basic realm="{quoted}", charset="UTF-8"'


@pytest.mark.parametrize(("stays", "said"), [(True, b"Connection: keep-alive\r\n"), (False, b"Connection: close\r\n")])
def test_a_challenge_says_whether_the_connection_stays(*, stays: bool, said: bytes) -> None:
    head, _, body = challenge(REFUSED, "HQ", stays=stays).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 407 Proxy Authentication Required\r\n")
    assert b"Content-Length: %d\r\n" % len(body) in head
    assert said in head + b"\r\n"
