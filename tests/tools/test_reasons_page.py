"""Every reason is explained, in the order in which they are asked."""

from tierwall.policy.attempt import Reason
from tools.reasons_page import PAGE, meanings, page


def test_the_checked_in_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "docs/reasons.md is stale: run `make docs`"


def test_every_reason_has_its_meaning_in_its_place() -> None:
    assert [reason for reason, _ in meanings()] == list(Reason)
