"""One origin for every name: it signs for whichever the client asks for."""

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.needs import needs
from tierwall.standins.certificates import Authority
from tierwall.standins.clients import Direct, fetch_https
from tierwall.standins.origins import AnyNameOrigin, serve_in_thread


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def origin(authority: Authority) -> Iterator[AnyNameOrigin]:
    with serve_in_thread(AnyNameOrigin(authority, ["127.0.0.1"])) as origin:
        yield origin


@pytest.mark.parametrize("name", ["vevox.app", "acme.display.vevox.com", "ACME.Vevox.com", "meet.8x8.vc"])
def test_whatever_name_is_asked_for_the_certificate_covers_it(
    origin: AnyNameOrigin, authority: Authority, name: str
) -> None:
    outcome = asyncio.run(fetch_https(Direct(address=origin.host, port=origin.port), name, ca=authority.ca_pem))

    assert outcome.ok, outcome


def test_a_name_is_signed_for_once(origin: AnyNameOrigin, authority: Authority, tmp_path: Path) -> None:
    straight = Direct(address=origin.host, port=origin.port)
    for name in ("vevox.app", "vevox.app", "VEVOX.app"):
        assert asyncio.run(fetch_https(straight, name, ca=authority.ca_pem)).ok

    assert sorted(path.name for path in tmp_path.glob("origin-*")) == ["origin-1.pem", "origin-2.pem"]


@needs("openssl")
@pytest.mark.parametrize("sni", [["-noservername"], ["-servername", "no..name"], ["-servername", "127.0.0.2"]])
def test_what_is_no_name_gets_the_certificate_of_those_without_one(origin: AnyNameOrigin, sni: list[str]) -> None:
    command = ["openssl", "s_client", "-connect", f"{origin.host}:{origin.port}", *sni]
    shown = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=20).stdout
    read = ["openssl", "x509", "-noout", "-ext", "subjectAltName"]

    names = subprocess.run(read, input=shown, capture_output=True, check=True).stdout.decode()

    assert "IP Address:127.0.0.1\n" in names
