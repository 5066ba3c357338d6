"""A list is read as a real Squid reads it: the short form of `make fidelity`."""

from pathlib import Path

from tests.fidelity.lists import TABLE, ask_both, generated
from tests.support.needs import needs

pytestmark = needs("squid")


def test_squid_and_judge_say_the_same_of_the_lists_that_once_differed(open_folder: Path) -> None:
    pairs = list(ask_both(open_folder, list(TABLE.items())))

    assert [pair for pair in pairs if not pair.agree] == []
    assert {pair.real for pair in pairs} == {True, False, None}


def test_squid_and_judge_say_the_same_of_generated_lists(open_folder: Path) -> None:
    pairs = list(ask_both(open_folder, generated(lists=60, hosts=6)))

    assert [pair for pair in pairs if not pair.agree] == []
    assert sum(pair.real is True for pair in pairs) > len(pairs) / 10
