"""Responses that are held or flow, and header fields, as far as no connection is needed."""

from mitmproxy.http import Headers, HTTPFlow
from mitmproxy.test.tflow import tflow

from tests.policy.catalogues import CATALOGUE
from tests.support.endpoints import Told
from tierwall.policy.attempt import Action, Attempt, Effect, Verdict
from tierwall.policy.behaviour import Behaviour, Buffering
from tierwall.policy.model import Transport
from tierwall.policy.site import Site
from tierwall.proxy.middlebox.inspection.http import HELD_OCTETS, Asked, HttpInspection
from tierwall.proxy.middlebox.once_per_connection import OncePerConnection
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.recorder import Caller, Recorder


def answered(*behaviours: Behaviour, **fields: str) -> HTTPFlow:
    """A request whose response has begun, with these header fields, where these act."""
    flow: HTTPFlow = tflow(resp=True)
    assert flow.response is not None
    flow.response.headers = Headers(**{"content_type": "text/event-stream", **fields})
    effects = tuple(Effect(each, ()) for each in behaviours)
    attempt = Attempt(transport=Transport.TCP, port=443)
    recorder = Recorder(Told(), ActivePolicy(Site(id="lab"), CATALOGUE), everything=False)
    asked = Asked(flow, attempt, Verdict(action=Action.INSPECT, effects=effects), Caller(None, 0))
    HttpInspection(OncePerConnection(recorder)).answered(asked)
    return flow


def test_a_response_flows_as_it_comes() -> None:
    flow = answered()

    assert flow.response is not None
    assert flow.response.stream is True


def test_held_one_of_known_length_is_mitmproxys_to_hold_unless_it_is_too_long() -> None:
    held, too_long = (
        answered(Buffering(), content_length="5"),
        answered(Buffering(), content_length=f"{HELD_OCTETS + 1}"),
    )

    assert held.response is not None
    assert too_long.response is not None
    assert (held.response.stream, too_long.response.stream) == (False, True)


def test_held_one_of_unknown_length_comes_when_it_ends() -> None:
    response = answered(Buffering()).response

    assert response is not None
    assert callable(response.stream)
    assert [response.stream(octets) for octets in (b"one ", b"two", b"")] == [[], [], b"one two"]


def test_more_than_can_be_held_flows_from_there_on() -> None:
    response = answered(Buffering()).response
    much = bytes(HELD_OCTETS)

    assert response is not None
    assert callable(response.stream)
    assert response.stream(much) == []
    assert response.stream(b"more") == much + b"more"
    assert response.stream(b"and more") == b"and more"
    assert response.stream(b"") == b""
