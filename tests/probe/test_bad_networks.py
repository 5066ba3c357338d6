"""Networks and machines that are not as they should be: the probe ends, and says what was so."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from tierwall.diagnosis import diagnose
from tierwall.loader import load_catalogue
from tierwall.probe import afterwards, holding
from tierwall.probe.holding import Held, Hold
from tierwall.probe.measuring import web
from tierwall.probe.measuring.circumstances import Circumstances
from tierwall.probe.policies import Place, Service
from tierwall.probe.running import Run, Wanted
from tierwall.probe.system import ProxyChoice
from tierwall.probe.values import Check, State
from tierwall.probe.wire import streams, tls
from tierwall.standins.certificates import Authority
from tierwall.standins.origins import HttpsOrigin, serve_in_thread

SERVICE = {"id": "content", "title": "Content", "tier": "core", "protocol": "https"}


def policies(host: str, port: int = 443) -> dict[str, Any]:
    rule = {
        "id": "r",
        "services": ["content"],
        "hosts": [host],
        "probe": [],
        "networks": [],
        "ports": [["tcp", port, port]],
    }
    return {"vendors": [{"id": "vevox", "title": "V", "services": [SERVICE], "rules": [rule]}]}


def ran(host: str, port: int = 443, *, proxy: streams.Proxy | None = None, ca: Path | None = None) -> Run:
    authorities = tls.Authorities(None if ca is None else ca.read_text(), ca)
    run = Run(Wanted(policies(host, port), ("vevox",), ProxyChoice(proxy, "option"), authorities, 0.0), lambda _: None)
    run.run()
    return run


@contextmanager
def listening(family: socket.AddressFamily = socket.AF_INET) -> Iterator[socket.socket]:
    """A server that takes connections and never says anything."""
    with socket.socket(family, socket.SOCK_STREAM) as server:
        server.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        server.listen()
        yield server


def test_without_any_dns_it_ends_and_blames_no_filter() -> None:
    run = ran("meet.invalid")

    assert {(check.what, check.state) for check in run.checks} >= {("dns", State.BROKEN), ("tcp", State.NOT_RUN)}
    assert diagnose([run.result], load_catalogue(())).diagnoses == ()


def test_a_proxy_that_never_answers_is_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "ANSWER_S", 0.2)
    with listening() as server:
        run = ran("meet.invalid", proxy=streams.Proxy("127.0.0.1", server.getsockname()[1]))

    assert [(c.what, c.saw, c.state) for c in run.checks if c.what == "connect"] == [
        ("connect", "silence", State.BROKEN)
    ]


def test_a_machine_with_ipv6_alone_is_measured() -> None:
    with listening(socket.AF_INET6) as server:
        reached = streams.connect("::1", server.getsockname()[1])
        assert isinstance(reached, streams.Reached)
        family = reached.sock.family
        reached.sock.close()

    assert family is socket.AF_INET6


def test_a_certificate_that_has_ended_is_said_to_have(tmp_path: Path) -> None:
    authority = Authority(tmp_path, lifetime=timedelta(seconds=30))  # it began a minute ago
    with serve_in_thread(HttpsOrigin(authority, ["127.0.0.1"])) as origin:
        found = tls.handshake(
            lambda: socket.create_connection(("127.0.0.1", origin.port)),
            "127.0.0.1",
            tls.Authorities(authority.ca_pem.read_text()),
        )

    assert found.saw == "expired"


@pytest.mark.parametrize(("off", "saw"), [(timedelta(days=366), "wrong"), (timedelta(seconds=2), "right")])
def test_a_clock_that_is_off_by_a_year_is_said_to_be(off: timedelta, saw: str) -> None:
    off_s = web._clock_off_s(format_datetime(datetime.now(UTC) - off, usegmt=True))

    checks = afterwards.clock([Check("http", "vevox.app:443", State.WORKS, "200", detail={"clock_off_s": off_s or 0})])

    assert [check.saw for check in checks] == [saw]


def test_a_machine_that_slept_while_it_held_measured_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = socket.socketpair()
    threading.Thread(target=_echo, args=(other,), daemon=True).start()
    monkeypatch.setattr(holding.inside_tls, "open_opaque", lambda _place, _around: (one, True))
    monkeypatch.setattr(holding.time, "time", iter(range(0, 10**9, 3600)).__next__)
    place = Place("vevox", (Service("vevox", "content", "core", "tls-other"),), "vevox.app", 443, udp=False)
    around = Circumstances(None, tls.Authorities(None), lambda _vendor, _host: True, {}, {})
    hold = Hold([Held(place, "opaque")], around, 2.0, threading.Event())

    hold.run()

    assert {(check.saw, check.state) for check in hold.checks} == {("slept", State.NOT_RUN)}
    other.close()


def test_what_is_stopped_keeps_what_was_measured_and_names_the_rest() -> None:
    authorities = tls.Authorities(None)
    run = Run(Wanted(policies("meet.invalid"), ("vevox",), ProxyChoice(None, "none"), authorities, 0.0), lambda _: None)

    assert [(check.what, check.state, check.saw) for check in run.result.checks] == [
        ("place", State.NOT_RUN, "stopped")
    ]
    assert not run.result.whole


def _echo(sock: socket.socket) -> None:
    while octets := sock.recv(100):
        sock.sendall(octets)
