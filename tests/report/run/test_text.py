"""The summary on a terminal, against a whole file in golden/."""

import re
from pathlib import Path

import pytest

from tests.report.scene import ANALYTICS, as_text, denial, scene, summarise
from tierwall.policy.attempt import Reason
from tierwall.report.run.text import SHOWN

GOLDEN = Path(__file__).parent / "golden"


def test_the_whole_summary() -> None:
    assert as_text(summarise(scene()), width=80) == (GOLDEN / "summary.txt").read_text()


@pytest.mark.parametrize("width", [80, 140])
def test_it_is_no_wider_than_the_terminal(width: int) -> None:
    long = denial("a" * 60 + "." + "b" * 60 + ".example", Reason.TIER_CLOSED, ANALYTICS)

    assert all(len(line) <= width for line in as_text(summarise([*scene(), long]), width).splitlines())


def test_long_lists_are_cut_and_say_so() -> None:
    many = summarise(denial(f"{number}.example", Reason.UNLISTED) for number in range(1003))

    assert f"… and {1000 - SHOWN} more rows, 3 events at destinations beyond those" in as_text(many)


@pytest.mark.parametrize("hostile", ["\x1b]0;t\x07", "\u202egnp.exe", "a\x00b"])
def test_what_a_client_sent_stays_inert(hostile: str) -> None:
    shown = as_text(summarise([denial(hostile, Reason.MALFORMED)]))

    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", shown)


def test_of_nothing_it_says_so() -> None:
    assert as_text(summarise([])) == "nothing denied\n"
