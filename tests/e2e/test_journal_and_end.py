"""Observing, a journal that cannot be written, and the end of a run: what people are told."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.journal_lines import about
from tests.support.programs import (
    client_hello,
    connect_request,
    connected,
    converse,
    curl,
    read_to_end,
    through,
    tunnel,
    wait,
)
from tests.support.running import ADDON, allow_private, needs, running_proxy
from tierwall.report.wording import octets
from tierwall.standins.certificates import Authority
from tierwall.standins.clients import native_session
from tierwall.standins.origins import HttpsOrigin, RedirectOrigin, TcpEchoOrigin, serve_in_thread


@needs("curl")
def test_a_site_that_observes_lets_through_and_says_what_it_would_have_denied(
    authority: Authority, ca: Path, site: Callable[[str], Path]
) -> None:
    with (
        serve_in_thread(HttpsOrigin(authority, ["api.amplitude.com"])) as https,
        serve_in_thread(RedirectOrigin()) as port_80,
        running_proxy(
            "--site",
            site("enforce: false\nadmit:\n  - {vendor: 8x8, tiers: [core]}\n"),
            *allow_private("api.amplitude.com", 443, https.port),
            *allow_private("web.evil.example", 80, port_80.port),
        ) as proxy,
    ):
        native = wait(native_session(proxy.via, "api.amplitude.com", ca=ca))
        plain = curl(*through(proxy.via), "http://web.evil.example/")
        event = proxy.whole_of(about("api.amplitude.com", "would-deny"))
        other = proxy.wait_for(about("web.evil.example", "would-deny"))
        proxy.wait_for(about("api.amplitude.com", "closed"))
        counted = sum(about("api.amplitude.com", "would-deny")(event) for event in proxy.events())

    assert native.ok
    assert plain.status == 301
    assert counted == 1
    assert event["event"] == {
        "kind": "event",
        "category": ["network"],
        "type": ["connection", "allowed"],
        "action": "would-deny",
        "reason": "tier-closed",
    }
    assert (event["tierwall"]["tier"], event["tierwall"]["breaks"][0]["service"]) == ("analytics", "analytics")
    assert "refusal" not in event["tierwall"]
    assert other.event.reason == "unlisted"


def test_a_site_that_observes_does_not_connect_to_the_proxy_itself(site: Callable[[str], Path]) -> None:
    """Rows 1 to 3 of judge's table deny in any case."""
    with running_proxy("--site", site("enforce: false\nadmit: []\n")) as proxy:
        heard = converse(proxy.via, connect_request(f"127.0.0.1:{proxy.port}"))

    assert b"X-Tierwall-Reason: self-connect\r\n" in heard


@pytest.mark.parametrize("more", [(), ("--workers", "2")], ids=["one process", "workers"])
@pytest.mark.parametrize(
    ("journal", "why"),
    [
        ("missing/journal.jsonl", "there is no folder"),
        ("link.jsonl", "it is a symbolic link, and those are not followed; name the file itself"),
    ],
    ids=["no folder", "a symbolic link"],
)
def test_a_journal_that_cannot_be_written_as_it_starts_ends_the_run_with_one_line(
    tmp_path: Path, journal: str, why: str, more: tuple[str, ...]
) -> None:
    elsewhere = tmp_path / "elsewhere.jsonl"
    elsewhere.write_text("somebody's\n")
    (tmp_path / "link.jsonl").symlink_to(elsewhere)
    command = [
        sys.executable,
        "-m",
        "tierwall",
        "run",
        "--listen",
        "127.0.0.1:0",
        "--journal",
        tmp_path / journal,
        *more,
    ]
    environment = os.environ | {"PYTHONPATH": str(ADDON), "XDG_STATE_HOME": str(tmp_path / "state")}

    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=30)

    assert (done.returncode, done.stdout) == (2, "")
    said = done.stderr.splitlines()
    assert len(said) == 1
    assert "cannot be written" in said[0]
    assert why in said[0]
    assert elsewhere.read_text() == "somebody's\n"


def test_a_journal_that_cannot_be_written_is_said_at_once_and_at_the_end() -> None:
    why = "No space left"
    with running_proxy("--site", "closed", journal=Path("/dev/full")) as proxy:
        heard = [converse(proxy.via, connect_request(f"lost{number}.evil.example:443")) for number in range(3)]
        at_once = proxy.wait_for_talk("cannot be written")
        before_the_end = proxy.console()
        code = proxy.stop()
        at_the_end = proxy.console()[len(before_the_end) :]

    assert all(answer.startswith(b"HTTP/1.1 403 ") for answer in heard)
    assert why in at_once
    assert code == 1
    assert "3" in next(line for line in at_the_end.splitlines() if "lost" in line)


def test_the_journal_is_private(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        with running_proxy("--site", "closed", journal=tmp_path / "journal.jsonl") as proxy:
            converse(proxy.via, connect_request("mode.evil.example:443"))
            proxy.wait_for(about("mode.evil.example"))
            mode = proxy.journal.stat().st_mode & 0o777
    finally:
        os.umask(old)

    assert mode == 0o600


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_the_end_sums_up_and_journals_the_tunnels_that_stood(by: signal.Signals) -> None:
    with (
        serve_in_thread(TcpEchoOrigin()) as echo,
        running_proxy("--site", "8x8-core-only", *allow_private("8x8.vc", 443, echo.port)) as proxy,
        connected(proxy.via) as standing,
    ):
        tunnel(standing, "8x8.vc:443")
        hello = client_hello("8x8.vc")
        standing.sendall(hello)
        assert standing.recv(len(hello), socket.MSG_WAITALL) == hello
        for host in ("api.amplitude.com", "api.amplitude.com", "www.google-analytics.com", "nobody.evil.example"):
            converse(proxy.via, connect_request(f"{host}:443"))
        proxy.wait_for(about("nobody.evil.example"))
        before = len(proxy.console())
        code = proxy.stop(by)
        summary = " ".join(proxy.console()[before:].split())
        closed = [event for event in proxy.events() if event.event.action == "closed"]
        heard = read_to_end(standing)

    assert code == 0
    assert heard == b""
    assert [(event.destination.domain, event.tierwall.closed_by, event.source.bytes) for event in closed] == [
        ("8x8.vc", "shutdown", len(hello))
    ]
    said = octets(len(hello))  # whatever key shares this OpenSSL offers
    assert f"Site 8x8-core-only: 4 denied, 1 tunnel closed ({said} sent, {said} received)" in summary
    assert "8x8 analytics analytics: " in summary
    assert "2 × api.amplitude.com:443 tier-closed 1 × www.google-analytics.com:443 tier-closed" in summary
    assert "Nothing documented breaks without these 1 × nobody.evil.example:443 unlisted" in summary


def test_a_second_signal_does_not_break_the_end() -> None:
    with serve_in_thread(TcpEchoOrigin()) as echo, running_proxy(*allow_private("8x8.vc", 443, echo.port)) as proxy:
        with connected(proxy.via) as standing:
            tunnel(standing, "8x8.vc:443")
            standing.sendall(b"x")
            standing.shutdown(socket.SHUT_WR)
            read_to_end(standing)
        proxy.send(signal.SIGINT)
        proxy.send(signal.SIGINT)
        code = proxy.stop()

    assert code == 0
    assert "Traceback" not in proxy.console()
