"""Faults are one line each, safe for a terminal, and name the nearest right spelling."""

from pathlib import Path

import pytest

from tierwall.loader.faults import Fault, InvalidFiles, quoted, shown_path, unknown


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (Fault("a.yaml", 12, "rules[3].ports[0]", "wrong"), "a.yaml:12: rules[3].ports[0]: wrong"),
        (Fault("a.yaml", None, "", "is empty"), "a.yaml: is empty"),
        (Fault("", None, "", "unknown site `x`"), "unknown site `x`"),
    ],
)
def test_a_fault_is_one_line(fault: Fault, text: str) -> None:
    assert str(fault) == text


def test_the_exception_is_every_fault_one_a_line_each_once() -> None:
    invalid = InvalidFiles([Fault("a", 1, "", "x"), Fault("b", 2, "", "y"), Fault("a", 1, "", "x")])

    assert str(invalid) == "a:1: x\nb:2: y"


def test_what_a_file_holds_cannot_reach_the_terminal_raw() -> None:
    assert quoted("\x1b[31m\n\u202e") == "`\\x1b[31m\\n\\u202e`"
    assert len(quoted("x" * 1000)) == 62


@pytest.mark.parametrize(
    ("word", "known", "sentence"),
    [
        ("cor", ["core", "auxiliary"], "unknown tier `cor`; did you mean `core`? (known: core, auxiliary)"),
        ("CORE", ["core"], "unknown tier `CORE`; did you mean `core`? (known: core)"),
        ("zzz", ["core"], "unknown tier `zzz` (known: core)"),
        ("zzz", [], "unknown tier `zzz`; there is none"),
        ("name-7x", [f"name-{n}" for n in range(20)], "unknown tier `name-7x`; did you mean `name-7`?"),
    ],
)
def test_an_unknown_word_gets_the_nearest_right_spelling(word: str, known: list[str], sentence: str) -> None:
    assert unknown("tier", word, known) == sentence


def test_paths_below_the_working_directory_are_shown_relative_to_it() -> None:
    assert shown_path(Path.cwd() / "a" / "b.yaml") == str(Path("a/b.yaml"))
    assert shown_path(Path("/elsewhere/b.yaml")) == str(Path("/elsewhere/b.yaml"))
