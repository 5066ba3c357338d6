"""What happened becomes an event: always what was refused, the rest where everything is wanted."""

from ipaddress import ip_address

import pytest

from tests.policy.catalogues import CATALOGUE, connect, everything
from tests.support.endpoints import Told
from tierwall.events import ClosedBy, Queries, Stage
from tierwall.policy.site import Site
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.recorder import Caller, Recorder

POLICY = ActivePolicy(Site(id="open", admit=(everything(),)), CATALOGUE)
ADMITTED = connect("8x8.vc")
DENIED = connect("evil.example")


def _recorder(*, everything: bool = False, queries: Queries = Queries.REDACTED) -> tuple[Recorder, Told]:
    told = Told()
    return Recorder(told, POLICY, everything=everything, queries=queries), told


def _caller() -> Caller:
    return Caller(ip_address("10.0.0.7"), 50_000, url="http://u:p@evil.example/x?jwt=secret", method="GET")


def test_a_denial_is_told_with_who_asked_and_how_it_was_refused() -> None:
    recorder, told = _recorder()

    recorder.decided(_caller(), DENIED, POLICY.judge(DENIED), Stage.REQUEST, "page")

    event = told.only
    assert (event.event.action, event.event.reason) == ("denied", "unlisted")
    assert event.source is not None
    assert (event.source.ip, event.source.port) == ("10.0.0.7", 50_000)
    assert (event.tierwall.site, event.tierwall.stage, event.tierwall.refusal) == ("open", "request", "page")


@pytest.mark.parametrize(("everything", "actions"), [(False, []), (True, ["allowed", "closed"])])
def test_what_is_let_through_is_told_where_everything_is_wanted(everything: bool, actions: list[str]) -> None:
    recorder, told = _recorder(everything=everything)
    verdict = POLICY.judge(ADMITTED)

    recorder.decided(_caller(), ADMITTED, verdict, Stage.CONNECT)
    recorder.closed(_caller(), ADMITTED, verdict, by=ClosedBy.SERVER, sent=5, received=7, ns=9)

    assert [event.event.action for event in told.events] == actions


def test_a_failed_dial_and_failures_of_ours_are_always_told() -> None:
    recorder, told = _recorder()

    recorder.failed(_caller(), ADMITTED, POLICY.judge(ADMITTED), "Connection refused")
    recorder.error(_caller(), Stage.CONNECT, "ValueError: x")
    recorder.fault("a file does not load", Stage.CONFIG)

    assert [(event.event.action, event.error.message if event.error else "") for event in told.events] == [
        ("failed", "Connection refused"),
        ("denied", "ValueError: x"),
        ("fault", "a file does not load"),
    ]


def test_no_secret_of_a_url_is_told() -> None:
    recorder, told = _recorder()

    recorder.decided(_caller(), DENIED, POLICY.judge(DENIED), Stage.REQUEST)

    assert told.only.url is not None
    assert "secret" not in told.only.url.full
    assert "u:p" not in told.only.url.full


def test_every_event_has_an_id_of_its_own() -> None:
    recorder, told = _recorder()

    for _ in range(3):
        recorder.decided(_caller(), DENIED, POLICY.judge(DENIED), Stage.CONNECT)

    assert len({event.event.id for event in told.events}) == 3


def test_a_client_that_left_before_we_looked_has_no_source() -> None:
    recorder, told = _recorder()

    recorder.error(Caller(None, 0), Stage.ACCEPT, "x")

    assert told.only.source is None


def test_before_a_client_has_asked_for_anything_one_cause_is_told_once_and_all_of_them_not_without_end() -> None:
    recorder, told = _recorder()

    for number in range(1000):
        scanner = Caller(ip_address("10.0.0.0") + number, 50_000)
        for _ in range(3):
            recorder.decided_once(scanner, DENIED, POLICY.judge(DENIED), Stage.CLIENTHELLO, "close")

    sources = [event.source and event.source.ip for event in told.events]
    assert len(sources) == len(set(sources)) == 256
