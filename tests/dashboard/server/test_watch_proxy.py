"""`tierwall watch` beside a proxy: what happens is on the page at once, and what the page asks for is done there."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.programs import connected, tunnel
from tests.support.running import Proxy, allow_private, environment, running_proxy
from tests.support.watching import Watched, until, watched
from tierwall.standins.origins import TcpEchoOrigin, serve_in_thread

SITE = """
version: 1
site: lab
admit: [{vendor: 8x8, tiers: [core]}, {hosts: ["*.corp.example"]}]
behaviours: [{behaviour: idle-timeout, after: 1h}]
"""


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where control sockets are: one folder, so that only this file's proxies run there."""
    folder = tmp_path_factory.mktemp("run")
    folder.chmod(0o700)
    return folder


@pytest.fixture(scope="module")
def site(runtime: Path) -> Path:
    path = runtime / "lab.yaml"
    path.write_text(SITE, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def proxy(site: Path, runtime: Path) -> Iterator[Proxy]:
    """It journals denials alone."""
    with (
        serve_in_thread(TcpEchoOrigin()) as echo,
        running_proxy(
            *("--site", site, "--events", "denied"),
            *allow_private("*.corp.example", 443, echo.port),
            env={"XDG_RUNTIME_DIR": str(runtime)},
        ) as running,
    ):
        running.wait_until(lambda: any((runtime / "tierwall").glob("*.sock")))
        yield running


@pytest.fixture(scope="module")
def page(proxy: Proxy, runtime: Path) -> Iterator[Watched]:
    with watched("--proxy", str(proxy.process.pid), XDG_RUNTIME_DIR=str(runtime)) as page:
        until(page, lambda frame: frame["about"]["connected"])
        yield page


@pytest.fixture
def seen(page: Watched, site: Path) -> Iterator[Watched]:
    """Cleared before, and everything taken back after."""
    page.do("clear", {})
    yield page
    page.do("tell", {"do": "site", "name": str(site)})
    page.do("tell", {"do": "take-back"})


def test_what_is_let_through_is_shown_though_the_journal_holds_denials_alone(proxy: Proxy, seen: Watched) -> None:
    with connected(proxy.via) as standing:
        tunnel(standing, "a.corp.example:443")
        standing.sendall(b"x" * 1000)
        frame = until(seen, lambda frame: any(each["received"] for each in frame["about"]["tunnels"]))
        (open_,) = frame["about"]["tunnels"]
        assert (open_["place"], open_["sent"], open_["received"], frame["about"]["open"]) == (
            "a.corp.example:443",
            1000,
            1000,
            1,
        )
    with connected(proxy.via) as refused:
        assert b" 403 " in tunnel(refused, "api.amplitude.com:443")
    frame = until(seen, lambda frame: "api.amplitude.com:443" in frame["rows"] and frame["totals"]["closed"] == 1)

    assert frame["rows"]["a.corp.example:443"]["outcome"] == "works"
    assert frame["rows"]["api.amplitude.com:443"]["outcome"] == "refused"
    proxy.wait_for(lambda event: event.action == "denied")  # which is told to a watcher first
    assert {event.action for event in proxy.events()} == {"denied"}


def test_the_site_and_its_behaviours_are_told_and_switched(proxy: Proxy, seen: Watched) -> None:
    frame = until(seen, lambda frame: True)
    assert frame["about"]["site"] == "lab"
    assert [each["behaviour"] for each in frame["about"]["sites"][0]["behaviours"]] == ["idle-timeout"]

    assert seen.do("tell", {"do": "switch", "name": "idle-timeout", "assignments": None})[0] == 200
    until(seen, lambda frame: frame["about"]["sites"][0]["switched"] == {"idle-timeout": "off"})
    status, why = seen.do("tell", {"do": "switch", "name": "latency", "assignments": ["delay=soon"]})
    assert (status, "delay" in why) == (409, True)
    assert (
        seen.do("tell", {"do": "switch", "name": "latency", "assignments": ["delay=3ms", "scope.vendor=8x8"]})[0] == 200
    )
    frame = until(seen, lambda frame: bool(frame["about"]["sites"][0]["behaviours"]))
    acting = frame["about"]["sites"][0]["behaviours"]
    assert [(each["behaviour"], each["scope"]) for each in acting] == [("latency", "8x8")]
    assert seen.do("tell", {"do": "site", "name": "closed"})[0] == 200
    until(seen, lambda frame: frame["about"]["site"] == "closed")
    with connected(proxy.via) as refused:
        assert b" 403 " in tunnel(refused, "a.corp.example:443")
    assert seen.do("tell", {"do": "site", "name": "no-such-site"})[0] == 409
    assert seen.do("tell", {"do": "list"})[0] == 409, "only what a page may do"


def test_a_moment_that_is_marked_is_in_the_journal_and_on_the_page(proxy: Proxy, seen: Watched) -> None:
    assert seen.do("tell", {"do": "mark", "note": "clicked Join <b>"})[0] == 200
    frame = until(seen, lambda frame: bool(frame.get("notes")))
    event = proxy.wait_for(lambda event: event.action == "marked")

    assert [note["text"] for note in frame["notes"]] == ["clicked Join <b>"]
    assert event.message == "clicked Join <b>"
    proxy.wait_for_talk("clicked Join")
    status, said = seen.do("report", {})
    assert (status, "clicked Join &lt;b&gt;" in json.loads(said)["html"]) == (200, True)
    assert seen.do("tell", {"do": "mark", "note": "  "})[0] == 409


def test_explained_is_what_is_in_force_now(proxy: Proxy, seen: Watched) -> None:
    with connected(proxy.via) as refused:
        tunnel(refused, "api.amplitude.com:443")
    row = until(seen, lambda frame: "api.amplitude.com:443" in frame["rows"])["rows"]["api.amplitude.com:443"]
    before = seen.get(f"detail?number={row['number']}")[1]
    seen.do("tell", {"do": "site", "name": "reference"})
    after = seen.get(f"detail?number={row['number']}")[1]

    assert '"verdict":"deny"' in before
    assert '"verdict":"allow"' in after


def test_when_the_proxy_has_ended_that_is_said_and_the_next_one_is_taken_up(tmp_path: Path) -> None:
    env = {"XDG_RUNTIME_DIR": str(tmp_path)}
    with running_proxy(env=env) as first:
        first.wait_until(lambda: any((tmp_path / "tierwall").glob("*.sock")))
        with watched(**env) as seen:
            until(seen, lambda frame: frame["about"]["connected"])
            first.stop()
            until(seen, lambda frame: not frame["about"]["connected"])
            with running_proxy("--workers", "2", env=env) as second:
                until(seen, lambda frame: frame["about"]["connected"])
                with connected(second.via) as refused:
                    tunnel(refused, "evil.example:443")
                until(seen, lambda frame: "evil.example:443" in frame["rows"])


def test_who_comes_later_sees_the_whole_run_once_and_no_other(tmp_path: Path) -> None:
    """Another proxy has written into the same journal, and one from which events come while it is read."""
    env = {"XDG_RUNTIME_DIR": str(tmp_path)}
    journal = tmp_path / "events.jsonl"
    shared = ("--journal", journal, "--events", "all")
    with running_proxy(*shared, env=env) as before:
        refused(before, "of.another.example")
        before.wait_until(lambda: b"of.another.example" in journal.read_bytes())
    with running_proxy(*shared, env=env) as proxy:
        proxy.wait_until(lambda: any((tmp_path / "tierwall").glob("*.sock")))
        for number in range(20):
            refused(proxy, f"early{number}.example")
        proxy.wait_until(lambda: journal.read_bytes().count(b"early") >= 20)
        with watched(**env) as seen:
            for number in range(20):
                refused(proxy, f"late{number}.example")
            frame = until(seen, lambda frame: len(frame["rows"]) >= 40)

    tries = {place: sum(row["counts"]) for place, row in frame["rows"].items()}
    assert tries == {f"{when}{number}.example:443": 1 for when in ("early", "late") for number in range(20)}
    assert frame["about"]["unseen"] is None


def refused(proxy: Proxy, host: str) -> None:
    with connected(proxy.via) as client:
        assert b" 403 " in tunnel(client, f"{host}:443")


def test_of_several_sites_the_one_that_is_named_is_told(tmp_path: Path) -> None:
    env = {"XDG_RUNTIME_DIR": str(tmp_path)}
    two = tmp_path / "two.yaml"
    two.write_text("version: 1\nsite: two\nadmit: [{vendor: vevox}]\n", encoding="utf-8")
    with running_proxy("--site", "closed", "--serve", f"{two}@127.0.0.2:0", env=env) as proxy:
        proxy.wait_until(lambda: any((tmp_path / "tierwall").glob("*.sock")))
        with watched(**env) as seen:
            until(seen, lambda frame: frame["about"]["connected"])
            on = {"do": "switch", "name": "latency", "assignments": ["delay=3ms"]}
            assert seen.do("tell", on)[0] == 409, "which of both is not said"
            assert seen.do("tell", on | {"site": "two"})[0] == 200
            frame = until(seen, lambda frame: any(each["behaviours"] for each in frame["about"]["sites"]))
            assert [(each["site"], len(each["behaviours"])) for each in frame["about"]["sites"]] == [
                ("closed", 0),
                ("two", 1),
            ]
            assert seen.do("tell", {"do": "site", "site": "two", "name": "vevox-only"})[0] == 200
            frame = until(seen, lambda frame: frame["about"]["sites"][1]["site"] == "vevox-only")
            assert frame["about"]["site"] == "closed, vevox-only"
            assert seen.do("tell", on | {"site": "two"})[0] == 409, "it is no more served"


def test_a_port_that_others_reach_shows_nothing_without_the_token(proxy: Proxy, runtime: Path) -> None:
    env = {"XDG_RUNTIME_DIR": str(runtime)}
    with watched("--proxy", proxy.process.pid, "--listen", "0.0.0.0:0", **env) as seen:
        until(seen, lambda frame: frame["about"]["connected"])
        stranger = Watched(seen.process, seen.page, "guessed")
        asked = ("stream", "detail?number=1", "choices")

        assert [stranger.get(path)[0] for path in ("", "main.js", "page.css", *asked)] == [200, 200, 200, 403, 403, 403]
        assert stranger.do("clear", {})[0] == 403
        assert seen.get("choices")[0] == 200


def test_a_run_with_its_page_says_where_and_ends_with_it(tmp_path: Path) -> None:
    with running_proxy(
        "--ui", "--ui-listen", "127.0.0.1:0", "--no-open", "--workers", "2", env={"XDG_RUNTIME_DIR": str(tmp_path)}
    ) as proxy:
        page, _, token = proxy.wait_for_talk("page  http://", 15.0).split()[1].partition("#token=")
        seen = Watched(proxy.process, page, token)
        until(seen, lambda frame: frame["about"]["connected"])
        with connected(proxy.via) as refused:
            tunnel(refused, "evil.example:443")
        until(seen, lambda frame: "evil.example:443" in frame["rows"])
        assert seen.do("tell", {"do": "mark", "note": "here"})[0] == 200
        proxy.stop()
        with pytest.raises(ConnectionRefusedError):
            seen.get("")


def test_a_page_without_a_port_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-m", "tierwall", "run", "--listen", "127.0.0.1:0", "--ui-listen", f"127.0.0.1:{port}"],
            env=environment() | {"XDG_RUNTIME_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    assert (ended.returncode, f"the page cannot listen on 127.0.0.1:{port}" in ended.stderr) == (2, True), ended.stderr
