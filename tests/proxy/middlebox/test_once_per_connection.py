"""A behaviour's event comes once for each connection, whatever its thousand requests are."""

from dataclasses import replace

from mitmproxy.connection import Client
from mitmproxy.test.tflow import tclient_conn

from tests.policy.catalogues import CATALOGUE, connect, everything
from tests.support.endpoints import Told
from tierwall.events import Stage
from tierwall.policy.attempt import Effect
from tierwall.policy.behaviour import Behaviour, Buffering, Headers
from tierwall.policy.site import Site
from tierwall.proxy.middlebox.once_per_connection import OncePerConnection
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.breakage import Breakage
from tierwall.proxy.state.recorder import Recorder

POLICY = ActivePolicy(Site(id="lab", admit=(everything(),)), CATALOGUE)


def breakage(behaviour: Behaviour) -> Breakage:
    attempt = connect("8x8.vc")
    verdict = POLICY.judge(attempt)
    return Breakage(attempt, verdict, Effect(behaviour, verdict.breaks), Stage.REQUEST, "it is held")


def noting() -> tuple[OncePerConnection, Told]:
    told = Told()
    return OncePerConnection(Recorder(told, POLICY, everything=False)), told


def client(number: int = 1) -> Client:
    made: Client = tclient_conn()
    made.id = str(number)
    return made


def test_each_behaviour_once_a_connection() -> None:
    notes, told = noting()

    for one in (client(1), client(1), client(2)):
        notes.broken(one, breakage(Buffering()))
        notes.broken(one, breakage(Headers()))

    assert [event.tierwall.behaviour for event in told.events] == ["buffering", "headers"] * 2


def test_and_again_for_another_connection_of_the_same_id() -> None:
    notes, told = noting()

    notes.broken(client(), breakage(Buffering()))
    notes.forget(client())
    notes.broken(client(), breakage(Buffering()))

    assert len(told.events) == 2


def test_what_only_changes_something_breaks_nothing() -> None:
    notes, told = noting()
    broken = breakage(Buffering())

    notes.changed(client(), broken)
    notes.broken(client(2), replace(broken, detail="it is lost"))

    assert [bool(event.tierwall.breaks) for event in told.events] == [False, True]
