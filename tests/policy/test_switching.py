"""Switches by hand take the place of what the site says, kind by kind."""

from tierwall.policy.behaviour import IdleTimeout, NoHttp2, TlsInspection
from tierwall.policy.behaviour.parameters import Seconds
from tierwall.policy.behaviour.switching import Switch, switched

IDLE = IdleTimeout(after=Seconds(60.0))
OWN = (IDLE, TlsInspection())


def test_without_switches_the_site_stays_as_it_is() -> None:
    assert switched(OWN, []) == OWN


def test_off_takes_every_behaviour_of_that_name_away() -> None:
    assert switched((IDLE, *OWN), [Switch("idle-timeout", ())]) == (TlsInspection(),)


def test_on_adds_and_set_replaces() -> None:
    shorter = IdleTimeout(after=Seconds(5.0))

    found = switched(OWN, [Switch("idle-timeout", (shorter,)), Switch("no-http2", (NoHttp2(),))])

    assert found == (TlsInspection(), shorter, NoHttp2())
