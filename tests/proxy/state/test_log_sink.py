"""Stock mitmproxy's terminal shows events by its log: a line for each that matters, and how much."""

import logging

import pytest

from tests.policy.catalogues import CATALOGUE, connect, everything
from tierwall.events import Stage
from tierwall.policy.site import Site
from tierwall.proxy.state.active_policy import ActivePolicy
from tierwall.proxy.state.log_sink import LogSink
from tierwall.proxy.state.recorder import Caller, Recorder

POLICY = ActivePolicy(Site(id="open", admit=(everything(),)), CATALOGUE)


@pytest.fixture
def recorder(caplog: pytest.LogCaptureFixture) -> Recorder:
    """Of everything."""
    caplog.set_level(logging.DEBUG)
    return Recorder(LogSink(), POLICY, everything=True)


def _decided(recorder: Recorder, host: str) -> None:
    attempt = connect(host)
    recorder.decided(Caller(None, 0), attempt, POLICY.judge(attempt), Stage.CONNECT)


def test_a_denial_is_a_warning_of_one_line(recorder: Recorder, caplog: pytest.LogCaptureFixture) -> None:
    _decided(recorder, "evil.example")

    [said] = caplog.records
    assert said.levelno == logging.WARNING
    assert said.getMessage().startswith("none      evil.example:443 unlisted")
    assert "\n" not in said.getMessage()


def test_what_is_let_through_is_not_said(recorder: Recorder, caplog: pytest.LogCaptureFixture) -> None:
    _decided(recorder, "8x8.vc")

    assert caplog.records == []


def test_our_own_failure_is_an_error(recorder: Recorder, caplog: pytest.LogCaptureFixture) -> None:
    recorder.error(Caller(None, 0), Stage.CONNECT, "broken\n\x1b[31m")
    recorder.fault("a file does not load", Stage.CONFIG)

    assert [said.levelno for said in caplog.records] == [logging.ERROR, logging.ERROR]
    assert "\x1b" not in caplog.text
