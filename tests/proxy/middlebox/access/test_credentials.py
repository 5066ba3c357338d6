"""Names and passwords: what is one, and that only those of the file are known."""

import base64
import hashlib

import pytest

from tierwall.policy.behaviour.parameters import Credential
from tierwall.proxy.middlebox.access.credentials import basic, knows

USERS = frozenset(Credential(hashlib.sha256(line).hexdigest()) for line in (b"anna:s:cret", "björn:ä".encode()))


def header(login: bytes, scheme: str = "Basic") -> str:
    return f"{scheme} {base64.b64encode(login).decode()}"


@pytest.mark.parametrize("login", [b"anna:s:cret", "björn:ä".encode()])
@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC", "Basic "])
def test_basic_credentials_are_read_whatever_the_case_of_their_scheme(login: bytes, scheme: str) -> None:
    given = basic(header(login, scheme))

    assert given == login
    assert knows(USERS, given)


@pytest.mark.parametrize("text", [None, "", "Basic", "Bearer YTpi", "Basic !!!", "Basic YTp", "Basic \u00e9"])
def test_what_is_not_basic_gives_no_credentials(text: str | None) -> None:
    assert basic(text) is None


@pytest.mark.parametrize("login", [b"", b"anna", b"anna:", b"anna:s", b"Anna:s:cret", b"anna:s:cret\n", b"bob:s:cret"])
def test_nobody_else_is_known(login: bytes) -> None:
    assert not knows(USERS, login)
    assert not knows(frozenset(), login)
