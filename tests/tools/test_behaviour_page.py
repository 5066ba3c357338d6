"""The page about behaviours is that of the specifications."""

from tierwall.policy.behaviour import KINDS
from tierwall.policy.behaviour.documents import DOCUMENTS
from tools.behaviour_page import PAGE, page


def test_the_checked_in_page_is_fresh() -> None:
    stale = "docs/behaviours.md is stale: run `make docs`, or python -m tools.behaviour_page"

    assert PAGE.read_text(encoding="utf-8") == page(), stale


def test_every_behaviour_has_a_section_in_the_order_in_which_they_act() -> None:
    sections = [line.strip("#` ") for line in page().splitlines() if line.startswith("### ")]

    assert sections == [kind.NAME for kind in KINDS]


def test_every_behaviour_has_its_documents_or_says_that_there_are_none() -> None:
    assert DOCUMENTS.keys() == {kind.NAME for kind in KINDS}
