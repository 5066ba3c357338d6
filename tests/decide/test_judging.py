"""The site that answers is the one that its files say, the last that loaded."""

from pathlib import Path

import pytest

from tests.decide.asking import Clock, judging
from tierwall.decide.jsonl import JsonLines

ASKED = b'{"host": "8x8.vc", "port": 443}'
OPEN = "version: 1\nsite: lab\nadmit: [{vendor: 8x8}]\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "lab.yaml"
    path.write_text(OPEN)
    return path


def test_a_changed_file_answers_at_the_next_look(site: Path) -> None:
    clock = Clock()
    source = judging(site, clock=clock)
    before = JsonLines(source).answer(ASKED)

    site.write_text(OPEN.replace("[{vendor: 8x8}]", "[]"))
    source.refresh()
    kept = JsonLines(source).answer(ASKED)
    clock.until_next_look()
    source.refresh()

    assert b'"allow"' in before
    assert kept == before
    assert b'"deny"' in JsonLines(source).answer(ASKED)


def test_a_file_that_does_not_load_is_said_once_and_changes_nothing(site: Path) -> None:
    clock, said = Clock(), list[str]()
    source = judging(site, said, clock)

    site.write_text("version: 1\nsite: lab\nadmit: [{vendro: 8x8}]\n")
    for _ in range(3):
        clock.until_next_look()
        source.refresh()

    assert b'"allow"' in JsonLines(source).answer(ASKED)
    assert len(said) == 1
    assert "vendro" in said[0]


def test_what_no_answer_can_bring_about_is_said() -> None:
    assert judging("idle-60s").unenforced == (
        "behaviours act on octets, which only `tierwall run` sees; not enforced: idle-timeout"
    )
    assert judging().unenforced is None
