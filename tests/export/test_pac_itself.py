"""A real JavaScript engine (pacparser) sends exactly what is listed where the file says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.export.probing import Coverage, Probe, asked, probes
from tests.export.test_read_back import CATALOGUE, REFERENCE, STAMP, VENDORS, sites
from tierwall.export import List, NothingSelected, ProductId, Wanted, select, write
from tierwall.policy.model import Catalogue, Transport
from tierwall.policy.site import Site

ENGINE = """
import json, sys, pacparser
pacparser.init()
pacparser.parse_pac_string(open(sys.argv[1]).read())
print(json.dumps([pacparser.find_proxy(url, host) for url, host in json.load(sys.stdin)]))
"""
"""In a process of its own: the engine is C, and its module warns when it is compiled."""


def _answers(script: str, found: list[Probe], folder: Path) -> list[str]:
    path = folder / "list.pac"
    path.write_text(script, encoding="utf-8")
    places = [f"[{probe.place}]" if ":" in str(probe.place) else str(probe.place) for probe in found]
    questions = [
        (f"https://{place}:{probe.port}/", str(probe.place)) for place, probe in zip(places, found, strict=True)
    ]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ENGINE, str(path)],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        check=True,
    )
    return list(json.loads(done.stdout))


def _check(wanted: Wanted, site: Site, catalogue: Catalogue, folder: Path) -> None:
    selection = select(wanted, site, catalogue)
    export = write(ProductId.PAC, selection, (List.ALLOW,), STAMP)
    if not export.files or not export.files[0].name.endswith(".pac"):
        return
    grants = asked(selection.lists[List.ALLOW])
    want, left = Coverage(grants), Coverage(asked(export.left_over))
    found = [probe for probe in probes(grants) if probe.transport is Transport.TCP]
    chosen = found[:: max(1, len(found) // 2000)]

    answers = _answers(export.files[0].text, chosen, folder)

    listed = [probe for probe, answer in zip(chosen, answers, strict=True) if answer == "DIRECT"]
    others = [probe for probe, answer in zip(chosen, answers, strict=True) if answer == "PROXY proxy.example:8080"]
    assert len(listed) + len(others) == len(chosen)
    assert [str(probe) for probe in listed if not want.cover(probe)] == []
    assert [str(probe) for probe in others if want.cover(probe) and not left.cover(probe)] == []


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_a_vendor_asks_for_goes_where_the_file_says_and_nothing_else(vendor: str, tmp_path: Path) -> None:
    _check(Wanted(vendors=(vendor,)), REFERENCE, CATALOGUE, tmp_path)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(site=sites())
def test_what_a_generated_site_admits_goes_where_the_file_says(site: Site, tmp_path: Path) -> None:
    try:
        _check(Wanted(), site, CATALOGUE, tmp_path)
    except NothingSelected:
        return


def test_a_url_without_a_port_has_that_of_its_scheme(tmp_path: Path) -> None:
    selection = select(Wanted(vendors=("vevox",)), REFERENCE, CATALOGUE)
    path = tmp_path / "list.pac"
    path.write_text(write(ProductId.PAC, selection, (List.ALLOW,), STAMP).files[0].text, encoding="utf-8")
    urls = ("https://vevox.app/", "http://vevox.app/x:99", "wss://vevox.app/", "https://u:1@vevox.app:8443/")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ENGINE, str(path)],
        input=json.dumps([(url, "vevox.app") for url in urls]),
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(done.stdout) == ["DIRECT", "DIRECT", "DIRECT", "PROXY proxy.example:8080"]
