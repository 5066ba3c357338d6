"""A real Squid that asks the helper: it refuses with tier and symptom in page and log, by name and by server name."""

import os
import re
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from textwrap import dedent

import pytest

from bench.squid_files import open_to_squid, write_certificate
from tests.fidelity.squid import free_ports, program, refusal_to_start, until_listening
from tests.support.needs import needs
from tests.support.programs import Curled, curl
from tests.support.running import as_user

pytestmark = needs("squid", "curl", "setpriv")

PAGE = "<html><body><h1>Blocked</h1><p>%o</p></body></html>\n"
SETTINGS = """\
external_acl_type tierwall concurrency=50 children-max=1 children-startup=1 ttl=0 negative_ttl=0 {format} {helper}
acl tierwall external tierwall
http_access deny !tierwall
http_access allow tierwall
http_access deny all
deny_info ERR_TIERWALL tierwall
{bump}
logformat tierwall %rm %ru %>Hs tier=%et reason=%ea vendor=%{{vendor}}note service=%{{service}}note
access_log stdio:{folder}/access.log tierwall
buffered_logs off
error_directory {folder}/errors
cache_log {folder}/cache.log
cache deny all
pinger_enable off
pid_filename none
netdb_filename none
coredump_dir {folder}
shutdown_lifetime 0 seconds
hosts_file {folder}/hosts
visible_hostname squid.example
"""
BUMP = """\
acl step1 at_step SslBump1
ssl_bump peek step1
ssl_bump splice tierwall
ssl_bump terminate all
"""
SITE = (
    'version: 1\nsite: lab\nadmit:\n  - {vendor: 8x8, tiers: [core]}\n  - {hosts: ["*.8x8.vc"], ports: [tcp/1-65535]}\n'
)


class Origin(HTTPServer):
    """Counts who came."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.requests: list[str] = []

    @property
    def port(self) -> int:
        return self.server_address[1]


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.requests.append(self.headers["Host"])  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_: object) -> None:
        """Silent."""


@dataclass(frozen=True)
class Lab:
    """A Squid that asks, and the server behind it."""

    port: int
    origin: Origin
    folder: Path

    def get(self, url: str, *more: object) -> Curled:
        return curl("--proxy", f"http://127.0.0.1:{self.port}", "-k", *more, url)

    @property
    def log(self) -> str:
        return (self.folder / "access.log").read_text()


@contextmanager
def running(folder: Path, *, tls: bool = False, form: str = "%DST %PORT %METHOD %ssl::>sni %SRC") -> Iterator[Lab]:
    (port,) = free_ports(1)
    origin = Origin()
    if tls:
        write_certificate(folder / "cert.pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "cert.pem")
        origin.socket = context.wrap_socket(origin.socket, server_side=True)
    (folder / "site.yaml").write_text(SITE)
    (folder / "hosts").write_text("127.0.0.1 meet.8x8.vc evil.example api.amplitude.com\n")
    shutil.copytree("/usr/share/squid/errors/templates", folder / "errors")
    (folder / "errors" / "ERR_TIERWALL").write_text(PAGE)
    # The installed script: Squid calls its helpers by another name, from which Python does not find its packages.
    helper = f"{Path(sys.executable).with_name('tierwall')} decide --speak squid --site {folder}/site.yaml"
    listen = f"http_port 127.0.0.1:{port}" + (f" ssl-bump cert={folder}/cert.pem generate-host-certificates=off" * tls)
    (folder / "squid.conf").write_text(
        f"{listen}\n" + SETTINGS.format(folder=folder, format=form, helper=helper, bump=BUMP if tls else "")
    )
    open_to_squid(folder)
    user = as_user(folder.stat().st_uid) if os.geteuid() == 0 else ()
    process = subprocess.Popen(
        [*user, program(), "-N", "-f", folder / "squid.conf"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    thread = threading.Thread(target=origin.serve_forever)
    thread.start()
    try:
        until_listening(process, port)
        yield Lab(port, origin, folder)
    finally:
        process.terminate()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()
        origin.shutdown()
        thread.join()
        origin.server_close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running(tmp_path_factory.mktemp("squid")) as found:
        yield found


def test_an_admitted_name_is_let_through(lab: Lab) -> None:
    got = lab.get(f"http://meet.8x8.vc:{lab.origin.port}/")

    assert (got.status, got.body) == (200, "hello")


def test_a_denied_name_is_refused_with_tier_and_symptom_in_page_and_log(lab: Lab) -> None:
    before = list(lab.origin.requests)

    connect = lab.get("https://api.amplitude.com/")
    page = lab.get("http://api.amplitude.com:443/")

    assert connect.connect_code == 403
    assert page.status == 403
    assert "tier-closed" in page.body
    assert "Breaks 8x8 analytics (analytics): Nothing perceptible to end users" in page.body
    assert re.search(
        r"^CONNECT api.amplitude.com:443 403 tier=analytics reason=tier-closed/analytics vendor=8x8 service=analytics$",
        lab.log,
        re.MULTILINE,
    )
    assert lab.origin.requests == before


def test_squid_takes_the_settings_of_the_page(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "fleet.md").read_text()
    settings = page[page.index("    external_acl_type") : page.index("`ERR_TIERWALL` is a file")]
    helper = str(Path(sys.executable).with_name("tierwall"))

    assert refusal_to_start(tmp_path, dedent(settings).replace("/usr/local/bin/tierwall", helper)) is None


def test_a_helper_that_is_asked_nonsense_lets_nothing_through(tmp_path: Path) -> None:
    with running(tmp_path, form="%PORT %DST %METHOD") as lab:
        assert lab.get(f"http://meet.8x8.vc:{lab.origin.port}/").status == 403
        assert lab.get("https://meet.8x8.vc/").connect_code == 403
        assert lab.origin.requests == []


def test_a_server_name_inside_the_tunnel_is_asked_about_too(tmp_path: Path) -> None:
    with running(tmp_path, tls=True) as lab:
        at = lab.origin.port
        same = lab.get(f"https://meet.8x8.vc:{at}/")
        other = lab.get(f"https://evil.example:{at}/", "--connect-to", f"evil.example:{at}:meet.8x8.vc:{at}")

        assert same.body == "hello"
        assert other.body == ""
        assert lab.origin.requests == [f"meet.8x8.vc:{at}"]
        assert "reason=name-mismatch/none" in lab.log
