"""The shippers' configurations of docs/operating.md, on the programs themselves: each line once, over a rotation."""

import re
import shutil
import signal
import subprocess
import sysconfig
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engines.programs import Elasticsearch, Rotel
from tests.sinks.material import LINE_OCTETS, Written
from tests.support.needs import PATH, needs
from tests.support.waiting import NotInTime, eventually

DOCS = Path(__file__).parents[2] / "docs" / "operating.md"
LIMIT_S = 30.0


def example(begins: str) -> str:
    """The indented block that begins so."""
    text = DOCS.read_text(encoding="utf-8")
    start = text.index(f"    {begins}")
    lines = text[start:].split("\n\n")[0].splitlines()
    return "\n".join(line.removeprefix("    ") for line in lines) + "\n"


def ship(written: Written, held: Callable[[], Counter[str]]) -> Counter[str]:
    """In portions, as a run writes: a shipper looks a few times a second, and two rotations happen meanwhile."""
    for number in range(250):
        written.write(number)
        if number % 50 == 0:
            wait_until_all(held, number + 1)
    return wait_until_all(held, 250)


def wait_until_all(held: Callable[[], Counter[str]], number: int) -> Counter[str]:
    def look() -> Counter[str] | None:
        found = held()
        return found if found.total() >= number else None

    try:
        return eventually(look, LIMIT_S)
    except NotInTime:
        return held()  # which says what is missing


@needs("rsyslogd")
def test_rsyslog_to_elasticsearch(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    (tmp_path / "engine").mkdir()
    engine = Elasticsearch(tmp_path / "engine")
    rules = example('global(maxMessageSize="64k")').replace("/var/lib/tierwall/journal.jsonl", str(journal))
    rules = rules.replace('server="search"', f'server="127.0.0.1" serverport="{engine.port}"')
    settings = tmp_path / "rsyslog.conf"
    settings.write_text(rules.replace("global(", f'global(workDirectory="{tmp_path}" '), encoding="utf-8")
    program = shutil.which("rsyslogd", path=PATH)
    assert program is not None
    written = Written(journal, rotate_octets=100 * LINE_OCTETS)
    engine.up()
    shipper = subprocess.Popen([program, "-n", "-f", str(settings), "-i", str(tmp_path / "pid")])
    try:
        found = ship(written, engine.held)
    finally:
        shipper.send_signal(signal.SIGTERM)
        shipper.wait()
        engine.down(signal.SIGKILL)

    assert found == Counter(f"run-{number:x}" for number in range(250))


def test_the_opentelemetry_collector_to_otlp(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    (tmp_path / "engine").mkdir()
    engine = Rotel(tmp_path / "engine")
    rules = example("receivers:").replace("/var/lib/tierwall/journal.jsonl", str(journal))
    settings = tmp_path / "collector.yaml"
    settings.write_text(rules.replace("http://collector:4318", engine.url), encoding="utf-8")
    [program] = Path(sysconfig.get_path("purelib")).glob("*/bin/otelcol-contrib_linux_amd64")
    written = Written(journal, rotate_octets=100 * LINE_OCTETS)
    engine.up()
    with (tmp_path / "log").open("wb") as log:
        shipper = subprocess.Popen([str(program), "--config", str(settings)], stdout=log, stderr=log)
    try:
        found = ship(written, lambda: held(engine))
    finally:
        shipper.send_signal(signal.SIGTERM)
        shipper.wait()
        engine.down(signal.SIGKILL)
        print((tmp_path / "log").read_text()[-2000:])

    assert found == Counter(f"run-{number:x}" for number in range(250))


def held(engine: Rotel) -> Counter[str]:
    """Of records whose attributes are the event, as the collector reads it."""
    said = (engine.folder / "log").read_text(errors="replace")
    return Counter(re.findall(r'Body: Str\(.*?"id":"(run-[0-9a-f]+)"', said))


pytestmark = pytest.mark.filterwarnings("ignore:subprocess")
