"""What a site admits goes through CONNECT byte for byte; what it does not gets a 403 that says what it breaks."""

from pathlib import Path

from tests.e2e.conftest import Lab
from tests.support.journal_lines import about, denial
from tests.support.programs import connected, curl, openssl, read_to_end, through, tunnel, wait
from tests.support.running import allow_private, needs, running_proxy
from tierwall.standins.certificates import CA_NAME, Authority
from tierwall.standins.clients import banner_session, half_close_session, native_session, websocket_session
from tierwall.standins.origins import HttpsOrigin, serve_in_thread

AMPLITUDE_BREAKS = {
    "vendor": "8x8",
    "service": "analytics",
    "tier": "analytics",
    "rule": "api.amplitude.com",
}


@needs("curl")
def test_https_goes_through_with_the_servers_own_certificate(lab: Lab, ca: Path) -> None:
    done = curl(*through(lab.via), "--cacert", ca, "https://page.corp.example/")

    assert (done.code, done.connect_code, done.status) == (0, 200, 200)
    assert f"issuer: CN={CA_NAME}" in done.talk
    assert "<h1>page.corp.example</h1>" in done.body


@needs("curl")
def test_twenty_megabytes_go_through(lab: Lab, ca: Path) -> None:
    done = curl(*through(lab.via), "--cacert", ca, "-o", "/dev/null", "https://large.corp.example/bytes/20000000")
    closed = lab.proxy.wait_for(about("large.corp.example", "closed"))

    assert done.code == 0
    assert closed.destination.bytes > 20_000_000


@needs("openssl")
def test_the_servers_certificate_is_what_openssl_sees(lab: Lab, ca: Path) -> None:
    at = f"{lab.via.host}:{lab.via.port}"
    talk = openssl("-proxy", at, "-connect", "ssl.corp.example:443", "-servername", "ssl.corp.example", "-CAfile", ca)

    assert f"issuer=CN = {CA_NAME}" in talk or f"issuer=CN={CA_NAME}" in talk
    assert "Verify return code: 0 (ok)" in talk


def test_a_websocket_session_goes_through(lab: Lab, ca: Path) -> None:
    done = wait(websocket_session(lab.via, "ws.corp.example", ca=ca, messages=("hello", b"\x00\xff")))

    assert (done.cause, done.issuer, done.echoes) == (None, CA_NAME, (b"hello", b"\x00\xff"))


def test_a_native_app_goes_through_to_its_half_close_inside_tls(lab: Lab, ca: Path) -> None:
    done = wait(native_session(lab.via, "native.corp.example", ca=ca))

    assert (done.cause, done.issuer) == (None, CA_NAME)
    assert done.farewell.startswith(b"goodbye")


def test_a_client_that_ended_its_direction_still_hears_the_server(lab: Lab) -> None:
    done = wait(half_close_session(lab.via, "half.corp.example", 7))
    closed = lab.proxy.whole_of(about("half.corp.example", "closed"))

    assert (done.cause, done.echoes, done.farewell) == (None, (b"ping",), b"bye")
    assert closed == {
        "ecs": {"version": "8.17.0"},
        "event": {"kind": "event", "category": ["network"], "type": ["connection", "end"], "action": "closed"},
        "source": {"ip": "127.0.0.1", "bytes": 4},
        "destination": {"domain": "half.corp.example", "port": 7, "bytes": 7},
        "network": {"transport": "tcp"},
        "user_agent": {"original": "tierwall-demo"},
        "observer": {"product": "tierwall"},
        "tierwall": {
            "tier": "none",
            "site": "lab",
            "stage": "tunnel",
            "name_source": "connect",
            "admitted_by": "admit[1] *.corp.example",
            "closed_by": "client",
            "breaks": [],
            "near": [],
        },
    }


def test_a_server_that_ended_its_direction_still_hears_the_client(lab: Lab) -> None:
    with connected(lab.via) as client:
        tunnel(client, "ends-first.corp.example:9999")
        heard = read_to_end(client)
        client.sendall(b"late words")

    assert heard == b"done"
    assert lab.ends_first.reached.until(lambda reached: reached.octets == len(b"late words"))


def test_a_server_that_speaks_first_is_heard_before_the_client_says_anything(lab: Lab) -> None:
    done = wait(banner_session(lab.via, "banner.corp.example", 22))

    assert (done.cause, done.pushes) == (None, (b"SSH-2.0-tierwall_demo\r\n",))


def test_what_a_client_sends_together_with_its_connect_is_not_lost(lab: Lab) -> None:
    with connected(lab.via) as client:
        client.sendall(b"CONNECT early.corp.example:7 HTTP/1.1\r\n\r\nearly words")
        client.shutdown(1)
        heard = read_to_end(client)

    assert heard == b"HTTP/1.1 200 Connection established\r\n\r\nearly wordsbye"


@needs("curl")
def test_a_denied_connect_is_a_403_that_says_why(lab: Lab) -> None:
    done = curl(*through(lab.via), "--user-agent", "lab/1", "https://denied.evil.example/?jwt=secret")
    event = lab.proxy.whole_of(about("denied.evil.example"))

    assert (done.code, done.connect_code) == (56, 403)
    assert (done.header("X-Tierwall-Reason"), done.header("X-Tierwall-Tier")) == ("unlisted", "none")
    assert lab.forbidden.reached.connections == 0
    assert event == denial(
        "denied.evil.example", 443, "unlisted", stage="connect", refusal="403", user_agent={"original": "lab/1"}
    )


def test_the_403_explains_in_words(lab: Lab) -> None:
    with connected(lab.via) as client:
        client.sendall(b"CONNECT api.amplitude.com:443 HTTP/1.1\r\n\r\n")
        head, _, body = read_to_end(client).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert b"Connection: close" in head
    assert b"api.amplitude.com:443 is not let through (site lab)" in body
    assert b"8x8 analytics (analytics): " in body
    assert lab.forbidden.reached.connections == 0


@needs("curl")
def test_the_main_job_is_done(authority: Authority) -> None:
    """Issue 2, "Done when": the site by its name, one console line, one valid journal line, and the 403."""
    with (
        serve_in_thread(HttpsOrigin(authority, ["api.amplitude.com"])) as origin,
        running_proxy("--site", "8x8-core-only", *allow_private("api.amplitude.com", 443, origin.port)) as proxy,
    ):
        done = curl(*through(proxy.via), "https://api.amplitude.com/")
        event = proxy.whole_of(lambda event: event.event.action == "denied")
        line = proxy.wait_for_talk("api.amplitude.com:443")
        journalled, printed = len(proxy.lines()), proxy.console().count("api.amplitude.com:443")

    symptom = event["tierwall"]["breaks"][0].pop("symptom")
    assert (done.connect_code, done.header("X-Tierwall-Tier")) == (403, "analytics")
    assert origin.reached.connections == 0
    assert (journalled, printed) == (1, 1)
    assert line[9:].startswith("analytics 8x8/analytics api.amplitude.com:443 tier-closed")
    assert line.endswith(symptom)
    assert event["rule"] == {"name": "api.amplitude.com", "ruleset": "8x8", "category": "analytics"}
    assert event["tierwall"]["breaks"] == [AMPLITUDE_BREAKS]
    assert (event["event"]["reason"], event["tierwall"]["tier"]) == ("tier-closed", "analytics")
