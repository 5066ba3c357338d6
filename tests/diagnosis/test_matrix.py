"""The matrix holds what it says: every bundled site is in it, and what is wrong is called so."""

import pytest

from tests.diagnosis.matrix.page import table
from tests.diagnosis.matrix.score import row
from tests.diagnosis.matrix.sites import SITES, Seen, closed_tiers
from tests.diagnosis.matrix.world import addresses, by_name
from tierwall.diagnosis import Diagnosed, Diagnosis
from tierwall.loader import load_catalogue, load_site, site_names
from tierwall.policy.model import Catalogue

IDLE = Seen(behaviours={"idle-timeout": {"after": "60s", "how": "rst"}})


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(())


def named(behaviour: str, **parameters: str) -> Diagnosed:
    diagnosis = Diagnosis(
        behaviour=behaviour, parameters=parameters, services=(), speaks_for=(), speaks_against=(), rank=1
    )
    return Diagnosed(diagnoses=(diagnosis,), undecided=())


def test_every_bundled_site_is_in_it() -> None:
    assert set(SITES) == set(site_names())


@pytest.mark.parametrize("site", SITES)
def test_what_a_site_has_is_either_to_be_named_or_said_to_be_unseen(catalogue: Catalogue, site: str) -> None:
    has = {behaviour.NAME for behaviour in load_site(site, catalogue).behaviours}

    assert has <= SITES[site].behaviours.keys() | SITES[site].unseen.keys()


def test_what_is_closed_is_computed_by_judge(catalogue: Catalogue) -> None:
    assert closed_tiers("8x8-core-only", catalogue) == sorted(
        {"8x8/auxiliary", "8x8/analytics", "vevox/core", "vevox/auxiliary", "spotme/core", "spotme/auxiliary"}
        | {f"google-meet/{tier}" for tier in ("core", "auxiliary", "analytics")}
    )
    assert "vevox/core" not in closed_tiers("vevox-only", catalogue)
    assert closed_tiers("reference", catalogue) == []


@pytest.mark.parametrize(
    ("diagnosed", "faults"),
    [
        (named("idle-timeout", after="63s", how="rst"), ()),
        (named("idle-timeout", after="70s", how="rst"), ("idle-timeout: after is 70s, not 60s",)),
        (named("idle-timeout", after="60s", how="drop"), ("idle-timeout: how is drop, not rst",)),
        (
            named("max-lifetime", after="60s"),
            ("idle-timeout is not named", "max-lifetime is named, and is not there"),
        ),
        (Diagnosed(diagnoses=(), undecided=(), unexplained=("x",)), ("idle-timeout is not named", "unexplained: x")),
    ],
    ids=["within a tenth", "beyond", "another way", "another behaviour", "unexplained"],
)
def test_a_row_is_right_where_all_is(diagnosed: Diagnosed, faults: tuple[str, ...]) -> None:
    assert row("idle-60s", IDLE, [], diagnosed).faults == faults


def test_the_page_says_the_score() -> None:
    found = table([row("idle-60s", IDLE, [], named("idle-timeout", after="60s", how="rst"))], "380s")

    assert found.startswith("1 of 1 sites are named as they are, with `--hold 380s`.\n")
    assert "| idle-60s | idle-timeout (after: 60s; how: rst) | idle-timeout (after: 60s; how: rst) | right |" in found


def test_every_name_of_the_world_moves_to_an_address_of_its_own() -> None:
    moves = [each for pair in by_name().values() for each in pair]

    assert len(set(moves)) == len(moves)
    assert set(moves) <= set(addresses())
