"""`tierwall run --otlp URL` and its siblings: a run's events reach an engine, and what an engine does harms no run."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.sinks.engine import an_engine
from tests.support.running import ADDON, Proxy, running_proxy
from tierwall.standins.certificates import Authority


def deny(proxy: Proxy, *hosts: str) -> None:
    for host in hosts:
        with socket.create_connection(("127.0.0.1", proxy.port)) as client:
            client.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert b" 403 " in client.recv(4096)


def ids(proxy: Proxy) -> list[str]:
    return [event.event.id for event in proxy.events()]


def test_each_event_arrives_once_and_the_last_ones_at_the_end(site: Callable[[str], Path]) -> None:
    with an_engine() as kept, running_proxy("--site", site(""), "--otlp", f"http://127.0.0.1:{kept.port}") as proxy:
        assert f"sink       otlp http://127.0.0.1:{kept.port}/v1/logs" in proxy.console()
        deny(proxy, "a.example", "b.example")
        kept.wait_for(lambda: len(kept.ids) >= 2)
        deny(proxy, "c.example")
        proxy.stop()

        assert kept.ids == ids(proxy)


def test_events_of_all_workers_arrive_once(site: Callable[[str], Path]) -> None:
    with (
        an_engine() as kept,
        running_proxy("--site", site(""), "--workers", "2", "--otlp", f"http://127.0.0.1:{kept.port}") as proxy,
    ):
        deny(proxy, *(f"h{number}.example" for number in range(20)))
        proxy.stop()

        assert sorted(kept.ids) == sorted(ids(proxy))


def test_a_webhook_hears_of_core_denials_alone(site: Callable[[str], Path]) -> None:
    with (
        an_engine() as kept,
        running_proxy("--site", site(""), "--webhook", f"http://127.0.0.1:{kept.port}/x") as proxy,
    ):
        deny(proxy, "nobody.example", "8x8.vc")
        proxy.stop()

        [body] = kept.bodies
        assert [event["destination"]["domain"] for event in body["events"]] == ["8x8.vc"]


def test_a_certificate_that_is_not_trusted_is_said_and_gets_no_event(
    site: Callable[[str], Path], authority: Authority
) -> None:
    with an_engine(authority.server_context(["127.0.0.1"])) as kept:
        url = f"https://127.0.0.1:{kept.port}"
        with running_proxy("--site", site(""), "--otlp", url) as proxy:
            deny(proxy, "a.example")
            said = proxy.wait_for_talk("takes no events")
            assert "its certificate is not to be trusted" in said
            assert kept.bodies == []
        with running_proxy("--site", site(""), "--otlp", url, "--sink-trust", authority.ca_pem) as proxy:
            deny(proxy, "b.example")
            proxy.stop()
            assert kept.ids == ids(proxy)


def test_what_an_engine_did_not_take_is_sent_by_the_next_run(site: Callable[[str], Path], tmp_path: Path) -> None:
    with an_engine() as kept:
        kept.answer = lambda _: (503, b"not now")
        arguments = ("--site", site(""), "--otlp", f"http://127.0.0.1:{kept.port}")
        with running_proxy(*arguments, journal=tmp_path / "j") as proxy:
            deny(proxy, "a.example")
            proxy.wait_for_talk("it answers 503: not now")
            proxy.stop()
            assert "wait for the next run" in proxy.console()
        kept.bodies.clear()
        kept.answer = lambda _: (200, b"{}")
        with running_proxy(*arguments, journal=tmp_path / "j") as proxy:
            deny(proxy, "b.example")
            proxy.stop()
            assert kept.ids == ids(proxy)


def test_a_run_that_is_killed_leaves_no_event_and_no_process_behind(site: Callable[[str], Path]) -> None:
    with an_engine() as kept, running_proxy("--site", site(""), "--otlp", f"http://127.0.0.1:{kept.port}") as proxy:
        deny(proxy, "a.example")
        proxy.wait_until(lambda: len(ids(proxy)) == 1)
        proxy.send(signal.SIGKILL)
        proxy.process.wait()

        kept.wait_for(lambda: kept.ids == ids(proxy))
        proxy.hear_out()  # which lasts as long as anybody holds its stdout


def test_a_companion_that_is_killed_is_started_again_and_sends_nothing_twice(site: Callable[[str], Path]) -> None:
    with an_engine() as kept, running_proxy("--site", site(""), "--otlp", f"http://127.0.0.1:{kept.port}") as proxy:
        [supervisor] = children(proxy.process.pid)
        deny(proxy, "a.example")
        kept.wait_for(lambda: len(kept.ids) == 1)
        proxy.wait_until(lambda: kept_offset(proxy) == proxy.journal.stat().st_size)
        [sender] = children(supervisor)
        os.kill(sender, signal.SIGKILL)
        proxy.wait_for_talk("is started again")
        deny(proxy, "b.example")
        proxy.stop()

        assert kept.ids == ids(proxy)


def test_what_sends_gives_way_to_the_proxy_and_its_clients(site: Callable[[str], Path]) -> None:
    with an_engine() as kept, running_proxy("--site", site(""), "--otlp", f"http://127.0.0.1:{kept.port}") as proxy:
        deny(proxy, "a.example")
        kept.wait_for(lambda: len(kept.ids) == 1)
        [supervisor] = children(proxy.process.pid)
        [sender] = children(supervisor)

        assert os.sched_getscheduler(sender) == os.SCHED_BATCH
        assert os.getpriority(os.PRIO_PROCESS, sender) > os.getpriority(os.PRIO_PROCESS, proxy.process.pid)


def test_every_fault_of_sinks_is_named_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("https://search\nno header", encoding="utf-8")
    arguments = ["--otlp", "collector:4318", "--elasticsearch", f"@{tmp_path}/url", "--nats", "@nowhere"]

    ended = tierwall("run", "--journal", str(tmp_path / "j"), *arguments)

    assert ended.returncode == 2
    assert ended.stderr.splitlines() == [
        "--otlp: expected http:// or https:// and a host, as in http://collector:4318; this begins with 'collector'",
        f"--elasticsearch: {tmp_path}/url:2: expected a header, as in Authorization: ApiKey …",
        "--nats: nowhere: No such file or directory",
    ]


def test_ship_sends_an_archive_once_with_the_headers_of_its_file(site: Callable[[str], Path], tmp_path: Path) -> None:
    journal = tmp_path / "j"
    with running_proxy("--site", site(""), journal=journal) as proxy:
        deny(proxy, "a.example", "b.example")
        proxy.stop()
        sent = ids(proxy)
    with an_engine() as kept:
        (tmp_path / "url").write_text(f"http://127.0.0.1:{kept.port}\nAuthorization: ApiKey x\n", encoding="utf-8")

        first = tierwall("ship", str(journal), "--otlp", f"@{tmp_path}/url")
        second = tierwall("ship", str(journal), "--otlp", f"@{tmp_path}/url")
        third = tierwall("ship", str(journal), "--otlp", f"@{tmp_path}/url", "--again")

        assert (first.returncode, second.returncode, third.returncode) == (0, 0, 0)
        assert "2 sent" in first.stderr
        assert "0 sent" in second.stderr
        assert kept.ids == sent + sent
        assert kept.headers[0]["Authorization"] == "ApiKey x"


def test_the_index_template_is_printed() -> None:
    ended = tierwall("ship", "--schema", "opensearch")

    assert json.loads(ended.stdout)["index_patterns"] == ["logs-tierwall.events-*"]


def tierwall(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tierwall", *arguments]
    env = os.environ | {"PYTHONPATH": str(ADDON), "COLUMNS": "400"}
    return subprocess.run(command, capture_output=True, text=True, env=env, check=False, timeout=30)


def kept_offset(proxy: Proxy) -> int:
    """Up to where the one sink's position says that it is."""
    [position] = proxy.journal.parent.glob("*.position")
    return int(json.loads(position.read_bytes())["offset"])


def children(pid: int) -> list[int]:
    return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
