"""The summary as text, Markdown and JSON, against whole files in golden/."""

import json
import re
from pathlib import Path

import pytest

from tests.report.scene import ANALYTICS, denial, scene
from tierwall.policy.attempt import Reason
from tierwall.report import render_json, render_markdown, render_text, summarise
from tierwall.report.markdown import SHOWN as SHOWN_IN_MARKDOWN
from tierwall.report.text import SHOWN as SHOWN_IN_TEXT

GOLDEN = Path(__file__).parent / "golden"


def test_as_text() -> None:
    assert render_text(summarise(scene()), width=80) == (GOLDEN / "summary.txt").read_text()


def test_as_markdown() -> None:
    assert render_markdown(summarise(scene())) == (GOLDEN / "summary.md").read_text()


def test_as_json() -> None:
    assert render_json(summarise(scene())) == (GOLDEN / "summary.json").read_text()


@pytest.mark.parametrize("width", [80, 140])
def test_text_is_no_wider_than_asked(width: int) -> None:
    long = denial("a" * 60 + "." + "b" * 60 + ".example", Reason.TIER_CLOSED, ANALYTICS)

    assert all(len(line) <= width for line in render_text(summarise([*scene(), long]), width).splitlines())


def test_long_lists_are_cut_and_say_so() -> None:
    many = summarise(denial(f"{number}.example", Reason.UNLISTED) for number in range(1003))

    assert f"… and {1000 - SHOWN_IN_TEXT} more rows, 3 events at destinations beyond those" in render_text(many)
    assert f"| … and {1000 - SHOWN_IN_MARKDOWN} more rows | | |" in render_markdown(many)
    assert len(json.loads(render_json(many))["unlisted"]) == 1000


@pytest.mark.parametrize("hostile", ["a|b`c\n# d", "<img src=x onerror=y>", "\x1b]0;t\x07", "\u202egnp.exe", "@team"])
def test_what_a_client_sent_stays_inert(hostile: str) -> None:
    summary = summarise([denial(hostile, Reason.MALFORMED)])
    markdown = render_markdown(summary)

    assert len(re.findall(r"(?<!\\)\|", markdown.splitlines()[-1])) == 4
    for report in (render_text(summary), markdown, render_json(summary)):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", report)


def test_of_nothing_every_report_says_so() -> None:
    nothing = summarise([])

    assert render_text(nothing) == "nothing denied\n"
    assert render_markdown(nothing) == "## What the network breaks\n\nnothing denied\n"
