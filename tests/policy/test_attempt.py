"""An attempt is the key to its verdict."""

from dataclasses import replace
from ipaddress import ip_address

import pytest

from tierwall.policy.attempt import Attempt, GivenName, NameSource, Seen
from tierwall.policy.model import Transport

ATTEMPT = Attempt(transport=Transport.TCP, port=443, names=(GivenName(NameSource.SNI, "8x8.vc"),))


def test_one_that_says_the_same_finds_what_is_kept_of_another() -> None:
    again = Attempt(transport=Transport.TCP, port=443, names=(GivenName(NameSource.SNI, "8x8.vc"),))

    assert {ATTEMPT: "kept"}[again] == "kept"


@pytest.mark.parametrize(
    "other",
    [
        replace(ATTEMPT, transport=Transport.UDP),
        replace(ATTEMPT, port=80),
        replace(ATTEMPT, names=()),
        replace(ATTEMPT, address=ip_address("192.0.2.1")),
        replace(ATTEMPT, dialled=ip_address("192.0.2.1")),
        replace(ATTEMPT, redirected=True),
        replace(ATTEMPT, client=ip_address("192.0.2.1")),
        replace(ATTEMPT, seen=Seen.TLS),
        replace(ATTEMPT, to_self=True),
        replace(ATTEMPT, malformed="no request"),
    ],
    ids=lambda other: next(name for name in Attempt.__slots__ if getattr(other, name) != getattr(ATTEMPT, name)),
)
def test_one_that_says_anything_else_does_not(other: Attempt) -> None:
    assert other not in {ATTEMPT: "kept"}
