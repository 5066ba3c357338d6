"""Names and passwords: what is one, and that only those of the file are known."""

import base64
from urllib.request import AbstractDigestAuthHandler, Request

import pytest

from tierwall.policy.behaviour import AuthScheme
from tierwall.policy.behaviour.parameters import Credential
from tierwall.proxy.middlebox.access.credentials import NONCE_S, Login, given, knows, knows_digest, nonce

USERS = frozenset({Credential("anna", "s:cret"), Credential("björn", "ä")})


def header(login: bytes, scheme: str = "Basic") -> str:
    return f"{scheme} {base64.b64encode(login).decode()}"


@pytest.mark.parametrize("login", [b"anna:s:cret", "björn:ä".encode()])
@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC", "Basic "])
def test_basic_credentials_are_read_whatever_the_case_of_their_scheme(login: bytes, scheme: str) -> None:
    assert given(header(login, scheme)) == Login(AuthScheme.BASIC, login)
    assert knows(USERS, login)


@pytest.mark.parametrize("text", [None, "", "Basic", "Bearer YTpi", "Basic !!!", "Basic YTp", "Basic \u00e9"])
def test_what_is_not_basic_gives_no_credentials(text: str | None) -> None:
    assert given(text) is None


@pytest.mark.parametrize("login", [b"", b"anna", b"anna:", b"anna:s", b"Anna:s:cret", b"anna:s:cret\n", b"bob:s:cret"])
def test_nobody_else_is_known(login: bytes) -> None:
    assert not knows(USERS, login)
    assert not knows(frozenset(), login)


def answered(name: str, password: str, *, realm: str = "HQ", made: str | None = None, method: str = "CONNECT") -> bytes:
    """What Python's own client answers to a challenge."""
    asked = {"realm": realm, "nonce": made or nonce(), "qop": "auth", "algorithm": "MD5"}
    handler = AbstractDigestAuthHandler()
    handler.add_password(realm, "http://proxy", name, password)
    said = handler.get_authorization(Request("http://proxy", method=method), asked)
    assert said is not None
    return str(said).encode()


def test_who_knows_a_password_proves_it_by_digest() -> None:
    assert knows_digest(USERS, "HQ", answered("anna", "s:cret"), "CONNECT")


def test_a_realm_with_quotes_is_that_realm() -> None:
    said = answered("anna", "s:cret", realm='Corp "HQ"').replace(b'realm="Corp "HQ""', b'realm="Corp \\"HQ\\""')

    assert knows_digest(USERS, 'Corp "HQ"', said, "CONNECT")


@pytest.mark.parametrize(
    "said",
    [
        answered("anna", "guessed"),
        answered("bob", "s:cret"),
        answered("anna", "s:cret", realm="another"),
        answered("anna", "s:cret", method="GET"),
        answered("anna", "s:cret", made="1.0123456789abcdef0123456789abcdef"),
        answered("anna", "s:cret", made=nonce(lambda: 1.0)),
        b"",
        b"\xff",
        b'username="anna", realm="HQ", nonce="\xe9.\xe9", response="\xe9"',
    ],
    ids=[
        "password",
        "name",
        "realm",
        "method",
        "nonce made up",
        "nonce of long ago",
        "nothing",
        "no text",
        "no number",
    ],
)
def test_nobody_else_proves_anything(said: bytes) -> None:
    assert not knows_digest(USERS, "HQ", said, "CONNECT")


def test_a_nonce_holds_for_a_while() -> None:
    said = answered("anna", "s:cret", made=nonce(lambda: 1000.0))

    assert knows_digest(USERS, "HQ", said, "CONNECT", lambda: 1000.0 + NONCE_S - 1)
    assert not knows_digest(USERS, "HQ", said, "CONNECT", lambda: 1000.0 + NONCE_S)
