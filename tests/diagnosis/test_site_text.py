"""What was diagnosed becomes a site that loads, and has it."""

from pathlib import Path

import pytest

from tests.diagnosis.measured import SEEN, broken, result, works
from tests.diagnosis.sentences import CASES
from tierwall.diagnosis import diagnose
from tierwall.diagnosis.site_text import site_text, users_of
from tierwall.loader import load_catalogue, load_site
from tierwall.policy.model import Catalogue

OF_THE_LIST = {"tier-closed", "wildcard-gap", "port-closed"}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(())


@pytest.mark.parametrize("sentence", CASES)
def test_the_site_loads_and_has_the_behaviours_that_were_named(
    catalogue: Catalogue, tmp_path: Path, sentence: str
) -> None:
    checks, proxy, _ = CASES[sentence]
    diagnosed = diagnose([result(*checks, proxy=proxy)], catalogue)
    file = tmp_path / "customer.yaml"
    file.write_text(site_text(diagnosed, "customer", catalogue, ["result.json"]))
    if users := users_of(diagnosed):
        (tmp_path / "customer.users").write_text(users)

    site = load_site(str(file), catalogue)

    assert [behaviour.NAME for behaviour in site.behaviours] == [
        each.behaviour for each in diagnosed.diagnoses if each.behaviour not in OF_THE_LIST
    ]


def test_what_a_result_says_cannot_leave_its_comment(catalogue: Catalogue) -> None:
    hostile = "x\n  - {behaviour: no-udp}\n#"
    checks = (works("dns", "vevox.app", "answer"), broken("dns", hostile, "nxdomain", SEEN))

    text = site_text(diagnose([result(*checks)], catalogue), "customer", catalogue, [hostile])

    assert [line for line in text.splitlines() if line.startswith("  - ")] == [
        line for line in text.splitlines() if line.startswith("  - {behaviour: dns-filter")
    ]
