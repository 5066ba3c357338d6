"""What a real Squid wrote in front of stand-ins is read as what its client, curl, saw: no more, no less.

Squid peeks and splices, bumps one name, refuses another inside TLS, asks one for a password, and cannot reach a fourth.
"""

import http.server
import ssl
import subprocess
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.squid_files import open_to_squid, write_certificate
from tests.fidelity.squid import free_ports, program, until_listening
from tests.support.needs import needs
from tierwall.audit.comparing import place
from tierwall.records.formats import format_of_lines
from tierwall.records.proxies.squid import read_squid
from tierwall.records.record import Decision
from tierwall.standins.certificates import Authority

pytestmark = needs("curl", "squid")

HELPERS = Path("/usr/lib/squid")
NAMES = ["open.example", "closed.example", "bumped.example", "hidden.example", "private.example", "plain.example"]

SETTINGS = """\
http_port 127.0.0.1:{port} ssl-bump tls-cert={folder}/ca.pem generate-host-certificates=on
sslcrtd_program {helpers}/security_file_certgen -s {folder}/certificates -M 4MB
sslproxy_cert_error allow all
tls_outgoing_options cafile={folder}/origin-ca.pem
auth_param basic program {helpers}/basic_fake_auth
auth_param basic realm lab
acl closed dstdomain closed.example
acl hidden dstdomain hidden.example
acl private dstdomain private.example
acl members proxy_auth REQUIRED
acl bumped_names ssl::server_name bumped.example
acl step1 at_step SslBump1
http_access deny closed
http_access deny hidden
http_access allow private members
http_access deny private
http_access allow all
ssl_bump bump hidden
ssl_bump peek step1
ssl_bump bump bumped_names
ssl_bump splice all
hosts_file {folder}/hosts
access_log stdio:{folder}/access.log logformat=squid
cache_log {folder}/cache.log
cache_store_log none
cache deny all
netdb_filename none
pinger_enable off
pid_filename none
coredump_dir {folder}
shutdown_lifetime 0 seconds
visible_hostname lab.example
"""


class Origin(http.server.BaseHTTPRequestHandler):
    """Answers everything, and refuses /secret itself."""

    def do_GET(self) -> None:
        self.send_response(403 if self.path == "/secret" else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class has it
        """Nothing on the console."""


@contextmanager
def origin(context: ssl.SSLContext | None) -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Origin) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()


@contextmanager
def squid(folder: Path) -> Iterator[int]:
    (port,) = free_ports(1)
    (folder / "hosts").write_text("".join(f"127.0.0.1 {name}\n" for name in NAMES))
    write_certificate(folder / "ca.pem")
    certificates = folder / "certificates"  # as security_file_certgen -c makes it
    (certificates / "certs").mkdir(parents=True)
    (certificates / "index.txt").touch()
    (certificates / "size").write_text("0")
    (folder / "squid.conf").write_text(SETTINGS.format(port=port, folder=folder, helpers=HELPERS))
    open_to_squid(folder)
    open_to_squid(certificates)
    process = subprocess.Popen(
        [program(), "-N", "-f", folder / "squid.conf"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        until_listening(process, port)
        yield port
    finally:
        process.terminate()  # what is still in its buffers is written
        process.wait(30)
        if process.stderr is not None:
            process.stderr.close()


def seen(folder: Path, proxy: int, url: str, *options: str) -> Decision:
    """What curl got: the proxy's answer to its CONNECT, and whose page came back."""
    headers = folder / "headers"
    headers.write_text("")
    command = ["curl", "--silent", "--insecure", "--max-time", "20", "--proxy", f"http://127.0.0.1:{proxy}", *options]
    ended = subprocess.run(
        [
            *command,
            "--dump-header",
            headers,
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_connect} %{http_code}",
            url,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    connect, code = ended.stdout.split()
    refused = "X-Squid-Error: ERR_ACCESS_DENIED" in headers.read_text()
    if "407" in {connect, code}:
        return Decision.AUTH
    if refused or connect == "403":
        return Decision.DENIED
    if connect.startswith("5") or code.startswith(("5", "000")):
        return Decision.ERROR
    assert code in {"200", "403"}, (url, ended.stdout, ended.stderr)
    return Decision.ALLOWED


def test_its_log_says_what_its_client_saw(open_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    authority = Authority(tmp_path_factory.mktemp("authority"))
    context = authority.server_context(NAMES)
    (open_folder / "origin-ca.pem").write_text(authority.ca_pem.read_text())
    client = tmp_path_factory.mktemp("curl")
    (nobody,) = free_ports(1)
    told: dict[str, set[Decision]] = defaultdict(set)
    expected: dict[str, set[Decision]] = {}
    with origin(context) as https, origin(None) as plain:
        tries = [
            (f"open.example:{https}", "https", "/", []),
            (f"closed.example:{https}", "https", "/", []),
            (f"bumped.example:{https}", "https", "/", []),
            (f"bumped.example:{https}", "https", "/secret", []),
            (f"hidden.example:{https}", "https", "/", []),
            (f"private.example:{https}", "https", "/", []),
            (f"private.example:{https}", "https", "/", ["--proxy-user", "jo:jo"]),
            (f"plain.example:{plain}", "http", "/", []),
            (f"plain.example:{plain}", "http", "/secret", []),
            (f"closed.example:{plain}", "http", "/", []),
            (f"open.example:{nobody}", "http", "/", []),
            (f"plain.example:{nobody}", "https", "/", []),
            (f"bumped.example:{nobody}", "https", "/", []),
        ]
        with squid(open_folder) as port:
            for where, scheme, path, options in tries:
                expected.setdefault(where, set()).add(seen(client, port, f"{scheme}://{where}{path}", *options))

    lines = (open_folder / "access.log").read_text().splitlines()
    found = format_of_lines(lines)
    for line in lines:
        statement = read_squid(line).statement
        if statement.decision is not Decision.UNKNOWN and statement.attempt is not None:
            told[place(statement.attempt)].add(statement.decision)

    assert found is not None
    assert found.id == "squid"
    assert {decision for each in expected.values() for decision in each} == set(Decision) - {Decision.UNKNOWN}
    assert told == expected, "\n".join(lines)
