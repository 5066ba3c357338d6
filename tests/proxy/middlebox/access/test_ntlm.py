"""NTLM's messages: whatever a client sends, it raises nothing and proves nothing without a password."""

import os

import spnego
from hypothesis import given
from hypothesis import strategies as st

from tierwall.policy.behaviour.parameters import Credential
from tierwall.proxy.middlebox.access.ntlm import Exchange

USERS = frozenset({Credential("anna", "secret"), Credential("ACME\\bob", "word")})


def proved(name: str, password: str) -> bool:
    client, exchange = spnego.client(name, password, protocol="ntlm"), Exchange(USERS)
    challenge = exchange.answer(client.step() or b"")
    exchange.answer(client.step(challenge) or b"")
    return exchange.proved


def test_three_messages_prove_a_password() -> None:
    assert proved("anna", "secret")
    assert proved("ACME\\bob", "word")


def test_nothing_else_does() -> None:
    assert not any(proved(*each) for each in (("anna", "guessed"), ("bob", "word"), ("carl", "secret")))


@given(
    st.lists(st.one_of(st.binary(max_size=64), st.binary(max_size=64).map(lambda end: b"NTLMSSP\0" + end)), max_size=4)
)
def test_whatever_a_client_sends_proves_nothing(messages: list[bytes]) -> None:
    exchange = Exchange(USERS)
    for message in messages:
        exchange.answer(message)

    assert not exchange.proved
    assert "NTLM_USER_FILE" not in os.environ
