"""`tierwall run --metrics`: what a run's processes count, on one page that Prometheus reads; and whether it serves."""

import json
import os
import re
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.running import PATH, Proxy, needs, running_proxy
from tests.support.waiting import eventually
from tierwall.metrics.families import FAMILIES

DEPLOY = Path(__file__).parents[2] / "deploy"
CLOSED = "admit: [{hosts: [open.corp.example], ports: [tcp/443]}]\n"


@contextmanager
def shown(site: Path, *arguments: str) -> Iterator[tuple[Proxy, str]]:
    """A proxy, and where its numbers are."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        where = f"127.0.0.1:{free.getsockname()[1]}"
    with running_proxy("--site", site, "--metrics", where, *arguments) as proxy:
        yield proxy, f"http://{where}"


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - ours
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def number(page: str, name: str, **labels: str) -> float:
    """Of the sample with all these labels."""
    for line in page.splitlines():
        found, _, value = line.rpartition(" ")
        if re.match(rf"{name}(\{{|$)", found) and all(f'{key}="{each}"' in found for key, each in labels.items()):
            return float(value)
    raise AssertionError(f"no {name} {labels} in:\n{page}")


def ask(proxy: Proxy, host: str, port: int = 443) -> bytes:
    with socket.create_connection(("127.0.0.1", proxy.port)) as client:
        client.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        return client.recv(4096)


def test_verdicts_breaks_tunnels_and_octets_are_counted(site: Callable[[str], Path]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as origin:
        to = f"open.corp.example:443:127.0.0.1:{origin.getsockname()[1]}"
        with shown(site(CLOSED), "--resolve", to) as (proxy, where):
            ask(proxy, "8x8.vc")
            with socket.create_connection(("127.0.0.1", proxy.port)) as client:
                client.sendall(b"CONNECT open.corp.example:443 HTTP/1.1\r\nHost: open.corp.example\r\n\r\n")
                assert b" 200 " in client.recv(4096)
                server, _ = origin.accept()
                with server:
                    standing = get(f"{where}/metrics")[1]
                    client.sendall(b"\x00" * 100)
                    client.shutdown(socket.SHUT_WR)
                    while server.recv(4096):
                        pass
            proxy.wait_until(lambda: any(event.action == "closed" for event in proxy.events()))
            status, page = get(f"{where}/metrics")

    assert status == 200
    assert number(standing, "tierwall_tunnels_open") == 1
    assert number(page, "tierwall_tunnels_open") == 0
    assert number(page, "tierwall_verdicts_total", action="denied", stage="connect", site="e2e") == 1
    assert number(page, "tierwall_verdicts_total", action="allowed", site="e2e") == 1
    assert number(page, "tierwall_breaks_total", vendor="8x8", tier="core") == 1
    assert number(page, "tierwall_tunnel_bytes_total", direction="sent") == 100
    assert number(page, "tierwall_dial_seconds_count") == 1
    assert number(page, "tierwall_dial_seconds_bucket", le="20.0") == 1
    assert number(page, "tierwall_site_info", site="e2e") == 1
    assert number(page, "tierwall_processes") == 1
    assert number(page, "process_resident_memory_bytes") > 1e6
    assert "8x8.vc" not in page
    assert "open.corp.example" not in page


def test_what_all_workers_count_is_added_up_and_outlives_one_of_them(site: Callable[[str], Path]) -> None:
    with shown(site(CLOSED), "--workers", "2") as (proxy, where):
        eventually(lambda: len(control_sockets(proxy)) == 2)  # a worker serves before it can be asked
        for _ in range(20):
            ask(proxy, "a.example")
        before = get(f"{where}/metrics")[1]
        workers = [int(path.name.split(".")[1]) for path in control_sockets(proxy)]
        os.kill(workers[0], signal.SIGKILL)
        proxy.wait_for(lambda event: event.action == "fault")
        for _ in range(20):
            ask(proxy, "a.example")
        after = get(f"{where}/metrics")[1]

    assert len(workers) == 2
    assert number(before, "tierwall_processes") == 2
    assert number(before, "tierwall_verdicts_total", action="denied") == 20
    assert number(after, "tierwall_verdicts_total", action="denied") == 40


def test_it_is_healthy_while_it_serves_and_says_nothing_else(site: Callable[[str], Path]) -> None:
    with shown(site(CLOSED)) as (proxy, where):
        healthy = [get(f"{where}{path}")[0] for path in ("/healthz", "/readyz", "/", "/etc/passwd")]
        rude = [said_to(where, said) for said in (b"\r\n\r\n", b"POST /metrics HTTP/1.1\r\n\r\n", b"\xff /\r\n\r\n")]
        after = get(f"{where}/metrics")[0]
        proxy.send(signal.SIGSTOP)
        stopped = get(f"{where}/healthz")[0]
        proxy.send(signal.SIGCONT)

    assert healthy == [200, 200, 404, 404]
    assert stopped == 503
    assert {answer[:12] for answer in rude} == {b"HTTP/1.1 405"}
    assert after == 200


@needs("promtool")
def test_prometheus_own_tool_finds_nothing_wrong_with_the_page(site: Callable[[str], Path]) -> None:
    with shown(site(CLOSED), "--otlp", "http://127.0.0.1:9") as (proxy, where):
        ask(proxy, "a.example")
        page = get(f"{where}/metrics")[1]

    said = subprocess.run(
        ["promtool", "check", "metrics"], input=page, capture_output=True, text=True, env={"PATH": PATH}, check=False
    )

    assert "tierwall_sink_away" in page
    assert (said.returncode, said.stderr) == (0, "")


@needs("promtool")
def test_the_alerts_fire_when_they_should() -> None:
    for command in (["check", "rules", "alerts.yml"], ["test", "rules", "alerts.test.yml"]):
        promtool(DEPLOY, *command)
    assert names_in((DEPLOY / "alerts.yml").read_text(encoding="utf-8")) <= FAMILIES.keys()


@needs("promtool")
def test_the_dashboard_asks_for_numbers_that_there_are_in_words_that_prometheus_reads(tmp_path: Path) -> None:
    board = json.loads((DEPLOY / "grafana-dashboard.json").read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    rules = [{"record": f"n{number}", "expr": expression} for number, expression in enumerate(asked)]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "board", "rules": rules}]}), encoding="utf-8")

    promtool(tmp_path, "check", "rules", "rules.yml")

    assert names_in(" ".join(asked)) <= FAMILIES.keys()
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def promtool(folder: Path, *command: str) -> None:
    ended = subprocess.run(["promtool", *command], cwd=folder, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def names_in(text: str) -> set[str]:
    """Of numbers, as families."""
    return {name.removesuffix("_bucket") for name in re.findall(r"\b(?:tierwall|process)_\w+", text)}


def said_to(where: str, said: bytes) -> bytes:
    host, _, port = where.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as client:
        client.sendall(said)
        return client.recv(4096)


def control_sockets(proxy: Proxy) -> list[Path]:
    from tests.support.running import _home  # noqa: PLC0415

    return sorted((Path(_home.name) / "tierwall" / "control").glob(f"{proxy.process.pid}.*.sock"))
