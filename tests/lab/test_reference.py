"""The lab in containers as it comes up, under `reference`: what clients get of the vendors' stand-ins."""

import base64
import os
import subprocess
import urllib.request

import pytest

from tests.lab.containers import PROXY_PORT, SCREEN_PORT, Lab

TURN = "168.138.110.244"  # turn-sydney
BRIDGE = "168.138.111.129"  # of video-bridge-sydney
TURN_CLIENT = ("turnutils_uclient", "-y", "-u", "tierwall", "-w", "tierwall", "-n", "1", "-p", "443")
NATIVE = (
    "{ printf '\\0\\0\\0\\5hello'; sleep 2; } | "
    "timeout 10 openssl s_client -quiet -no_ign_eof -verify_return_error -connect acme.meetoo.com:443"
)
ECHO = (
    "import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.settimeout(5); "
    f"s.sendto(b'media', ('{BRIDGE}', 10000)); print(s.recvfrom(99))"
)


def test_in_the_browser_the_vevox_page_and_its_websocket_work(lab: Lab) -> None:
    lab.until(lambda: "/told/hello" in lab.log("stand-ins"), "no WebSocket of the browser's reached the stand-ins")
    windows = lab.run("browser", "env", "DISPLAY=:1", "xwininfo", "-root", "-tree").stdout

    assert '"socket: hello - Chromium"' in windows


def test_a_person_opens_the_browser_from_the_host(lab: Lab) -> None:
    page = urllib.request.urlopen(f"http://127.0.0.1:{SCREEN_PORT}/vnc.html", timeout=10).read().decode()
    upgrade = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
    headers = [word for each in (*upgrade, f"Sec-WebSocket-Key: {_key()}") for word in ("-H", each)]
    screen = _curl("-si", "--max-time", "3", *headers, f"http://127.0.0.1:{SCREEN_PORT}/websockify")

    assert "noVNC" in page
    assert "101 Switching Protocols" in screen
    assert "RFB 003.008" in screen


@pytest.mark.parametrize(
    "host", ["acme.display.vevox.com", "vevox.app", "meet.8x8.vc", "api.amplitude.com", "api.vsee.qa"]
)
def test_the_vendors_names_are_reached_with_certificates_that_the_client_trusts(lab: Lab, host: str) -> None:
    page = lab.shell("curl", "-sS", "--max-time", "20", f"https://{host}/")

    assert f"<title>{host}</title>" in page.stdout, page.stderr


def test_port_80_redirects(lab: Lab) -> None:
    answer = lab.shell("curl", "-sSi", "--max-time", "20", "http://vevox.app/join")

    assert "location: https://vevox.app/join" in answer.stdout, answer.stderr


def test_the_native_apps_own_protocol_works_inside_tls(lab: Lab) -> None:
    answer = lab.shell("bash", "-c", NATIVE).stdout

    assert "state: poll opened" in answer
    assert "hello" in answer


@pytest.mark.parametrize("transport", [[], ["-t"]], ids=["udp", "tcp"])
def test_a_real_turn_server_relays_under_8x8s_own_address(lab: Lab, transport: list[str]) -> None:
    relayed = lab.shell(*TURN_CLIENT, *transport, TURN).stdout

    assert "Total lost packets 0 " in relayed


def test_admitted_media_goes_past_the_proxy(lab: Lab) -> None:
    before = _packets(lab)
    assert lab.shell("python3", "-c", ECHO).returncode == 0
    after = _packets(lab)

    assert after["forwarded directly"] > before["forwarded directly"]
    assert after["through proxy"] == before["through proxy"]


def test_vsees_turn_servers_are_reached_by_name(lab: Lab) -> None:
    relayed = lab.shell("turnutils_uclient", "-y", "-u", "tierwall", "-w", "tierwall", "-n", "1", "turn.vsee.qa").stdout

    assert "Total lost packets 0 " in relayed


def test_a_video_bridge_answers_from_the_address_that_was_asked(lab: Lab) -> None:
    answer = lab.shell("python3", "-c", ECHO)

    assert answer.stdout.strip() == f"(b'media', ('{BRIDGE}', 10000))", answer.stderr


@pytest.mark.parametrize("server", [[], ["@8.8.8.8"], ["@8.8.8.8", "+tcp"]], ids=["own", "another", "another-tcp"])
def test_the_gateway_answers_dns_whatever_server_is_asked(lab: Lab, server: list[str]) -> None:
    answer = lab.shell("dig", "+short", "+time=5", *server, "vevox.app").stdout

    assert answer.startswith("198.18.0.")


def test_what_no_vendor_asks_for_is_denied_and_reaches_nothing(lab: Lab) -> None:
    answer = lab.shell("curl", "-sS", "--max-time", "20", "https://evil8x8.com/")

    assert "access denied" in answer.stderr
    assert lab.event_to(domain="evil8x8.com")["event"]["reason"] == "unlisted"
    assert "evil8x8.com" not in lab.log("stand-ins")


def test_by_ipv6_an_allowed_name_is_reached_through_the_gateway_and_a_denied_one_is_not(lab: Lab) -> None:
    """What the client dials is IPv6, and so is what the gateway dials for it."""
    allowed = lab.shell("curl", "-6", "-sS", "--max-time", "20", "-w", "%{remote_ip}", "https://vevox.app/")
    denied = lab.shell("curl", "-6", "-sS", "--max-time", "20", "https://evil6.example/")
    log = lab.log("stand-ins")

    assert "<title>vevox.app</title>" in allowed.stdout, allowed.stderr
    assert "2001:db8:198:18::" in allowed.stdout
    assert "tcp6/443: asked for vevox.app" in log
    assert "access denied" in denied.stderr
    assert "evil6.example" not in log
    event = lab.event_to(domain="evil6.example")
    assert (event["event"]["reason"], event["source"]["ip"]) == ("unlisted", "fd78:1::12")


def test_the_gateways_own_port_is_reached_by_ipv6(lab: Lab) -> None:
    answer = lab.shell("dig", "+short", "+time=5", "@fd78:1::1", "AAAA", "vevox.app")

    assert answer.stdout.startswith("2001:db8:198:18::"), answer.stdout


def test_the_explicit_proxy_serves_the_host_and_leads_to_the_stand_ins(lab: Lab) -> None:
    page = through_proxy("-k", "https://acme.vevox.com/")
    refused = through_proxy("-i", "https://evil8x8.com/")

    assert "<title>acme.vevox.com</title>" in page
    assert "X-Tierwall-Reason: unlisted" in refused


@pytest.mark.parametrize(("service", "capabilities"), [("proxy", 0), ("gateway", 1 << 12)])
def test_containers_have_no_capability_that_they_do_not_need_and_cannot_write(
    lab: Lab, service: str, capabilities: int
) -> None:
    status = lab.run(service, "cat", "/proc/1/status").stdout
    bounding = next(line.split()[1] for line in status.splitlines() if line.startswith("CapBnd"))
    wrote = lab.run(service, "touch", "/opt/tierwall/new")

    assert int(bounding, 16) == capabilities
    assert "Read-only file system" in wrote.stderr


def test_the_explicit_proxy_is_not_root(lab: Lab) -> None:
    assert lab.run("proxy", "id", "-un").stdout.strip() == "tierwall"


def test_the_image_holds_no_key(lab: Lab) -> None:
    held = "find / -xdev -name '*.pem' -size -20k -exec grep -l 'PRIVATE KEY' {} + 2>/dev/null"
    image = ["docker", "run", "--rm", "--user", "root", "--entrypoint", "sh", "tierwall", "-c", held]
    found = subprocess.run(image, capture_output=True, text=True, timeout=60, check=False).stdout

    assert [path for path in found.splitlines() if "/test" not in path] == []


def test_journal_and_ca_survive_the_container(lab: Lab) -> None:
    ca = ("cat", "/var/lib/proxy/tierwall/ca/mitmproxy-ca-cert.pem")
    before = lab.run("proxy", *ca).stdout
    done = lab.compose("up", "-d", "--no-build", "--force-recreate", "--no-deps", "proxy")
    assert done.returncode == 0, done.stderr
    lab.until(lambda: lab.is_healthy("proxy"), "the proxy is not healthy again")

    assert before.startswith("-----BEGIN CERTIFICATE")
    assert lab.run("proxy", *ca).stdout == before
    assert "evil8x8.com" in lab.run("proxy", "cat", "/var/lib/proxy/tierwall/journal/journal.jsonl").stdout


def _packets(lab: Lab) -> dict[str, int]:
    """The gateway's counters: which way packets went."""
    lines = lab.run("gateway", "tierwall", "gateway", "status").stdout.splitlines()
    counted = (line.removeprefix("packets").strip().rpartition(" ") for line in lines if line.startswith("packets"))
    return {what: int(count) for what, _, count in counted}


def through_proxy(*arguments: str) -> str:
    return _curl("-s", "--max-time", "20", "-x", f"http://127.0.0.1:{PROXY_PORT}", *arguments)


def _curl(*arguments: str) -> str:
    direct = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return subprocess.run(["curl", *arguments], env=direct, capture_output=True, check=False).stdout.decode("latin-1")


def _key() -> str:
    return base64.b64encode(os.urandom(16)).decode()
