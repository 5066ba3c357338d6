"""A real Squid with the exported lines admits and refuses what the judge does, and starts with every export."""

import re
import shutil
import socket
import socketserver
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from ipaddress import ip_network
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings

from tests.export.probing import Probe, asked, probes
from tests.export.test_read_back import CATALOGUE, REFERENCE, sites
from tests.support.needs import needs
from tierwall.export import CannotExport, List, NothingSelected, ProductId, Stamp, Wanted, select, write
from tierwall.loader import load_site
from tierwall.loader.entries import EVERY_PORT
from tierwall.policy.attempt import Attempt
from tierwall.policy.judge import judge
from tierwall.policy.match.compiled import admitted_rules
from tierwall.policy.model import Tier, Transport
from tierwall.policy.site import ListEntry, Site, VendorEntry
from tierwall.policy.target import attempt_for

SQUID = shutil.which("squid", path="/usr/sbin:/usr/bin")
STAMP = Stamp(on=date(2026, 11, 27), version="0")

pytestmark = needs("squid")


def _configuration(folder: Path, export: str, port: int) -> Path:
    """What Squid needs to start, with the export where its header says that it goes."""
    path = folder / "squid.conf"
    path.write_text(
        f"http_port 127.0.0.1:{port}\npid_filename none\npinger_enable off\nnetdb_filename none\n"
        f"cache_log {folder}/cache.log\naccess_log none\ncoredump_dir {folder}\nshutdown_lifetime 0 seconds\n"
        f"dns_nameservers 127.0.0.1\ndns_timeout 1 second\n{export}\nhttp_access deny all\n",
        encoding="utf-8",
    )
    return path


def _parse(folder: Path, export: str) -> str:
    assert SQUID is not None
    command = [SQUID, "-k", "parse", "-f", str(_configuration(folder, export, 3128))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


VENDORS = dict.fromkeys(rule.vendor.id for rule in admitted_rules(REFERENCE, CATALOGUE))
"""Those that have anything to list: of a product that customers host themselves no host is known."""


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("kind", List)
def test_squid_takes_every_list_of_every_vendor_without_a_warning(vendor: str, kind: List, tmp_path: Path) -> None:
    selection = select(Wanted(vendors=(vendor,)), REFERENCE, CATALOGUE)

    for file in write(ProductId.SQUID, selection, (kind,), STAMP).files:
        if file.name.endswith("-squid.conf"):
            said = _parse(tmp_path, file.text)
            assert not [line for line in said.splitlines() if "WARNING" in line or "ERROR" in line]


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(site=sites())
def test_squid_starts_with_generated_lists_too(site: Site, tmp_path: Path) -> None:
    try:
        export = write(ProductId.SQUID, select(Wanted(), site, CATALOGUE), (List.ALLOW,), STAMP)
    except (NothingSelected, CannotExport):
        return
    said = [_parse(tmp_path, file.text) for file in export.files if file.name.endswith("-squid.conf")]

    assert not [line for text in said for line in text.splitlines() if "subdomain" in line]


class _Parent(socketserver.ThreadingTCPServer):
    """Where Squid sends what it admits: it says 200 to every CONNECT, and nothing leaves this machine."""

    daemon_threads = True
    request_queue_size = 128


class _Answer(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while self.rfile.readline().strip():
            pass
        self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Squid, started by root, becomes another user, who has to reach it."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


@contextmanager
def squid_with(folder: Path, export: str) -> Iterator[Callable[[str, int], bool]]:
    """Whether a real Squid lets a CONNECT through."""
    assert SQUID is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with _Parent(("127.0.0.1", 0), _Answer) as parent:
        threading.Thread(target=parent.serve_forever, daemon=True).start()
        peer = f"cache_peer 127.0.0.1 parent {parent.server_address[1]} 0 no-query no-digest\nnever_direct allow all\n"
        configuration = _configuration(folder, peer + export, port)
        with subprocess.Popen([SQUID, "-N", "-f", str(configuration), "-n", f"tw{port}"]) as process:
            try:
                _wait_until_listening(port, process)
                yield lambda host, to: _connect(port, host, to) == 200
            finally:
                process.terminate()
                process.wait()
                parent.shutdown()


def _wait_until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise AssertionError("Squid did not start")


def _connect(proxy: int, host: str, port: int) -> int:
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    with socket.create_connection(("127.0.0.1", proxy), timeout=60) as tcp:
        tcp.sendall(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode())
        answer = int(tcp.recv(4096).split(b" ", 2)[1])
    assert answer in {200, 403}, f"{place}: {answer}"
    return answer


@pytest.mark.parametrize(
    "site",
    [
        REFERENCE,
        Site(id="8x8-core", admit=(VendorEntry(vendor="8x8", tiers=frozenset({Tier.CORE})),)),
        load_site("pan-os-apex-gap", CATALOGUE),
        Site(
            id="with-denials",
            admit=(VendorEntry(), ListEntry(label="admit[1]", hosts=("*.corp.example",))),
            deny=(
                ListEntry(label="deny[0]", hosts=("files.corp.example", "*.cdn.vevox.com"), ports=EVERY_PORT),
                ListEntry(label="deny[1]", networks=(ip_network("104.16.0.0/16"),), ports=EVERY_PORT),
            ),
        ),
    ],
    ids=lambda site: site.id,
)
def test_squid_decides_as_the_judge_on_five_hundred_destinations(site: Site, open_folder: Path) -> None:
    selection = select(Wanted(), site, CATALOGUE)
    export = write(ProductId.SQUID, selection, (List.ALLOW,), STAMP)
    around = asked((*selection.lists[List.ALLOW], *selection.denied))
    found = [probe for probe in probes(around) if probe.transport is Transport.TCP]
    chosen = found[:: max(1, len(found) // 500)]
    ours = {probe: judge(site, CATALOGUE, _attempt(probe)).passes for probe in chosen}

    with squid_with(open_folder, export.files[0].text) as lets_through:
        theirs = {probe: lets_through(str(probe.place), probe.port) for probe in chosen}

    said = [re.split(r" (?:admits|denies) besides: | \(asked", line)[1] for line in export.inexact]
    assert len(chosen) >= min(500, len(found))
    assert set(theirs.values()) == {True, False}
    assert [str(probe) for probe in chosen if ours[probe] != theirs[probe] and probe.place not in said] == []


def _attempt(probe: Probe) -> Attempt:
    return attempt_for(f"[{probe.place}]:{probe.port}" if ":" in str(probe.place) else f"{probe.place}:{probe.port}")
