"""`--serve`: several sites in one process, each to its own clients, each with files and behaviours of its own."""

import asyncio
import json
import os
import re
import socket
import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.endpoints import until
from tests.support.running import ADDON, Proxy, lab_ca, running_proxy
from tierwall.dashboard.picture.picture import Picture
from tierwall.dashboard.serving import serving
from tierwall.dashboard.sources.proxy import ProxyFeed
from tierwall.loader import load_catalogue
from tierwall.standins.certificates import Authority
from tierwall.standins.origins import HttpsOrigin, serve_in_thread

HOSTS = ("a.example", "b.example", "c.example")
RESOLVE = [text for host in HOSTS for text in ("--resolve", f"{host}:1:127.0.0.1:1")]


def a_site(folder: Path, name: str, host: str, more: str = "") -> Path:
    """One that admits this host alone, where nobody listens."""
    path = folder / f"{name}.yaml"
    text = f"version: 1\nsite: {name}\nadmit: [{{hosts: [{host}], ports: [tcp/1]}}]\n{more}"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Proxy]:
    """Three sites: at the proxy's own port, at another port, and for clients at 127.0.0.8/29 wherever they connect."""
    a, b, c = (a_site(tmp_path, name, host) for name, host in zip(("one", "two", "three"), HOSTS, strict=True))
    serve = ["--serve", f"{b}@127.0.0.2:0", "--serve", f"{c}@127.0.0.8/29"]
    with running_proxy("--site", a, *serve, *RESOLVE) as proxy:
        yield proxy


def ask(proxy: Proxy, host: str, *, at: str = "127.0.0.1", source: str = "127.0.0.1") -> bytes:
    there = (at, proxy.at(at).port)
    with socket.create_connection(there, source_address=(source, 0)) as client:
        client.sendall(f"CONNECT {host}:1 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        return client.recv(4096).partition(b"\r\n")[0]


def seen(proxy: Proxy) -> Counter[tuple[str | None, str | None, str]]:
    """Site, host and what happened."""
    return Counter(
        (event.tierwall.site, event.destination.domain, str(event.action))
        for event in proxy.events()
        if event.destination is not None
    )


def test_three_clients_at_once_are_each_judged_by_their_own_site(three: Proxy) -> None:
    ways = {"one": {}, "two": {"at": "127.0.0.2"}, "three": {"source": "127.0.0.9"}}
    with ThreadPoolExecutor(9) as clients:
        asked = [clients.submit(ask, three, host, **way) for _ in range(20) for way in ways.values() for host in HOSTS]
        for each in asked:
            each.result()
    three.wait_until(lambda: seen(three).total() == 180)

    own = dict(zip(ways, HOSTS, strict=True))
    assert seen(three) == Counter(
        {(site, host, "failed" if own[site] == host else "denied"): 20 for site in ways for host in HOSTS}
    )


def test_each_site_is_loaded_again_by_itself(three: Proxy, tmp_path: Path) -> None:
    a_site(tmp_path, "two", "c.example")
    three.wait_for_talk("two.yaml is in force")

    assert b" 502 " in ask(three, "c.example", at="127.0.0.2")
    assert b" 403 " in ask(three, "b.example", at="127.0.0.2")
    assert b" 403 " in ask(three, "c.example")
    (tmp_path / "three.yaml").write_text("nonsense", encoding="utf-8")
    fault = three.wait_for(lambda event: event.action == "fault")
    assert fault.tierwall.site == "three"
    assert b" 502 " in ask(three, "c.example", source="127.0.0.9")


def test_behaviours_of_one_site_are_switched_by_its_name(three: Proxy) -> None:
    nobody = behaviour(three, "on", "latency", "delay=1ms")
    unknown = behaviour(three, "on", "latency", "delay=1ms", "--site", "four")
    on = behaviour(three, "on", "latency", "delay=1ms", "--site", "two")
    others = [json.loads(behaviour(three, "list", "--site", name, "--json").stdout) for name in ("one", "two", "three")]

    assert (nobody.returncode, unknown.returncode, on.returncode) == (2, 2, 0)
    assert "several sites are served: say which with --site (one, two, three)" in nobody.stderr
    assert "four: no such site is served here" in unknown.stderr
    assert [[each["behaviour"] for each in state["behaviours"]] for state in others] == [[], ["latency"], []]
    assert "site two: behaviour latency is on" in three.wait_for_talk("latency")


def test_the_page_names_every_site_and_explains_under_that_of_the_row(three: Proxy) -> None:
    catalogue = load_catalogue([])

    async def looked() -> tuple[str, list[str]]:
        feed = ProxyFeed(lab_ca().parents[1] / "control", three.process.pid, Picture(catalogue, serving(catalogue)))
        listening = asyncio.create_task(feed.run())
        await until(lambda: feed.about()["site"])
        said = [(await feed.explain("tcp://b.example:1", site))["verdict"] for site in ("one", "two", "three", "")]
        listening.cancel()
        return feed.about()["site"], said

    named, said = asyncio.run(looked())

    assert named == "one, two, three"
    assert said == ["deny", "allow", "deny", "deny"]


def test_it_says_at_the_start_whom_which_site_serves(three: Proxy) -> None:
    assert re.search(r"^serves +127\.0\.0\.2:0 +site two *$", three.console(), re.MULTILINE)
    assert re.search(r"^serves +127\.0\.0\.8/29 +site three *$", three.console(), re.MULTILINE)


def test_an_inspected_connection_is_judged_by_the_site_of_its_client_to_the_last_request(
    tmp_path: Path, authority: Authority
) -> None:
    """What mitmproxy's hooks decide, they decide for the client's own site."""
    admit = "admit: [{hosts: [a.example], ports: [tcp/443]}]\n"
    plain, inspecting = tmp_path / "plain.yaml", tmp_path / "inspecting.yaml"
    plain.write_text(f"version: 1\nsite: plain\n{admit}", encoding="utf-8")
    inspects = "behaviours: [{behaviour: tls-inspection}]\n"
    inspecting.write_text(f"version: 1\nsite: inspecting\n{admit}{inspects}", encoding="utf-8")
    with serve_in_thread(HttpsOrigin(authority, ["a.example"])) as origin:
        to_origin = ("--resolve", f"a.example:443:127.0.0.1:{origin.port}", "--trust", authority.ca_pem)
        with running_proxy("--site", plain, "--serve", f"{inspecting}@127.0.0.8/29", *to_origin) as proxy:
            assert b" 200 " in get_by_tls(proxy, "a.example", authority.ca_pem, source="127.0.0.1")
            assert b" 200 " in get_by_tls(proxy, "a.example", lab_ca(), source="127.0.0.9")
            assert b" 403 " in get_by_tls(proxy, "evil.example", lab_ca(), source="127.0.0.9")
            denied = proxy.wait_for(lambda event: event.action == "denied")

    assert (denied.tierwall.site, denied.tierwall.stage) == ("inspecting", "request")


def get_by_tls(proxy: Proxy, host: str, ca: Path, *, source: str) -> bytes:
    """A request for this host within TLS to a.example."""
    context = ssl.create_default_context(cafile=str(ca))
    with socket.create_connection(("127.0.0.1", proxy.port), source_address=(source, 0)) as plain:
        plain.sendall(b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n")
        assert b" 200 " in plain.recv(4096)
        with context.wrap_socket(plain, server_hostname="a.example") as client:
            client.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            return client.recv(4096).partition(b"\r\n")[0]


def test_workers_serve_several_sites_too(tmp_path: Path) -> None:
    a, b = a_site(tmp_path, "one", "a.example"), a_site(tmp_path, "two", "b.example")
    with running_proxy("--site", a, "--serve", f"{b}@127.0.0.2:0", "--workers", "2", *RESOLVE) as proxy:
        for _ in range(8):
            ask(proxy, "b.example", at="127.0.0.2")
            ask(proxy, "b.example")
        proxy.wait_until(lambda: seen(proxy).total() == 16)

        assert seen(proxy) == {("two", "b.example", "failed"): 8, ("one", "b.example", "denied"): 8}


def test_every_fault_is_named_before_anything_starts(tmp_path: Path) -> None:
    one, twin = a_site(tmp_path, "one", "a.example"), tmp_path / "twin.yaml"
    twin.write_text(one.read_text(encoding="utf-8"), encoding="utf-8")

    overlapping = tierwall("run", "--serve", f"{one}@10.0.0.0/8", "--serve", f"{one}@10.1.0.0/16", "--serve", "x")
    same = tierwall("run", "--site", str(one), "--serve", f"{twin}@10.0.0.0/8", "--journal", str(tmp_path / "j"))
    nobody = tierwall("run", "--serve", "nobody@10.0.0.0/8", "--journal", str(tmp_path / "j"))

    assert [ended.returncode for ended in (overlapping, same, nobody)] == [2, 2, 2]
    assert "overlap" in overlapping.stderr
    assert "--serve 'x': expected SITE@HOST:PORT" in overlapping.stderr
    assert "events could not tell them apart" in same.stderr
    assert "nobody" in nobody.stderr


def behaviour(proxy: Proxy, *arguments: str) -> subprocess.CompletedProcess[str]:
    return tierwall("behaviour", *arguments, "--proxy", str(proxy.process.pid))


def tierwall(*arguments: str) -> subprocess.CompletedProcess[str]:
    home = str(lab_ca().parents[2])
    env = os.environ | {"PYTHONPATH": str(ADDON), "COLUMNS": "400", "XDG_STATE_HOME": home}
    command = [sys.executable, "-m", "tierwall", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=env, check=False, timeout=60)
