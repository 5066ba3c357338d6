"""Every event of a run is in the engine once, also where the engine was away: against the programs themselves.

`make engines` runs this, with a minute away; TIERWALL_AWAY_S shortens it.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.engines.programs import ClickHouse, Elasticsearch, Engine, Kafka, Nats, Rotel, Rsyslog
from tests.sinks.material import Written
from tests.support.needs import needs
from tests.support.running import Proxy, environment, running_proxy
from tests.support.waiting import eventually
from tierwall.standins.certificates import Authority

AWAY_S = float(os.environ.get("TIERWALL_AWAY_S", "3"))
LIMIT_S = 60.0
SITE = "version: 1\nsite: closed\nadmit: [{hosts: [nobody.invalid]}]\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.yaml"
    path.write_text(SITE, encoding="utf-8")
    return path


KINDS: dict[str, Callable[[Path, Authority], Engine]] = {
    "otlp": lambda folder, _: Rotel(folder),
    "elasticsearch": lambda folder, _: Elasticsearch(folder),
    "clickhouse": lambda folder, _: ClickHouse(folder),
    "syslog": Rsyslog,
    "kafka": lambda folder, _: Kafka(folder),
    "nats": lambda folder, _: Nats(folder),
}


@pytest.fixture(params=list(KINDS))
def engine(request: pytest.FixtureRequest, tmp_path: Path, authority: Authority) -> Iterator[Engine]:
    folder = tmp_path / "engine"
    folder.mkdir()
    engine = KINDS[request.param](folder, authority)
    try:
        engine.up()
        yield engine
    finally:
        engine.down(signal.SIGKILL)
    print((folder / "log").read_text(errors="replace")[-3000:])


@needs("rsyslogd")
@pytest.mark.filterwarnings("ignore:(read|open)_text is deprecated:DeprecationWarning")  # in kafka-python
def test_every_event_of_a_run_is_there_once_also_when_it_was_away(
    engine: Engine, site: Path, request: pytest.FixtureRequest
) -> None:
    kind = request.node.callspec.params["engine"]
    with running_proxy("--site", site, f"--{kind}", engine.url, *engine.options) as proxy:
        deny(proxy, 20)
        await_all(engine, proxy)
        engine.down()
        deny(proxy, 200)
        proxy.wait_for_talk("takes no events", LIMIT_S)
        time.sleep(AWAY_S)
        engine.up()
        deny(proxy, 20)
        await_all(engine, proxy)
        proxy.wait_for_talk("takes events again", LIMIT_S)
        deny(proxy, 20)
        proxy.stop()
        assert engine.found() == Counter(event.event.id for event in proxy.events())
        assert len(proxy.events()) == 260


@needs("rsyslogd")
@pytest.mark.filterwarnings("ignore:(read|open)_text is deprecated:DeprecationWarning")  # in kafka-python
def test_events_of_a_clock_that_is_off_are_there_like_any_others(
    engine: Engine, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A month each way: ClickHouse's table keeps 90 days by the events' own time."""
    kind = request.node.callspec.params["engine"]
    written, now = Written(tmp_path / "journal.jsonl"), datetime.now(UTC)
    for number, days in enumerate((0, 30, -30, 0)):
        written.write(number, when=now + timedelta(days=days))
    command = [sys.executable, "-m", "tierwall", "ship", str(written.path), f"--{kind}", engine.url, *engine.options]

    ended = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False, timeout=LIMIT_S)

    assert ended.returncode == 0, ended.stderr
    eventually(lambda: engine.found().total() >= 4, LIMIT_S)
    assert engine.found() == Counter(f"run-{number:x}" for number in range(4))


def deny(proxy: Proxy, times: int, host: str = "") -> None:
    """So many events, for this host or as many others."""
    before = len(proxy.lines())
    for number in range(times):
        to = host or f"h{number}.evil.example"
        with socket.create_connection(("127.0.0.1", proxy.port)) as client:
            client.sendall(f"CONNECT {to}:443 HTTP/1.1\r\nHost: {to}\r\n\r\n".encode())
            assert b" 403 " in client.recv(4096)
    proxy.wait_until(lambda: len(proxy.lines()) == before + times)


def await_all(engine: Engine, proxy: Proxy) -> None:
    """Until the engine has what the journal has."""
    proxy.wait_until(lambda: len(engine.found()) >= len(proxy.lines()), LIMIT_S)
