"""`proxy-auth`: curl as employees have it, with and without their password, and what is journalled of each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.behaviours.at_access import CURL, ON_80, Behind, behind, http_of, of_vevox
from tests.e2e.behaviours.inspected import broken
from tests.support.journal_lines import about
from tests.support.origins import RecordingOrigin, ScriptedParent
from tests.support.programs import connect_request, connected, curl, read_response, read_to_end, through, tunnel
from tests.support.running import allow_private, needs, running_proxy
from tierwall.standins.certificates import Authority
from tierwall.standins.origins import serve_in_thread

ANNA, PASSWORD = "anna", "p\u00e4ss:w\u00f6rd"
KNOWN = ("--proxy-user", f"{ANNA}:{PASSWORD}")
WRONG = ("--proxy-user", f"{ANNA}:guessed")
BASIC = "Proxy-Authorization: Basic "
RIGHT = BASIC + "YW5uYTpww6Rzczp3w7ZyZA=="
SITE = """
  - {behaviour: proxy-auth, users: users.txt, realm: 'Corp "HQ"', scope: {vendor: vevox}}
"""

pytestmark = needs("curl")


@pytest.fixture(scope="module")
def lab(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    folder = tmp_path_factory.mktemp("auth")
    (folder / "users.txt").write_text(f"# who may\n{ANNA}:{PASSWORD}\n", encoding="utf-8")
    with behind(folder, authority, SITE) as made:
        yield made
        assert PASSWORD not in made.proxy.console()
        assert not any(word in line for line in made.proxy.lines() for word in (PASSWORD, RIGHT[-20:], "guessed"))


def fetch(*arguments: object, ca: Path) -> tuple[int, int, int]:
    """Curl's exit status, that of its CONNECT, and that of the response."""
    done = curl("--cacert", ca, "-A", CURL, *arguments)
    return done.code, done.connect_code, done.status


def test_who_gives_no_password_gets_407_and_nothing_is_dialled(lab: Behind, ca: Path) -> None:
    url = "https://none.vevox.app/"
    assert fetch(*through(http_of(lab.free)), url, ca=ca) == (0, 200, 200)
    before = lab.arrived

    done = curl(*through(lab.via), "-A", CURL, url)

    detail = "asked once for a name and a password, and the client gave none"
    assert (done.code, done.connect_code) == (56, 407)
    assert done.header("Proxy-Authenticate") == 'Basic realm="Corp \\"HQ\\"", charset="UTF-8"'
    assert broken(lab.proxy, "none.vevox.app") == of_vevox("proxy-auth", "none.vevox.app", detail, refusal="407")
    assert lab.arrived == before


def test_who_gives_it_at_once_or_when_asked_passes_and_nothing_is_said_to_be_broken(lab: Behind, ca: Path) -> None:
    at_once = fetch(*through(lab.via), *KNOWN, "https://known.vevox.app/", ca=ca)
    asked = curl(*through(lab.via), "--proxy-anyauth", *KNOWN, "--cacert", ca, "https://known.vevox.app/")
    lab.proxy.wait_for(about("known.vevox.app", "closed"))

    assert at_once == (0, 200, 200)
    assert (asked.code, asked.connect_code, asked.status) == (0, 200, 200)
    assert "HTTP/1.1 407" in asked.talk
    assert asked.talk.count("Connected to 127.0.0.1") == 1, "the retry is on the same connection"
    assert not any(about("known.vevox.app", "broken")(event) for event in lab.proxy.events())


def test_the_retry_may_come_on_a_new_connection(lab: Behind) -> None:
    with connected(lab.via) as first:
        assert tunnel(first, "new.vevox.app:443").startswith(b"HTTP/1.1 407")
    with connected(lab.via) as second:
        second.sendall(connect_request("new.vevox.app:443", RIGHT))
        assert second.recv(64).startswith(b"HTTP/1.1 200")


def test_a_wrong_password_is_asked_for_again_and_journalled_once(lab: Behind, ca: Path) -> None:
    done = fetch(*through(lab.via), "--proxy-anyauth", *WRONG, "https://wrong.vevox.app/", ca=ca)

    detail = "asked twice for a name and a password, and the client gave a wrong one"
    assert done == (56, 407, 0)
    assert broken(lab.proxy, "wrong.vevox.app") == of_vevox("proxy-auth", "wrong.vevox.app", detail, refusal="407")


@pytest.mark.parametrize("given", ["Bearer x", "Basic %%%", "Basic", "Basic YW5uYQ=="])
def test_what_is_no_name_and_password_is_none(lab: Behind, given: str) -> None:
    with connected(lab.via) as client:
        client.sendall(connect_request("odd.vevox.app:443", f"Proxy-Authorization: {given}"))
        assert read_response(client)[0].startswith(b"HTTP/1.1 407")


def test_after_three_questions_the_connection_ends(lab: Behind) -> None:
    with connected(lab.via) as client:
        for connection in (b"keep-alive", b"keep-alive", b"close"):
            client.sendall(connect_request("thrice.vevox.app:443", BASIC + "eDp5"))
            assert b"Connection: " + connection in read_response(client)[0]
        assert read_to_end(client) == b""


def test_a_client_that_never_answers_is_left_when_the_limit_is_over(lab: Behind) -> None:
    with connected(lab.via) as client:
        client.sendall(connect_request("silent.vevox.app:443"))
        read_response(client)
        assert read_to_end(client) == b""

    detail = "asked once for a name and a password, and the client gave none"
    expected = of_vevox("proxy-auth", "silent.vevox.app", detail, refusal="407", top={"user_agent": None})
    assert broken(lab.proxy, "silent.vevox.app") == expected


def test_plain_http_is_asked_too_and_the_password_goes_no_further(lab: Behind, authority: Authority) -> None:
    url = "http://plain.vevox.app/"
    none = curl(*through(lab.via), "-A", CURL, url)
    known = curl(*through(lab.via), "--proxy-anyauth", *KNOWN, url)
    posted = curl(*through(lab.via), *KNOWN, "-d", "body", url)

    whole = broken(lab.proxy, "plain.vevox.app")
    assert (none.status, known.status, posted.status) == (407, 301, 301)
    assert known.talk.count("Connected to 127.0.0.1") == 1
    assert whole["tierwall"]["breaks"][0] == {"vendor": "vevox", "rule": "*.vevox.app:80"} | {
        "service": next(iter(ON_80)),
        "tier": "auxiliary",
    }
    assert (whole["tierwall"]["refusal"], whole["http"]["request"]) == ("407", {"method": "GET"})


def test_a_request_after_the_first_of_a_connection_is_asked_as_well(lab: Behind) -> None:
    with connected(lab.via) as client:
        client.sendall(b"GET http://first.corp.example/ HTTP/1.1\r\nHost: first.corp.example\r\n\r\n")
        assert b" 301 " in read_response(client)[0]
        later = b"GET http://later.vevox.app/ HTTP/1.1\r\nHost: later.vevox.app\r\n"
        client.sendall(later + b"\r\n")
        head, _ = read_response(client)
        client.sendall(later + BASIC.encode() + b"eDp5\r\n\r\n")
        again, _ = read_response(client)
        client.sendall(later + RIGHT.encode() + b"\r\n\r\n")
        assert b" 301 " in read_response(client)[0]

    assert b" 407 " in head
    assert b'Basic realm="Corp' in again


def test_the_origin_and_a_parent_proxy_never_see_what_is_this_proxys(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "users.txt").write_text(f"{ANNA}:{PASSWORD}\n", encoding="utf-8")
    site = tmp_path / "site.yaml"
    site.write_text("version: 1\nsite: lab\nadmit: [{vendor: vevox}]\nbehaviours:" + SITE, encoding="utf-8")
    with (
        serve_in_thread(RecordingOrigin()) as origin,
        serve_in_thread(ScriptedParent(lambda line: b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as parent,
    ):
        modes = ("--mode", "regular@127.0.0.1:0", "--mode", f"upstream:http://127.0.0.1:{parent.port}@127.0.0.2:0")
        to = allow_private("plain.vevox.app", 80, origin.port)
        with running_proxy("--site", site, *modes, *to) as proxy:
            curl(*through(proxy.at("127.0.0.1")), *KNOWN, "http://plain.vevox.app/", limit_s=0.5)
            curl(*through(proxy.at("127.0.0.2")), *KNOWN, "http://plain.vevox.app/")
            with connected(proxy.at("127.0.0.2")) as client:
                client.sendall(connect_request("tunnel.vevox.app:443", RIGHT))
                assert client.recv(64).startswith(b"HTTP/1.1 200")

    assert origin.heard.startswith(b"GET / HTTP/1.1\r\nHost: plain.vevox.app")
    assert len(parent.heads) == 2
    assert not any("authorization" in head.lower() for head in [origin.heard.decode(), *parent.heads])


def test_socks_clients_give_a_name_and_a_password_before_their_request(lab: Behind, ca: Path) -> None:
    known = fetch(*through(lab.socks), *KNOWN, "https://known-socks.vevox.app/", ca=ca)
    none = fetch(*through(lab.socks), "https://socks.vevox.app/", ca=ca)
    wrong = fetch(*through(lab.socks), *WRONG, "https://wrong-socks.vevox.app/", ca=ca)
    other = fetch(*through(lab.socks), *WRONG, "https://8x8.vc/", ca=ca)

    said = {"stage": "socks", "name_source": "socks", "refusal": "ruleset", "top": {"user_agent": None}}
    gave, not_known = "the client gives no name and password", "the client gives an unknown name and password"
    assert [code for code, _, _ in (known, none, wrong, other)] == [0, 97, 97, 0]
    assert broken(lab.proxy, "socks.vevox.app") == of_vevox("proxy-auth", "socks.vevox.app", gave, **said)
    assert broken(lab.proxy, "wrong-socks.vevox.app")["tierwall"]["detail"] == not_known


def test_the_other_vendor_is_never_asked(lab: Behind, ca: Path) -> None:
    assert fetch(*through(lab.via), "https://8x8.vc/", ca=ca) == (0, 200, 200)
    assert not any(about("8x8.vc", "broken")(event) for event in lab.proxy.events())


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_who_it_is_comes_before_where_to(authority: Authority, tmp_path: Path, scheme: str) -> None:
    """A browser that gets 403 at once never asks for the password, and the next page fails."""
    (tmp_path / "users.txt").write_text(f"{ANNA}:{PASSWORD}\n", encoding="utf-8")
    with behind(tmp_path, authority, "  - {behaviour: proxy-auth, users: users.txt}\n") as lab:
        asked = curl(*through(lab.via), f"{scheme}://evil.example/")
        told = lab.proxy.wait_for(about("evil.example", "broken"))
        denied = curl(*through(lab.via), *KNOWN, f"{scheme}://evil.example/")
        then = lab.proxy.wait_for(about("evil.example", "denied"))

    assert [done.connect_code or done.status for done in (asked, denied)] == [407, 403]
    assert (told.tierwall.behaviour, told.tierwall.breaks) == ("proxy-auth", ())
    assert then.event.reason == "unlisted"


SCHEMES = """
  - {behaviour: proxy-auth, users: users.txt, realm: HQ, schemes: [negotiate, ntlm, digest, basic]}
"""


@pytest.fixture(scope="module")
def customers(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    """A proxy that offers what customers' proxies do."""
    folder = tmp_path_factory.mktemp("schemes")
    (folder / "users.txt").write_text("anna:secret\nACME\\\\bob:w0rd\n".replace("\\\\", "\\"), encoding="utf-8")
    with behind(folder, authority, SCHEMES) as made:
        yield made
        assert not any(word in line for line in made.proxy.lines() for word in ("secret", "w0rd", "TlRMTVNT"))


def test_every_scheme_is_offered_in_the_order_of_the_site(customers: Behind) -> None:
    done = curl(*through(customers.via), "https://offered.vevox.app/")

    offered = [line.split(": ", 1)[1].split(" ")[0] for line in done.talk.splitlines() if "Proxy-Authenticate" in line]
    assert (done.connect_code, offered) == (407, ["Negotiate", "NTLM", "Digest", "Basic"])


@pytest.mark.parametrize("scheme", ["--proxy-ntlm", "--proxy-digest", "--proxy-basic"])
@pytest.mark.parametrize("user", ["anna:secret", "ACME\\bob:w0rd"])
def test_who_knows_a_password_passes_by_each_scheme_on_one_connection(
    customers: Behind, ca: Path, scheme: str, user: str
) -> None:
    url = f"https://{scheme.rpartition('-')[2]}.vevox.app/"
    tls = curl(*through(customers.via), scheme, "--proxy-user", user, "--cacert", ca, url)
    plain = curl(*through(customers.via), scheme, "--proxy-user", user, url.replace("https", "http"))

    assert (tls.code, tls.connect_code, tls.status, plain.status) == (0, 200, 200, 301)
    assert tls.talk.count("Connected to 127.0.0.1") == 1


@pytest.mark.parametrize("scheme", ["--proxy-ntlm", "--proxy-digest"])
def test_who_knows_none_does_not(customers: Behind, scheme: str) -> None:
    before = customers.arrived
    wrong = curl(*through(customers.via), scheme, "--proxy-user", "anna:guessed", f"https://no{scheme}.vevox.app/")
    told = customers.proxy.wait_for(about(f"no{scheme}.vevox.app", "broken"))

    assert (wrong.connect_code, customers.arrived) == (407, before)
    assert "and the client gave a wrong one" in (told.tierwall.detail or "")


@pytest.mark.parametrize("said", ["Negotiate YIIJ", "Negotiate TlRMTVNTUAABAAAA", "NTLM TlRMTVNTUAABAAAA", "NTLM AAAA"])
def test_what_cannot_be_proved_is_asked_for_again(customers: Behind, said: str) -> None:
    with connected(customers.via) as client:
        client.sendall(connect_request("odd.vevox.app:443", f"Proxy-Authorization: {said}"))
        assert read_response(client)[0].startswith(b"HTTP/1.1 407")


def test_ntlm_holds_for_the_whole_connection(customers: Behind) -> None:
    url = "http://ntlm.vevox.app/"
    done = curl(*through(customers.via), "--proxy-ntlm", "--proxy-user", "anna:secret", url, url)

    assert done.talk.count("HTTP/1.1 301") == 2
    assert done.talk.count("Connected to 127.0.0.1") == 1
