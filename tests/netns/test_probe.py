"""The probe's archive behind a site in the lab, told nothing of it: what it measured is diagnosed as what is there."""

from pathlib import Path

import pytest

from tests.diagnosis.matrix.one import Trial, probed
from tierwall.diagnosis import diagnose
from tierwall.loader import load_catalogue
from tools.probe_archive import archive

SITE = """
version: 1
site: customer
extends: reference
behaviours:
  - {behaviour: idle-timeout, after: 3s, how: rst}
  - {behaviour: dns-filter, answer: nxdomain, scope: {hosts: [help.vevox.com]}}
"""


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    (tmp_path / "customer.yaml").write_text(SITE)
    (tmp_path / "tierwall-probe.pyz").write_bytes(archive())
    return Trial(
        site=str(tmp_path / "customer.yaml"),
        archive=tmp_path / "tierwall-probe.pyz",
        hold="6s",
        vendors=("vevox",),
    )


def test_what_is_there_is_named_and_nothing_else(trial: Trial, tmp_path: Path) -> None:
    found = diagnose([probed(trial, tmp_path)], load_catalogue(()))

    assert {each.behaviour: dict(each.parameters) for each in found.diagnoses} == {
        "idle-timeout": {"after": "3s", "how": "rst"},
        "dns-filter": {"answer": "nxdomain", "hosts": ("help.vevox.com",)},
    }
