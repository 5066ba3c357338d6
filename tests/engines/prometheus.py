"""A real Prometheus reads what `--metrics` shows, and its alerts go off for a service that is broken."""

import json
import os
import shutil
import signal
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.engines.programs import free_port
from tests.engines.sinks import deny
from tests.support.needs import PATH, needs
from tests.support.running import running_proxy
from tests.support.waiting import NotInTime, eventually

DEPLOY = Path(__file__).parents[2] / "deploy"
LIMIT_S = 60.0


@needs("prometheus")
@pytest.mark.parametrize("workers", [1, 2])
def test_what_was_denied_is_counted_and_its_alert_goes_off(tmp_path: Path, workers: int) -> None:
    site, shown, port = tmp_path / "site.yaml", f"127.0.0.1:{free_port()}", free_port()
    site.write_text("version: 1\nsite: closed\nadmit: [{hosts: [nobody.invalid]}]\n", encoding="utf-8")
    rules = (DEPLOY / "alerts.yml").read_text(encoding="utf-8").replace("for: 5m", "for: 2s")
    (tmp_path / "alerts.yml").write_text(rules, encoding="utf-8")
    scrape = {"job_name": "tierwall", "static_configs": [{"targets": [shown]}]}
    settings = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(tmp_path / "alerts.yml")],
        "scrape_configs": [scrape],
    }
    (tmp_path / "prometheus.yml").write_text(json.dumps(settings), encoding="utf-8")
    program = shutil.which("prometheus", path=PATH)
    assert program is not None
    command = [
        program,
        f"--config.file={tmp_path}/prometheus.yml",
        f"--storage.tsdb.path={tmp_path}/data",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    arguments = ("--site", site, "--metrics", shown, "--workers", str(workers))
    with running_proxy(*arguments) as proxy, (tmp_path / "log").open("wb") as log:
        prometheus = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ)
        try:
            deny(proxy, 30)
            wait_for(port, "sum(tierwall_verdicts_total)", 30)
            for times in range(1, 6):
                deny(proxy, 3, host="8x8.vc")  # an increase is seen between two scrapes
                wait_for(port, 'sum(tierwall_verdicts_total{action="denied"})', 30 + 3 * times)
            wait_for(port, "tierwall_processes", workers)
            wait_for(port, 'count(ALERTS{alertname="TierwallCoreDenied",vendor="8x8",alertstate="firing"}) > bool 0', 1)
        finally:
            prometheus.send_signal(signal.SIGTERM)
            prometheus.wait()


def wait_for(port: int, expression: str, value: float) -> None:
    """Until Prometheus answers this."""
    try:
        eventually(lambda: answered(port, expression) == [value], LIMIT_S)
    except NotInTime:
        pytest.fail(f"{expression}: {answered(port, expression)}, not {value}")


def answered(port: int, expression: str) -> list[float]:
    """What Prometheus answers now; nothing while it does not listen."""
    url = f"http://127.0.0.1:{port}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return [float(each["value"][1]) for each in json.load(answer)["data"]["result"]]
    except OSError:
        return []
